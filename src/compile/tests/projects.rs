//! What of a folder is read, which of its files are told to be wrong, and what a build leaves there.

use super::*;

const LOCK: &str = "format = 1\n[source]\nurl = \"https://cp.example\"\nkind = \"apim-3.2\"\norganisation = \"carbon.super\"\nlabels = [\"dev\"]\napis = []\n";

#[test]
fn folders_that_are_no_project_and_projects_without_definitions() {
    let folder = TempDir::new().unwrap();
    assert!(matches!(
        compile_project(&Layout::new(folder.path())),
        Err(CompileError::NotAProject(_))
    ));
    assert!(matches!(
        compile_project(&Layout::new(folder.path().join("none"))),
        Err(CompileError::NotAProject(_))
    ));
    let (_folder, layout) = project(&[("policies.yaml", "")]);
    let compiled = compile_project(&layout).unwrap();
    assert_eq!(
        problems(&layout, &compiled),
        [
            "api_definitions: error: there is no API definition to build [Copy OpenAPI files into `api_definitions/` or \
          `.proto` files into `grpc_definitions/`, or run `mgw add` or `mgw pull`.]"
        ]
    );
}

#[test]
fn every_file_is_looked_at_in_one_run() {
    let good = format!("{HEAD}{GET}");
    let (_folder, layout) = project(&[
        ("policies.yaml", "resourcePolicies:\n- A: {count: 1}\n"),
        ("api_definitions/a.yaml", "a: [1\n"),
        ("api_definitions/b.json", "{\"openapi\": }"),
        ("api_definitions/c.yaml", "openapi: 3.0.0\n"),
        ("api_definitions/d.yaml", &good),
    ]);
    let compiled = compile_project(&layout).unwrap();
    let files: std::collections::BTreeSet<_> = compiled
        .diagnostics
        .iter()
        .map(|diagnostic| diagnostic.file.rsplit('/').next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(
        files.into_iter().collect::<Vec<_>>(),
        ["a.yaml", "b.json", "c.yaml", "policies.yaml"]
    );
    assert!(matches!(
        build_bundle(&layout, &compiled, "mgw", &[]),
        Err(BuildError::Invalid)
    ));
    assert!(!layout.target().exists());
}

#[test]
fn operation_ids_that_stand_twice_are_an_error_where_somebody_can_mend_them() {
    let twice = format!("{HEAD}paths: {{/a: {{get: {{operationId: x}}, put: {{operationId: x}}}}}}\n");
    let compat = "format = 1\nname = \"shop\"\n[build]\ncompat = \"micro-gw-3.2\"\n";
    for (files, is_error) in [
        (&[("api_definitions/a.yaml", &*twice)][..], true),
        (&[("api_definitions/a.yaml", &twice), ("mgw.toml", compat)], false),
        (&[("gen/api_definitions/a.yaml", &twice)], false),
    ] {
        let (_folder, layout) = project(files);
        let compiled = compile_project(&layout).unwrap();
        let told = problems(&layout, &compiled);
        assert!(told.iter().any(|told| told.contains("operationId `x`")), "{told:?}");
        assert_eq!(compiled.diagnostics.has_errors(), is_error, "{told:?}");
        assert_eq!(compiled.config.apis.len(), 1);
    }
}

#[test]
fn parts_of_what_could_not_be_read_are_no_mistakes_of_their_own() {
    let part = "get: {responses: {}}\n";
    let note = |more: &str| {
        format!("api_definitions/p/x.yaml: note: no definition refers to this file{more} [Put the errors right first.]")
    };
    let parts = note(" and 1 more: they may be parts of one that has errors");
    let main = |paths: &str| format!("{HEAD}paths: {{{paths}}}\n");
    let both = "/x: {$ref: p/x.yaml}, /y: {$ref: p/y.yaml}";
    for (main, expected) in [
        // All is well.
        (main(both), None),
        // A mistake of syntax, a file that is not there, a misspelt version.
        (main(&format!("{both}]")), Some(parts.clone())),
        (
            main("/x: {$ref: p/xx.yaml}, /y: {$ref: p/y.yaml}"),
            Some(note(": it may be a part of one that has errors")),
        ),
        (main(both).replace("openapi: ", "opnapi: "), Some(parts)),
    ] {
        let (_folder, layout) = project(&[
            ("api_definitions/a.yaml", &main),
            ("api_definitions/p/x.yaml", part),
            ("api_definitions/p/y.yaml", part),
        ]);
        let compiled = compile_project(&layout).unwrap();
        let told = problems(&layout, &compiled);
        assert_eq!(compiled.diagnostics.has_errors(), expected.is_some(), "{told:?}");
        assert_eq!(told.len(), if expected.is_some() { 2 } else { 0 }, "{told:?}");
        assert!(expected.is_none_or(|expected| told.contains(&expected)), "{told:?}");
    }
    // Where all can be read, they are.
    let (_folder, layout) = project(&[
        ("api_definitions/a.yaml", &main("/x: {$ref: p/x.yaml}")),
        ("api_definitions/p/x.yaml", part),
        ("api_definitions/p/y.yaml", part),
    ]);
    let told = problems(&layout, &compile_project(&layout).unwrap());
    assert!(
        told.len() == 1 && told[0].contains("p/y.yaml:1:1: error: neither"),
        "{told:?}"
    );
}

/// It goes into the bundle, for gateways that follow the control plane.
#[test]
fn a_lock_that_cannot_be_read_is_named_with_its_place() {
    let definition = format!("{HEAD}{GET}");
    let (_folder, layout) = project(&[("api_definitions/a.yaml", &definition), ("mgw.lock", "x")]);
    let compiled = compile_project(&layout).unwrap();
    let [finding] = compiled.diagnostics.iter().collect::<Vec<_>>()[..] else {
        panic!("{:?}", compiled.diagnostics);
    };
    assert_eq!((finding.code, finding.severity), (Code::LockFile, Severity::Error));
    assert!(finding.to_string().contains("mgw.lock:1:2: error: "), "{finding}");
}

#[test]
fn what_cannot_be_read_is_told_beside_what_is_wrong_elsewhere() {
    let definition = format!("{HEAD}{GET}\nx-wso2-throttling-tier: Nowhere\n");
    let (_folder, layout) = project(&[
        (
            "api_definitions/a.yaml",
            &definition.replace("version: 1.0.0", "version: []"),
        ),
        ("mgw.toml", "format = 1\nname = \"shop\"\n[build]\ncompat = 3\n"),
        (
            "mgw.lock",
            "format = 7\n[source]\nurl = \"https://cp.example\"\nkind = \"apim-3.2\"\norganisation = \"carbon.super\"\nlabels = [\"dev\"]\napis = []\n",
        ),
        ("gen/control-plane/policies.json", "{"),
        ("gen/control-plane/subscriptions.json", "[]"),
        ("gen/control-plane/certificates.json", "{}"),
    ]);
    let compiled = compile_project(&layout).unwrap();
    let mut codes: Vec<_> = compiled.diagnostics.iter().map(|finding| finding.code.name()).collect();
    codes.sort_unstable();
    // Which policies there are is not known, so that none is said to be missing.
    assert_eq!(
        codes,
        [
            "info",
            "newer-format",
            "project-setting",
            "pulled-file",
            "pulled-file",
            "pulled-file"
        ],
        "{:?}",
        compiled.diagnostics
    );
    assert!(compiled.diagnostics.iter().all(|finding| finding.position().is_some()));
}

#[test]
fn the_same_project_in_two_folders_gives_the_same_bytes() {
    let definition = format!("{HEAD}{GET}");
    let files = [
        ("api_definitions/a.yaml", definition.as_str()),
        (
            "gen/control-plane/subscriptions.json",
            r#"{"format": 1, "source": "token-claims", "applications": [], "key_mappings": [], "subscriptions": []}"#,
        ),
        ("mgw.lock", LOCK),
    ];
    let build = || {
        let (folder, layout) = project(&files);
        let compiled = compile_project(&layout).unwrap();
        let built = build_bundle(&layout, &compiled, "mgw test", &[]).unwrap();
        assert_eq!(std::fs::read(&built.path).unwrap(), built.bytes);
        (folder, layout, built)
    };
    let (_one, layout, first) = build();
    let (_two, _, second) = build();
    assert_eq!(first.digest, second.digest);
    assert_eq!(first.bytes, second.bytes);
    let bundle = Bundle::read(&first.bytes, &Limits::default()).unwrap();
    assert_eq!(bundle.config.project, "shop");
    assert!(bundle.snapshot.is_some() && bundle.manifest.lock.is_some());
    let laid_out = std::fs::read(layout.target().join("gen/gateway.json")).unwrap();
    assert_eq!(Some(&laid_out), bundle.entries.get("gateway.json"));
    let mut names: Vec<_> = std::fs::read_dir(layout.target())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["gen", "shop.zip"]);
}

