//! `securityConfig`: how the gateway shows the backend who it is.

use super::secrets::{MEMBERS, SECRETS, has_credential};
use super::targets::backend_url;
use crate::diagnostics::{Code, Diagnostic, Diagnostics, nearest};
use crate::yaml::{Node, Source};
use mgw_bundle::config::{CredentialPlace, EndpointAuth};

const CODE: Code = Code::Endpoint;

/// Longest name of a header or parameter, in bytes.
const MAX_NAME: usize = 256;
/// Most scopes of a token.
const MAX_SCOPES: usize = 64;

/// Reads it. `name` is that under which operators give secrets; an endpoint that is written at an operation has none.
/// `Some(None)`: no credentials; `None`: a mistake that has been reported.
pub(super) fn auth(
    source: &Source,
    node: &Node,
    name: Option<&str>,
    diagnostics: &mut Diagnostics,
) -> Option<Option<EndpointAuth>> {
    let Some(config) = node.get("securityConfig").filter(|node| !node.is_null()) else {
        return Some(None);
    };
    refuse_unknown(source, config, diagnostics);
    warn_about_secrets(source, config, diagnostics);
    let mut reader = Reader {
        source,
        config,
        diagnostics,
    };
    let kind = reader.optional("type").unwrap_or_default();
    let auth = match kind.to_ascii_lowercase().as_str() {
        "none" => return Some(None),
        "basic" => EndpointAuth::Basic {
            username: reader.text("username")?,
        },
        "digest" => EndpointAuth::Digest {
            username: reader.text("username")?,
        },
        "apikey" | "api_key" | "api-key" => EndpointAuth::ApiKey { place: reader.place()? },
        "oauth2" | "oauth" => reader.oauth2()?,
        _ => {
            let message = "`securityConfig` has no `type` that the gateway knows";
            let diagnostic = Diagnostic::error(CODE, source, config.span, message)
                .remedy("Write `type: basic`, `digest`, `apikey` or `oauth2`.");
            diagnostics.push(diagnostic);
            return None;
        }
    };
    if name.is_none() {
        let message = "credentials of an endpoint that is written at an operation cannot be given to the gateway";
        let remedy = "Write the endpoint under `x-wso2-endpoints` and refer to it by its name.";
        diagnostics.push(Diagnostic::error(Code::EndpointSecret, source, config.span, message).remedy(remedy));
        return None;
    }
    Some(Some(auth))
}

/// Secrets do not belong into files that are built and passed on.
fn warn_about_secrets(source: &Source, config: &Node, diagnostics: &mut Diagnostics) {
    for (member, setting) in SECRETS {
        let is_written = |node: &&Node| !node.is_null() && node.as_str() != Some("");
        let Some(written) = config.get(member).filter(is_written) else {
            continue;
        };
        let what = match member {
            "password" => "the password".to_owned(),
            member => format!("`{member}`"),
        };
        let message = format!("{what} in the definition is ignored; it does not belong into a file");
        diagnostics.push(
            Diagnostic::warning(Code::EndpointSecret, source, written.span, message)
                .remedy(format!(
                    "Remove it here and give it to the gateway as `<endpoint>_prod_{setting}`."
                ))
                .secret(),
        );
    }
}

/// What is misspelt may be a secret, so it is refused, and not shown.
fn refuse_unknown(source: &Source, config: &Node, diagnostics: &mut Diagnostics) {
    for (name, member) in config.as_object().into_iter().flatten() {
        let secrets = SECRETS.iter().map(|(secret, _)| *secret);
        if MEMBERS.contains(&name.as_str()) || secrets.clone().any(|secret| secret == name) {
            continue;
        }
        let message = format!("`securityConfig` has no `{}`", name.escape_debug());
        let finding = Diagnostic::error(CODE, source, member.key, message).secret();
        let finding = match nearest(name, MEMBERS) {
            Some(near) => finding.remedy(format!("Did you mean `{near}`?")),
            None => finding.remedy(format!(
                "Remove it; there are `{}`. Secrets are given to the gateway by its operator.",
                MEMBERS.join("`, `")
            )),
        };
        diagnostics.push(finding);
    }
}

struct Reader<'a> {
    source: &'a Source,
    config: &'a Node,
    diagnostics: &'a mut Diagnostics,
}

