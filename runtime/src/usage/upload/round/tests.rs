use super::super::client::UploadTarget;
use super::*;
use crate::usage::spool::{Spool, SpoolLimits};
use crate::usage::status::{Counters, UploadCounts};
use mgw_fixtures::simulator::OnPremiseServer;
use std::io::Write;
use std::path::Path;

const LIMITS: SpoolLimits = SpoolLimits {
    bytes: 1 << 30,
    file: 1 << 20,
    age: Duration::from_secs(3600),
    sync: Duration::from_secs(1),
    uuid_names: false,
};

/// A gateway's folder and its rounds of uploads.
struct Site {
    spool: Spool,
    round: Round,
    counters: Arc<Counters>,
}

impl Site {
    fn new(folder: &Path, url: &str, service: Service) -> Self {
        let counters = Counters::new(Vec::new());
        let spool = Spool::open(folder.to_owned(), LIMITS, &counters).expect("a spool");
        let client = UploadClient::new(UploadTarget {
            url: format!("{url}/usage/upload-file").parse().expect("a URL"),
            username: OnPremiseServer::USER.into(),
            roots: None,
        });
        let round = Round {
            shared: Arc::clone(spool.shared()),
            client: client.expect("a client"),
            service,
            retention: Duration::from_secs(100 * 365 * 86_400),
        };
        Self { spool, round, counters }
    }

    async fn round(&self) -> Option<Outcome> {
        let password = SecretString::from(OnPremiseServer::PASSWORD);
        self.round.run(&password, None).await.expect("a round")
    }

    fn uploads(&self) -> UploadCounts {
        self.counters.status(0, true).uploads.expect("uploads")
    }
}

/// Leaves a compressed file in a folder.
fn archive(folder: &Path, ms: u64, text: &str) {
    let stem = format!("api-usage-data.dat.{ms:013}");
    let mut archive = zip::ZipWriter::new(std::fs::File::create(folder.join(format!("{stem}.zip"))).expect("a file"));
    let options = zip::write::SimpleFileOptions::default();
    archive.start_file("api-usage-data.dat", options).expect("an entry");
    archive.write_all(text.as_bytes()).expect("written");
    archive.finish().expect("an archive");
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<_> = names.filter(|name| name.contains(".zip")).collect();
    names.sort();
    names
}

fn records(server: &OnPremiseServer) -> Vec<String> {
    server.uploads().into_iter().flat_map(|file| file.records).collect()
}

const MS: u64 = 1_767_003_600_123;

#[tokio::test]
async fn another_gateways_file_of_the_same_name_costs_no_record() {
    let server = OnPremiseServer::start().await.expect("a server");
    for (number, service) in [Service::ApiCloud, Service::ApiManager].into_iter().enumerate() {
        let place = tempfile::tempdir().expect("a folder");
        archive(place.path(), MS, &format!("{number}\n"));
        let site = Site::new(place.path(), &server.url(), service);
        assert_eq!(site.round().await, Some(Outcome::Accepted));
        assert_eq!(site.uploads().collided, number as u64);
        site.spool.finish(Duration::from_secs(5));
    }
    assert_eq!(records(&server), ["0", "1"]);
    server.shutdown().await;
}

#[tokio::test]
async fn a_file_that_was_answered_and_not_noted_is_there() {
    let server = OnPremiseServer::start().await.expect("a server");
    for times in 1..3 {
        let place = tempfile::tempdir().expect("a folder");
        archive(place.path(), MS, "a\n");
        if times == 2 {
            // Killed between answer and note.
            let name = format!("api-usage-data.dat.{MS}.zip");
            std::fs::rename(place.path().join(&name), place.path().join(format!("{name}.tried"))).expect("renamed");
        }
        let site = Site::new(place.path(), &server.url(), Service::ApiManager);
        site.round().await.expect("tried");
        assert_eq!((records(&server), site.uploads().collided), (vec!["a".to_owned()], 0));
        // What may be another's of that name is kept.
        let kept = format!("api-usage-data.dat.{MS}.zip.uploaded");
        assert_eq!(names(place.path()), Vec::from_iter((times == 2).then_some(kept)));
        site.spool.finish(Duration::from_secs(5));
    }
    server.shutdown().await;
}

#[tokio::test]
async fn what_was_never_sent_is_not_taken_for_sent() {
    let place = tempfile::tempdir().expect("a folder");
    archive(place.path(), MS, "a\n");
    // Nobody listens on this port of this machine.
    let site = Site::new(place.path(), "http://127.0.0.1:1", Service::ApiCloud);
    let outcome = site.round().await.expect("tried");
    assert_eq!(outcome.text(), "the server could not be reached");
    assert_eq!(names(place.path()), [format!("api-usage-data.dat.{MS}.zip")]);
    site.spool.finish(Duration::from_secs(5));
}

#[tokio::test]
async fn a_proxys_400_sets_nothing_aside() {
    let server = OnPremiseServer::start().await.expect("a server");
    let place = tempfile::tempdir().expect("a folder");
    (0..3).for_each(|number| archive(place.path(), MS + number, "a\n"));
    server.fail_next(&[400, 400, 400]);
    let site = Site::new(place.path(), &server.url(), Service::ApiCloud);
    assert_eq!(site.round().await, Some(Outcome::Failed));
    assert_eq!((site.uploads().failed, names(place.path()).len()), (1, 3));
    assert!(!names(place.path()).iter().any(|name| name.ends_with("refused")));
    site.spool.finish(Duration::from_secs(5));
    server.shutdown().await;
}

#[tokio::test]
async fn files_that_are_set_aside_come_back() {
    let server = OnPremiseServer::start().await.expect("a server");
    let place = tempfile::tempdir().expect("a folder");
    (0..2).for_each(|number| archive(place.path(), MS + number, &format!("{number}\n")));
    server.fail_next(&[413]);
    let site = Site::new(place.path(), &server.url(), Service::ApiManager);
    // One file that is too large holds up no other.
    assert_eq!(site.round().await, Some(Outcome::Accepted));
    assert_eq!((site.uploads().too_large, records(&server)), (1, vec!["1".to_owned()]));
    assert_eq!(names(place.path()), [format!("api-usage-data.dat.{MS}.zip.refused")]);
    assert_eq!(site.round().await, None);
    assert_eq!(site.round.shared.folder.retry_refused().expect("renamed"), 1);
    assert_eq!(site.round().await, Some(Outcome::Accepted));
    assert_eq!(records(&server), ["1", "0"]);
    site.spool.finish(Duration::from_secs(5));
    server.shutdown().await;
}

#[tokio::test]
async fn a_file_that_cannot_be_read_holds_up_no_other() {
    let server = OnPremiseServer::start().await.expect("a server");
    let place = tempfile::tempdir().expect("a folder");
    // Larger than any that is read into memory, and empty on the disk.
    let large = std::fs::File::create(place.path().join(format!("api-usage-data.dat.{MS}.zip"))).expect("a file");
    large.set_len(129 << 20).expect("a size");
    archive(place.path(), MS + 1, "a\n");
    let site = Site::new(place.path(), &server.url(), Service::ApiManager);
    for _ in 0..2 {
        site.round().await;
    }
    assert_eq!(records(&server), ["a"]);
    assert_eq!(site.counters.status(0, true).files_unusable, 1);
    site.spool.finish(Duration::from_secs(5));
    server.shutdown().await;
}
