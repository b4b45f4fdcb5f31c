use super::*;
use std::os::unix::fs::PermissionsExt;
use tempfile::TempDir;

fn store() -> (TempDir, KeyStore) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = KeyStore::new(folder.path());
    (folder, store)
}

fn name(text: &str) -> KeyName {
    text.parse().expect("a name")
}

#[test]
fn a_new_key_is_its_owners_alone_and_is_found_again() {
    let (_folder, store) = store();
    assert_eq!(store.list().expect("nothing yet").keys, []);
    let made = store.create(&name("release")).expect("made");
    let file = made.private_file.clone().expect("a private half");
    let mode = std::fs::metadata(&file).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(store.list().expect("readable").keys, std::slice::from_ref(&made));
    assert_eq!(store.name_of(&made.public), Some(name("release")));
    for reference in [KeyReference::Name(name("release")), KeyReference::File(file)] {
        assert_eq!(store.signing(&reference).expect("signs").public(), made.public);
        assert_eq!(store.public(&reference).expect("checks"), made.public);
    }
    let shared = KeyReference::File(made.public_file);
    assert_eq!(store.public(&shared).expect("checks"), made.public);
    assert!(matches!(
        store.signing(&shared),
        Err(SigningError::Key { purpose: "signing", .. })
    ));
}

#[test]
fn a_name_is_never_taken_over() {
    let (folder, store) = store();
    let made = store.create(&name("release")).expect("made");
    assert!(matches!(store.create(&name("release")), Err(SigningError::Taken(_))));
    let other = KeyStore::new(&folder.path().join("other"));
    let shared = other.create(&name("x")).expect("made").public_file;
    assert!(matches!(
        store.import(&name("release"), &shared),
        Err(SigningError::Taken(_))
    ));
    assert_eq!(store.get(&name("release")).expect("kept"), made);
}

#[test]
fn a_colleagues_public_key_checks_and_signs_nothing() {
    let (folder, store) = store();
    let theirs = KeyStore::new(&folder.path().join("theirs"));
    let made = theirs.create(&name("ana")).expect("made");
    let taken = store.import(&name("ana"), &made.public_file).expect("taken over");
    assert_eq!((taken.public, taken.private_file.clone()), (made.public, None));
    let reference = KeyReference::Name(name("ana"));
    assert_eq!(store.public(&reference).expect("checks"), made.public);
    assert!(matches!(store.signing(&reference), Err(SigningError::PublicOnly(_))));
    let both = store
        .import(&name("ana-2"), &made.private_file.expect("there"))
        .expect("taken over");
    assert!(both.private_file.is_some() && both.public == made.public);
}

#[test]
fn what_is_no_key_is_refused_and_nothing_is_kept() {
    let (folder, store) = store();
    let file = folder.path().join("x.pem");
    for text in [
        "",
        "not a key",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    ] {
        std::fs::write(&file, text).expect("writable");
        assert!(
            matches!(store.import(&name("x"), &file), Err(SigningError::Key { .. })),
            "{text:?}"
        );
    }
    let pem = SigningKey::generate().expect("a key").public().to_pem();
    std::fs::write(&file, pem.repeat(2)).expect("writable");
    for refused in [
        store.import(&name("x"), &file).map(drop),
        store.public(&KeyReference::File(file.clone())).map(drop),
    ] {
        let Err(SigningError::Key { source, .. }) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(source, KeyError::Several("PUBLIC KEY"));
    }
    std::fs::write(&file, "x".repeat(70_000)).expect("writable");
    assert!(matches!(
        store.import(&name("x"), &file),
        Err(SigningError::File { .. })
    ));
    assert!(matches!(
        store.import(&name("x"), folder.path()),
        Err(SigningError::File { .. })
    ));
    assert!(matches!(
        store.import(&name("x"), Path::new("/dev/zero")),
        Err(SigningError::File { .. })
    ));
    assert_eq!(store.list().expect("readable").keys, []);
}

#[test]
fn a_missing_key_is_told_with_the_nearest_name() {
    let (_folder, store) = store();
    store.create(&name("release")).expect("made");
    let near = |result: Result<(), SigningError>| match result {
        Err(SigningError::Unknown { near, .. }) => near,
        other => panic!("{other:?}"),
    };
    assert_eq!(near(store.get(&name("relaese")).map(drop)), Some("release".to_owned()));
    assert_eq!(near(store.remove(&name("zzzzzzz"))), None);
    store.remove(&name("release")).expect("removed");
    assert_eq!(store.list().expect("readable").keys, []);
}

#[test]
fn the_private_half_says_what_the_public_one_is() {
    let (_folder, store) = store();
    let (made, other) = (
        store.create(&name("release")).expect("made"),
        store.create(&name("other")).expect("made"),
    );
    std::fs::copy(&other.public_file, &made.public_file).expect("copied");
    assert_eq!(store.get(&name("release")).expect("there").public, made.public);
}

#[test]
fn what_is_no_key_hides_no_others() {
    let (_folder, store) = store();
    let made = store.create(&name("release")).expect("made");
    let bad = store.create(&name("bad")).expect("made").private_file.expect("there");
    std::fs::write(&bad, "").expect("writable");
    let listed = store.list().expect("readable");
    assert_eq!(listed.keys, std::slice::from_ref(&made));
    match listed.unusable.as_slice() {
        [SigningError::Key { path, .. }] => assert_eq!(*path, bad),
        other => panic!("{other:?}"),
    }
    assert_eq!(store.private_files(), [bad, made.private_file.expect("there")]);
}