impl Reader<'_> {
    fn optional(&self, member: &str) -> Option<String> {
        let text = self.config.get(member).and_then(Node::as_str).map(str::trim);
        text.filter(|text| !text.is_empty()).map(str::to_owned)
    }

    fn text(&mut self, member: &str) -> Option<String> {
        let text = self.optional(member);
        if text.is_none() {
            let message = format!("`securityConfig` has no `{member}`");
            self.fail(self.config, message, "");
        }
        text
    }

    fn fail(&mut self, node: &Node, message: String, remedy: &str) {
        let mut diagnostic = Diagnostic::error(CODE, self.source, node.span, message);
        if !remedy.is_empty() {
            diagnostic = diagnostic.remedy(remedy);
        }
        self.diagnostics.push(diagnostic);
    }

    fn place(&mut self) -> Option<CredentialPlace> {
        let name = self.text("name")?;
        let place = self.optional("in").unwrap_or_else(|| "header".to_owned());
        let is_header = |name: &str| {
            let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
            name.bytes().all(is_part) && !is_of_the_connection(name)
        };
        match place.to_ascii_lowercase().as_str() {
            "header" if name.len() <= MAX_NAME && is_header(&name) => {
                Some(CredentialPlace::Header(name.to_ascii_lowercase()))
            }
            "query" if name.len() <= MAX_NAME => Some(CredentialPlace::Query(name)),
            "header" | "query" => {
                let node = self.config.get("name").unwrap_or(self.config);
                let message = format!("`{}` cannot be the name of a {place}", name.escape_debug());
                self.fail(node, message, "");
                None
            }
            _ => {
                let node = self.config.get("in").unwrap_or(self.config);
                let message = format!("`{}` is no place for a key", place.escape_debug());
                self.fail(node, message, "Write `in: header` or `in: query`.");
                None
            }
        }
    }

    fn oauth2(&mut self) -> Option<EndpointAuth> {
        if let Some(grant) = self.optional("grantType")
            && !grant.eq_ignore_ascii_case("client_credentials")
        {
            let node = self.config.get("grantType").unwrap_or(self.config);
            let message = format!("the gateway cannot fetch tokens by `{}`", grant.escape_debug());
            self.fail(node, message, "Use the grant `client_credentials`.");
            return None;
        }
        let token_url = self.text("tokenUrl")?;
        // The same rules as for backends, apart from the query, which some token endpoints have.
        let (base, query) = token_url
            .split_once('?')
            .map_or((token_url.as_str(), None), |(base, query)| (base, Some(query)));
        if let Err(fault) = backend_url(base) {
            let node = self.config.get("tokenUrl").unwrap_or(self.config);
            // One with credentials must not be shown.
            let mut diagnostic = Diagnostic::error(
                CODE,
                self.source,
                node.span,
                format!("`tokenUrl` cannot be used: {fault}"),
            );
            if token_url.contains('@') {
                diagnostic = diagnostic.secret();
            }
            self.diagnostics.push(diagnostic);
            return None;
        }
        if query.is_some_and(has_credential) {
            let node = self.config.get("tokenUrl").unwrap_or(self.config);
            let message = "the query of `tokenUrl` holds a credential, which would stand in what is built";
            let remedy = "Remove it from the URL; the client's secret is given to the gateway as `<endpoint>_prod_client_secret`.";
            let diagnostic = Diagnostic::error(Code::EndpointSecret, self.source, node.span, message);
            self.diagnostics.push(diagnostic.remedy(remedy).secret());
            return None;
        }
        let scopes = self.scopes()?;
        let credentials_in_body = match self.optional("clientAuthentication").as_deref() {
            None | Some("header") => false,
            Some("body") => true,
            Some(_) => {
                let node = self.config.get("clientAuthentication").unwrap_or(self.config);
                let message = "`clientAuthentication` is neither `header` nor `body`".to_owned();
                self.fail(node, message, "");
                return None;
            }
        };
        Some(EndpointAuth::OAuth2 {
            token_url: query.map_or_else(|| base.to_owned(), |query| format!("{base}?{query}")),
            client_id: self.text("clientId")?,
            scopes,
            credentials_in_body,
        })
    }

    /// A list, or one text with blanks between them.
    fn scopes(&mut self) -> Option<Vec<String>> {
        let Some(node) = self.config.get("scopes").filter(|node| !node.is_null()) else {
            return Some(Vec::new());
        };
        let scopes: Option<Vec<String>> = match (node.as_array(), node.as_str()) {
            (Some(elements), _) => elements.iter().map(|one| one.as_str().map(str::to_owned)).collect(),
            (None, Some(text)) => Some(text.split_whitespace().map(str::to_owned).collect()),
            (None, None) => None,
        };
        // RFC 6749, section 3.3.
        let is_part = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
        let is_scope = |scope: &String| !scope.is_empty() && scope.bytes().all(is_part);
        let good = scopes.filter(|scopes| scopes.len() <= MAX_SCOPES && scopes.iter().all(is_scope));
        if good.is_none() {
            self.fail(node, "`scopes` is no list of scopes".to_owned(), "");
        }
        good
    }
}

