//! Claims about users that the control plane adds to the token for backends.

use super::catalogue::{Key, Kind};
use super::settings::Reader;
use super::{BackendJwt, Issuer, KeyManager, KeyManagerAuth};
use url::Url;

const SERVER: &str = "jwtGeneratorConfig.claimRetrieval.configuration.serverUrl";
const USERNAME: &str = "jwtGeneratorConfig.claimRetrieval.configuration.username";
const PASSWORD: &str = "jwtGeneratorConfig.claimRetrieval.configuration.password";

pub(super) const KEYS: &[Key] = &[
    Key::unset(
        SERVER,
        Kind::Text,
        "base URL of the server with claims about users; unset: `keyManager.serverUrl`",
    ),
    Key::unset(
        USERNAME,
        Kind::Text,
        "user name there; unset: `apim.credentials.username`",
    ),
    Key::unset(
        PASSWORD,
        Kind::Secret,
        "its password; unset: `apim.credentials.password`",
    ),
    Key::inert("jwtGeneratorConfig.claimRetrieval.retrieverImpl", Kind::Text),
    Key::new(
        "apim.credentials.username",
        Kind::Text,
        "admin",
        "user name at the control plane",
    ),
    Key::new("apim.credentials.password", Kind::Secret, "admin", "its password"),
];

/// The server with claims about users.
#[derive(Debug, Clone)]
pub struct ClaimRetrieval {
    /// Base URL.
    pub server_url: Url,
    /// How the gateway authenticates there.
    pub auth: KeyManagerAuth,
}

impl ClaimRetrieval {
    /// `None`: no token for backends has such claims.
    pub(super) fn read(
        reader: &mut Reader<'_>,
        issuers: &[Issuer],
        key_manager: &KeyManager,
        backend_jwt: &BackendJwt,
    ) -> Option<Self> {
        // Each read before the first return: problems are reported whether or not the setting counts.
        let own = reader.url(SERVER);
        let username = reader.text(USERNAME);
        let password = reader.secret(PASSWORD);
        if !key_manager.remote_claims && !issuers.iter().any(|issuer| issuer.remote_claims) {
            return None;
        }
        if !backend_jwt.enabled {
            reader.warn(
                "jwtGeneratorConfig.jwtGeneratorEnabled",
                "`remoteUserClaimRetrievalEnabled` has no effect: no token for backends is generated",
            );
            return None;
        }
        let Some(server_url) = own.or_else(|| key_manager.server_url.clone()) else {
            reader.fail(
                SERVER,
                "`remoteUserClaimRetrievalEnabled` is set, and no server to ask",
                format!("Set `{SERVER}` or `keyManager.serverUrl`."),
            );
            return None;
        };
        Some(Self {
            server_url,
            auth: KeyManagerAuth::Basic {
                username: username.unwrap_or_else(|| reader.text_or_empty("apim.credentials.username")),
                password: password
                    .or_else(|| reader.secret("apim.credentials.password"))
                    .unwrap_or_default(),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{KeyManagerAuth, RuntimeConfig, Sources};
    use secrecy::ExposeSecret;

    fn load(file: &str) -> (RuntimeConfig, Vec<String>) {
        let (config, warnings) = RuntimeConfig::load(Sources {
            file: Some(("micro-gw.conf", file)),
            ..Sources::default()
        })
        .expect("valid");
        (config, warnings.iter().map(ToString::to_string).collect())
    }

    const ENABLED: &str = "jwtGeneratorConfig.jwtGeneratorEnabled = true\n";
    const OF_OPAQUE: &str = "keyManager.remoteUserClaimRetrievalEnabled = true\n";
    const OF_ISSUER: &str = "[[jwtTokenConfig]]\nissuer = \"https://idp\"\njwksURL = \"https://idp/jwks\"\nremoteUserClaimRetrievalEnabled = true\n";

    #[test]
    fn what_is_not_set_comes_from_the_key_manager_and_the_control_plane() {
        let base = format!("{ENABLED}keyManager.serverUrl = \"https://km\"\n");
        assert!(load(&base).0.claim_retrieval.is_none());
        for (more, expected) in [
            (OF_OPAQUE.to_owned(), ("https://km/", "admin", "admin")),
            (OF_ISSUER.to_owned(), ("https://km/", "admin", "admin")),
            (
                format!("{OF_OPAQUE}apim.credentials.username = \"mgw\"\napim.credentials.password = \"canary\"\n"),
                ("https://km/", "mgw", "canary"),
            ),
            (
                format!(
                    "{OF_OPAQUE}apim.credentials.password = \"other\"\n\
                     jwtGeneratorConfig.claimRetrieval.configuration.serverUrl = \"https://claims\"\n\
                     jwtGeneratorConfig.claimRetrieval.configuration.username = \"mgw\"\n\
                     jwtGeneratorConfig.claimRetrieval.configuration.password = \"canary\"\n"
                ),
                ("https://claims/", "mgw", "canary"),
            ),
        ] {
            let retrieval = load(&format!("{base}{more}")).0.claim_retrieval.expect("switched on");
            assert!(!format!("{retrieval:?}").contains("canary"));
            let KeyManagerAuth::Basic { username, password } = &retrieval.auth else {
                panic!("{retrieval:?}");
            };
            let read = (
                retrieval.server_url.as_str(),
                username.as_str(),
                password.expose_secret(),
            );
            assert_eq!(read, expected);
        }
    }

    #[test]
    fn it_needs_a_server_and_a_token_to_write_claims_into() {
        let (config, warnings) = load(&format!("{OF_OPAQUE}keyManager.serverUrl = \"https://km\"\n"));
        assert!(config.claim_retrieval.is_none());
        assert!(
            warnings.iter().any(|warning| warning.contains("no effect")),
            "{warnings:?}"
        );
        let errors = RuntimeConfig::load(Sources {
            file: Some(("micro-gw.conf", &format!("{ENABLED}{OF_OPAQUE}"))),
            ..Sources::default()
        });
        let errors = errors.expect_err("nobody to ask");
        assert!(errors[0].remedy.contains("keyManager.serverUrl"), "{errors:?}");
    }
}
