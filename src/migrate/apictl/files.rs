//! Files of an API's folder that no definition comes of.

use super::parameters;
use crate::diagnostics::Code;
use crate::migrate::draft::{Draft, Place};
use crate::migrate::tree::Branch;
use crate::ui::count::Counted;
use std::collections::{BTreeMap, BTreeSet};

/// What is to be said of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Nothing a gateway uses, in this folder.
    Portal,
    /// Code of the control plane's gateways, in this folder.
    Mediation,
    /// Code of an interceptor.
    Interceptor,
    /// A certificate without purpose.
    Certificate,
    /// Where the API was deployed.
    Deployment,
    /// What differs between environments, where nobody looks for it.
    Parameters,
    /// Settings of a gateway.
    Settings,
    /// What tools and people keep beside an API.
    Aside,
    /// Nobody knows.
    Unknown,
}

/// What `apictl export apis` remembers of its work.
const EXPORT_LOGS: [&str; 2] = ["migration-apis-export-metadata.yaml", "last-succeeded.log"];

fn fate(path: &str) -> Fate {
    let (folder, name) = path.split_once('/').map_or(("", path), |(folder, _)| (folder, path));
    let stem = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    match (folder, stem.as_str()) {
        ("Docs" | "Image" | "WSDL", _) => Fate::Portal,
        ("Policies" | "Sequences" | "SoapToRest", _) => Fate::Mediation,
        ("Interceptors" | "libs", _) => Fate::Interceptor,
        ("Client-certificates" | "Endpoint-certificates", _) => Fate::Certificate,
        ("", "deployment_environments" | "deployments" | "deploy_env") => Fate::Deployment,
        ("", "" | "readme" | "license" | "api_meta" | "changelog") => Fate::Aside,
        _ if path == "config.toml" || path.ends_with("/config.toml") => Fate::Settings,
        _ if is_parameters(path) => Fate::Parameters,
        // What `apictl export apis` leaves behind, at whatever depth.
        _ if EXPORT_LOGS.iter().any(|log| path.ends_with(log)) => Fate::Aside,
        _ if path.split('/').any(|part| part.starts_with('.')) => Fate::Aside,
        _ => Fate::Unknown,
    }
}

/// Whether a file is called as those that say what differs between environments.
pub(super) fn is_parameters(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    parameters::NAMES.contains(&name)
}

/// Whether a file says what an API is: where it is left out, so is this.
pub(super) fn is_of_api(path: &str) -> bool {
    ["Definitions/", "Meta-information/"]
        .iter()
        .any(|folder| path.starts_with(folder))
}

/// Lists every file of the folder that is not among those that were `seen`.
pub(super) fn list(branch: &Branch<'_>, seen: &BTreeSet<String>, draft: &mut Draft) {
    let mut folders: BTreeMap<(&str, bool), usize> = BTreeMap::new();
    for path in branch.files().filter(|path| !seen.contains(*path)) {
        let place = Place::File(branch.shown(path));
        match fate(path) {
            fate @ (Fate::Portal | Fate::Mediation) => {
                let folder = path.split('/').next().unwrap_or_default();
                *folders.entry((folder, fate == Fate::Mediation)).or_default() += 1;
            }
            Fate::Interceptor => draft.lost(
                Code::MigrateCode,
                &place,
                "this interceptor is not run",
                "Move its work into the backend or in front of it.",
            ),
            Fate::Certificate => draft.lost(
                Code::MigrateFile,
                &place,
                "no list of certificates names this file",
                "Name it in the list of its folder with `alias`, `certificate` and, for backends, `endpoint`.",
            ),
            Fate::Deployment => draft.note(
                Code::MigrateFile,
                &place,
                "where the API was deployed stays behind: a project is served by every gateway that runs it",
                "Make a project for each gateway that is to serve other APIs.",
            ),
            Fate::Parameters => draft.lost(
                Code::MigrateSetting,
                &place,
                "what differs between environments is not applied: the file stands neither beside an API nor where the migration begins",
                "Name it with --params, and the environment that is meant with --environment.",
            ),
            Fate::Settings => draft.lost(
                Code::MigrateSetting,
                &place,
                "these settings are not read",
                "Name the file with --config where they are those of the gateway.",
            ),
            Fate::Aside => draft.note(
                Code::MigrateFile,
                &place,
                "a gateway has no use for this file",
                "Keep it where it is.",
            ),
            Fate::Unknown => draft.lost(
                Code::MigrateFile,
                &place,
                "this file is not understood",
                "See what it is for; mgw reads definitions, policies, certificates and settings.",
            ),
        }
    }
    for ((folder, is_code), files) in folders {
        let place = Place::File(branch.shown(folder));
        let files = Counted(files, "file", "files");
        if is_code {
            draft.lost(
                Code::MigrateCode,
                &place,
                format!("{files} of mediation that this gateway does not run"),
                "Move what they do into the backend or in front of it; those that the API names are listed at their lines.",
            );
        } else {
            draft.note(
                Code::MigrateFile,
                &place,
                format!("{files} that only portals show"),
                "Keep them where the portal is.",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::tree::tests::tree;

    #[test]
    fn every_file_is_told_by_what_it_is() {
        let tree = tree(&[
            ("Definitions/swagger.yaml", ""),
            ("Docs/a/b.md", ""),
            ("Docs/a/c.md", ""),
            ("Endpoint-certificates/x.crt", ""),
            ("Interceptors/a.jar", ""),
            ("Policies/addHeader.j2", ""),
            ("README.md", ""),
            (".hidden/x", ""),
            ("conf/config.toml", ""),
            ("deployment_environments.yaml", ""),
            ("emea/api_params.yaml", ""),
            ("strange.bin", ""),
        ]);
        let mut draft = Draft::default();
        list(
            &tree.root(),
            &BTreeSet::from(["Definitions/swagger.yaml".to_owned()]),
            &mut draft,
        );
        draft.findings.sort();
        let told: Vec<String> = draft.findings.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "old/.hidden/x: note: a gateway has no use for this file",
                "old/Docs: note: 2 files that only portals show",
                "old/Endpoint-certificates/x.crt: warning: no list of certificates names this file",
                "old/Interceptors/a.jar: warning: this interceptor is not run",
                "old/Policies: warning: 1 file of mediation that this gateway does not run",
                "old/README.md: note: a gateway has no use for this file",
                "old/conf/config.toml: warning: these settings are not read",
                "old/deployment_environments.yaml: note: where the API was deployed stays behind: a project is served by every gateway that runs it",
                "old/emea/api_params.yaml: warning: what differs between environments is not applied: the file stands neither beside an API nor where the migration begins",
                "old/strange.bin: warning: this file is not understood",
            ]
        );
    }
}
