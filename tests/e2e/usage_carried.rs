//! Usage records that are carried by hand, by programs that are killed on the way: at the service every record is once,
//! or it is known where else it is.

use crate::running::Running;
#[cfg(target_os = "linux")]
use crate::support::traced;
use crate::support::{Outcome, Place};
use mgw_fixtures::simulator::{OnPremiseServer, OnPremiseThread};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// How often each command is killed, unless `KILLS` in the environment says so.
const KILLS: usize = 6;
/// Files of a site.
const FILES: u64 = 24;
/// Every so many of them have names that another site's have too.
const SHARED: u64 = 4;

fn kills() -> usize {
    std::env::var("KILLS").map_or(KILLS, |kills| kills.parse().expect("a number"))
}

fn name(number: u64) -> String {
    format!("api-usage-data.dat.{:013}.zip", 1_767_003_600_000 + number)
}

fn record(site: &str, number: u64) -> String {
    format!("{site} {number}")
}

/// A folder with compressed files of one record each.
fn site(place: &Place, site: &str, numbers: impl Iterator<Item = u64>) {
    for number in numbers {
        let mut bytes = std::io::Cursor::new(Vec::new());
        let mut archive = zip::ZipWriter::new(&mut bytes);
        let options = zip::write::SimpleFileOptions::default();
        archive.start_file("api-usage-data.dat", options).expect("an entry");
        writeln!(archive, "{}", record(site, number)).expect("written");
        archive.finish().expect("an archive");
        let path = place.path().join(site).join(name(number));
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, bytes.into_inner()).expect("a file");
    }
}

fn import(place: &Place, service: &OnPremiseServer, export: &str, more: &[&str]) -> Command {
    let url = format!("{}/usage/upload-file", service.url());
    let mut arguments = vec!["usage", "import", export, "--url", &url, "--output", "json"];
    arguments.extend(["--username", OnPremiseServer::USER]);
    arguments.extend(more);
    let mut command = place.command(&arguments);
    command.env("MGW_USAGE_PASSWORD", OnPremiseServer::PASSWORD);
    command
}

fn export(place: &Place, site: &str, to: &str) -> Command {
    place.command(&["usage", "export", site, "--to", to, "--remove", "--output", "json"])
}

/// Kills a command once `is_there`, unless it ends before.
fn killed(command: Command, mut is_there: impl FnMut() -> bool) {
    let mut running = Running::of(command);
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_there() && !running.has_ended() {
        assert!(Instant::now() < deadline, "neither there nor ended");
        std::thread::yield_now();
    }
    // Killed where it is not over.
    drop(running);
}

fn at_the_service(service: &OnPremiseServer) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for record in service.uploads().into_iter().flat_map(|file| file.records) {
        *found.entry(record).or_default() += 1;
    }
    found
}

#[track_caller]
fn assert_once(found: &BTreeMap<String, usize>, expected: impl Iterator<Item = String>) {
    let expected: BTreeMap<String, usize> = expected.map(|record| (record, 1)).collect();
    assert_eq!(*found, expected);
}

/// The file at which an import was when it was killed: it may have been sent.
fn under_way(progress: &Path) -> Option<String> {
    let text = std::fs::read_to_string(progress).unwrap_or_default();
    let line = text.lines().last()?.strip_suffix(" trying")?;
    Some(line.rsplit(' ').next()?.to_owned())
}

