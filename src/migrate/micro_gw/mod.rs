//! Projects of micro-gw 3.0 to 3.2: they have the layout of ours.

mod code;
mod definitions;
mod deployment;
mod grpc;
mod toolkit;

pub(super) use code::does_nothing;
pub(crate) use definitions::Manner;

use super::comments;
use super::draft::{Draft, Place};
use super::gateway_settings::{self, parsed};
use super::tree::Branch;
use crate::diagnostics::Code;
use crate::ui::count::Counted;
use crate::yaml::{self, Format, Source};
use std::collections::BTreeMap;

/// Where the gateway's settings of a project are.
pub(super) const GATEWAY_SETTINGS: &str = "conf/micro-gw.conf";
/// Where the toolkit's settings are, when they are in the project.
const TOOLKIT: &str = "conf/toolkit-config.toml";
/// Where the settings of containers are.
pub(super) const DEPLOYMENT: &str = "conf/deployment-config.toml";
const POLICIES: &str = "policies.yaml";
/// Settings of ours.
pub(super) const OURS: &str = "mgw.toml";

/// Settings files that are no part of a project: name, and contents.
#[derive(Debug, Default)]
pub(super) struct Given {
    /// `micro-gw.conf`
    pub(super) gateway: Option<(String, Vec<u8>)>,
    /// `toolkit-config.toml`
    pub(super) toolkit: Option<(String, Vec<u8>)>,
}

/// Whether there is such a project.
pub(super) fn is_there(root: &Branch<'_>) -> bool {
    let has = |folder: &str| root.folder(folder).files().next().is_some();
    has("api_definitions")
        || root.has(POLICIES)
            && ["gen/api_definitions", "grpc_definitions", "interceptors"]
                .into_iter()
                .any(has)
}

/// Takes the project over.
pub(super) fn convert(root: &Branch<'_>, given: Given, manner: Manner, draft: &mut Draft) {
    toolkit_settings(root, given.toolkit, manner, draft);
    gateway(root, given.gateway, manner, draft);
    let mut folders: BTreeMap<&str, usize> = BTreeMap::new();
    for path in root.files() {
        let place = Place::File(root.shown(path));
        match area(path) {
            Area::Definition => definitions::take(root, path, manner, draft),
            Area::Copied => copy(root, path, draft),
            Area::Ours if manner == Manner::InPlace => copy(root, path, draft),
            Area::Ours => ours(root, draft),
            Area::Grpc if manner == Manner::InPlace => copy(root, path, draft),
            Area::Grpc => grpc::take(root, path, draft),
            Area::Policies => policies(root, path, manner, draft),
            Area::Deployment => deployment::take(root, path, manner, draft),
            Area::Tests if manner == Manner::InPlace => copy(root, path, draft),
            Area::Tests => draft.note(
                Code::MigrateFile,
                &place,
                "tests are not copied: their requests may have credentials in them",
                "Look through it, and copy it to the same place of the new project.",
            ),
            Area::Handled => {}
            Area::Code(what, remedy) => ballerina(root, path, what, remedy, draft),
            Area::Generated => tell_generated(&place, draft),
            Area::Java => draft.lost(
                Code::MigrateCode,
                &place,
                "this Java code is not run",
                "Move its work into the backend or in front of it.",
            ),
            Area::Built => *folders.entry("target").or_default() += 1,
            Area::Aside => {}
            Area::Key if manner == Manner::InPlace => {}
            Area::Key => draft.lost(
                Code::MigrateFile,
                &place,
                "keys, certificates and stores are not copied",
                "Keep it outside version control, and name it in the gateway's settings where it is needed.",
            ),
            Area::Unknown => draft.lost(
                Code::MigrateFile,
                &place,
                "this file is not understood",
                "See what it is for; mgw reads definitions, policies, certificates and settings.",
            ),
        }
    }
    for (folder, files) in folders {
        draft.note(
            Code::MigrateFile,
            &Place::File(root.shown(folder)),
            format!("{} of an old build", Counted(files, "file", "files")),
            "`mgw build` makes what is needed anew.",
        );
    }
}

/// Takes a definition of another project over, as it is.
pub(super) fn take_definition(branch: &Branch<'_>, path: &str, manner: Manner, draft: &mut Draft) {
    definitions::take(branch, path, manner, draft);
}

/// Takes the container settings of another project over.
pub(super) fn take_deployment(branch: &Branch<'_>, path: &str, draft: &mut Draft) {
    deployment::take(branch, path, Manner::Copied, draft);
}

