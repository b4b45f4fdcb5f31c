use super::*;
use mgw_bundle::Digest;
use mgw_fixtures::eventually::eventually;

fn entry(content: &[u8]) -> Entry {
    Entry {
        name: "api-usage-data.dat.1767003600123.zip".into(),
        size: 3,
        sha256: Digest::of(content),
        tried: false,
    }
}

/// Opens it when it is free: a process that another test starts at this moment has the lock too, until it runs its program.
fn opened(path: &Path, url: &Url, username: &str) -> Progress {
    let mut progress = None;
    eventually("the file is free", || {
        progress = Progress::beside(path, url, username).ok();
        progress.is_some()
    });
    progress.expect("a file")
}

#[test]
fn what_was_noted_is_known_to_the_next_run() {
    let place = tempfile::tempdir().expect("a folder");
    let path = place.path().join("export");
    let url = "https://one.example/".parse().expect("a URL");
    let open = || opened(&path, &url, "ana");
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
        drop(progress);
        assert_eq!(open().of(&one), expected, "{step:?}");
    }
    // A file of the same name from another gateway, and another service.
    assert_eq!(open().of(&entry(b"two")), Known::default());
    let other = "https://two.example/".parse().expect("a URL");
    for (url, username) in [(&other, "ana"), (&url, "an"), (&url, "ana b"), (&url, "ana+b")] {
        let mut progress = opened(&path, url, username);
        assert_eq!(progress.of(&one), Known::default(), "{url} {username}");
        progress.note(&one, Step::Trying).expect("noted");
    }
    assert_eq!(open().of(&one), known(Some("other"), true, true));
}

#[test]
fn one_import_has_it_at_a_time() {
    let place = tempfile::tempdir().expect("a folder");
    let path = place.path().join("export");
    let url = "https://one.example/".parse().expect("a URL");
    let first = opened(&path, &url, "ana");
    // Another account too: what it notes goes into the same file.
    for username in ["ana", "bo"] {
        let failure = Progress::beside(&path, &url, username).expect_err("it is busy");
        assert_eq!(failure.code, ExitCode::Environment);
        assert!(
            failure.message.contains("another mgw process is importing"),
            "{failure:?}"
        );
    }
    drop(first);
    opened(&path, &url, "ana");
}

#[test]
fn half_a_line_notes_nothing() {
    let place = tempfile::tempdir().expect("a folder");
    let path = place.path().join("export");
    let url = "https://one.example/".parse().expect("a URL");
    let open = || opened(&path, &url, "ana");
    let one = entry(b"one");
    open().note(&one, Step::Done).expect("noted");
    let file = place.path().join("export.progress");
    let whole = std::fs::read(&file).expect("a file");
    for end in 0..whole.len() {
        std::fs::write(&file, &whole[..end]).expect("a file");
        assert_eq!(open().of(&one), Known::default(), "{end}");
        open().note(&one, Step::Trying).expect("noted");
        let known = open().of(&one);
        assert!(known.is_tried && !known.is_done, "{end}");
    }
}