/// Whatever a folder was built from before, it holds what a fresh one would.
#[test]
fn builds_of_before_leave_no_trace() {
    let definition = format!("{HEAD}{GET}");
    let second = definition.replace("Shop", "Second").replace("/shop/", "/second/");
    let policies = "subscriptionPolicies:\n- Unauthenticated: {count: 5, unitTime: 1, timeUnit: min}\n";
    let file = |name: &'static str, text: &str| (name, text.to_owned());
    let base = file("api_definitions/a.yaml", &definition);
    let states = [
        vec![base.clone()],
        vec![base.clone(), file("api_definitions/b.yaml", &second)],
        vec![file("api_definitions/a.yaml", &definition.replace("get:", "post:"))],
        vec![base.clone(), file("policies.yaml", policies)],
        vec![
            base.clone(),
            file(
                "mgw.toml",
                "format = 1\nname = \"shop\"\n[build]\napi-fault-responses = true\n",
            ),
        ],
        vec![file("api_definitions/a.yaml", &format!("# noted\n{definition}"))],
        vec![base],
    ];
    let built = |layout: &Layout| {
        let compiled = compile_project(layout).unwrap();
        let built = build_bundle(layout, &compiled, "mgw test", &[]).unwrap();
        assert_eq!(std::fs::read(&built.path).unwrap(), built.bytes);
        let bundle = Bundle::read(&built.bytes, &Limits::default()).unwrap();
        for (name, bytes) in &bundle.entries {
            assert_eq!(
                std::fs::read(layout.target().join("gen").join(name)).as_ref().unwrap(),
                bytes,
                "{name}"
            );
        }
        built
    };
    let (_kept, kept) = project(&[]);
    // Every state after every other one, and after itself.
    for (first, second) in (0..states.len()).flat_map(|first| (0..states.len()).map(move |second| (first, second))) {
        for state in [&states[first], &states[second]] {
            for name in [
                "api_definitions/a.yaml",
                "api_definitions/b.yaml",
                "policies.yaml",
                "mgw.toml",
            ] {
                let path = kept.root().join(name);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                match state.iter().find(|(file, _)| *file == name) {
                    Some((_, text)) => std::fs::write(&path, text).unwrap(),
                    None => drop(std::fs::remove_file(&path)),
                }
            }
            let texts: Vec<(&str, &str)> = state.iter().map(|(name, text)| (*name, text.as_str())).collect();
            let (_fresh, fresh) = project(&texts);
            assert_eq!(built(&kept).bytes, built(&fresh).bytes, "{first} {second}");
        }
        assert!(built(&kept).is_unchanged);
    }
}

#[cfg(unix)]
#[test]
fn links_out_of_the_project_are_not_followed() {
    let (folder, layout) = project(&[("api_definitions/a.yaml", &format!("{HEAD}{GET}"))]);
    let outside = folder.path().join("secret.yaml");
    std::fs::write(&outside, "secret: 1\n").unwrap();
    let link = |target: &std::path::Path, name: &str| {
        std::os::unix::fs::symlink(target, layout.root().join("api_definitions").join(name)).unwrap();
    };
    link(&outside, "out.yaml");
    link(layout.root(), "round");
    link(std::path::Path::new("nowhere"), "dangling.yaml");
    let compiled = compile_project(&layout).unwrap();
    let problems = problems(&layout, &compiled);
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(
        problems[0].starts_with("api_definitions/dangling.yaml: error: this link leads nowhere"),
        "{problems:?}"
    );
    assert!(
        problems[1].starts_with("api_definitions/out.yaml: error: this link leads out"),
        "{problems:?}"
    );
    assert_eq!(compiled.config.apis.len(), 1);
}
