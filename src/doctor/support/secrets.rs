//! Every secret that this user has here, so that none of them gets into the file.

use crate::cloud::session::{Session, SessionStore};
use crate::context::Environment;
use crate::doctor::Sight;
use crate::serve::what_is_set;
use crate::signing::is_key_text;
use crate::whole_file::read_text;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// The largest file that is read as a secret.
const LARGEST: u64 = 64 << 10;

/// Every secret that is known.
pub(super) fn known(sight: &Sight) -> Vec<SecretString> {
    let mut secrets = of_environment(&sight.environment);
    if let Ok(folder) = sight.environment.config_dir() {
        for profile in SessionStore::profiles(&folder).unwrap_or_default() {
            if let Ok(Some(session)) = SessionStore::new(&folder, profile).load() {
                secrets.extend(of_session(&session));
            }
        }
    }
    if let Ok(set) = what_is_set(&sight.options.settings, &sight.environment) {
        secrets.extend(set.secrets);
    }
    if let Ok(text) = read_text(&sight.layout.settings(), 1 << 20) {
        secrets.extend(of_urls(&text));
    }
    // What a URL holds is one on its own as well.
    let inside: Vec<SecretString> = secrets
        .iter()
        .flat_map(|secret| of_urls(secret.expose_secret()))
        .collect();
    secrets.extend(inside);
    secrets
}

/// Whether a variable holds a secret, by its name.
pub(super) fn is_secret(name: &str) -> bool {
    let words = ["PASSWORD", "TOKEN", "SECRET", "SIGNING_KEY", "HEADERS", "CREDENTIAL"];
    !name.ends_with("_FILE") && words.iter().any(|word| name.contains(word))
}

fn of_environment(environment: &Environment) -> Vec<SecretString> {
    let mut secrets = Vec::new();
    for (name, value) in environment.iter() {
        let is_ours = name.starts_with("MGW_") || name.starts_with("WSO2_");
        if name.to_ascii_uppercase().ends_with("_PROXY") {
            secrets.extend(of_urls(value));
        } else if is_ours && is_secret(name) {
            secrets.push(value.into());
            // `Name: value`, one a line.
            let values = value.lines().filter_map(|line| line.split_once(':'));
            secrets.extend(values.map(|(_, value)| SecretString::from(value.trim())));
        } else if is_ours && name.strip_suffix("_FILE").is_some_and(is_secret) {
            // What cannot be read may be the secret itself.
            let secret = read_text(value.as_ref(), LARGEST).map_or_else(|_| value.into(), |text| text.as_str().into());
            secrets.push(secret);
        } else if is_ours && is_key_text(value) {
            secrets.push(value.into());
        }
    }
    secrets
}

fn of_session(session: &Session) -> Vec<SecretString> {
    let client = session.client.as_ref().and_then(|client| client.secret.clone());
    let headers = session.headers.iter().map(|(_, value)| value.clone());
    [Some(session.access.clone()), session.refresh.clone(), client]
        .into_iter()
        .flatten()
        .chain(headers)
        .collect()
}

/// Passwords, queries and fragments of URLs in a text.
fn of_urls(text: &str) -> Vec<SecretString> {
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>'));
    let urls = words
        .filter(|word| word.contains("://"))
        .filter_map(|word| Url::parse(word).ok());
    urls.flat_map(|url| {
        [
            url.password().map(SecretString::from),
            url.query().map(SecretString::from),
            url.fragment().map(SecretString::from),
        ]
    })
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_known_by_their_names() {
        for name in [
            "MGW_PASSWORD",
            "MGW_ACCESS_TOKEN",
            "MGW_HTTP_HEADERS",
            "WSO2_CLOUD_PASSWORD",
            "MGW_SIGNING_KEY",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["MGW_URL", "MGW_PASSWORD_FILE", "MGW_ORG", "MGW_VERIFY_KEY"] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn secrets_are_found_in_variables_files_and_urls() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, "canary-2\n").unwrap();
        let file = file.display().to_string();
        let environment: Environment = [
            ("MGW_PASSWORD", "canary-1"),
            ("MGW_CLIENT_SECRET_FILE", file.as_str()),
            ("HTTPS_PROXY", "http://ana:canary-3@proxy.example"),
            ("MGW_HTTP_HEADERS", "X-Key: canary-4"),
            ("SOMEBODY_PASSWORD", "other"),
            ("MGW_SIGNING_KEY_FILE", "canary-5"),
            ("MGW_VERIFY_KEY", "-----BEGIN PRIVATE KEY----- canary-6"),
        ]
        .into_iter()
        .collect();
        let found = of_environment(&environment);
        let found: Vec<&str> = found.iter().map(|secret| secret.expose_secret().trim()).collect();
        for canary in ["canary-1", "canary-2", "canary-3", "canary-4", "canary-5"] {
            assert!(found.contains(&canary), "{canary}");
        }
        assert!(found.iter().any(|secret| secret.ends_with("canary-6")));
        assert!(!found.contains(&"other"));
    }
}
