use super::*;
use mgw_runtime::usage::Folder;
use std::path::Path;

const ONE: &str = "api-usage-data.dat.1767003600123.zip";
const TWO: &str = "api-usage-data.dat.1767003600124.zip";

fn folder(place: &Path) -> Folder {
    for (name, text) in [
        (ONE, "one"),
        (TWO, "two"),
        ("api-usage-data.dat.tmp", "growing"),
        // Still being compressed.
        ("api-usage-data.dat.1767003600125", "three"),
        ("api-usage-data.dat.1767003600125.zip", "half of three"),
        ("api-usage-data.dat.1767003600100.zip.uploaded", "zero"),
    ] {
        std::fs::write(place.join(name), text).expect("a file");
    }
    Folder::at(place.to_owned())
}

#[test]
fn what_was_exported_is_read_back_in_order() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = folder(place.path());
    let to = place.path().join("export");
    let archives = folder.archives().expect("a folder");
    let exported = export(&folder, &archives, &to).expect("exported");
    assert_eq!((exported.archives.len(), exported.bytes), (2, 6));
    assert!(exported.unreadable.is_empty());
    let mut import = Import::open(&to).expect("an export");
    let entries = import.entries();
    let names: Vec<_> = entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, [ONE, TWO]);
    assert_eq!(import.read(&entries[1]).expect("whole"), b"two");
    // It is there now, and is not replaced.
    assert!(export(&folder, &archives, &to).is_err());
    let mode = std::fs::metadata(&to).expect("a file").permissions();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777, 0o600);
}

#[test]
fn only_what_was_exported_is_removed() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = folder(place.path());
    let archives = folder.archives().expect("a folder");
    let exported = export(&folder, &archives[..1], &place.path().join("export")).expect("exported");
    remove(&folder, &exported).expect("removed");
    let left = folder.archives().expect("a folder");
    assert_eq!(left.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), [TWO]);
}

#[test]
fn a_file_that_is_gone_or_unreadable_holds_up_no_other() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = folder(place.path());
    let third = "api-usage-data.dat.1767003600126.zip";
    std::fs::write(place.path().join(third), "four").expect("a file");
    let archives = folder.archives().expect("a folder");
    // Given up by the gateway, and what cannot be read whoever tests.
    std::fs::remove_file(place.path().join(ONE)).expect("a file");
    std::fs::remove_file(place.path().join(TWO)).expect("a file");
    std::fs::create_dir(place.path().join(TWO)).expect("a folder");
    let to = place.path().join("export");
    let exported = export(&folder, &archives, &to).expect("exported");
    assert_eq!(exported.unreadable.len(), 1);
    assert!(exported.unreadable[0].0.ends_with(TWO));
    let entries = Import::open(&to).expect("an export").entries();
    assert_eq!(
        entries.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>(),
        [third]
    );
    remove(&folder, &exported).expect("removed");
    assert!(place.path().join(TWO).exists() && !place.path().join(third).exists());
    // Where nothing is left there is no export, and the reason is told.
    let to = place.path().join("another");
    let failure = export(&folder, &archives, &to).expect_err("nothing");
    assert!(failure.message.contains(TWO) && !to.exists());
    let failure = export(&folder, &archives[..1], &to).expect_err("nothing");
    assert_eq!(failure.code, crate::exit::ExitCode::NothingChanged);
}

#[test]
fn damage_is_found() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = folder(place.path());
    let to = place.path().join("export");
    export(&folder, &folder.archives().expect("a folder"), &to).expect("exported");
    let whole = std::fs::read(&to).expect("a file");
    let find = |text: &[u8]| {
        whole
            .windows(text.len())
            .position(|window| window == text)
            .expect("there")
    };
    let read = |bytes: &[u8]| {
        std::fs::write(&to, bytes).expect("a file");
        let mut import = Import::open(&to)?;
        import
            .entries()
            .iter()
            .try_for_each(|entry| import.read(entry).map(drop))
    };
    read(&whole).expect("whole");
    let mut damaged = whole.clone();
    damaged[find(b"two")] ^= 1;
    assert_eq!(
        read(&damaged).expect_err("damaged").code,
        crate::exit::ExitCode::Mismatch
    );
    for end in [0, whole.len() / 2, whole.len() - 1] {
        assert!(read(&whole[..end]).is_err(), "{end}");
    }
    assert!(read(b"no archive").is_err());
}

#[test]
fn what_was_handed_out_counts_as_tried() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = folder(place.path());
    let tried = |to: &str| {
        let to = place.path().join(to);
        export(&folder, &folder.archives().expect("a folder"), &to).expect("exported");
        let entries = Import::open(&to).expect("an export").entries();
        entries.into_iter().map(|entry| entry.tried).collect::<Vec<_>>()
    };
    assert_eq!(tried("first"), [false, false]);
    // The first one may have been imported meanwhile.
    assert_eq!(tried("second"), [true, true]);
    assert!(place.path().join(format!("{ONE}.tried")).exists());
}

#[test]
fn an_export_that_cannot_be_written_hands_nothing_out() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = folder(place.path());
    let archives = folder.archives().expect("a folder");
    let handed = folder.hand_out(&archives).expect("renamed");
    assert!(place.path().join(format!("{ONE}.tried")).exists());
    folder.take_back(&archives, &handed);
    assert_eq!(folder.archives().expect("a folder"), archives);
}

#[test]
fn exports_of_earlier_versions_are_read() {
    let entry: manifest::Entry = serde_json::from_value(serde_json::json!({
        "name": ONE, "size": 3, "sha256": mgw_bundle::Digest::of(b"one"),
    }))
    .expect("an entry");
    assert!(!entry.tried);
}
