//! Definitions that are unchanged are not sent again, and never taken from anywhere but what was pulled.

use super::*;
use crate::lock::{LockFile, LockedApi};
use crate::project::Layout;
use mgw_fixtures::simulator::Edit;
use serde_json::json;
use std::collections::BTreeMap;

fn locked(bench: &Bench) -> Vec<LockedApi> {
    LockFile::load(&Layout::new(bench.project()).lock())
        .unwrap()
        .unwrap()
        .apis
}

/// How definitions were answered by the last pull, by the id that the request named.
fn answers(bench: &Bench) -> BTreeMap<String, u16> {
    let requests = bench.simulator.requests();
    let definitions = requests.iter().filter_map(|request| {
        let id = request.path().strip_suffix("/swagger")?.rsplit('/').next()?;
        Some((id.to_owned(), request.status?))
    });
    definitions.collect()
}

fn pull_again(bench: &Bench) -> BTreeMap<String, u16> {
    bench.simulator.clear_requests();
    assert_eq!(bench.pull(&[]).unwrap(), ExitCode::Success);
    answers(bench)
}

/// What the control plane calls the source of a definition.
fn source(api: &LockedApi) -> String {
    api.revision_id.clone().unwrap_or_else(|| api.id.clone())
}

fn named<'a>(apis: &'a [LockedApi], name: &str) -> &'a LockedApi {
    apis.iter()
        .find(|api| api.name == name && api.etag.is_some())
        .unwrap_or_else(|| panic!("{name} can be pulled unchanged"))
}

/// The file of an API as it is now: another definition may have another name.
fn file(bench: &Bench, api: &LockedApi) -> String {
    let apis = locked(bench);
    let now = apis.iter().find(|now| now.id == api.id).unwrap();
    std::fs::read_to_string(bench.project().join(&now.path)).unwrap()
}

fn in_place(bench: &Bench) -> Vec<(String, String)> {
    let mut found = contents(&bench.project());
    found.retain(|(name, _)| !name.starts_with(".mgw/"));
    found
}

#[test]
fn what_is_unchanged_is_not_sent_by_any_generation() {
    for shape in [
        Shape::ApiCloud,
        Shape::Apim26,
        Shape::Apim30,
        Shape::Apim32,
        Shape::Apim40,
        Shape::Apim46,
    ] {
        let bench = Bench::signed_in(shape, ADMIN);
        bench.pull(&["--all"]).unwrap();
        assert!(answers(&bench).values().all(|status| *status == 200), "{shape:?}");
        let before = in_place(&bench);
        let again = pull_again(&bench);
        assert_eq!(in_place(&bench), before, "{shape:?}");
        let apis = locked(&bench);
        assert_eq!(again.len(), apis.len(), "{shape:?}: {again:?}");
        for api in &apis {
            // Of the others there is something to be said at each pull.
            let expected = if api.etag.is_some() { 304 } else { 200 };
            assert_eq!(again[&source(api)], expected, "{shape:?}: {api:?}");
        }
        assert!(again.values().any(|status| *status == 304), "{shape:?}: {again:?}");
    }
}

#[test]
fn what_is_not_what_was_pulled_is_sent() {
    let bench = Bench::signed_in(Shape::ApiCloud, ADMIN);
    bench.pull(&["--all"]).unwrap();
    let before = in_place(&bench);
    let apis = locked(&bench);
    let (edited, lost) = (named(&apis, "Catalog"), named(&apis, "Orders"));
    std::fs::write(bench.project().join(&edited.path), "{}").unwrap();
    std::fs::remove_file(bench.project().join(&lost.path)).unwrap();
    let again = pull_again(&bench);
    for api in &apis {
        let is_there = api.id != edited.id && api.id != lost.id;
        let expected = if is_there && api.etag.is_some() { 304 } else { 200 };
        assert_eq!(again[&api.id], expected, "{api:?}");
    }
    assert_eq!(in_place(&bench), before);
}

#[test]
fn a_lock_leads_nowhere_else() {
    let bench = Bench::signed_in(Shape::ApiCloud, ADMIN);
    bench.pull(&["--all"]).unwrap();
    let before = in_place(&bench);
    // The same bytes under another name, an `ETag` that nobody may send, and a basis that is not that of the API.
    let path = Layout::new(bench.project()).lock();
    let text = std::fs::read_to_string(&path).unwrap();
    let apis = locked(&bench);
    let api = named(&apis, "Catalog");
    std::fs::write(
        bench.folder.path().join("copy.json"),
        std::fs::read(bench.project().join(&api.path)).unwrap(),
    )
    .unwrap();
    let (etag, basis) = (api.etag.clone().unwrap(), api.basis.unwrap());
    for (from, to) in [
        (api.path.clone(), "../copy.json".to_owned()),
        (basis.to_string(), mgw_bundle::Digest::of(b"").to_string()),
        (
            toml::Value::from(etag).to_string(),
            "\"a\\r\\nX-Injected: 1\"".to_owned(),
        ),
    ] {
        let changed = text.replace(&from, &to);
        assert_ne!(changed, text, "{from}");
        std::fs::write(&path, changed).unwrap();
        assert_eq!(pull_again(&bench)[&api.id], 200, "{to}");
        assert_eq!(in_place(&bench), before, "{to}");
    }
}

#[test]
fn changes_arrive() {
    let bench = Bench::signed_in(Shape::ApiCloud, ADMIN);
    bench.pull(&["--all"]).unwrap();
    let api = named(&locked(&bench), "Catalog").clone();
    let document = json!({
        "openapi": "3.0.1",
        "info": {"title": "Catalog", "version": "1.2.0"},
        "paths": {"/changed": {"get": {"responses": {"200": {"description": "It"}}}}},
    });
    let edit = Edit::Definition {
        api: "Catalog:1.2.0".into(),
        document,
    };
    bench.simulator.edit(edit).unwrap();
    assert_eq!(pull_again(&bench)[&api.id], 200);
    assert!(file(&bench, &api).contains("/changed"));
    assert_eq!(pull_again(&bench)[&api.id], 304);
    // What is said beside the definition.
    let edit = Edit::LifeCycle {
        api: "Catalog:1.2.0".into(),
        state: mgw_fixtures::seed::ApiState::Deprecated,
    };
    bench.simulator.edit(edit).unwrap();
    assert_eq!(pull_again(&bench)[&api.id], 200);
    assert!(file(&bench, &api).contains("DEPRECATED"));
}