#[test]
fn imports_that_are_killed_lose_and_double_nothing() {
    let place = Place::new();
    let service = OnPremiseThread::start();
    // Two gateways that gave some files the same names.
    site(&place, "one", (0..FILES).filter(|number| number.is_multiple_of(SHARED)));
    site(&place, "two", 0..FILES);
    Outcome::of(export(&place, "one", "one.zip")).exits(0);
    Outcome::of(export(&place, "two", "two.zip")).exits(0);
    Outcome::of(import(&place, &service, "one.zip", &[])).exits(0);
    let progress = place.path().join("two.zip.progress");
    let length = || std::fs::metadata(&progress).map_or(0, |about| about.len());
    let mut doubtful = BTreeSet::new();
    let mut killed_at = |more: &[&str], kill: usize| {
        // At another step each time.
        let target = length() + 60 + 97 * (kill as u64 % 5);
        killed(import(&place, &service, "two.zip", more), || length() >= target);
        doubtful.extend(under_way(&progress));
    };
    (0..kills()).for_each(|kill| killed_at(&[], kill));
    // Of these nobody knows whose they are.
    let outcome = Outcome::of(import(&place, &service, "two.zip", &[]));
    assert!(outcome.code == 8 || outcome.code == 0, "{}", outcome.stderr);
    (0..kills()).for_each(|kill| killed_at(&["--same-name", "another"], kill));
    let report = Outcome::of(import(&place, &service, "two.zip", &["--same-name", "another"]));
    assert_eq!(report.exits(0).json()["doubtful"], 0);
    // What was under way when it was killed, and whose name another has, counts as there.
    let is_bound = |number: &u64| number.is_multiple_of(SHARED) && doubtful.contains(&name(*number));
    let all = |found: &BTreeMap<String, usize>| {
        let of_two = (0..FILES).filter(|number| !is_bound(number) || found.contains_key(&record("two", *number)));
        let of_one = (0..FILES).filter(|number| number.is_multiple_of(SHARED));
        let records = of_two.map(|number| record("two", number));
        assert_once(found, records.chain(of_one.map(|number| record("one", number))));
    };
    let found = at_the_service(&service);
    all(&found);
    // Again, from another machine that knows nothing of it.
    std::fs::copy(place.path().join("two.zip"), place.path().join("copy.zip")).expect("copied");
    let report = Outcome::of(import(&place, &service, "copy.zip", &[])).exits(8).json();
    assert_eq!(
        (report["accepted"].as_u64(), report["doubtful"].as_u64()),
        (Some(0), Some(FILES))
    );
    let report = Outcome::of(import(&place, &service, "copy.zip", &["--same-name", "there"]));
    assert_eq!(report.exits(0).json()["alreadyThere"], FILES);
    assert_eq!(at_the_service(&service), found);
}

/// Notes in a file whose name is lost are lost with it.
#[cfg(target_os = "linux")]
#[test]
fn the_name_of_the_notes_is_on_the_disk_before_anything_is_sent() {
    let place = Place::new();
    let service = OnPremiseThread::start();
    site(&place, "site", 0..1);
    Outcome::of(export(&place, "site", "export.zip")).exits(0);
    let log = place.path().join("trace");
    let into = log.display().to_string();
    let options = ["-y", "-s", "0", "-e", "trace=fsync,fdatasync,connect", "-o", &into];
    let import = traced(&import(&place, &service, "export.zip", &[]), &options);
    Outcome::of(import).exits(0);
    let trace = std::fs::read_to_string(&log).expect("a trace");
    let at = |what: &str| trace.lines().position(|line| line.contains(what));
    let folder = at(&format!("<{}>", place.path().display()));
    let notes = at(&format!("<{}>", place.path().join("export.zip.progress").display()));
    let sent = at("AF_INET");
    assert!(folder.is_some() && folder < notes && notes < sent, "{trace}");
}

#[test]
fn exports_that_are_killed_lose_and_double_nothing() {
    let place = Place::new();
    let service = OnPremiseThread::start();
    site(&place, "site", 0..FILES);
    let folder = place.path().join("site");
    let has = |folder: &Path, is_it: &dyn Fn(&str) -> bool| {
        let entries = std::fs::read_dir(folder).expect("a folder").flatten();
        entries
            .into_iter()
            .any(|entry| entry.file_name().to_str().is_some_and(is_it))
    };
    let mut exports = Vec::new();
    for kill in 0..kills() {
        let to = format!("{kill}.zip");
        let exported = place.path().join(&to);
        let left = std::fs::read_dir(&folder).expect("a folder").count();
        killed(export(&place, "site", &to), || match kill % 4 {
            0 => has(&place.path(), &|name| name.starts_with(".usage")),
            1 => has(&folder, &|name| name.ends_with(".tried")),
            2 => exported.exists(),
            _ => std::fs::read_dir(&folder).expect("a folder").count() < left,
        });
        exports.push(to);
        // A gateway goes on.
        let more = FILES + kill as u64 * 3;
        site(&place, "site", more..more + 3);
    }
    Outcome::of(export(&place, "site", "last.zip")).exits(0);
    exports.push("last.zip".to_owned());
    for export in exports.iter().filter(|export| place.path().join(export).exists()) {
        Outcome::of(import(&place, &service, export, &[])).exits(0);
    }
    let all = FILES + kills() as u64 * 3;
    assert_once(&at_the_service(&service), (0..all).map(|number| record("site", number)));
}
