use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

fn limits(bytes: u64, file: u64) -> SpoolLimits {
    SpoolLimits {
        bytes,
        file,
        age: Duration::from_secs(3600),
        sync: Duration::ZERO,
        uuid_names: false,
    }
}

fn open(path: &Path, limits: SpoolLimits) -> (Spool, Arc<Counters>) {
    let counters = Counters::new(Vec::new());
    let spool = Spool::open(path.to_owned(), limits, &counters).expect("a spool");
    (spool, counters)
}

/// All records in the folder and how often each is there.
fn records(path: &Path) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    let mut add = |text: &str| {
        for line in text.lines() {
            *found.entry(line.to_owned()).or_default() += 1;
        }
    };
    for file in Folder::at(path.to_owned()).files().expect("a folder") {
        let bytes = std::fs::read(path.join(&file.name)).expect("a file");
        match file.kind {
            Kind::Closed => add(&String::from_utf8_lossy(&bytes)),
            _ => add(&unpacked(bytes)),
        }
    }
    let current = std::fs::read_to_string(path.join(CURRENT)).unwrap_or_default();
    add(&current);
    found
}

fn unpacked(archive: Vec<u8>) -> String {
    let mut archive = zip::ZipArchive::new(io::Cursor::new(archive)).expect("an archive");
    let mut text = String::new();
    let mut entry = archive.by_name(PLAIN).expect("the entry");
    entry.read_to_string(&mut text).expect("text");
    text
}

/// Waits for a condition, for a generous time.
fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < deadline, "{what}: in vain");
        std::thread::yield_now();
    }
}

/// Waits until nothing is left to compress.
fn packed(path: &Path) {
    let folder = Folder::at(path.to_owned());
    eventually("all is compressed", || {
        let files = folder.files().unwrap_or_default();
        files.iter().all(|file| !matches!(file.kind, Kind::Closed | Kind::Part))
    });
}

#[test]
fn a_full_file_is_closed_and_compressed_and_the_next_gateway_goes_on() {
    let place = tempfile::tempdir().expect("a folder");
    for round in 0..3 {
        let (mut spool, counters) = open(place.path(), limits(1 << 20, 1 << 16));
        spool.append(format!("{round}\n").as_bytes(), [1, 0, 0]);
        if round == 1 {
            spool.rotate();
            packed(place.path());
        }
        assert_eq!(counters.status(0, false).written, [1, 0, 0]);
        spool.finish(Duration::from_secs(5));
    }
    assert_eq!(
        records(place.path()),
        BTreeMap::from(["0", "1", "2"].map(|line| (line.to_owned(), 1)))
    );
    let folder = Folder::at(place.path().to_owned());
    let archives = folder.archives().expect("a folder");
    assert_eq!(archives.len(), 1);
    assert_eq!(unpacked(folder.read(&archives[0]).expect("a file")), "0\n1\n");
}

#[test]
fn a_folder_has_one_gateway() {
    let place = tempfile::tempdir().expect("a folder");
    let (spool, _) = open(place.path(), limits(1 << 20, 1 << 16));
    let second = Spool::open(
        place.path().to_owned(),
        limits(1 << 20, 1 << 16),
        &Counters::new(Vec::new()),
    );
    assert!(matches!(second, Err(SpoolError::Taken(path)) if path == place.path()));
    spool.finish(Duration::from_secs(5));
    open(place.path(), limits(1 << 20, 1 << 16))
        .0
        .finish(Duration::from_secs(5));
}

