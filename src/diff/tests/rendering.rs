//! How changes are told.

use super::*;

#[test]
fn names_do_not_lead_the_terminal() {
    let change = Change {
        class: Class::Breaking,
        subject: "application \u{1b}[2K\nfine".to_owned(),
        place: None,
        what: "it is \u{202e}gone".to_owned(),
    };
    let shown = text(&[change]);
    assert!(
        shown.contains("application \\u{1b}[2K\\u{a}fine: it is \\u{202e}gone\n"),
        "{shown}"
    );
}

#[test]
fn descriptions_are_cosmetic_and_told_once() {
    let config = config();
    let (before, mut after) = (entries(), entries());
    after.insert("definitions/shop.json".into(), b"{ }".to_vec());
    let side = |entries| Side {
        config: &config,
        snapshot: None,
        entries,
    };
    let changes = compare(side(&before), side(&after));
    assert_eq!(
        changes.iter().map(|change| change.class).collect::<Vec<_>>(),
        [Class::Cosmetic]
    );
}
