//! A gateway that is killed again and again, at any moment of writing, closing, compressing and uploading, also where others
//! give their files the same names: every record that was appended is there once, in the folder or at the service.

use super::spool::{Kind, Spool, SpoolLimits};
use super::status::Counters;
use super::upload::{Round, Service, UploadClient, UploadTarget};
use mgw_fixtures::simulator::{OnPremiseServer, OnPremiseThread};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// How often it is killed for each kind of service, unless `KILLS` in the environment says so.
const KILLS: u64 = 25;
/// Tells the child where to write, and from which number on.
const FOLDER: &str = "SPOOL_OF_THE_CHILD";
const FIRST: &str = "FIRST_RECORD_OF_THE_CHILD";
const SERVER: &str = "SERVER_OF_THE_CHILD";
/// Set: the service is that of API Cloud, whose files are kept under another name.
const CLOUD: &str = "CLOUD_OF_THE_CHILD";
/// Set: names are shared, and files that count as uploaded are kept.
const SHARES: &str = "NAMES_ARE_SHARED";
/// Every so many names are another gateway's, where names are shared.
const SHARED: usize = 3;

/// Whose service takes the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct World {
    is_cloud: bool,
    /// Other gateways give names that ours gives.
    shares_names: bool,
}

fn limits() -> SpoolLimits {
    SpoolLimits {
        bytes: 1 << 30,
        // A few dozen records: files are closed all the time.
        file: 256,
        age: Duration::from_secs(3600),
        sync: Duration::from_millis(1),
        uuid_names: false,
    }
}

/// Not a test: the program that is killed.
#[test]
#[ignore = "runs as a child of another test"]
fn child() {
    let (Ok(folder), Ok(first), Ok(server)) = (std::env::var(FOLDER), std::env::var(FIRST), std::env::var(SERVER))
    else {
        return;
    };
    let spool = Spool::open(folder.into(), limits(), &Counters::new(Vec::new()));
    let mut spool = spool.expect("a spool");
    let client = UploadClient::new(UploadTarget {
        url: format!("{server}/usage/upload-file").parse().expect("a URL"),
        username: OnPremiseServer::USER.into(),
        roots: None,
    });
    let round = Round {
        shared: Arc::clone(spool.shared()),
        client: client.expect("a client"),
        service: match std::env::var_os(CLOUD) {
            Some(_) => Service::ApiCloud,
            None => Service::ApiManager,
        },
        retention: match std::env::var_os(SHARES) {
            Some(_) => Duration::from_secs(3600),
            None => Duration::ZERO,
        },
    };
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let password = SecretString::from(OnPremiseServer::PASSWORD);
            loop {
                round.run(&password, None).await.expect("a round");
            }
        });
    });
    let mut out = io::stdout();
    for number in first.parse::<u64>().expect("a number").. {
        spool.append(format!("record {number}\n").as_bytes(), [1, 0, 0]);
        writeln!(out, "appended {number}").expect("a reader");
        spool.tend();
    }
}

/// Counts the records of a compressed file.
fn records(path: &Path, found: &mut BTreeMap<String, usize>) {
    let bytes = std::fs::read(path).expect("a file");
    let mut unpacked = zip::ZipArchive::new(io::Cursor::new(bytes)).expect("an archive");
    let mut text = String::new();
    let mut entry = unpacked.by_index(0).expect("an entry");
    entry.read_to_string(&mut text).expect("text");
    for line in text.lines() {
        *found.entry(line.to_owned()).or_default() += 1;
    }
}