#[test]
fn what_a_killed_gateway_left_is_tidied() {
    let place = tempfile::tempdir().expect("a folder");
    let closed = "api-usage-data.dat.1767003600123";
    for (name, text) in [
        // Compressed, but still there.
        (closed.to_owned(), "a\n"),
        // Half compressed.
        ("api-usage-data.dat.1767003600124".to_owned(), "b\n"),
        ("api-usage-data.dat.1767003600124.zip.part".to_owned(), "half"),
        // From micro-gw.
        (PLAIN.to_owned(), "c\n"),
        (CURRENT.to_owned(), "d\nhalf"),
    ] {
        std::fs::write(place.path().join(name), text).expect("a file");
    }
    crate::usage::spool::pack::pack(&Folder::at(place.path().to_owned()), closed).expect("packed");
    std::fs::write(place.path().join(closed), "a\n").expect("a file");
    let (spool, counters) = open(place.path(), limits(1 << 20, 1 << 16));
    packed(place.path());
    assert_eq!(counters.status(0, false).dropped.torn, 1);
    spool.finish(Duration::from_secs(5));
    let expected = ["a", "b", "c", "d"].map(|line| (line.to_owned(), 1));
    assert_eq!(records(place.path()), BTreeMap::from(expected));
}

#[test]
fn names_never_come_again_whatever_the_clock_says() {
    let place = tempfile::tempdir().expect("a folder");
    let (spool, _) = open(place.path(), limits(1 << 20, 1 << 16));
    spool.finish(Duration::from_secs(5));
    // A file of the year 2100 was closed, uploaded and deleted.
    std::fs::write(place.path().join("api-usage-data.lock"), "4102444800000").expect("a file");
    let (mut spool, _) = open(place.path(), limits(1 << 20, 1 << 16));
    spool.append(b"a\n", [1, 0, 0]);
    spool.rotate();
    packed(place.path());
    spool.finish(Duration::from_secs(5));
    let archives = Folder::at(place.path().to_owned()).archives().expect("a folder");
    assert_eq!(archives[0].name, "api-usage-data.dat.4102444800001.zip");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_costs_records_and_nothing_else() {
    let place = tempfile::tempdir().expect("a folder");
    let current = place.path().join(CURRENT);
    // Says that there is no space left, whatever is written.
    std::os::unix::fs::symlink("/dev/full", &current).expect("a link");
    let (mut spool, counters) = open(place.path(), limits(1 << 20, 1 << 16));
    for _ in 0..3 {
        spool.append(b"a\nb\n", [2, 0, 0]);
        spool.tend();
    }
    let status = counters.status(0, false);
    assert_eq!((status.written, status.dropped.disk), ([0; 3], 6));
    std::fs::remove_file(&current).expect("a link");
    spool.append(b"c\n", [1, 0, 0]);
    let status = counters.status(0, false);
    assert_eq!((status.written, status.dropped.disk), ([1, 0, 0], 6));
    spool.finish(Duration::from_secs(5));
    assert_eq!(std::fs::read_to_string(current).expect("a file"), "c\n");
}

#[cfg(target_os = "linux")]
#[test]
fn on_a_full_disk_uploaded_files_go_and_then_the_oldest() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = Folder::at(place.path().to_owned());
    for ms in ["1767003600123", "1767003600124", "1767003600125"] {
        let closed = format!("api-usage-data.dat.{ms}");
        std::fs::write(place.path().join(&closed), "a\nb\n").expect("a file");
        crate::usage::spool::pack::pack(&folder, &closed).expect("packed");
    }
    let newest = place.path().join("api-usage-data.dat.1767003600125.zip");
    std::fs::rename(&newest, newest.with_extension("zip.uploaded")).expect("renamed");
    std::os::unix::fs::symlink("/dev/full", place.path().join(CURRENT)).expect("a link");
    let (mut spool, counters) = open(place.path(), limits(1 << 20, 1 << 16));
    spool.append(b"c\n", [1, 0, 0]);
    // Whoever fills the disk does not get everything at once.
    spool.append(b"d\n", [1, 0, 0]);
    let status = counters.status(0, false);
    assert_eq!((status.dropped.spool, status.dropped.disk), (2, 2));
    assert_eq!((status.files_waiting, status.files_uploaded), (1, 0));
    assert_eq!(folder.archives().expect("a folder")[0].closed_ms, 1_767_003_600_124);
    spool.finish(Duration::from_secs(5));
}

