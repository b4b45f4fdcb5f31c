//! Client certificates and those of backends, by what they are and not by their names.

use super::Side;
use super::change::{About, Changes};
use mgw_bundle::Digest;
use mgw_bundle::config::{Api, ClientCertificate, MutualTls};
use std::collections::BTreeMap;

/// Compares which client certificates an API asks for and accepts.
pub(super) fn compare_clients(before: (&Api, Side<'_>), after: (&Api, Side<'_>), about: &mut About<'_>) {
    match (before.0.mutual_tls, after.0.mutual_tls) {
        (was, is) if was == is => {}
        (Some(MutualTls::Mandatory), _) => about.weakening("no client certificate is needed any more"),
        (_, Some(MutualTls::Mandatory)) => about.breaking("a client certificate is needed"),
        // Nobody has to show one, but many show the one that they have for another API of the gateway.
        (None, _) => about.breaking(
            "a client certificate may be shown, which may break callers: one that the API does not accept is refused, where it \
             was not looked at",
        ),
        (_, _) => about.weakening(
            "client certificates are not looked at any more: who shows one that the API did not accept is let in, as without one",
        ),
    }
    fn of<'a>((api, side): (&'a Api, Side<'_>)) -> BTreeMap<Digest, &'a ClientCertificate> {
        let certificates = api.client_certificates.iter().filter_map(|certificate| {
            let pem = side.entries.get(&certificate.entry)?;
            Some((Digest::of(pem), certificate))
        });
        certificates.collect()
    }
    let (was, is) = (of(before), of(after));
    for (digest, certificate) in &is {
        let alias = &certificate.alias;
        let Some(old) = was.get(digest) else {
            about.weakening(format!("the client certificate {alias} is accepted"));
            continue;
        };
        if old.alias != *alias {
            about.cosmetic(format!("the client certificate {} is called {alias}", old.alias));
        }
        if old.policy != certificate.policy {
            about.cosmetic(format!("the client certificate {alias} is listed under another policy"));
        }
    }
    for (_, old) in was.iter().filter(|(digest, _)| !is.contains_key(*digest)) {
        about.breaking(format!("the client certificate {} is not accepted any more", old.alias));
    }
}

/// Compares what identifies backends.
pub(super) fn compare_backends(before: Side<'_>, after: Side<'_>, changes: &mut Changes) {
    let of = |side: Side<'_>| -> BTreeMap<(String, Digest), String> {
        let certificates = side.config.backend_certificates.iter().filter_map(|certificate| {
            let pem = side.entries.get(&certificate.entry)?;
            Some((
                (certificate.backend.clone(), Digest::of(pem)),
                certificate.alias.clone(),
            ))
        });
        certificates.collect()
    };
    let (was, is) = (of(before), of(after));
    for ((backend, digest), alias) in &is {
        if !was.contains_key(&(backend.clone(), *digest)) {
            changes
                .about(format!("backend {backend}"))
                .weakening(format!("the certificate {alias} is trusted"));
        }
    }
    for ((backend, digest), alias) in &was {
        if !is.contains_key(&(backend.clone(), *digest)) {
            changes
                .about(format!("backend {backend}"))
                .breaking(format!("the certificate {alias} is not trusted any more"));
        }
    }
}
