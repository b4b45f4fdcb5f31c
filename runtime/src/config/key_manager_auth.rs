//! How the gateway authenticates to the key manager: user name and password, or an access token of its own.

use super::catalogue::{Key, Kind};
use super::settings::Reader;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

macro_rules! oauth2 {
    ($name:literal) => {
        concat!("keymanager.security.oauth2.", $name)
    };
}

pub(super) const KEYS: &[Key] = &[
    Key::unset(
        "keyManager.username",
        Kind::Text,
        "old spelling of `keymanager.security.basic.username`",
    ),
    Key::unset(
        "keyManager.password",
        Kind::Secret,
        "old spelling of `keymanager.security.basic.password`",
    ),
    Key::new(
        "keymanager.security.basic.enabled",
        Kind::Bool,
        "true",
        "authenticate with user name and password",
    ),
    Key::new("keymanager.security.basic.username", Kind::Text, "admin", "user name"),
    Key::new("keymanager.security.basic.password", Kind::Secret, "admin", "password"),
    Key::new(
        oauth2!("enabled"),
        Kind::Bool,
        "false",
        "authenticate with an access token; used when basic is disabled",
    ),
    Key::new(
        oauth2!("credentialBearer"),
        Kind::OneOf(&["AUTH_HEADER_BEARER", "POST_BODY_BEARER", "NO_BEARER"]),
        "AUTH_HEADER_BEARER",
        "where the client's credentials go: header, body, or the client id alone in the body",
    ),
    Key::unset(oauth2!("tokenUrl"), Kind::Text, "token endpoint"),
    Key::new(
        oauth2!("clientCredential.enabled"),
        Kind::Bool,
        "false",
        "client credentials grant; also used when no grant is enabled",
    ),
    Key::unset(oauth2!("clientCredential.clientId"), Kind::Text, "client id")
        .also(&[oauth2!("clientCredential.client_id")]),
    Key::unset(oauth2!("clientCredential.clientSecret"), Kind::Secret, "client secret")
        .also(&[oauth2!("clientCredential.client_secret")]),
    Key::unset(oauth2!("clientCredential.scopes"), Kind::Text, "blank-separated scopes"),
    Key::new(oauth2!("password.enabled"), Kind::Bool, "false", "password grant"),
    Key::unset(oauth2!("password.clientId"), Kind::Text, "client id").also(&[oauth2!("password.client_id")]),
    Key::unset(oauth2!("password.clientSecret"), Kind::Secret, "client secret")
        .also(&[oauth2!("password.client_secret")]),
    Key::unset(oauth2!("password.scopes"), Kind::Text, "blank-separated scopes"),
    Key::unset(oauth2!("password.username"), Kind::Text, "user name"),
    Key::unset(oauth2!("password.password"), Kind::Secret, "password"),
    Key::new(
        oauth2!("directToken.enabled"),
        Kind::Bool,
        "false",
        "use a given access token",
    ),
    Key::unset(oauth2!("directToken.accessToken"), Kind::Secret, "the access token"),
    Key::new(
        oauth2!("refresh.enabled"),
        Kind::Bool,
        "false",
        "renew by refresh token; with `password` or `directToken`",
    ),
    Key::unset(
        oauth2!("refresh.refreshUrl"),
        Kind::Text,
        "token endpoint of the refresh; `tokenUrl` when absent",
    ),
    Key::unset(oauth2!("refresh.scopes"), Kind::Text, "blank-separated scopes"),
    Key::unset(
        oauth2!("refresh.refreshToken"),
        Kind::Secret,
        "first refresh token; needed with `directToken`",
    ),
    Key::unset(
        oauth2!("refresh.clientId"),
        Kind::Text,
        "client id; that of `password` when absent",
    )
    .also(&[oauth2!("refresh.client_id")]),
    Key::unset(oauth2!("refresh.clientSecret"), Kind::Secret, "client secret")
        .also(&[oauth2!("refresh.client_secret")]),
];

/// How the gateway authenticates to the key manager.
#[derive(Debug, Clone)]
pub enum KeyManagerAuth {
    /// User name and password.
    Basic {
        /// User name.
        username: String,
        /// Password.
        password: SecretString,
    },
    /// An access token.
    OAuth2(Box<OwnToken>),
    /// Nothing.
    None,
}

/// Where the gateway's own access token comes from.
#[derive(Debug, Clone)]
pub struct OwnToken {
    /// How the first one is had.
    pub grant: Grant,
    /// How later ones are had; `None`: by the grant again.
    pub refresh: Option<Renewal>,
}

/// How the gateway gets its access token.
#[derive(Debug, Clone)]
pub enum Grant {
    /// With the credentials of a client.
    ClientCredentials {
        /// The client.
        client: OAuthClient,
    },
    /// With those of a user.
    Password {
        /// The client.
        client: OAuthClient,
        /// User name.
        username: String,
        /// Password.
        password: SecretString,
    },
    /// From the configuration.
    Direct(SecretString),
}

