//! The certificates of a bundle, as people and programs are told about them.

use crate::compile::day;
use crate::ui::push_line;
use mgw_bundle::Bundle;
use mgw_bundle::config::{Api, BackendCertificate, ClientCertificate};
use mgw_keystore::{CertificateFacts, read_certificates};
use serde::Serialize;

/// What a certificate of the bundle says of itself.
#[derive(Debug, Serialize)]
pub(super) struct Inspected<'a> {
    /// The bundle entry.
    entry: &'a str,
    subject: String,
    issuer: String,
    /// The serial number, in hex.
    serial: String,
    /// The kind of its key.
    key: String,
    /// Seconds since 1970.
    not_before: i64,
    /// Seconds since 1970.
    not_after: i64,
}

/// Every certificate that the configuration refers to.
pub(super) fn of(bundle: &Bundle) -> Vec<Inspected<'_>> {
    let clients = bundle.config.apis.iter().flat_map(|api| &api.client_certificates);
    let clients = clients.map(|certificate| certificate.entry.as_str());
    let backends = &bundle.config.backend_certificates;
    let backends = backends.iter().map(|certificate| certificate.entry.as_str());
    let mut entries: Vec<&str> = clients.chain(backends).collect();
    entries.sort_unstable();
    entries.dedup();
    entries
        .into_iter()
        .flat_map(|entry| facts(bundle, entry).into_iter().map(move |facts| (entry, facts)))
        .map(|(entry, facts)| Inspected {
            entry,
            key: facts.key.to_string(),
            subject: facts.subject,
            issuer: facts.issuer,
            serial: facts.serial,
            not_before: facts.validity.not_before,
            not_after: facts.validity.not_after,
        })
        .collect()
}

/// Describes the client certificates of an API.
pub(super) fn describe_clients(out: &mut String, bundle: &Bundle, api: &Api) {
    for ClientCertificate { alias, policy, entry } in &api.client_certificates {
        let policy = policy
            .as_ref()
            .map_or(String::new(), |policy| format!("  policy {policy}"));
        push_line(
            out,
            format_args!("  client      {alias}{}{policy}", shown(bundle, entry)),
        );
    }
}

/// Describes what identifies backends.
pub(super) fn describe_backends(out: &mut String, bundle: &Bundle) {
    if bundle.config.backend_certificates.is_empty() {
        return;
    }
    out.push_str("\nbackend certificates\n");
    for BackendCertificate { alias, backend, entry } in &bundle.config.backend_certificates {
        push_line(out, format_args!("  {backend}  {alias}{}", shown(bundle, entry)));
    }
}

fn shown(bundle: &Bundle, entry: &str) -> String {
    match facts(bundle, entry).first() {
        Some(facts) => format!("  {}  until {}", facts.subject, day(facts.validity.not_after)),
        None => "  unreadable".to_owned(),
    }
}

fn facts(bundle: &Bundle, entry: &str) -> Vec<CertificateFacts> {
    let bytes = bundle.entries.get(entry).map(Vec::as_slice).unwrap_or_default();
    let certificates = read_certificates(bytes).unwrap_or_default();
    certificates
        .iter()
        .filter_map(|der| CertificateFacts::of(der))
        .collect()
}
