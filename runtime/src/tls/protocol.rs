//! TLS versions and cipher suites by name.

use rustls::crypto::CryptoProvider;
use rustls::{ProtocolVersion, SupportedCipherSuite, SupportedProtocolVersion};

/// Names that settings used before there was one list of them, beside IANA's.
const OPENSSL: [(&str, &str); 6] = [
    (
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    ),
    (
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    ),
    (
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    ),
    ("ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
    ("ECDHE-RSA-AES256-GCM-SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
    (
        "ECDHE-RSA-CHACHA20-POLY1305",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    ),
];

/// Settings that leave nothing to speak.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{setting}` names nothing that is supported ({}); supported: {}", asked.join(", "), supported.join(", "))]
pub struct ProtocolError {
    /// The key of the configuration.
    pub setting: &'static str,
    /// What it names.
    pub asked: Vec<String>,
    /// What could stand there.
    pub supported: Vec<String>,
}

/// The keys of the configuration that name versions and suites.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) versions: &'static str,
    pub(crate) suites: &'static str,
}

/// What settings choose.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) versions: Vec<&'static SupportedProtocolVersion>,
    pub(crate) provider: CryptoProvider,
    /// What the operator should know, sentences without names of settings.
    pub(crate) warnings: Vec<String>,
}

/// Returns whether a version can be spoken.
pub(crate) fn is_version(name: &str) -> bool {
    rustls::ALL_VERSIONS
        .iter()
        .any(|version| is_version_named(version, name))
}

/// Chooses versions and suites by name; an empty list stands for all. What is not supported is left out with a warning.
pub(crate) fn choose(versions: &[String], suites: &[String], settings: Settings) -> Result<Choice, ProtocolError> {
    let mut warnings = Vec::new();
    let chosen: Vec<_> = rustls::ALL_VERSIONS
        .iter()
        .copied()
        .filter(|version| versions.is_empty() || versions.iter().any(|name| is_version_named(version, name)))
        .collect();
    if chosen.is_empty() {
        return Err(ProtocolError {
            setting: settings.versions,
            asked: versions.to_vec(),
            supported: ["TLSv1.3", "TLSv1.2"].map(str::to_owned).to_vec(),
        });
    }
    ignored(versions, is_version, settings.versions, &mut warnings);

    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    let all: Vec<String> = provider.cipher_suites.iter().map(suite_name).collect();
    if !suites.is_empty() {
        provider
            .cipher_suites
            .retain(|suite| suites.iter().any(|name| iana(name) == suite_name(suite)));
    }
    // A suite belongs to one version, so that a list may leave a version with none.
    let speaks = |version: &SupportedProtocolVersion| {
        let suites = &provider.cipher_suites;
        suites.iter().any(|suite| suite.version().version == version.version)
    };
    let (speakable, mute): (Vec<_>, Vec<_>) = chosen.into_iter().partition(|version| speaks(version));
    if speakable.is_empty() {
        return Err(ProtocolError {
            setting: settings.suites,
            asked: suites.to_vec(),
            supported: all,
        });
    }
    // A certificate has to go with one of the suites, and with those of a version that nobody speaks it would for nothing.
    let is_spoken = |suite: &SupportedCipherSuite| {
        let version = suite.version().version;
        speakable.iter().any(|spoken| spoken.version == version)
    };
    provider.cipher_suites.retain(is_spoken);
    ignored(suites, |name| all.contains(&iana(name)), settings.suites, &mut warnings);
    for version in mute {
        let (name, setting) = (version_name(version), settings.suites);
        warnings.push(format!("{name} is not spoken: `{setting}` names none of its suites"));
    }
    Ok(Choice {
        versions: speakable,
        provider,
        warnings,
    })
}

fn ignored(names: &[String], known: impl Fn(&str) -> bool, setting: &str, warnings: &mut Vec<String>) {
    let ignored: Vec<&str> = names
        .iter()
        .map(|name| name.trim())
        .filter(|name| !known(name))
        .collect();
    if !ignored.is_empty() {
        warnings.push(format!(
            "`{setting}` names what is not supported and left out: {}",
            ignored.join(", ")
        ));
    }
}