/// Tells that a service is one that each project has.
pub(super) fn tell_generated(place: &Place, draft: &mut Draft) {
    draft.note(
        Code::MigrateCode,
        place,
        "this code is what micro-gw generates for tokens and the like, and is not run",
        "Nothing is to be done where nobody changed it: the gateway has these services itself.",
    );
}

/// What a file of the project is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Area {
    Definition,
    Copied,
    /// Settings of ours.
    Ours,
    Grpc,
    /// Of `mgw test`.
    Tests,
    Policies,
    Deployment,
    /// Read before.
    Handled,
    Code(&'static str, &'static str),
    Generated,
    Java,
    Built,
    Aside,
    /// A key, a certificate or a store of them.
    Key,
    Unknown,
}

/// How files with keys and certificates end.
const KEYS: [&str; 8] = [".cer", ".crt", ".jks", ".key", ".p12", ".pem", ".pfx", ".der"];

fn area(path: &str) -> Area {
    let name = path.rsplit('/').next().unwrap_or_default();
    let folder = path.split('/').next().unwrap_or_default();
    let is_code = name.ends_with(".bal") || name.ends_with(".java");
    match (folder, name) {
        _ if matches!(path, TOOLKIT | GATEWAY_SETTINGS) => Area::Handled,
        _ if path == OURS => Area::Ours,
        _ if matches!(path, "mgw.lock" | "remote.lock") => Area::Copied,
        ("remote", _) if path == format!("remote/{name}") && Format::of_name(name).is_some() => Area::Copied,
        ("tests", _) if path == format!("tests/{name}") && Format::of_name(name).is_some() => Area::Tests,
        _ if path == POLICIES => Area::Policies,
        _ if path == DEPLOYMENT => Area::Deployment,
        ("target", _) => Area::Built,
        _ if path.split('/').any(|part| part.starts_with('.')) => Area::Aside,
        ("api_definitions", _) if Format::of_name(name).is_some() => Area::Definition,
        ("gen", _) if path.starts_with("gen/api_definitions/") && Format::of_name(name).is_some() => Area::Definition,
        ("gen", _) if path.starts_with("gen/control-plane/") => Area::Copied,
        ("grpc_definitions", _) if name.ends_with(".proto") => Area::Grpc,
        ("interceptors", _) if is_code => {
            Area::Code("interceptor", "Move its work into the backend or in front of it.")
        }
        ("extensions", _) if is_code => Area::Code(
            "extension",
            "Move its work into the backend or in front of it; revocation has settings of its own.",
        ),
        ("services", _) if is_code => Area::Generated,
        ("lib", _) if name.ends_with(".jar") => Area::Java,
        (_, "README.md" | "LICENSE") => Area::Aside,
        _ if KEYS.iter().any(|end| name.to_ascii_lowercase().ends_with(end)) => Area::Key,
        _ => Area::Unknown,
    }
}

fn copy(root: &Branch<'_>, path: &str, draft: &mut Draft) {
    if let Some((_, bytes)) = own(root, path, draft) {
        draft.files.insert(path.to_owned(), bytes);
    }
}

/// The settings of ours, without comments that hold credentials.
fn ours(root: &Branch<'_>, draft: &mut Draft) {
    if let Some((name, bytes)) = own(root, OURS, draft)
        && let Some(file) = parsed(&name, bytes, draft)
        && let Some(text) = comments::clean_toml(file.source.text().to_owned(), &file.source, draft)
    {
        draft.files.insert(OURS.to_owned(), text.into_bytes());
    }
}

/// A file of the project, where it is there: its name in messages, and what is in it. One that cannot be read is told.
fn own(root: &Branch<'_>, path: &str, draft: &mut Draft) -> Option<(String, Vec<u8>)> {
    if !root.has(path) {
        return None;
    }
    match root.read(path) {
        Ok(bytes) => Some((root.shown(path), bytes)),
        Err(error) => {
            let place = Place::File(root.shown(path));
            draft.lost(Code::MigrateFile, &place, error.to_string(), "Make it readable.");
            None
        }
    }
}

fn policies(root: &Branch<'_>, path: &str, manner: Manner, draft: &mut Draft) {
    let Some((name, bytes)) = own(root, path, draft) else {
        // Not those of a new project: others of the same names would have other limits.
        draft.files.insert(path.to_owned(), Vec::new());
        return;
    };
    draft.files.insert(path.to_owned(), bytes.clone());
    if let Ok((source, node)) = yaml::parse(&name, bytes, Format::Yaml) {
        if manner == Manner::Copied {
            let text = definitions::without_secrets(&source, &node, Format::Yaml, draft);
            draft.files.insert(path.to_owned(), text.into_bytes());
        }
        let lists = node.as_object().into_iter().flatten();
        draft.carried.policies += lists
            .filter_map(|(_, list)| list.node.as_array().map(<[yaml::Node]>::len))
            .sum::<usize>();
    }
}

