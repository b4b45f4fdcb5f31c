//! Until when certificates are valid: those that the listeners and the gateway show, and those by which others are believed. Files
//! that cannot be used keep the gateway from starting, and are told where that is looked at.

use super::validity;
use crate::doctor::{Finding, Sight};
use crate::whole_file;
use mgw_keystore::{KeyStore, MAX_BYTES, read_certificates};
use mgw_runtime::config::{RuntimeConfig, StoreSettings};
use secrecy::ExposeSecret;
use std::path::Path;

/// The largest file that is read as certificates.
const LARGEST: u64 = 1 << 20;

pub(in crate::doctor) fn look(sight: &Sight) -> Vec<Finding> {
    match sight.settings() {
        Some(config) => findings(config, validity::now()),
        None => vec![Finding::skipped("the settings have to be in order first")],
    }
}

fn findings(config: &RuntimeConfig, now: i64) -> Vec<Finding> {
    let (listener, clients) = (&config.listener, &config.http_clients);
    let mut findings = Vec::new();
    let own = [&listener.certificate_file, &clients.certificate_file];
    let named = listener.certificates.iter().map(|own| &own.certificate_file);
    for certificate in own.into_iter().flatten().chain(named) {
        findings.extend(of_file(certificate, now));
    }
    for store in [&listener.key_store, &clients.key_store].into_iter().flatten() {
        findings.extend(of_key_store(store, now));
    }
    for store in [&listener.trust_store, &clients.trust_store].into_iter().flatten() {
        findings.extend(of_trust_store(store, now));
    }
    for file in [&config.http_clients.ca_file, &config.mutual_tls.client_ca_file]
        .into_iter()
        .flatten()
    {
        findings.extend(of_file(file, now));
    }
    let shows_nothing = listener.certificate_file.is_none() && listener.key_store.is_none();
    if listener.https_port.is_some() && shows_nothing {
        findings.push(Finding::ok(
            "HTTPS with a certificate that the gateway makes itself: clients have to be told to trust it",
        ));
    }
    if findings.is_empty() {
        findings.push(Finding::skipped("none are named that can be read"));
    }
    findings
}

fn of_file(path: &Path, now: i64) -> Option<Finding> {
    let bytes = whole_file::read_public(path, LARGEST).ok()?;
    let chain = read_certificates(&bytes).ok()?;
    earliest(&path.display().to_string(), chain.iter().map(AsRef::as_ref), now)
}

fn open(settings: &StoreSettings) -> Option<KeyStore> {
    let largest = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
    let bytes = whole_file::read(&settings.path, largest).ok()?;
    KeyStore::read(&bytes, settings.password.expose_secret()).ok()
}

fn of_key_store(settings: &StoreSettings, now: i64) -> Option<Finding> {
    let store = open(settings)?;
    let own = store.key(None)?.chain.first()?;
    earliest(&settings.path.display().to_string(), [own.as_ref()].into_iter(), now)
}

/// Authorities that have expired vouch for nobody any more, which stops nobody else.
fn of_trust_store(settings: &StoreSettings, now: i64) -> Option<Finding> {
    let store = open(settings)?;
    let shown = settings.path.display();
    let all = store.certificates();
    let is_over = |der: &[u8]| mgw_keystore::Validity::of(der).is_some_and(|validity| validity.not_after < now);
    let over = all.iter().filter(|entry| is_over(entry.der.as_ref())).count();
    Some(match (all.len(), over) {
        (0, _) => Finding::problem(
            format!("{shown} holds no certificates"),
            "Import those to be trusted with keytool -importcert.",
        ),
        (count, 0) => Finding::ok(format!("{shown} holds {count}")),
        (count, over) => Finding::warning(
            format!("{over} of the {count} certificates in {shown} have expired"),
            "Import what replaced them; clients and servers with the old ones are refused.",
        ),
    })
}

/// Of several, the one that ends first is told.
fn earliest<'a>(shown: &str, chain: impl Iterator<Item = &'a [u8]>, now: i64) -> Option<Finding> {
    let ends = |der: &&[u8]| mgw_keystore::Validity::of(der).map_or(i64::MIN, |validity| validity.not_after);
    let remedy = "Replace it; a running gateway takes the new file by itself.";
    Some(validity::decide(shown, chain.min_by_key(ends)?, now, remedy))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;
    use mgw_runtime::config::Sources;

    fn told(file: &str, now: i64) -> Vec<Finding> {
        let sources = Sources {
            file: Some(("test.conf", file)),
            ..Sources::default()
        };
        let (config, _) = RuntimeConfig::load(sources).unwrap();
        findings(&config, now)
    }

    #[test]
    fn the_end_of_a_certificate_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(vec!["gw.example".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        params.not_after = rcgen::date_time_ymd(2026, 3, 1);
        std::fs::write(folder.path().join("c.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
        std::fs::write(folder.path().join("k.pem"), key.serialize_pem()).unwrap();
        let file = |certificate: &str, key: &str| {
            let at = folder.path().display();
            format!("[listenerConfig]\ncertificateFile = \"{at}/{certificate}\"\nprivateKeyFile = \"{at}/{key}\"\n")
        };
        let day = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_second();
        for (now, verdict, words) in [
            ("2026-01-15T00:00:00Z", Verdict::Ok, "valid until 2026-03-01"),
            ("2026-02-15T00:00:00Z", Verdict::Warning, "expires in 14 days"),
            ("2026-03-02T00:00:00Z", Verdict::Problem, "expired on 2026-03-01"),
        ] {
            let findings = told(&file("c.pem", "k.pem"), day(now));
            assert_eq!(findings[0].verdict, verdict, "{findings:?}");
            assert!(findings[0].text.contains(words), "{findings:?}");
        }
        // What cannot be used is told once, where starts are looked at.
        for certificate in ["gone.pem", "k.pem"] {
            let findings = told(&file(certificate, "k.pem"), 0);
            assert!(
                findings.iter().all(|finding| finding.verdict < Verdict::Warning),
                "{findings:?}"
            );
        }
    }
}
