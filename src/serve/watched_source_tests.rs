use super::super::{GatewaySettings, HangUp, free_ports, load_settings, supervise};
use super::*;
use crate::compile::{compile_project, pack};
use crate::context::{Context, Environment};
use crate::project::Layout;
use crate::signing::{KeyReference, KeyStore};
use mgw_bundle::{Limits, sign_bundle};
use std::path::{Path, PathBuf};
use std::sync::Arc;

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The bytes of a bundle with one operation at this path.
    fn bundle(&self, operation: &str) -> Vec<u8> {
        let project = self.at("project");
        std::fs::create_dir_all(project.join("api_definitions")).expect("writable");
        let definition = format!(
            "openapi: 3.0.0\ninfo: {{title: Shop, version: 1.0.0}}\nx-wso2-basePath: /shop\n\
             x-wso2-production-endpoints: {{urls: ['http://127.0.0.1:3000']}}\n\
             paths: {{{operation}: {{get: {{responses: {{'200': {{description: ok}}}}}}}}}}\n"
        );
        std::fs::write(project.join("api_definitions/shop.yaml"), definition).expect("writable");
        pack(&compile_project(&Layout::new(&project)).expect("a project"), "mgw test")
            .expect("a bundle")
            .bytes
    }

    fn replace(&self, bytes: &[u8]) {
        std::fs::write(self.at("new"), bytes).expect("writable");
        std::fs::rename(self.at("new"), self.at("served.zip")).expect("writable");
    }

    fn watched(&self, trusted: TrustedKeys) -> WatchedSource {
        WatchedSource::new(BundleSource::File(self.at("served.zip")), trusted)
    }
}

fn ui() -> Ui {
    Context::silent(Environment::default()).ui
}

fn digest(bytes: &[u8]) -> mgw_bundle::Digest {
    Bundle::read(bytes, &Limits::default()).expect("intact").digest
}

/// What is due at two looks one after the other.
fn looks(watched: &mut WatchedSource, now: Instant) -> [Option<Look>; 2] {
    [watched.due(now), watched.due(now)]
}

#[tokio::test]
async fn a_bundle_that_comes_while_the_gateway_starts_is_served() {
    let place = Place::new();
    let (first, second) = (place.bundle("/first"), place.bundle("/second"));
    place.replace(&first);
    let context = Context::silent(Environment::default());
    let mut watched = place.watched(TrustedKeys::none());
    let bundle = watched.load(&context.ui).expect("intact");
    place.replace(&second);
    let settings = GatewaySettings {
        file: None,
        sets: free_ports(),
    };
    let config = load_settings(&settings, &context.environment, &context.ui).expect("settings");
    let data_dir = place.at("data");
    let gateway = std::thread::scope(|scope| {
        let start = || crate::commands::run::start(&bundle, config, Some(data_dir), &context).expect("it starts");
        Arc::new(scope.spawn(start).join().expect("started"))
    });
    assert_eq!(gateway.bundle(), digest(&first));
    let served = async {
        while gateway.bundle() != digest(&second) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let supervised = supervise(
        Arc::clone(&gateway),
        watched,
        None,
        HangUp::Stop,
        Duration::ZERO,
        &context.ui,
        |_| {},
    );
    tokio::select! {
        () = served => {}
        ended = supervised => panic!("nobody has stopped it: {ended:?}"),
        () = tokio::time::sleep(Duration::from_secs(60)) => panic!("it is never served"),
    }
    let stopped = std::thread::spawn(move || gateway.drain(Duration::ZERO));
    stopped.join().expect("it ends");
}

#[test]
fn what_the_system_could_not_open_is_tried_again_and_told_once() {
    let place = Place::new();
    place.replace(&place.bundle("/first"));
    let mut watched = place.watched(TrustedKeys::none());
    watched.load(&ui()).expect("intact");
    let now = Instant::now();
    let too_many = || Failure::file("read", Path::new("served.zip"), io::Error::from_raw_os_error(24));
    assert!(!watched.refuse(&too_many(), now));
    assert_eq!(looks(&mut watched, now), [None, None]);
    assert_eq!(watched.due(now + RETRY), Some(Look::Again));
    assert!(watched.refuse(&too_many(), now + RETRY), "it has been told");
    assert_eq!(watched.due(now + RETRY), None);
    // What is written meanwhile is waited for.
    place.replace(&place.bundle("/second"));
    assert_eq!(looks(&mut watched, now + 2 * RETRY), [None, Some(Look::New)]);
    watched.load(&ui()).expect("intact");
    assert_eq!(watched.due(now + 9 * RETRY), None);
}

#[test]
fn a_bundle_that_is_no_good_is_looked_at_when_it_is_another_one() {
    let place = Place::new();
    let later = Instant::now() + 100 * RETRY;
    place.replace(b"broken");
    let mut watched = place.watched(TrustedKeys::none());
    let failure = watched.load(&ui()).expect_err("broken");
    assert!(!watched.refuse(&failure, Instant::now()));
    assert_eq!(looks(&mut watched, later), [None, None]);
    let unfit = Failure::file("read", Path::new("x"), io::Error::other(Unfit::TooLarge(9)));
    assert!(!is_passing(&unfit));
}

#[test]
fn a_refused_bundle_is_looked_at_when_a_key_changes() {
    let place = Place::new();
    let store = KeyStore::new(&place.at("config"));
    let name = |name: &str| name.parse().expect("a name");
    let release = store.create(&name("release")).expect("made");
    let other = store.create(&name("other")).expect("made");
    let key = KeyReference::File(release.private_file.expect("both halves"));
    let signing = store.signing(&key).expect("there");
    let signed = sign_bundle(&place.bundle("/first"), &signing, &Limits::default());
    place.replace(&signed.expect("signed"));
    let public = place.at("k.pem");
    std::fs::copy(other.public_file, &public).expect("writable");
    let mut watched = place.watched(TrustedKeys::new(store, vec![KeyReference::File(public.clone())]));
    let now = Instant::now();
    let failure = watched.load(&ui()).expect_err("not trusted");
    assert!(!watched.refuse(&failure, now));
    assert_eq!(looks(&mut watched, now + 100 * RETRY), [None, None]);

    std::fs::remove_file(&public).expect("there");
    assert_eq!(watched.due(now), Some(Look::Again));
    let failure = watched.load(&ui()).expect_err("no key");
    assert!(!watched.refuse(&failure, now), "that is another reason");
    assert_eq!(looks(&mut watched, now), [None, None]);
    assert_eq!(watched.due(now + RETRY), Some(Look::Again));

    std::fs::copy(release.public_file, &public).expect("writable");
    assert_eq!(watched.due(now), Some(Look::Again));
    watched.load(&ui()).expect("trusted now");
    std::fs::remove_file(&public).expect("there");
    assert_eq!(looks(&mut watched, now), [None, None], "what is served goes on");
}