/// The toolkit's settings: those that are given, else those in the project.
fn toolkit_settings(root: &Branch<'_>, given: Option<(String, Vec<u8>)>, manner: Manner, draft: &mut Draft) {
    if given.is_none() && manner == Manner::InPlace {
        // There it is read where it stands, and what is wrong with it is told when the project is checked.
        return copy(root, TOOLKIT, draft);
    }
    if let Some((name, bytes)) = given.or_else(|| own(root, TOOLKIT, draft))
        && let Some(file) = parsed(&name, bytes, draft)
    {
        toolkit::take(&file, draft);
    }
}

/// The gateway's settings: those that are given, else those in the project.
fn gateway(root: &Branch<'_>, given: Option<(String, Vec<u8>)>, manner: Manner, draft: &mut Draft) {
    let is_there = root.has(GATEWAY_SETTINGS);
    if is_there && manner == Manner::InPlace {
        if given.is_some() {
            draft.lost(
                Code::MigrateFile,
                &Place::File(root.shown(GATEWAY_SETTINGS)),
                "these settings are there already, and are not replaced",
                "Move them away to have the others carried over.",
            );
        }
        copy(root, GATEWAY_SETTINGS, draft);
        return;
    }
    if let Some((name, bytes)) = given.or_else(|| own(root, GATEWAY_SETTINGS, draft))
        && let Some(text) = gateway_settings::carry(&name, bytes, draft)
    {
        draft.files.insert(GATEWAY_SETTINGS.to_owned(), text);
    }
}

