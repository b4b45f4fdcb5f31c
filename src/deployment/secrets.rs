//! Secrets of the settings: `$env{NAME}` takes one from the environment.

use super::files::Places;
use crate::context::Environment;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::micro_gw_file::Section;
use mgw_keystore::{KeyStore, MAX_BYTES, to_pem};
use secrecy::{ExposeSecret, SecretString};

/// Key and certificate of an Ingress, in PEM.
pub(super) struct TlsPair {
    pub(super) certificate: Vec<u8>,
    pub(super) key: Vec<u8>,
}

/// The variable that the value of a key names.
fn variable(written: &str) -> Option<&str> {
    written.strip_prefix("$env{")?.strip_suffix('}')
}

/// Tells that a secret stands in the file, where it does.
pub(super) fn tell_clear_text(section: Section<'_>, key: &str, diagnostics: &mut Diagnostics) {
    if section.text(key).is_none_or(|written| variable(&written).is_some()) {
        return;
    }
    let text = format!("`{key}` stands in the file in clear text");
    let finding = Diagnostic::warning(Code::DeploymentSecret, section.source(), section.key_span(key), text);
    diagnostics.push(
        finding
            .remedy(format!(
                "Write `{key} = '$env{{NAME}}'` and set that variable for the build."
            ))
            .secret(),
    );
}

/// The value of a key, from the environment where it says so.
fn value(
    section: Section<'_>,
    key: &str,
    environment: &Environment,
    diagnostics: &mut Diagnostics,
) -> Option<SecretString> {
    let written = section.text(key)?;
    let Some(name) = variable(&written) else {
        tell_clear_text(section, key, diagnostics);
        return Some(written.into());
    };
    let found = environment.get(name).map(SecretString::from);
    if found.is_none() {
        let text = format!("`{key}` names the variable {name}, which is not set");
        let finding = Diagnostic::error(Code::DeploymentConfig, section.source(), section.span(key), text);
        diagnostics.push(finding.remedy(format!("Set {name} for the build.")));
    }
    found
}

/// Reads key and certificate out of the key store of an Ingress.
pub(super) fn tls_pair(
    section: Section<'_>,
    places: Places<'_>,
    environment: &Environment,
    diagnostics: &mut Diagnostics,
) -> Option<TlsPair> {
    let path = section.text("keyStorePath")?;
    let place = (section, section.span("keyStorePath"));
    let bytes = places.read(&path, MAX_BYTES as u64, place, diagnostics)?;
    let password = match section.is_set("keyStorePassword") {
        true => value(section, "keyStorePassword", environment, diagnostics)?,
        false => SecretString::from(""),
    };
    let mut wrong = |text: String, remedy: &str| {
        let finding = Diagnostic::error(Code::DeploymentConfig, section.source(), place.1, text);
        diagnostics.push(finding.remedy(remedy));
    };
    let store = match KeyStore::read(&bytes, password.expose_secret()) {
        Ok(store) => store,
        Err(error) => {
            wrong(
                format!("the key store {path} cannot be opened: {error}"),
                "Give a PKCS#12 store and its password.",
            );
            return None;
        }
    };
    let Some(entry) = store.key(None) else {
        wrong(
            format!("the key store {path} has no key with a certificate"),
            "Give the store of the server's key.",
        );
        return None;
    };
    let chain: String = entry.chain.iter().map(|der| to_pem("CERTIFICATE", der)).collect();
    let key = to_pem("PRIVATE KEY", entry.key.secret_pkcs8_der());
    Some(TlsPair {
        certificate: chain.into_bytes(),
        key: key.into_bytes(),
    })
}
