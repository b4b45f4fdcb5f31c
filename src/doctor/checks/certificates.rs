//! What the listeners show to clients, and whom backends are believed by.

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
    let pairs = [
        (&listener.certificate_file, &listener.private_key_file),
        (&clients.certificate_file, &clients.private_key_file),
    ];
    let named = listener
        .certificates
        .iter()
        .map(|own| (&own.certificate_file, &own.private_key_file));
    let pairs = pairs
        .into_iter()
        .filter_map(|(certificate, key)| Some((certificate.as_ref()?, key.as_ref()?)));
    for (certificate, key) in pairs.chain(named) {
        findings.push(of_file(certificate, now));
        findings.extend(unreadable(key));
    }
    for store in [&listener.key_store, &clients.key_store].into_iter().flatten() {
        findings.push(of_key_store(store, now));
    }
    for store in [&listener.trust_store, &clients.trust_store].into_iter().flatten() {
        findings.push(of_trust_store(store, now));
    }
    for file in [&config.http_clients.ca_file, &config.mutual_tls.client_ca_file]
        .into_iter()
        .flatten()
    {
        findings.push(of_file(file, now));
    }
    let shows_nothing = listener.certificate_file.is_none() && listener.key_store.is_none();
    if listener.https_port.is_some() && shows_nothing {
        findings.push(Finding::ok(
            "HTTPS with a certificate that the gateway makes itself: clients have to be told to trust it",
        ));
    }
    if findings.is_empty() {
        findings.push(Finding::skipped("none are named"));
    }
    findings
}

fn of_file(path: &Path, now: i64) -> Finding {
    let shown = path.display().to_string();
    let bytes = match whole_file::read_public(path, LARGEST) {
        Ok(bytes) => bytes,
        Err(error) => return Finding::of(&crate::failure::Failure::file("read", path, error)),
    };
    match read_certificates(&bytes) {
        Ok(chain) => earliest(&shown, chain.iter().map(AsRef::as_ref), now),
        Err(error) => Finding::problem(
            format!("{shown}: {error}"),
            "Give a PEM file with the certificate first.",
        ),
    }
}

/// A private key is opened and not read.
fn unreadable(path: &Path) -> Option<Finding> {
    let error = std::fs::File::open(path).err()?;
    Some(Finding::of(&crate::failure::Failure::file("read", path, error)))
}

fn open(settings: &StoreSettings) -> Result<KeyStore, Finding> {
    let path = &settings.path;
    let largest = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
    let bytes = whole_file::read(path, largest)
        .map_err(|error| Finding::of(&crate::failure::Failure::file("read", path, error)))?;
    KeyStore::read(&bytes, settings.password.expose_secret()).map_err(|reason| {
        Finding::problem(
            format!("{} cannot be opened for {}: {reason}", path.display(), settings.setting),
            "Check file and password; make it with openssl pkcs12 -export.",
        )
    })
}

fn of_key_store(settings: &StoreSettings, now: i64) -> Finding {
    let store = match open(settings) {
        Ok(store) => store,
        Err(finding) => return finding,
    };
    let shown = settings.path.display().to_string();
    match store.key(None).and_then(|entry| entry.chain.first()) {
        Some(own) => earliest(&shown, [own.as_ref()].into_iter(), now),
        None => Finding::problem(
            format!("{shown} holds no private key with its certificate"),
            "Make it with openssl pkcs12 -export -inkey.",
        ),
    }
}

/// Authorities that have expired vouch for nobody any more, which stops nobody else.
fn of_trust_store(settings: &StoreSettings, now: i64) -> Finding {
    let store = match open(settings) {
        Ok(store) => store,
        Err(finding) => return finding,
    };
    let shown = settings.path.display();
    let all = store.certificates();
    let is_over = |der: &[u8]| mgw_keystore::Validity::of(der).is_some_and(|validity| validity.not_after < now);
    let over = all.iter().filter(|entry| is_over(entry.der.as_ref())).count();
    match (all.len(), over) {
        (0, _) => Finding::problem(
            format!("{shown} holds no certificates"),
            "Import those to be trusted with keytool -importcert.",
        ),
        (count, 0) => Finding::ok(format!("{shown} holds {count}")),
        (count, over) => Finding::warning(
            format!("{over} of the {count} certificates in {shown} have expired"),
            "Import what replaced them; clients and servers with the old ones are refused.",
        ),
    }
}

/// Of several, the one that ends first is told.
fn earliest<'a>(shown: &str, chain: impl Iterator<Item = &'a [u8]>, now: i64) -> Finding {
    let ends = |der: &&[u8]| mgw_keystore::Validity::of(der).map_or(i64::MIN, |validity| validity.not_after);
    match chain.min_by_key(ends) {
        Some(der) => validity::decide(
            shown,
            der,
            now,
            "Replace it; a running gateway takes the new file by itself.",
        ),
        None => Finding::problem(
            format!("{shown} holds no certificate"),
            "Give a PEM file with the certificate.",
        ),
    }
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
    fn files_are_looked_at_as_they_are() {
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
        for (certificate, key, now, verdict, words) in [
            (
                "c.pem",
                "k.pem",
                "2026-01-15T00:00:00Z",
                Verdict::Ok,
                "valid until 2026-03-01",
            ),
            (
                "c.pem",
                "k.pem",
                "2026-02-15T00:00:00Z",
                Verdict::Warning,
                "expires in 14 days",
            ),
            (
                "c.pem",
                "k.pem",
                "2026-03-02T00:00:00Z",
                Verdict::Problem,
                "expired on 2026-03-01",
            ),
            (
                "gone.pem",
                "k.pem",
                "2026-01-15T00:00:00Z",
                Verdict::Problem,
                "cannot read",
            ),
            (
                "k.pem",
                "k.pem",
                "2026-01-15T00:00:00Z",
                Verdict::Problem,
                "holds no X.509 certificate",
            ),
        ] {
            let findings = told(&file(certificate, key), day(now));
            assert_eq!(findings[0].verdict, verdict, "{findings:?}");
            assert!(findings[0].text.contains(words), "{findings:?}");
        }
        let findings = told(&file("c.pem", "gone.pem"), day("2026-01-15T00:00:00Z"));
        assert!(
            findings.iter().any(|finding| finding.text.contains("gone.pem")),
            "{findings:?}"
        );
    }

    #[test]
    fn stores_are_told_without_their_password() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.p12");
        std::fs::write(&path, "no store").unwrap();
        let text = format!(
            "[listenerConfig]\nkeyStorePath = \"{}\"\nkeyStorePassword = \"canary\"\n",
            path.display()
        );
        let findings = told(&text, 0);
        assert_eq!(findings[0].verdict, Verdict::Problem);
        assert!(!format!("{findings:?}").contains("canary"), "{findings:?}");
    }
}