fn is_version_named(version: &SupportedProtocolVersion, name: &str) -> bool {
    version_name(version).eq_ignore_ascii_case(name.trim())
}

fn version_name(version: &SupportedProtocolVersion) -> &'static str {
    match version.version {
        ProtocolVersion::TLSv1_3 => "TLSv1.3",
        _ => "TLSv1.2",
    }
}

/// IANA's names of TLS 1.3 suites begin with `TLS_`, the library's with `TLS13_`.
fn suite_name(suite: &SupportedCipherSuite) -> String {
    format!("{:?}", suite.suite()).replacen("TLS13_", "TLS_", 1)
}

fn iana(name: &str) -> String {
    let name = name.trim().to_ascii_uppercase();
    let known = OPENSSL.iter().find(|(openssl, _)| *openssl == name);
    known.map_or(name, |(_, iana)| (*iana).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: Settings = Settings {
        versions: "v",
        suites: "s",
    };

    fn names(list: &str) -> Vec<String> {
        list.split(',')
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// Versions and suites chosen, and the warnings.
    fn chosen(versions: &str, suites: &str) -> Result<(String, Vec<String>, String), ProtocolError> {
        let choice = choose(&names(versions), &names(suites), SETTINGS)?;
        let versions: Vec<_> = choice.versions.iter().map(|version| version_name(version)).collect();
        Ok((
            versions.join(","),
            choice.provider.cipher_suites.iter().map(suite_name).collect(),
            choice.warnings.join("; "),
        ))
    }

    #[test]
    fn everything_safe_unless_named() {
        let (versions, suites, warnings) = chosen("", "").expect("something is spoken");
        assert_eq!(
            (versions.as_str(), suites.len(), warnings.as_str()),
            ("TLSv1.3,TLSv1.2", 9, "")
        );
    }

    #[test]
    fn suites_of_a_version_that_is_not_spoken_are_left_out() {
        let both = "TLS_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";
        for (version, suite) in [
            ("TLSv1.3", "TLS_AES_128_GCM_SHA256"),
            ("TLSv1.2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
        ] {
            let (_, suites, _) = chosen(version, both).expect("something is spoken");
            assert_eq!(suites, [suite], "{version}");
        }
    }

    #[test]
    fn old_versions_and_suites_are_left_out_and_named() {
        let (versions, suites, warnings) = chosen(
            "TLSv1.2,TLSv1.1",
            "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256, ECDHE-RSA-AES128-GCM-SHA256",
        )
        .expect("something is spoken");
        assert_eq!(versions, "TLSv1.2");
        assert_eq!(suites, ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]);
        assert_eq!(
            warnings,
            "`v` names what is not supported and left out: TLSv1.1; `s` names what is not supported and left out: \
             TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"
        );
        let (versions, _, warnings) = chosen("tlsv1.3, TLSv1.2", "TLS_AES_256_GCM_SHA384").expect("1.3 is spoken");
        assert_eq!(versions, "TLSv1.3");
        assert_eq!(warnings, "TLSv1.2 is not spoken: `s` names none of its suites");
    }

    #[test]
    fn every_openssl_name_stands_for_a_suite() {
        for (openssl, name) in OPENSSL {
            let (_, suites, warnings) = chosen("TLSv1.2", openssl).expect("it is supported");
            assert_eq!((suites, warnings.as_str()), (vec![name.to_owned()], ""));
        }
    }

    #[test]
    fn nothing_left_is_an_error() {
        for (versions, suites, setting) in [
            ("TLSv1.1,SSLv3", "", "v"),
            ("", "TLS_RSA_WITH_3DES_EDE_CBC_SHA", "s"),
            ("TLSv1.2", "TLS_AES_128_GCM_SHA256", "s"),
        ] {
            let error = chosen(versions, suites).expect_err("nothing is left");
            assert_eq!(error.setting, setting);
        }
    }
}
