use super::*;
use mgw_bundle::Digest;

fn entry(content: &[u8]) -> Entry {
    Entry {
        name: "api-usage-data.dat.1767003600123.zip".into(),
        size: 3,
        sha256: Digest::of(content),
        tried: false,
    }
}

#[test]
fn what_was_noted_is_known_to_the_next_run() {
    let place = tempfile::tempdir().expect("a folder");
    let path = place.path().join("export");
    let url = "https://one.example/".parse().expect("a URL");
    let open = || Progress::beside(&path, &url).expect("a file");
    let known = |name: Option<&str>, is_tried, is_done| Known {
        name: name.map(str::to_owned),
        is_tried,
        is_done,
    };
    let one = entry(b"one");
    for (step, expected) in [
        (Step::Trying, known(None, true, false)),
        (Step::NotSent, known(None, false, false)),
        (Step::Named("other"), known(Some("other"), false, false)),
        (Step::Trying, known(Some("other"), true, false)),
        (Step::Done, known(Some("other"), true, true)),
    ] {
        let mut progress = open();
        progress.note(&one, step).expect("noted");
        assert_eq!(progress.of(&one), expected, "{step:?}");
        assert_eq!(open().of(&one), expected, "{step:?}");
    }
    // A file of the same name from another gateway, and another service.
    assert_eq!(open().of(&entry(b"two")), Known::default());
    let other = "https://two.example/".parse().expect("a URL");
    assert_eq!(
        Progress::beside(&path, &other).expect("a file").of(&one),
        Known::default()
    );
}

#[test]
fn half_a_line_notes_nothing() {
    let place = tempfile::tempdir().expect("a folder");
    let path = place.path().join("export");
    let url = "https://one.example/".parse().expect("a URL");
    let open = || Progress::beside(&path, &url).expect("a file");
    let one = entry(b"one");
    open().note(&one, Step::Done).expect("noted");
    let file = place.path().join("export.progress");
    let whole = std::fs::read(&file).expect("a file");
    for end in 0..whole.len() {
        std::fs::write(&file, &whole[..end]).expect("a file");
        assert_eq!(open().of(&one), Known::default(), "{end}");
        open().note(&one, Step::Trying).expect("noted");
        assert!(open().of(&one).is_tried && !open().of(&one).is_done, "{end}");
    }
}