/// Headers that say how a message is sent, and not who sends it.
fn is_of_the_connection(name: &str) -> bool {
    const NAMES: [&str; 9] = [
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, name: Option<&str>) -> (Option<Option<EndpointAuth>>, Vec<String>) {
        let text = format!("{{securityConfig: {text}}}").into_bytes();
        let (source, node) = crate::yaml::parse("a.yaml", text, crate::yaml::Format::Yaml).expect("YAML");
        let mut diagnostics = Diagnostics::default();
        let auth = auth(&source, &node, name, &mut diagnostics);
        let shown = |one: &Diagnostic| crate::diagnostics::render(one, false);
        let messages = diagnostics.iter().map(shown).collect();
        (auth, messages)
    }

    #[test]
    fn every_kind_of_credentials_is_read() {
        let oauth2 = |token_url: &str, scopes: &[&str], credentials_in_body| EndpointAuth::OAuth2 {
            token_url: token_url.into(),
            client_id: "id".into(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            credentials_in_body,
        };
        for (text, expected) in [
            ("null", None),
            ("{type: none}", None),
            (
                "{type: BASIC, username: u}",
                Some(EndpointAuth::Basic { username: "u".into() }),
            ),
            (
                "{type: digest, username: u}",
                Some(EndpointAuth::Digest { username: "u".into() }),
            ),
            (
                "{type: apikey, name: X-Key}",
                Some(EndpointAuth::ApiKey {
                    place: CredentialPlace::Header("x-key".into()),
                }),
            ),
            (
                "{type: apikey, in: query, name: api key}",
                Some(EndpointAuth::ApiKey {
                    place: CredentialPlace::Query("api key".into()),
                }),
            ),
            (
                "{type: oauth2, tokenUrl: 'https://idp/token', clientId: id}",
                Some(oauth2("https://idp/token", &[], false)),
            ),
            (
                "{type: oauth2, grantType: CLIENT_CREDENTIALS, tokenUrl: 'https://idp/token?t=1', clientId: id, scopes: a b, clientAuthentication: body}",
                Some(oauth2("https://idp/token?t=1", &["a", "b"], true)),
            ),
        ] {
            assert_eq!(read(text, Some("shop")), (Some(expected), Vec::new()), "{text}");
        }
    }

    #[test]
    fn mistakes_are_reported_and_secrets_are_not_repeated() {
        for (text, message) in [
            ("{}", "no `type`"),
            ("{type: ntlm}", "no `type`"),
            ("{type: basic}", "no `username`"),
            ("{type: apikey}", "no `name`"),
            ("{type: apikey, name: a b}", "name of a header"),
            ("{type: apikey, name: Host}", "name of a header"),
            ("{type: apikey, name: a, in: cookie}", "no place for a key"),
            ("{type: oauth2, clientId: id}", "no `tokenUrl`"),
            (
                "{type: oauth2, tokenUrl: 'ftp://a', clientId: id}",
                "`tokenUrl` cannot be used",
            ),
            (
                "{type: oauth2, tokenUrl: 'https://u:canary@a', clientId: id}",
                "holds credentials",
            ),
            (
                "{type: oauth2, tokenUrl: 'https://a/t?client_secret=canary', clientId: id}",
                "holds a credential",
            ),
            (
                "{type: oauth2, tokenUrl: 'https://a', clientId: id, grantType: password}",
                "`password`",
            ),
            (
                "{type: oauth2, tokenUrl: 'https://a', clientId: id, scopes: [1]}",
                "no list of scopes",
            ),
        ] {
            let (auth, messages) = read(text, Some("shop"));
            assert_eq!(auth, None, "{text}");
            assert!(
                messages.iter().any(|found| found.contains(message)),
                "{text}: {messages:?}"
            );
            assert!(messages.iter().all(|found| !found.contains("canary")), "{messages:?}");
        }
        for secret in ["password", "clientSecret", "apiKey"] {
            let (auth, messages) = read(&format!("{{type: basic, username: u, {secret}: canary}}"), Some("shop"));
            assert!(auth.flatten().is_some());
            assert_eq!(messages.len(), 1, "{messages:?}");
            assert!(
                messages[0].contains("is ignored") && !messages[0].contains("canary"),
                "{messages:?}"
            );
        }
        for (member, remedy) in [
            ("passwrd", "Remove it"),
            ("Password", "Remove it"),
            ("usernam", "`username`"),
        ] {
            let (_, messages) = read(&format!("{{type: basic, username: u, {member}: canary}}"), Some("shop"));
            let message = &messages[0];
            assert!(
                message.contains(&format!("has no `{member}`"))
                    && message.contains(remedy)
                    && !message.contains("canary"),
                "{messages:?}"
            );
        }
        let (auth, messages) = read("{type: basic, username: u}", None);
        assert_eq!(auth, None);
        assert!(messages[0].contains("x-wso2-endpoints"), "{messages:?}");
    }
}