/// Runs the child until it has appended so many records and a little longer, kills it, and returns what it appended.
fn killed(folder: &Path, server: &str, world: World, first: u64, after: usize, longer: u64) -> Vec<u64> {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    if world.is_cloud {
        command.env(CLOUD, "1");
    }
    if world.shares_names {
        command.env(SHARES, "1");
    }
    let mut child = command
        .args([
            "--exact",
            "usage::kills::child",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(FOLDER, folder)
        .env(FIRST, first.to_string())
        .env(SERVER, server)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a child");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let number = |line: io::Result<String>| line.ok()?.strip_prefix("appended ")?.parse().ok();
    // A child that does not start says nothing and ends.
    let mut appended: Vec<u64> = lines.by_ref().filter_map(number).take(after).collect();
    (0..longer).for_each(|_| std::thread::yield_now());
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    // The last line may be half there: its record counts as not known to be appended.
    let rest = lines.filter_map(|line| line.ok()?.strip_prefix("appended ")?.parse::<u64>().ok());
    let rest: Vec<u64> = rest.collect();
    let whole = rest.len().saturating_sub(1);
    appended.extend(rest.into_iter().take(whole));
    appended
}

#[test]
fn no_record_is_lost_or_there_twice_however_often_the_gateway_is_killed() {
    for is_cloud in [false, true] {
        for shares_names in [false, true] {
            none_is_lost(World { is_cloud, shares_names });
        }
    }
}

fn none_is_lost(world: World) {
    let kills = std::env::var("KILLS").map_or(KILLS, |kills| kills.parse().expect("a number"));
    let place = tempfile::tempdir().expect("a folder");
    let served = OnPremiseThread::start();
    if world.shares_names {
        served.share_names(SHARED);
    }
    let mut appended = Vec::new();
    let mut first = 1;
    let mut random: u64 = 7;
    for _ in 0..kills {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let after = 1 + (random >> 33) as usize % 60;
        let known = killed(place.path(), &served.url(), world, first, after, (random >> 50) % 200);
        assert!(!known.is_empty(), "the child does not start");
        // Numbers that may have been appended without a word are not used again.
        first = known.last().copied().unwrap_or(first) + 1000;
        appended.extend(known);
    }
    // What is left over is compressed by the next gateway.
    let spool = Spool::open(place.path().to_owned(), limits(), &Counters::new(Vec::new())).expect("a spool");
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    let folder = spool.shared().folder.clone();
    while folder
        .files()
        .expect("a folder")
        .iter()
        .any(|file| !file.kind.waits() && file.kind != Kind::Uploaded)
    {
        assert!(std::time::Instant::now() < deadline, "not everything is compressed");
        std::thread::yield_now();
    }
    spool.finish(Duration::from_secs(5));
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for line in served.uploads().into_iter().flat_map(|file| file.records) {
        *found.entry(line).or_default() += 1;
    }
    let uploaded = found.len();
    let others: Vec<_> = served
        .uploads()
        .into_iter()
        .filter(|file| file.records.is_empty())
        .collect();
    assert_eq!(!others.is_empty(), world.shares_names);
    let names: Vec<String> = served.uploads().into_iter().map(|file| file.name).collect();
    // Files that count as uploaded, and may be others of these names.
    let mut kept = BTreeMap::new();
    for file in folder.files().expect("a folder") {
        // Uploaded, and killed before it was removed: the service refuses it the next time.
        let is_there = names.contains(&Kind::Packed.name(&file.stem));
        if !file.kind.waits() || is_there && !world.shares_names {
            continue;
        }
        records(
            &place.path().join(&file.name),
            if is_there { &mut kept } else { &mut found },
        );
    }
    for file in folder.files().expect("a folder") {
        if file.kind == Kind::Uploaded {
            records(&place.path().join(&file.name), &mut kept);
        }
    }
    // Nobody is told that they are there while they are nowhere.
    for line in kept.into_keys() {
        found.entry(line).or_insert(1);
    }
    let current = std::fs::read_to_string(place.path().join("api-usage-data.dat.tmp")).unwrap_or_default();
    current
        .lines()
        .for_each(|line| *found.entry(line.to_owned()).or_default() += 1);
    let doubled: Vec<_> = found.iter().filter(|(_, times)| **times > 1).collect();
    assert!(doubled.is_empty(), "{doubled:?}");
    let lost: Vec<_> = appended
        .iter()
        .filter(|number| !found.contains_key(&format!("record {number}")))
        .collect();
    assert!(lost.is_empty(), "{} of {}: {lost:?}", lost.len(), appended.len());
    // Otherwise uploads were not part of it.
    assert!(uploaded > 0);
}