/// Lists what a file of code declares.
fn ballerina(root: &Branch<'_>, path: &str, what: &str, remedy: &str, draft: &mut Draft) {
    let shown = root.shown(path);
    let source = root.read(path).ok().and_then(|bytes| Source::new(&shown, bytes).ok());
    let Some(source) = source else {
        draft.lost(
            Code::MigrateCode,
            &Place::File(shown),
            format!("this {what} is not run"),
            remedy,
        );
        return;
    };
    if does_nothing(source.text()) {
        draft.note(
            Code::MigrateCode,
            &Place::File(shown),
            format!("this {what} does nothing, as micro-gw puts it into each project"),
            "Nothing is to be done.",
        );
        return;
    }
    let functions = code::functions(&source);
    if functions.is_empty() {
        draft.lost(
            Code::MigrateCode,
            &Place::File(shown),
            format!("this {what} is not run"),
            remedy,
        );
    }
    for function in functions {
        draft.lost(
            Code::MigrateCode,
            &Place::At(source.clone(), function.span),
            format!("the {what} `{}` is not run", function.name),
            remedy,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::tree::tests::tree;

    const DEFINITION: &str = "openapi: 3.0.0\ninfo: {title: A, version: '1'}\nx-wso2-basePath: /a\nx-wso2-production-endpoints: {urls: ['https://a.example']}\npaths: {/x: {get: {responses: {}}}}\n";

    #[test]
    fn projects_are_known_by_their_folders() {
        for (files, expected) in [
            (&[("api_definitions/a.yaml", "")][..], true),
            (&[("policies.yaml", ""), ("interceptors/a.bal", "")], true),
            (&[("policies.yaml", "")], false),
            (&[("a/api_definitions/a.yaml", "")], false),
        ] {
            assert_eq!(is_there(&tree(files).root()), expected, "{files:?}");
        }
    }

    #[test]
    fn every_file_is_taken_or_told() {
        let tree = tree(&[
            ("api_definitions/a.yaml", DEFINITION),
            ("api_definitions/.keep", ""),
            ("api_definitions/notes.txt", ""),
            (
                "conf/deployment-config.toml",
                "[docker.dockerConfig]\nenable = true\npassword = \"canary\"\nusername = \"$env{U}\"\n[[filters]]\nname = \"mine\"\n",
            ),
            ("conf/toolkit-config.toml", "[codeGen]\napiFaultResponses = true\n"),
            (
                "extensions/extension_filter.bal",
                "public function filterRequest() returns boolean {\n    return true;\n}\n",
            ),
            (
                "extensions/startup_extension.bal",
                "public function init() {\n    connect();\n}\n",
            ),
            ("grpc_definitions/a.proto", "x"),
            (
                "interceptors/a.bal",
                "import ballerina/http;\n\npublic function validate(http:Caller c, http:Request r) {\n    check();\n}\n",
            ),
            ("lib/mine.jar", "x"),
            (
                "policies.yaml",
                "resourcePolicies:\n- a: {}\n- b: {}\napplicationPolicies:\n- c: {}\n",
            ),
            ("services/token_endpoint.bal", "x"),
            ("security/edge.P12", ""),
            ("strange.xml", ""),
            ("remote.lock", "x"),
            ("remote/h.example_a.yaml", "x"),
            ("target/a.jar", ""),
            ("tests/a.yaml", "tests: []\n"),
            ("tests/a_test.bal", ""),
        ]);
        let mut draft = Draft::default();
        convert(&tree.root(), Given::default(), Manner::Copied, &mut draft);
        draft.findings.sort();
        let files: Vec<&str> = draft.files.keys().map(String::as_str).collect();
        assert_eq!(
            files,
            [
                "api_definitions/a.yaml",
                "conf/deployment-config.toml",
                "grpc_definitions/a.proto",
                "policies.yaml",
                "remote.lock",
                "remote/h.example_a.yaml"
            ]
        );
        assert_eq!(draft.build.api_fault_responses, Some(true));
        assert_eq!((draft.carried.policies, draft.carried.settings), (3, 4));
        let told: Vec<String> = draft.findings.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "old/api_definitions/notes.txt: warning: this file is not understood",
                "old/conf/deployment-config.toml:3:1: warning: the secret `docker.dockerConfig.password` is not copied",
                "old/conf/deployment-config.toml:6:1: warning: this filter is not run",
                "old/extensions/extension_filter.bal: note: this extension does nothing, as micro-gw puts it into each project",
                "old/extensions/startup_extension.bal:1:17: warning: the extension `init` is not run",
                "old/interceptors/a.bal:3:17: warning: the interceptor `validate` is not run",
                "old/lib/mine.jar: warning: this Java code is not run",
                "old/security/edge.P12: warning: keys, certificates and stores are not copied",
                "old/services/token_endpoint.bal: note: this code is what micro-gw generates for tokens and the like, and is not run",
                "old/strange.xml: warning: this file is not understood",
                "old/target: note: 1 file of an old build",
                "old/tests/a.yaml: note: tests are not copied: their requests may have credentials in them",
                "old/tests/a_test.bal: warning: this file is not understood",
            ]
        );
        assert!(!format!("{:?}", draft.files).contains("canary"));
    }

    #[test]
    fn policies_that_cannot_be_read_are_not_replaced_by_others() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("api_definitions")).unwrap();
        std::fs::write(folder.path().join("api_definitions/a.yaml"), DEFINITION).unwrap();
        // Larger than anything that is read.
        let policies = std::fs::File::create(folder.path().join(POLICIES)).unwrap();
        policies.set_len(yaml::limits::MAX_FILE_BYTES + 1).unwrap();
        let tree = crate::migrate::tree::Tree::open(folder.path()).unwrap();
        let mut draft = Draft::default();
        convert(&tree.root(), Given::default(), Manner::Copied, &mut draft);
        assert_eq!(draft.files[POLICIES], b"");
        assert_eq!(draft.findings.iter().count(), 1);
    }

    #[test]
    fn settings_of_the_gateway_are_given_or_in_the_project() {
        let own = tree(&[
            ("api_definitions/a.yaml", DEFINITION),
            (GATEWAY_SETTINGS, "[listenerConfig]\nhttpPort = 1\n"),
        ]);
        let given = || Given {
            gateway: Some(("micro-gw.conf".into(), "[listenerConfig]\nhttpPort = 2\n".into())),
            toolkit: None,
        };
        for (given, manner, expected, told) in [
            (Given::default(), Manner::Copied, "1", 0),
            (given(), Manner::Copied, "2", 0),
            (given(), Manner::InPlace, "1", 1),
            (Given::default(), Manner::InPlace, "1", 0),
        ] {
            let mut draft = Draft::default();
            convert(&own.root(), given, manner, &mut draft);
            let text = String::from_utf8(draft.files[GATEWAY_SETTINGS].clone()).unwrap();
            assert_eq!(text, format!("[listenerConfig]\nhttpPort = {expected}\n"));
            assert_eq!(draft.findings.iter().count(), told, "{manner:?}");
        }
    }
}
