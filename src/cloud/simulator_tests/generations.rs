//! Every generation: the same seed gives the same project, whatever the shape of the control plane.

use super::*;
use crate::lock::{LockFile, LockedApi};
use crate::project::{ControlPlaneKind, Layout};
use clap::ValueEnum;
use std::collections::BTreeMap;

/// What is to be found out about each shape.
fn expected(shape: Shape) -> ControlPlaneKind {
    match shape {
        Shape::ApiCloud => ControlPlaneKind::ApiCloud,
        Shape::Apim26 => ControlPlaneKind::Apim26,
        Shape::Apim30 => ControlPlaneKind::Apim30,
        Shape::Apim31 => ControlPlaneKind::Apim31,
        Shape::Apim32 => ControlPlaneKind::Apim32,
        Shape::Apim40 => ControlPlaneKind::Apim40,
        Shape::Apim41 => ControlPlaneKind::Apim41,
        Shape::Apim42 | Shape::Apim46 => ControlPlaneKind::Apim42,
    }
}

fn is_deployed_by_revision(shape: Shape) -> bool {
    matches!(shape, Shape::Apim40 | Shape::Apim41 | Shape::Apim42 | Shape::Apim46)
}

fn lock(bench: &Bench) -> LockFile {
    LockFile::load(&Layout::new(bench.project()).lock()).unwrap().unwrap()
}

/// The files of both labels, by the path, but those that name the simulator or its fresh certificates. What releases
/// before 3.2 do not know, or write otherwise, is taken out of all of them.
fn project(bench: &Bench) -> BTreeMap<String, serde_json::Value> {
    let arguments = ["--label", "dev", "--label", "prod"];
    assert_eq!(bench.pull(&arguments).unwrap(), ExitCode::Success);
    contents(&bench.project())
        .into_iter()
        .filter(|(path, _)| path.ends_with(".json") && !path.contains("certificates"))
        .map(|(path, text)| (path, serde_json::from_str(&text).unwrap()))
        .collect()
}

/// Takes out what only some releases have.
fn reduced(mut project: BTreeMap<String, serde_json::Value>, shape: Shape) -> BTreeMap<String, serde_json::Value> {
    for (path, document) in &mut project {
        let Some(members) = document.as_object_mut() else {
            continue;
        };
        if path.ends_with("subscriptions.json")
            && let Some(keys) = members
                .get_mut("key_mappings")
                .and_then(serde_json::Value::as_array_mut)
        {
            // Several key managers came with 3.2.
            keys.iter_mut().filter_map(|key| key.as_object_mut()).for_each(|key| {
                key.shift_remove("key_manager");
            });
        }
        if path.ends_with("policies.json")
            && let Some(blocks) = members.get_mut("blocks").and_then(serde_json::Value::as_array_mut)
        {
            // Ranges of addresses came with 3.1.
            blocks.retain(|block| block.get("first") == block.get("last"));
        }
        // Credentials of each side for itself came with 3.2: before, they are those of both.
        if let Some(sandbox) = members
            .get_mut("x-wso2-sandbox-endpoints")
            .and_then(|side| side.as_object_mut())
        {
            sandbox.shift_remove("securityConfig");
        }
        if shape == Shape::Apim26 {
            // Client certificates came with 3.0.
            members.shift_remove("x-wso2-mutual-ssl");
        }
    }
    project
}

#[test]
fn every_generation_is_found_and_gives_the_same_project() {
    let cloud = Bench::signed_in(Shape::ApiCloud, ADMIN);
    let reference = project(&cloud);
    assert!(reference.len() > 7, "{:?}", reference.keys());
    for shape in Shape::ALL {
        let bench = Bench::signed_in(shape, ADMIN);
        let own = reduced(project(&bench), shape);
        let wanted = reduced(reference.clone(), shape);
        assert_eq!(
            own.keys().collect::<Vec<_>>(),
            wanted.keys().collect::<Vec<_>>(),
            "{shape:?}"
        );
        for (path, document) in wanted {
            assert_eq!(own[&path], document, "{shape:?}: {path}");
        }
        let lock = lock(&bench);
        assert_eq!(lock.source.kind, expected(shape));
        let has_revision = |api: &LockedApi| api.revision == Some(1) && api.revision_id.is_some();
        let by_revision = is_deployed_by_revision(shape);
        assert!(
            lock.apis.iter().all(|api| has_revision(api) == by_revision),
            "{shape:?}"
        );
        assert!(lock.apis.iter().all(|api| api.id.starts_with("c0000000")), "{shape:?}");
    }
}

