//! Whether what a page shows is among what was printed.

use mgw_fixtures::pattern::fits;

/// The first of the lines that is not printed, in this order and maybe with others between them. `…` stands for any text.
pub fn missing<'a>(shown: &'a [String], printed: &str) -> Option<&'a str> {
    let mut printed = printed.lines();
    shown
        .iter()
        .filter(|line| !line.trim().is_empty() && line.trim() != "…")
        .find(|line| !printed.any(|other| fits('…', line.trim_end(), other.trim_end())))
        .map(String::as_str)
}

#[test]
fn an_excerpt_is_found_in_its_order() {
    let found = |shown: &[&str]| {
        let shown: Vec<String> = shown.iter().map(|line| (*line).to_owned()).collect();
        missing(&shown, "one 1 of 9\ntwo\nthree  \n").map(str::to_owned)
    };
    for shown in [
        &["one 1 of 9"][..],
        &["one … of …", "…", "three"],
        &["… of 9"],
        &["one…1…9"],
        &[],
    ] {
        assert_eq!(found(shown), None, "{shown:?}");
    }
    for (shown, first) in [
        (&["two", "one 1 of 9"][..], "one 1 of 9"),
        (&["one"], "one"),
        (&["one … off …"], "one … off …"),
        (&["two…s"], "two…s"),
        (&["two", "two"], "two"),
    ] {
        assert_eq!(found(shown).as_deref(), Some(first), "{shown:?}");
    }
}
