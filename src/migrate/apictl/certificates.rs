//! Certificates of clients and backends, with the lists that say what they are for.

use super::api_file::{Unreadable, parse};
use crate::cloud::control_plane::UploadedCertificate;
use crate::cloud::pull::CertificateFiles;
use crate::diagnostics::Code;
use crate::migrate::draft::{Draft, Place};
use crate::migrate::tree::Branch;
use crate::project::backend_of;
use crate::yaml::Node;

/// Where the list of client certificates is.
const CLIENTS: [&str; 6] = [
    "Client-certificates/client_certificates.yaml",
    "Client-certificates/client_certificates.yml",
    "Client-certificates/client_certificates.json",
    "Meta-information/client_certificates.yaml",
    "Meta-information/client_certificates.yml",
    "Meta-information/client_certificates.json",
];
/// Where that of backend certificates is.
const BACKENDS: [&str; 6] = [
    "Endpoint-certificates/endpoint_certificates.yaml",
    "Endpoint-certificates/endpoint_certificates.yml",
    "Endpoint-certificates/endpoint_certificates.json",
    "Meta-information/endpoint_certificates.yaml",
    "Meta-information/endpoint_certificates.yml",
    "Meta-information/endpoint_certificates.json",
];

/// For whom a certificate is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose<'a> {
    /// Clients of the API of this name and version.
    Clients(&'a str, &'a str),
    /// Backends.
    Backends,
}

/// Takes the certificates of an API; returns the paths of the files that were looked at.
pub(super) fn collect(
    branch: &Branch<'_>,
    name: &str,
    version: &str,
    into: &mut CertificateFiles,
    draft: &mut Draft,
) -> Vec<String> {
    let mut seen = Vec::new();
    for (lists, purpose) in [
        (CLIENTS, Purpose::Clients(name, version)),
        (BACKENDS, Purpose::Backends),
    ] {
        let Some(list) = branch.first(lists) else { continue };
        seen.push(list.to_owned());
        let (source, node) = match parse(branch, list) {
            Ok(parsed) => parsed,
            Err(Unreadable::Syntax(diagnostic)) => {
                draft.findings.push(*diagnostic);
                continue;
            }
            Err(Unreadable::Tree(error)) => {
                let remedy = "Make it readable, or give the certificates to the gateway yourself.";
                draft.lost(
                    Code::MigrateFile,
                    &Place::File(branch.shown(list)),
                    error.to_string(),
                    remedy,
                );
                continue;
            }
        };
        let entries = node.get("data").unwrap_or(&node).as_array().unwrap_or_default();
        let folder = list.rsplit_once('/').map_or("", |(folder, _)| folder);
        for entry in entries {
            let place = Place::At(source.clone(), entry.span);
            let files = Files {
                branch,
                folders: &[folder],
            };
            seen.extend(take(entry, &place, purpose, &files, into, draft));
        }
    }
    seen
}

/// Where the files of certificates are looked for.
pub(super) struct Files<'a> {
    pub(super) branch: &'a Branch<'a>,
    pub(super) folders: &'a [&'a str],
}

impl Files<'_> {
    fn find(&self, name: &str) -> Option<String> {
        self.folders
            .iter()
            .map(|folder| {
                if folder.is_empty() {
                    name.to_owned()
                } else {
                    format!("{folder}/{name}")
                }
            })
            .find(|path| self.branch.has(path))
    }
}

/// Takes one entry of a list; returns the path of its file.
pub(super) fn take(
    entry: &Node,
    place: &Place,
    purpose: Purpose<'_>,
    files: &Files<'_>,
    into: &mut CertificateFiles,
    draft: &mut Draft,
) -> Option<String> {
    let text = |keys: &[&str]| {
        let text = keys.iter().find_map(|key| entry.get(key)?.as_str())?.trim();
        Some(text.to_owned()).filter(|text| !text.is_empty())
    };
    let mut refuse = |message: String, remedy: &str| {
        draft.lost(Code::MigrateFile, place, message, remedy);
        None::<String>
    };
    let alias = text(&["alias"]).unwrap_or_else(|| "certificate".into());
    let Some(written) = text(&["certificate", "path"]) else {
        return refuse(
            format!("the certificate `{alias}` is not named: there is no `certificate`"),
            "Name its file.",
        );
    };
    let (path, content) = if written.contains("-----BEGIN") {
        (None, written.into_bytes())
    } else {
        let Some(path) = files.find(&written) else {
            return refuse(
                format!("the file {written:?} of the certificate `{alias}` is not there"),
                "Copy it beside the list.",
            );
        };
        match files.branch.read(&path) {
            Ok(bytes) => (Some(path), bytes),
            Err(error) => return refuse(error.to_string(), "Make it readable."),
        }
    };
    let uploaded = UploadedCertificate {
        alias: alias.clone(),
        policy: text(&["tierName", "tier"]),
        endpoint: text(&["endpoint", "hostName"]),
        content,
    };
    let mut notices = Vec::new();
    match purpose {
        Purpose::Clients(name, version) => into.add_clients(name, version, vec![uploaded], &mut notices),
        Purpose::Backends => {
            if uploaded.endpoint.as_deref().and_then(backend_of).is_none() {
                refuse(
                    format!("the certificate `{alias}` is of no https backend"),
                    "Name the address of the backend as `endpoint`.",
                );
                return path;
            }
            into.add_backends(vec![uploaded], &mut notices);
        }
    }
    match notices.pop() {
        Some(notice) => {
            refuse(notice, "Give the certificate in PEM or DER.");
        }
        None => draft.carried.certificates += 1,
    }
    path
}