/// How an access token is renewed.
#[derive(Debug, Clone)]
pub struct Renewal {
    /// The client.
    pub client: OAuthClient,
    /// The first refresh token, where the grant brings none.
    pub token: Option<SecretString>,
}

/// A client at a token endpoint.
#[derive(Debug, Clone)]
pub struct OAuthClient {
    /// Token endpoint.
    pub token_url: Url,
    /// Client id.
    pub id: String,
    /// Client secret.
    pub secret: SecretString,
    /// Blank-separated scopes.
    pub scopes: Option<String>,
    /// Where id and secret go.
    pub placement: ClientPlacement,
}

/// Where the credentials of a client go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientPlacement {
    /// Into the header `Authorization`.
    Header,
    /// Into the form.
    Body,
    /// The id into the form, the secret nowhere.
    IdOnly,
}

impl KeyManagerAuth {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        if reader.bool("keymanager.security.basic.enabled") {
            return basic(reader);
        }
        if !reader.bool(oauth2!("enabled")) {
            return Self::None;
        }
        let password = reader.bool(oauth2!("password.enabled"));
        let direct = reader.bool(oauth2!("directToken.enabled"));
        let client = reader.bool(oauth2!("clientCredential.enabled"));
        let refresh = reader.bool(oauth2!("refresh.enabled"));
        if [password, direct, client]
            .into_iter()
            .filter(|enabled| *enabled)
            .count()
            > 1
        {
            reader.fail(
                oauth2!("enabled"),
                "more than one grant is enabled for the key manager",
                "Enable one of `clientCredential`, `password` and `directToken`.",
            );
            return Self::None;
        }
        if refresh && !password && !direct {
            reader.fail(
                oauth2!("refresh.enabled"),
                "a refresh needs a grant that it renews",
                "Enable `password` or `directToken` with it; client credentials renew themselves.",
            );
            return Self::None;
        }
        let grant = if direct {
            required_secret(reader, oauth2!("directToken.accessToken")).map(Grant::Direct)
        } else if password {
            password_grant(reader)
        } else {
            let secret = required_secret(reader, oauth2!("clientCredential.clientSecret"));
            let id = required(reader, oauth2!("clientCredential.clientId"));
            let scopes = reader.text(oauth2!("clientCredential.scopes"));
            let url = token_url(reader, oauth2!("tokenUrl"));
            self::client(reader, url, id, secret, scopes).map(|client| Grant::ClientCredentials { client })
        };
        let renewal = refresh.then(|| renewal(reader, direct));
        match (grant, renewal) {
            // What is missing is reported above.
            (None, _) | (_, Some(None)) => Self::None,
            (Some(grant), renewal) => Self::OAuth2(Box::new(OwnToken {
                grant,
                refresh: renewal.flatten(),
            })),
        }
    }
}

fn basic(reader: &Reader<'_>) -> KeyManagerAuth {
    let old = reader.text("keyManager.username").zip(
        reader
            .secret("keyManager.password")
            .filter(|password| !password.expose_secret().is_empty()),
    );
    let (username, password) = old.unwrap_or_else(|| {
        (
            reader.text_or_empty("keymanager.security.basic.username"),
            reader.secret("keymanager.security.basic.password").unwrap_or_default(),
        )
    });
    KeyManagerAuth::Basic { username, password }
}

fn password_grant(reader: &mut Reader<'_>) -> Option<Grant> {
    let id = required(reader, oauth2!("password.clientId"));
    let secret = client_secret(reader, oauth2!("password.clientSecret"));
    let scopes = reader.text(oauth2!("password.scopes"));
    let username = required(reader, oauth2!("password.username"));
    let password = required_secret(reader, oauth2!("password.password"));
    let url = token_url(reader, oauth2!("tokenUrl"));
    Some(Grant::Password {
        client: client(reader, url, id, secret, scopes)?,
        username: username?,
        password: password?,
    })
}

fn renewal(reader: &mut Reader<'_>, direct: bool) -> Option<Renewal> {
    // The client of the password grant serves where no other is named.
    let own = reader.text(oauth2!("refresh.clientId")).is_some() || direct;
    let (id, secret) = if own {
        (
            required(reader, oauth2!("refresh.clientId")),
            client_secret(reader, oauth2!("refresh.clientSecret")),
        )
    } else {
        // What is missing there is reported there.
        (
            reader.text(oauth2!("password.clientId")),
            Some(reader.secret(oauth2!("password.clientSecret")).unwrap_or_default()),
        )
    };
    let scopes = reader.text(oauth2!("refresh.scopes"));
    let token = if direct {
        required_secret(reader, oauth2!("refresh.refreshToken"))
    } else {
        reader.secret(oauth2!("refresh.refreshToken")).filter(is_set)
    };
    let name = match reader.text(oauth2!("refresh.refreshUrl")) {
        Some(_) => oauth2!("refresh.refreshUrl"),
        None => oauth2!("tokenUrl"),
    };
    // A missing `tokenUrl` is reported once, by the password grant.
    let url = if direct {
        token_url(reader, name)
    } else {
        reader.url(name)
    };
    let client = client(reader, url, id, secret, scopes)?;
    (token.is_some() || !direct).then_some(Renewal { client, token })
}