#[test]
fn by_name_and_altogether_it_is_the_deployed_revision_too() {
    for shape in Shape::ALL.into_iter().filter(|shape| is_deployed_by_revision(*shape)) {
        let bench = Bench::signed_in(shape, DEVELOPER);
        bench.pull(&["--label", "dev"]).unwrap();
        let by_label = lock(&bench)
            .apis
            .into_iter()
            .find(|api| api.name == "Orders" && api.version == "2.0.0");
        bench.pull(&["--api", "Orders:2.0.0"]).unwrap();
        assert_eq!(lock(&bench).apis.into_iter().next(), by_label, "{shape:?}");
        bench.pull(&["--all"]).unwrap();
        assert!(lock(&bench).apis.contains(&by_label.unwrap()), "{shape:?}");
    }
}

#[test]
fn a_label_or_environment_that_is_not_there_is_told_with_those_that_are() {
    for shape in [Shape::Apim26, Shape::Apim31, Shape::Apim40, Shape::Apim46] {
        let bench = Bench::signed_in(shape, ADMIN);
        let failure = bench.pull(&["--label", "prdo"]).unwrap_err();
        assert_eq!(failure.code, ExitCode::Invalid, "{shape:?}");
        assert!(
            failure.hints.join(" ").contains("prod"),
            "{shape:?}: {:?}",
            failure.hints
        );
    }
}

#[test]
fn a_wrong_kind_is_answered_with_the_right_one() {
    for shape in [Shape::Apim26, Shape::Apim32, Shape::Apim42] {
        let bench = Bench::start(shape);
        let own = expected(shape).to_possible_value().unwrap();
        for named in ["apim-2.6", "apim-3.1", "apim-4.0"]
            .into_iter()
            .filter(|named| *named != own.get_name())
        {
            let url = bench.simulator.url().to_owned();
            let words = [
                "login", "--url", &url, "--email", ADMIN, "--org", "meridian", "--kind", named,
            ];
            let failure = bench.run(&words).unwrap_err();
            assert_eq!(failure.code, ExitCode::ControlPlane, "{shape:?} as {named}");
            let hint = format!("Give --kind {}, or leave it out.", own.get_name());
            assert!(
                failure.hints.contains(&hint),
                "{shape:?} as {named}: {:?}",
                failure.hints
            );
            assert!(!bench.session_file().exists());
        }
    }
}

#[test]
fn the_data_for_gateways_of_newer_releases_is_read() {
    for shape in [Shape::Apim40, Shape::Apim46] {
        let bench = Bench::signed_in(shape, ADMIN);
        let project = bench.project().display().to_string();
        let words = ["pull", project.as_str(), "--label", "dev"];
        bench.run_with(&words, &[("MGW_PASSWORD", "demo-password")]).unwrap();
        let text = std::fs::read_to_string(Layout::new(bench.project()).pulled_subscriptions()).unwrap();
        assert!(text.contains("internal-data"), "{shape:?}");
    }
}

/// The seed, with roles that may see APIs and nothing else.
fn seed_of_readers() -> Seed {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in Seed::embedded_files() {
        let path = folder.path().join(&name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let text = match name.as_str() {
            "organisation.toml" => {
                let others = text
                    .lines()
                    .filter(|line| !line.trim_start().starts_with("\"apim:") || line.trim() == "\"apim:api_view\",");
                others.collect::<Vec<_>>().join("\n")
            }
            _ => text,
        };
        std::fs::write(path, text).unwrap();
    }
    Seed::load(folder.path()).unwrap()
}

#[test]
fn who_may_see_apis_and_nothing_else_gets_what_there_is_to_see() {
    for shape in Shape::ALL {
        let bench = Bench::start_with(shape, seed_of_readers());
        assert_eq!(bench.login(ADMIN).unwrap(), ExitCode::Success);
        bench.simulator.clear_requests();
        let result = bench.pull(&["--label", "dev", "--label", "partner"]);
        // 4.0 shows nobody who only reads what is deployed.
        if shape == Shape::Apim40 {
            let failure = result.unwrap_err();
            assert_eq!(failure.code, ExitCode::NotPermitted, "{failure:?}");
            assert!(failure.message.contains("apim:api_create"), "{}", failure.message);
        } else {
            assert_eq!(result.unwrap(), ExitCode::Success, "{shape:?}");
            let text = std::fs::read_to_string(Layout::new(bench.project()).pulled_subscriptions()).unwrap();
            assert!(text.contains("token-claims"), "{shape:?}");
        }
        let is_refresh = |asked: &String| asked.starts_with("POST ") && asked.ends_with("/token");
        assert!(!bench.asked().iter().any(is_refresh), "{shape:?}: {:?}", bench.asked());
    }
}
