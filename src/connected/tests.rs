//! What outlives the process, and what compiling again gives.

use super::offer::{Offered, another};
use super::state_folder::{Seed, StateError, StateFolder};
use super::take_over::Base;
use crate::compile::{OwnParts, compile_project, compile_pulled, pack};
use crate::diagnostics::Code;
use crate::lock::{LockFile, LockedApi, LockedSource};
use crate::project::Layout;
use mgw_bundle::config::{Block, Policies};
use mgw_bundle::{Bundle, Digest};
use std::path::Path;
use std::sync::Arc;

fn definition(title: &str, more: &str) -> String {
    format!(
        "{{\"openapi\":\"3.0.0\",\"info\":{{\"title\":\"{title}\",\"version\":\"1.10\"}},\"x-wso2-basePath\":\"/{title}\",\
         \"x-wso2-production-endpoints\":{{\"urls\":[\"https://b.example\"]}},\
         \"paths\":{{\"/x\":{{\"get\":{{{more}\"responses\":{{\"200\":{{\"description\":\"ok\"}}}}}}}}}}}}"
    )
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// A project with a definition of its own and, under `pulled`, others that were pulled.
fn project(pulled: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(
        root,
        "mgw.toml",
        "format = 1\nname = \"shop\" # canary\n[control-plane]\nurl = \"https://u:canary@cp.example\"\n[pull]\nlabels = [\"dev\"]\n",
    );
    write(
        root,
        "policies.yaml",
        "# canary\nsubscriptionPolicies:\n  - Own: {count: 7, unitTime: 1, timeUnit: min}\n  - Unauthenticated: {count: 9, unitTime: 1, timeUnit: min}\n",
    );
    // The version is a number for YAML; what it means must not change on the way.
    write(
        root,
        "api_definitions/own.yaml",
        "openapi: 3.0.0\ninfo: {title: Own, version: 1.10}\nx-wso2-basePath: /own\n# canary\n\
         x-wso2-production-endpoints: {urls: ['https://own.example']}\n\
         paths: {/y: {get: {x-wso2-disable-security: true, responses: {'200': {description: ok}}}}}\n",
    );
    pull(root, pulled);
    folder
}

/// Puts what a pull would write into a folder.
fn pull(root: &Path, titles: &[&str]) {
    let mut apis = Vec::new();
    for title in titles {
        let (path, text) = (format!("gen/api_definitions/{title}.json"), definition(title, ""));
        write(root, &path, &text);
        apis.push(LockedApi {
            id: "i".into(),
            ..LockedApi::sample(title, "1.10", text.as_bytes())
        });
    }
    let lock = LockFile::new(source(), apis, Vec::new());
    write(root, "mgw.lock", &lock.to_text().unwrap());
}

fn source() -> LockedSource {
    LockedSource {
        labels: vec!["dev".into()],
        all: false,
        ..LockedSource::sample()
    }
}

fn bundle(folder: &Path) -> Bundle {
    let compiled = compile_project(&Layout::new(folder)).unwrap();
    pack(&compiled, "mgw test").unwrap().bundle
}

#[test]
fn compiling_again_without_the_project_gives_the_same_bundle() {
    let folder = project(&["One", "Two"]);
    let first = bundle(folder.path());
    let base = Base::of_bundle(&first).unwrap();
    let work = tempfile::tempdir().unwrap();
    let layout = Layout::new(work.path());
    for (path, text) in base.followed.files(&layout) {
        std::fs::write(path, text).unwrap();
    }
    pull(work.path(), &["One", "Two"]);
    let own = OwnParts::of_bundle(&first).unwrap();
    let again = pack(&compile_pulled(&layout, &own).unwrap(), "mgw test")
        .unwrap()
        .bundle;
    assert_eq!(again.config, first.config);
    assert_eq!(again.digest, first.digest);
    for bytes in first.entries.values() {
        assert!(!String::from_utf8_lossy(bytes).contains("canary"));
    }
    let own_version = again
        .config
        .apis
        .iter()
        .find(|api| api.name == "Own")
        .map(|api| api.version.as_str());
    assert_eq!(own_version, Some("1.10"));
}

#[test]
fn what_is_pulled_does_not_take_the_place_of_what_is_written() {
    let folder = project(&["One"]);
    let own = OwnParts::of_bundle(&bundle(folder.path())).unwrap();
    for (title, code) in [("Own", Code::DuplicateApi), ("own", Code::DuplicateBasePath)] {
        let work = tempfile::tempdir().unwrap();
        write(work.path(), "mgw.toml", "format = 1\nname = \"shop\"\n");
        pull(work.path(), &[title]);
        let compiled = compile_pulled(&Layout::new(work.path()), &own).unwrap();
        let codes: Vec<_> = compiled.diagnostics.iter().map(|finding| finding.code).collect();
        assert!(codes.contains(&code), "{title}: {codes:?}");
        assert!(compiled.diagnostics.has_errors());
    }
}

#[test]
fn a_project_that_never_pulled_follows_nothing() {
    let folder = project(&[]);
    std::fs::remove_file(folder.path().join("mgw.lock")).unwrap();
    let bundle = bundle(folder.path());
    assert!(Base::of_bundle(&bundle).is_err());
    assert!(!bundle.entries.keys().any(|name| name.starts_with("project/")));
}

/// Bundles of one base: what the gateway is started with, and two that came later.
struct Bundles {
    base: Bundle,
    later: Vec<(Digest, Vec<u8>)>,
}

fn bundles() -> Bundles {
    let folder = project(&["One"]);
    let base = bundle(folder.path());
    let later = [&["One", "Two"][..], &["One", "Three"]].map(|titles| {
        let folder = project(titles);
        let packed = pack(&compile_project(&Layout::new(folder.path())).unwrap(), "mgw test").unwrap();
        (packed.bundle.digest, packed.bytes)
    });
    Bundles {
        base,
        later: later.into(),
    }
}

#[test]
fn the_last_good_bundle_comes_back_for_the_same_base_only() {
    let Bundles { base, later } = bundles();
    let place = tempfile::tempdir().unwrap();
    let open = |base: Digest| {
        let (folder, restored, error) = StateFolder::open(place.path(), base, 2).unwrap();
        assert!(error.is_none(), "{error:?}");
        (folder, restored)
    };
    {
        let (mut folder, restored) = open(base.digest);
        assert!(restored.bundle.is_none() && restored.notices.is_empty());
        for (digest, bytes) in &later {
            folder.serve(*digest, bytes.clone());
            folder.renew(5).unwrap();
        }
        folder.renew(9).unwrap();
        let busy = StateFolder::open(place.path(), base.digest, 2);
        assert!(matches!(busy, Err(StateError::Busy { .. })));
    }
    let latest = later[1].0;
    {
        let (folder, restored) = open(base.digest);
        assert_eq!(restored.bundle.map(|bundle| bundle.digest), Some(latest));
        assert_eq!((restored.success_ms, folder.kept()), (Some(9), 2));
    }
    {
        let (_, restored) = open(latest);
        assert!(restored.bundle.is_none(), "another base wins");
    }
    {
        let (folder, restored) = open(base.digest);
        assert_eq!(restored.bundle.map(|bundle| bundle.digest), Some(latest));
        assert_eq!(
            (restored.success_ms, folder.kept()),
            (Some(9), 2),
            "the other one never served"
        );
    }
    let (mut folder, _) = open(latest);
    folder.settle().unwrap();
    assert_eq!(folder.kept(), 0);
    assert_eq!(std::fs::read_dir(place.path().join("bundles")).unwrap().count(), 0);
    drop(folder);
    assert!(open(base.digest).1.bundle.is_none(), "the other one served");
}

#[tokio::test]
async fn only_another_bundle_calls_an_attempt_off() {
    let Bundles { base, later } = bundles();
    let other = Bundle::read(&later[0].1, &mgw_bundle::Limits::default()).unwrap();
    let digest = base.digest;
    let (bases, offered) = tokio::sync::watch::channel(Offered::default());
    let called_off = another(offered, digest);
    tokio::pin!(called_off);
    let offer = |bundle| {
        bases.send_replace(Offered {
            bundle: Some(Arc::new(bundle)),
            unusable: None,
        })
    };
    offer(base);
    tokio::select! {
        biased;
        () = &mut called_off => panic!("the same bundle was offered"),
        () = tokio::task::yield_now() => {}
    }
    offer(other);
    called_off.await;
}

#[test]
fn what_is_damaged_is_set_aside_and_the_next_best_serves() {
    let Bundles { base, later } = bundles();
    let place = tempfile::tempdir().unwrap();
    let open = || {
        let (folder, restored, error) = StateFolder::open(place.path(), base.digest, 5).unwrap();
        assert!(error.is_none(), "{error:?}");
        (folder, restored)
    };
    let (mut folder, _) = open();
    for (digest, bytes) in &later {
        folder.serve(*digest, bytes.clone());
        folder.renew(5).unwrap();
    }
    drop(folder);
    let path = |digest: Digest| place.path().join("bundles").join(format!("{digest}.zip"));
    let [older, latest] = [later[0].0, later[1].0];
    let mut half = later[1].1.clone();
    half.truncate(half.len() / 2);
    std::fs::write(path(latest), half).unwrap();
    let (folder, restored) = open();
    assert_eq!(restored.bundle.map(|bundle| bundle.digest), Some(older));
    assert_eq!(restored.success_ms, None, "its age is not known");
    assert_eq!(restored.notices.len(), 1);
    assert!(restored.notices[0].contains("set aside"), "{:?}", restored.notices);
    drop(folder);
    // A good bundle under the wrong name.
    std::fs::write(path(older), &later[1].1).unwrap();
    let (folder, restored) = open();
    assert!(restored.bundle.is_none());
    drop(folder);
    std::fs::write(place.path().join("state.json"), "{\"format\":").unwrap();
    let (folder, restored) = open();
    assert!(restored.bundle.is_none() && restored.notices.len() == 1);
    assert!(place.path().join("state.json.damaged").exists());
    drop(folder);
    assert!(open().1.notices.is_empty());
}

/// Ways in which a record may be damaged.
fn damaged_records(record: &str) -> Vec<(&'static str, Vec<u8>)> {
    let newer = record.replace("\"format\": 1", "\"format\": 2");
    assert_ne!(newer, record);
    vec![
        ("empty", Vec::new()),
        ("truncated", record.as_bytes()[..record.len() / 2].to_vec()),
        ("garbage", b"\0\xff\0garbage".to_vec()),
        ("zeros", vec![0; record.len()]),
        ("of another format", newer.into_bytes()),
        ("too long", vec![b' '; 2 << 20]),
    ]
}

#[test]
fn a_damaged_record_costs_no_good_bundle() {
    let Bundles { base, later } = bundles();
    let [older, latest] = [later[0].0, later[1].0];
    let place = tempfile::tempdir().unwrap();
    let open = |base: Digest, keep| {
        let (folder, restored, error) = StateFolder::open(place.path(), base, keep).unwrap();
        assert!(error.is_none(), "{error:?}");
        (folder, restored)
    };
    let (mut folder, _) = open(base.digest, 5);
    for (digest, bytes) in &later {
        folder.serve(*digest, bytes.clone());
        folder.renew(5).unwrap();
    }
    drop(folder);
    let record = place.path().join("state.json");
    let path = |digest: Digest| place.path().join("bundles").join(format!("{digest}.zip"));
    // The order in which they were written has to be told by their times.
    let age = std::time::SystemTime::now() - std::time::Duration::from_secs(60);
    let file = std::fs::File::options().append(true).open(path(older)).unwrap();
    file.set_modified(age).unwrap();
    let good = std::fs::read_to_string(&record).unwrap();
    for (how, damaged) in damaged_records(&good) {
        std::fs::write(&record, &damaged).unwrap();
        let (folder, restored) = open(base.digest, 5);
        assert_eq!(restored.bundle.map(|bundle| bundle.digest), Some(latest), "{how}");
        assert_eq!(
            (restored.success_ms, folder.kept()),
            (None, 2),
            "{how}: its age is not known"
        );
        let said = restored.notices.join("\n");
        assert!(
            said.contains("it was set aside") && said.contains("2 good bundles"),
            "{how}: {said}"
        );
        drop(folder);
        // All is well again.
        let (folder, restored) = open(base.digest, 5);
        assert!(restored.notices.is_empty(), "{how}: {:?}", restored.notices);
        assert_eq!(
            (restored.bundle.map(|bundle| bundle.digest), folder.kept()),
            (Some(latest), 2)
        );
        drop(folder);
    }

    // A bundle that is damaged too is no good one, and more than are to be kept are not.
    std::fs::write(&record, "").unwrap();
    std::fs::write(path(latest), "broken").unwrap();
    let (folder, restored) = open(base.digest, 5);
    assert_eq!(restored.bundle.map(|bundle| bundle.digest), Some(older));
    assert_eq!(
        (restored.notices.len(), folder.kept()),
        (3, 1),
        "{:?}",
        restored.notices
    );
    drop(folder);

    // What belongs to another bundle does not go on, and stays until that one serves.
    std::fs::write(&record, "").unwrap();
    let (folder, restored) = open(latest, 5);
    assert!(restored.bundle.is_none(), "another base wins");
    drop(folder);
    assert!(path(older).exists());
    let (folder, restored) = open(base.digest, 5);
    assert_eq!(restored.bundle.map(|bundle| bundle.digest), Some(older));
    drop(folder);
    std::fs::write(&record, "").unwrap();
    let (mut folder, _) = open(latest, 5);
    folder.settle().unwrap();
    drop(folder);
    assert!(!path(older).exists());

    // Where nobody knows whose they are, they do not go on.
    let (mut folder, _) = open(base.digest, 5);
    folder.serve(older, later[0].1.clone());
    folder.settle().unwrap();
    folder.renew(5).unwrap();
    drop(folder);
    std::fs::write(&record, "").unwrap();
    std::fs::write(place.path().join("base"), "?").unwrap();
    let (folder, restored) = open(base.digest, 5);
    assert!(restored.bundle.is_none() && folder.kept() == 0);
}

#[test]
fn what_could_not_be_kept_is_not_vouched_for_and_tried_again() {
    let Bundles { base, later } = bundles();
    let place = tempfile::tempdir().unwrap();
    let (mut folder, _, _) = StateFolder::open(place.path(), base.digest, 5).unwrap();
    let [(older, older_bytes), (newer, newer_bytes)] = [&later[0], &later[1]];
    folder.serve(*older, older_bytes.clone());
    folder.renew(5).unwrap();
    let (bundles, aside) = (place.path().join("bundles"), place.path().join("aside"));
    std::fs::rename(&bundles, &aside).unwrap();
    std::fs::write(&bundles, "").unwrap();
    folder.serve(*newer, newer_bytes.clone());
    for now_ms in [6, 7] {
        assert!(folder.renew(now_ms).is_err(), "it is still not kept");
    }
    let record = || std::fs::read_to_string(place.path().join("state.json")).unwrap();
    assert!(record().contains("\"success_ms\": 5"), "{}", record());
    std::fs::remove_file(&bundles).unwrap();
    std::fs::rename(&aside, &bundles).unwrap();
    folder.renew(8).unwrap();
    drop(folder);
    let (_, restored, _) = StateFolder::open(place.path(), base.digest, 5).unwrap();
    assert_eq!(restored.bundle.map(|bundle| bundle.digest), Some(*newer));
    assert_eq!(restored.success_ms, Some(8));
}

#[test]
fn a_folder_that_cannot_be_written_to_still_says_what_was_good() {
    let Bundles { base, later } = bundles();
    let place = tempfile::tempdir().unwrap();
    let (mut folder, _, _) = StateFolder::open(place.path(), base.digest, 5).unwrap();
    let (digest, bytes) = &later[0];
    folder.serve(*digest, bytes.clone());
    folder.renew(5).unwrap();
    drop(folder);
    // A folder where the lock should be: nothing opens it, not even for root.
    std::fs::remove_file(place.path().join("lock")).unwrap();
    std::fs::create_dir(place.path().join("lock")).unwrap();
    let (mut folder, restored, error) = StateFolder::open(place.path(), base.digest, 5).unwrap();
    assert!(matches!(error, Some(StateError::File { .. })), "{error:?}");
    assert_eq!(restored.bundle.map(|bundle| bundle.digest), Some(*digest));
    assert!(folder.renew(6).is_err());
    std::fs::remove_dir(place.path().join("lock")).unwrap();
    folder.renew(7).unwrap();
}

#[test]
fn only_the_last_damaged_bundles_are_left_to_be_looked_at() {
    let Bundles { base, .. } = bundles();
    let place = tempfile::tempdir().unwrap();
    let open = || StateFolder::open(place.path(), base.digest, 5).unwrap();
    drop(open());
    let bundles = place.path().join("bundles");
    let start = std::time::SystemTime::now();
    for number in 0..6 {
        let file = std::fs::File::create(bundles.join(format!("{number}.zip.damaged"))).unwrap();
        let age = std::time::Duration::from_secs(60 * (6 - number));
        file.set_modified(start - age).unwrap();
    }
    drop(open());
    let mut left: Vec<String> = std::fs::read_dir(&bundles)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    left.sort();
    assert_eq!(left, ["3.zip.damaged", "4.zip.damaged", "5.zip.damaged"]);
}

#[test]
fn a_work_folder_has_the_blocks_of_what_is_served() {
    let Bundles { base, later } = bundles();
    let place = tempfile::tempdir().unwrap();
    let (mut folder, _, _) = StateFolder::open(place.path(), base.digest, 5).unwrap();
    let mut served = Bundle::read(&later[0].1, &mgw_bundle::Limits::default()).unwrap();
    let block = Block::User {
        name: "mallory".to_owned(),
    };
    served.config.policies.blocks = vec![block.clone()];
    folder.seed(&Seed::of_bundle(&served).unwrap()).unwrap();
    let bytes = std::fs::read(folder.work().pulled_policies()).unwrap();
    let policies: Policies = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(policies.blocks, [block]);
    let lock = LockFile::load(&folder.work().lock()).unwrap().expect("a lock");
    assert_eq!(lock.apis.len(), 2, "as it is served");
}

#[test]
fn what_stood_in_for_a_folder_is_newer_than_what_that_has() {
    let Bundles { base, later } = bundles();
    let seed = Seed::of_bundle(&base).unwrap();
    let [(older, older_bytes), (newer, newer_bytes)] = [&later[0], &later[1]];
    for (stood_in, expected) in [(Some((newer, newer_bytes)), Some(*newer)), (None, None)] {
        let place = tempfile::tempdir().unwrap();
        let open = || StateFolder::open(place.path(), base.digest, 5).unwrap();
        let (mut folder, ..) = open();
        folder.serve(*older, older_bytes.clone());
        folder.renew(5).unwrap();
        let mut stand_in = StateFolder::temporary(base.digest, 5).unwrap();
        if let Some((digest, bytes)) = stood_in {
            stand_in.serve(*digest, bytes.clone());
            stand_in.renew(6).unwrap();
        }
        folder.take_over_from(&stand_in, &seed).unwrap();
        folder.renew(7).unwrap();
        drop(folder);
        let (_, restored, error) = open();
        assert!(error.is_none(), "{error:?}");
        assert_eq!(restored.bundle.map(|bundle| bundle.digest), expected);
        assert_eq!(restored.success_ms, Some(7));
    }
}

#[test]
fn bundles_that_stay_behind_are_not_noted_as_those_of_another_base() {
    let Bundles { base, later } = bundles();
    let (older, other) = (&later[0], later[1].0);
    let place = tempfile::tempdir().unwrap();
    let (mut folder, ..) = StateFolder::open(place.path(), base.digest, 5).unwrap();
    folder.serve(older.0, older.1.clone());
    folder.renew(5).unwrap();
    drop(folder);
    let note = std::fs::read(place.path().join("base")).unwrap();
    // A folder is not removed as a file is, not even by root.
    let bundle = place.path().join("bundles").join(format!("{}.zip", older.0));
    std::fs::remove_file(&bundle).unwrap();
    std::fs::create_dir(&bundle).unwrap();
    let (mut folder, ..) = StateFolder::open(place.path(), other, 5).unwrap();
    let settled = folder.settle();
    assert!(
        matches!(settled, Err(StateError::File { action: "remove", .. })),
        "{settled:?}"
    );
    assert_eq!(std::fs::read(place.path().join("base")).unwrap(), note);
    std::fs::remove_dir(&bundle).unwrap();
    folder.settle().unwrap();
    assert_ne!(std::fs::read(place.path().join("base")).unwrap(), note);
}

#[test]
fn a_folder_with_files_of_something_else_is_left_alone() {
    let Bundles { base, .. } = bundles();
    for name in ["work", "bundles"] {
        let place = tempfile::tempdir().unwrap();
        write(place.path(), &format!("{name}/thesis.txt"), "years of it");
        let opened = StateFolder::open(place.path(), base.digest, 5);
        assert!(matches!(opened, Err(StateError::Foreign { .. })), "{opened:?}");
        assert!(place.path().join(name).join("thesis.txt").exists());
        assert_eq!(
            std::fs::read_dir(place.path()).unwrap().count(),
            1,
            "nothing is written"
        );
    }
    // A volume of its own is rarely empty.
    let place = tempfile::tempdir().unwrap();
    write(place.path(), "lost+found/x", "");
    std::fs::create_dir(place.path().join("bundles")).unwrap();
    for _ in 0..2 {
        let (mut folder, _, error) = StateFolder::open(place.path(), base.digest, 5).unwrap();
        assert!(error.is_none(), "{error:?}");
        folder.seed(&Seed::of_bundle(&base).unwrap()).unwrap();
    }
}