fn client(
    reader: &Reader<'_>,
    token_url: Option<Url>,
    id: Option<String>,
    secret: Option<SecretString>,
    scopes: Option<String>,
) -> Option<OAuthClient> {
    Some(OAuthClient {
        token_url: token_url?,
        id: id?,
        secret: secret?,
        scopes,
        placement: placement(reader),
    })
}

fn placement(reader: &Reader<'_>) -> ClientPlacement {
    match reader.text(oauth2!("credentialBearer")).as_deref() {
        Some("POST_BODY_BEARER") => ClientPlacement::Body,
        Some("NO_BEARER") => ClientPlacement::IdOnly,
        _ => ClientPlacement::Header,
    }
}

fn is_set(secret: &SecretString) -> bool {
    !secret.expose_secret().is_empty()
}

fn token_url(reader: &mut Reader<'_>, name: &'static str) -> Option<Url> {
    if reader.text(name).is_none() {
        missing(reader, name);
        return None;
    }
    reader.url(name)
}

fn required(reader: &mut Reader<'_>, name: &'static str) -> Option<String> {
    let text = reader.text(name);
    if text.is_none() {
        missing(reader, name);
    }
    text
}

fn required_secret(reader: &mut Reader<'_>, name: &'static str) -> Option<SecretString> {
    let secret = reader.secret(name).filter(is_set);
    if secret.is_none() {
        missing(reader, name);
    }
    secret
}

/// A client that does not authenticate needs no secret.
fn client_secret(reader: &mut Reader<'_>, name: &'static str) -> Option<SecretString> {
    if placement(reader) == ClientPlacement::IdOnly {
        return Some(reader.secret(name).unwrap_or_default());
    }
    required_secret(reader, name)
}

fn missing(reader: &mut Reader<'_>, name: &'static str) {
    reader.fail(
        oauth2!("enabled"),
        format!("`{name}` is missing"),
        "Set it; secrets best from the environment.",
    );
}

#[cfg(test)]
mod tests {
    use crate::config::{RuntimeConfig, Sources};

    fn problems(oauth2: &str) -> Vec<String> {
        let base = "[keymanager.security]\nbasic.enabled = false\noauth2.enabled = true\n";
        let keys: String = oauth2.lines().map(|line| format!("oauth2.{line}\n")).collect();
        let loaded = RuntimeConfig::load(Sources {
            file: Some(("test.conf", &format!("{base}{keys}"))),
            ..Sources::default()
        });
        let errors = loaded.err().unwrap_or_default();
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_incomplete_or_ambiguous_grant_is_refused_with_everything_that_is_missing() {
        for (oauth2, expected) in [
            (
                "tokenUrl = \"https://k/t\"",
                vec!["clientCredential.clientSecret", "clientCredential.clientId"],
            ),
            (
                "password.enabled = true\npassword.username = \"a\"",
                vec![
                    "password.clientId",
                    "password.clientSecret",
                    "password.password",
                    "tokenUrl",
                ],
            ),
            ("directToken.enabled = true", vec!["directToken.accessToken"]),
            (
                "directToken.enabled = true\ndirectToken.accessToken = \"a\"\nrefresh.enabled = true",
                vec![
                    "refresh.clientId",
                    "refresh.clientSecret",
                    "refresh.refreshToken",
                    "tokenUrl",
                ],
            ),
            (
                "directToken.enabled = true\npassword.enabled = true",
                vec!["more than one grant"],
            ),
            ("refresh.enabled = true", vec!["a refresh needs a grant"]),
        ] {
            let problems = problems(oauth2);
            assert_eq!(problems.len(), expected.len(), "{oauth2}: {problems:?}");
            for (problem, expected) in problems.iter().zip(expected) {
                assert!(problem.contains(expected) && problem.contains("test.conf"), "{problem}");
            }
        }
        let complete = "tokenUrl = \"https://k/t\"\ncredentialBearer = \"NO_BEARER\"\npassword.enabled = true\n\
                        password.clientId = \"c\"\npassword.username = \"a\"\npassword.password = \"b\"\n\
                        refresh.enabled = true";
        assert_eq!(problems(complete), [""; 0]);
    }
}