#[test]
fn a_file_that_somebody_deleted_is_begun_anew() {
    let place = tempfile::tempdir().expect("a folder");
    let (mut spool, counters) = open(place.path(), limits(1 << 20, 1 << 16));
    spool.append(b"a\n", [1, 0, 0]);
    std::fs::remove_file(place.path().join(CURRENT)).expect("removed");
    spool.rotate();
    assert_eq!(counters.status(0, false).spool_bytes, 0);
    spool.append(b"b\n", [1, 0, 0]);
    spool.rotate();
    packed(place.path());
    spool.finish(Duration::from_secs(5));
    assert_eq!(records(place.path()), BTreeMap::from([("b".to_owned(), 1)]));
}

#[test]
fn a_file_that_cannot_be_compressed_holds_up_no_other() {
    let place = tempfile::tempdir().expect("a folder");
    let stuck = place.path().join("api-usage-data.dat.1767003600123");
    std::fs::write(&stuck, "a\n").expect("a file");
    // A folder with something in it has the name of the compressed file.
    std::fs::create_dir_all(stuck.with_extension("1767003600123.zip").join("x")).expect("a folder");
    let (mut spool, counters) = open(place.path(), limits(1 << 20, 1 << 16));
    spool.append(b"b\n", [1, 0, 0]);
    spool.rotate();
    let folder = Folder::at(place.path().to_owned());
    eventually("compressed", || folder.archives().is_ok_and(|found| found.len() == 1));
    eventually("told", || counters.status(0, false).files_unusable == 1);
    spool.finish(Duration::from_secs(5));
}

#[test]
fn half_a_line_at_the_end_of_a_closed_file_is_left_out() {
    let place = tempfile::tempdir().expect("a folder");
    let closed = "api-usage-data.dat.1767003600123";
    std::fs::write(place.path().join(closed), "a\nhal").expect("a file");
    let (spool, counters) = open(place.path(), limits(1 << 20, 1 << 16));
    packed(place.path());
    spool.finish(Duration::from_secs(5));
    assert_eq!(records(place.path()), BTreeMap::from([("a".to_owned(), 1)]));
    assert_eq!(counters.status(0, false).dropped.torn, 1);
}

/// Bytes of everything in the folder.
fn size(path: &Path) -> u64 {
    let entries = std::fs::read_dir(path).expect("a folder");
    let sizes = entries.filter_map(|entry| entry.ok()?.metadata().ok());
    sizes.filter(|about| about.is_file()).map(|about| about.len()).sum()
}

/// Text that hardly compresses.
fn noise(seed: &mut u64, bytes: usize) -> String {
    let mut text = String::new();
    while text.len() < bytes {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        text.push(char::from(b'!' + (*seed >> 40) as u8 % 90));
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn the_spool_stays_within_its_bound_and_every_record_is_kept_or_counted(
        appends in proptest::collection::vec((1usize..40, any::<bool>()), 20..60), mut seed: u64
    ) {
        const LIMIT: u64 = 512 << 10;
        let place = tempfile::tempdir().expect("a folder");
        let (mut spool, counters) = open(place.path(), limits(LIMIT, 48 << 10));
        let mut number = 0u64;
        for (lines, waits) in appends {
            let mut text = String::new();
            for _ in 0..lines {
                number += 1;
                text.push_str(&format!("{number} {}\n", noise(&mut seed, 900)));
            }
            spool.append(text.as_bytes(), [lines as u64, 0, 0]);
            spool.tend();
            if waits {
                packed(place.path());
            }
            // Names of locks and their contents are no records.
            prop_assert!(size(place.path()) <= LIMIT + 64, "{}", size(place.path()));
        }
        packed(place.path());
        let status = counters.status(LIMIT, false);
        spool.finish(Duration::from_secs(5));
        let kept = records(place.path());
        prop_assert!(kept.values().all(|times| *times == 1));
        let lost = status.dropped.spool + status.dropped.no_room;
        prop_assert_eq!(kept.len() as u64 + lost, number);
        // What was dropped to make room was the oldest.
        if status.dropped.no_room == 0 {
            let oldest = kept.keys().filter_map(|line| line.split(' ').next()?.parse::<u64>().ok()).min();
            prop_assert_eq!(oldest, Some(status.dropped.spool + 1));
        }
    }
}
