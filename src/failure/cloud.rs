//! Failures of the conversation with the control plane.

use super::Failure;
use crate::cloud::CloudError;
use crate::cloud::account::{AccountError, SUPER_TENANT};
use crate::cloud::address::AddressError;
use crate::cloud::generation::role_of_any;
use crate::cloud::http::{HeaderError, ProxyRefusal, TlsProblem};
use crate::cloud::refusal::Refusal;
use crate::cloud::session::{DEFAULT_PROFILE, ProfileError, SessionError};
use crate::exit::ExitCode;
use clap::ValueEnum;

impl From<CloudError> for Failure {
    fn from(error: CloudError) -> Self {
        let message = error.to_string();
        let failure = |code| Self::new(code, message.clone());
        match error {
            CloudError::Setup(source) => failure(ExitCode::Environment)
                .because(source)
                .hint("Check the file given with --ca or MGW_CA_FILE, and the proxy settings."),
            CloudError::UnusableProxy { host, .. } => failure(ExitCode::Environment).hint(format!(
                "Give http://HOST:PORT, or one that starts with https:// or socks5://. Where {host} is reached without a \
                 proxy, name it in NO_PROXY."
            )),
            CloudError::Unreachable { request, proxy, source } => {
                let source = source.without_url();
                let hint = match proxy {
                    Some(_) => proxy_hint(&source, &request.host),
                    None if !source.is_connect() => BROKEN.to_owned(),
                    None => format!(
                        "Check that {} is right and reachable from here; a proxy is taken from HTTPS_PROXY.",
                        request.host
                    ),
                };
                failure(ExitCode::Unreachable).because(source).hint(hint)
            }
            CloudError::Tls {
                request,
                problem,
                source,
            } => {
                let failure = failure(ExitCode::Unreachable).hint(problem.hint(&request.host));
                match *problem {
                    TlsProblem::OtherCertificate => failure.because(source.without_url()),
                    // The message says all of it.
                    _ => failure,
                }
            }
            CloudError::TimedOut { proxy, .. } => {
                let failure =
                    failure(ExitCode::Unreachable).hint("Try again, or allow more seconds with MGW_HTTP_TIMEOUT.");
                match proxy {
                    Some(_) => failure.hint("Check HTTPS_PROXY; hosts that are reached without a proxy go into NO_PROXY."),
                    None => failure,
                }
            }
            CloudError::Redirected { request, location, .. } => {
                failure(ExitCode::ControlPlane).hint(redirect_hint(&request.host, &location))
            }
            CloudError::Status { status, .. } => match status {
                403 => failure(ExitCode::NotPermitted)
                    .hint("Ask an administrator of your organisation for access to this object."),
                404 => failure(ExitCode::ControlPlane)
                    .hint("If the path itself is unknown there, name the generation with mgw login --kind."),
                429 => failure(ExitCode::ControlPlane).hint("The control plane limits requests; try again in a minute, or when it says."),
                500.. => failure(ExitCode::ControlPlane).hint("The fault is on the control plane's side; try again later."),
                _ => failure(ExitCode::ControlPlane).hint("Run again with -v to see every request."),
            },
            CloudError::Answer { .. } => failure(ExitCode::ControlPlane)
                .hint("Something between here and the control plane may answer in its place; check the URL and the proxy."),
            CloudError::NotAControlPlane { tried, .. } => failure(ExitCode::ControlPlane)
                .hint(format!("It was asked as {}.", tried.join(", ")))
                .hint("Check --url: its host, its port (API Manager has 9443 where nobody changed it) and its path.")
                .hint("A proxy in front of API Manager has to pass /client-registration, /oauth2 and /api/am on."),
            CloudError::OtherGeneration { kind, .. } => {
                let failure = failure(ExitCode::ControlPlane);
                match kind.to_possible_value() {
                    Some(kind) => failure.hint(format!("Give --kind {}, or leave it out.", kind.get_name())),
                    None => failure.hint("Leave --kind out."),
                }
            }
            CloudError::OtherSpelling { message, .. } => failure(ExitCode::NotSignedIn)
                .because(ServerMessage(message))
                .hint("Write the user name as the control plane does, upper and lower case included."),
            CloudError::WrongCredentials { user, message } => {
                let refusal = Refusal::of(&message, &user);
                let failure = failure(ExitCode::NotSignedIn).hint(refusal.hint());
                let failure = match tenant_hint(&user).filter(|_| refusal.may_be_of_the_name()) {
                    Some(hint) => failure.hint(hint),
                    None => failure,
                };
                if message.is_empty() {
                    failure
                } else {
                    failure.because(ServerMessage(message))
                }
            }
            CloudError::NoManagementRole { message, .. } => failure(ExitCode::NotPermitted)
                .because(ServerMessage(message))
                .hint("Ask an administrator for the creator, publisher or subscriber role."),
            CloudError::NotSignedIn { profile } => failure(ExitCode::NotSignedIn).hint(sign_in_hint(&profile)),
            CloudError::SessionEnded { profile, .. } => failure(ExitCode::NotSignedIn).hint(sign_in_hint(&profile)),
            CloudError::CredentialsRefused { .. } => failure(ExitCode::NotSignedIn)
                .hint("Give a new token in MGW_ACCESS_TOKEN, or user name and password in MGW_USERNAME and MGW_PASSWORD."),
            CloudError::TokenRefused => failure(ExitCode::NotSignedIn)
                .hint("Give another in MGW_ACCESS_TOKEN, or through standard input to mgw login --token-stdin.")
                .hint("It has to be of a user with the role Internal/creator or Internal/publisher."),
            CloudError::ClientRefused { .. } => failure(ExitCode::NotSignedIn)
                .hint("Check --client-id and the secret; a client that was deleted in the control plane has to be made anew."),
            CloudError::GrantNotAllowed { .. } => failure(ExitCode::NotSignedIn)
                .hint("Allow the client this grant type in the control plane, or sign in another way; see the page \"Sign in\"."),
            CloudError::GrantRefused { .. } => failure(ExitCode::NotSignedIn).hint("Run mgw login again."),
            CloudError::NotOffered { .. } => failure(ExitCode::ControlPlane)
                .hint("Sign in with --browser, or with user name and password."),
            CloudError::Listen { source, .. } => failure(ExitCode::Environment)
                .because(source)
                .hint("Choose another port with --redirect-port, and register it with the client."),
            CloudError::NoOrganisation => failure(ExitCode::Usage)
                .hint("Give --org or MGW_ORG, or the complete user name in --username or MGW_USERNAME."),
            CloudError::MissingScope { scopes, .. } => failure(ExitCode::NotPermitted).hint(format!(
                "The user lacks {} behind it. Ask an administrator for it, then run mgw login again.",
                role_of_any(&scopes)
            )),
            CloudError::Session(error) => error.into(),
        }
    }
}

/// What to do about a connection that breaks.
const BROKEN: &str =
    "Try again. Where it goes on, the log of the control plane, or of what stands before it, says why it hangs up.";

/// What to do about a server that sends requests elsewhere.
fn redirect_hint(host: &str, location: &str) -> String {
    match location.split_once("://") {
        Some(("https", place)) if place == host => format!(
            "{host} sends the request back to itself, as a page for signing in does that stands before it: check the URL with its \
             path, and what the proxy before API Manager does with /api/am."
        ),
        Some(("https", _)) => format!(
            "Credentials do not follow redirects. If {location} is your control plane, sign in with --url {location}."
        ),
        Some(("http", _)) => format!(
            "Credentials are not sent without TLS. Where a proxy before API Manager ends TLS, it has to tell that \
             (X-Forwarded-Proto), or API Manager its own address: {location} is not it."
        ),
        _ => "Credentials do not follow redirects. Check the URL, and the proxy before API Manager.".to_owned(),
    }
}

/// What to do about a proxy that did not let us through.
fn proxy_hint(source: &reqwest::Error, host: &str) -> String {
    match ProxyRefusal::of(source) {
        Some(ProxyRefusal::Password) => {
            "The proxy wants a user and a password, or other ones: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT."
                .to_owned()
        }
        Some(ProxyRefusal::Place) => format!(
            "The proxy refuses, or does not reach, {host}; some say so of a wrong user or password in HTTPS_PROXY as well. \
             Where {host} is reached without a proxy, name it in NO_PROXY."
        ),
        None => format!("Check HTTPS_PROXY. Where {host} is reached without a proxy, name it in NO_PROXY."),
    }
}

/// What the server said, as a cause.
#[derive(Debug, thiserror::Error)]
#[error("the control plane said: {0}")]
struct ServerMessage(String);

/// What follows the last `@` is the tenant, which surprises those whose user name is an e-mail address.
fn tenant_hint(user: &str) -> Option<String> {
    let (name, tenant) = user.rsplit_once('@')?;
    let looks_like_email = !name.contains('@') && tenant.contains('.') && tenant != SUPER_TENANT;
    looks_like_email.then(|| {
        format!(
            "The part after the last @, {tenant}, is taken for the tenant. If {user} is an e-mail address, add the tenant: \
             {user}@{SUPER_TENANT}, or the organisation key."
        )
    })
}

fn sign_in_hint(profile: &str) -> String {
    format!("Run {}.", sign_in_command(profile))
}

/// The command that signs in for a profile.
pub(crate) fn sign_in_command(profile: &str) -> String {
    if profile == DEFAULT_PROFILE {
        "mgw login".to_owned()
    } else {
        format!("mgw login --profile {profile}")
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        let message = error.to_string();
        let failure = Self::new(ExitCode::Environment, message);
        match error {
            SessionError::File { action, path, source } => Self::file(action, &path, source),
            SessionError::Exposed { path, .. } => failure.hint(format!(
                "Run chmod 600 {}; if others may have read it, run mgw logout and mgw login instead.",
                path.display()
            )),
            SessionError::Unreadable { .. } => failure.hint("Run mgw logout, then mgw login."),
            SessionError::Busy { .. } => failure.hint("Wait for the other process, or end it."),
        }
    }
}

impl From<AccountError> for Failure {
    fn from(error: AccountError) -> Self {
        let hint = match error {
            AccountError::Email(_) => "Give the e-mail address you sign in to the web pages with.",
            AccountError::Organisation(_) => {
                "The organisation key stands on the organisation page of API Cloud; it has neither blanks nor @."
            }
            AccountError::Name(_) => {
                "Give the user name as in the web login, for example admin or ana@example.com@org."
            }
        };
        Self::new(ExitCode::Usage, error.to_string()).hint(hint)
    }
}

impl From<HeaderError> for Failure {
    fn from(error: HeaderError) -> Self {
        Self::new(ExitCode::Usage, error.to_string())
            .hint("Correct --header or MGW_HTTP_HEADERS, or the session's headers by signing in again.")
    }
}

impl From<AddressError> for Failure {
    fn from(error: AddressError) -> Self {
        Self::new(ExitCode::Usage, error.to_string())
            .hint("Give the base URL alone, for example https://gateway.api.cloud.wso2.com or https://localhost:9443.")
    }
}

impl From<ProfileError> for Failure {
    fn from(error: ProfileError) -> Self {
        Self::new(ExitCode::Usage, error.to_string()).hint("Give another name with --profile or MGW_PROFILE.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_by_what_can_be_done() {
        for (message, told, hint) in [
            (
                "Authentication failed for ana@a.example@org",
                "does not accept user ana@a.example@org",
                "Check e-mail",
            ),
            (
                "17003:ana@a.example Account is locked",
                "the account of ana@a.example@org is locked",
                "unlock",
            ),
            (
                "Password has expired",
                "the password of ana@a.example@org has expired",
                "Set a new password",
            ),
            (
                "Tenant org is inactive",
                "no active organisation org",
                "Check the organisation key",
            ),
        ] {
            let failure = Failure::from(CloudError::WrongCredentials {
                user: "ana@a.example@org".into(),
                message: message.into(),
            });
            assert_eq!(failure.code, ExitCode::NotSignedIn);
            assert!(failure.message.contains(told), "{failure:?}");
            assert!(failure.hints[0].contains(hint), "{failure:?}");
            assert!(failure.source.is_some(), "the server's words are shown");
        }
    }

    #[test]
    fn a_redirect_is_told_by_where_it_leads() {
        for (location, expected) in [
            (
                "https://elsewhere.example",
                "sign in with --url https://elsewhere.example",
            ),
            (
                "https://apim.example:9444",
                "sign in with --url https://apim.example:9444",
            ),
            ("https://apim.example:9443", "back to itself"),
            ("http://apim.example:9443", "without TLS"),
            ("an unreadable address", "Check the URL"),
        ] {
            let hint = redirect_hint("apim.example:9443", location);
            assert!(hint.contains(expected), "{location}: {hint}");
            assert_eq!(hint.contains("--url"), expected.contains("--url"), "{location}: {hint}");
        }
    }

    #[test]
    fn a_missing_scope_is_told_with_its_role() {
        let failure = Failure::from(CloudError::MissingScope {
            request: crate::cloud::error::RequestName {
                method: "GET".into(),
                host: "localhost".into(),
                path: "/api/am/admin/throttling/policies/advanced".into(),
            },
            scopes: vec!["apim:tier_view".into(), "apim:admin".into()],
        });
        assert_eq!(failure.code, ExitCode::NotPermitted);
        assert!(
            failure
                .message
                .ends_with("needs the scope apim:tier_view or apim:admin"),
            "{failure:?}"
        );
        assert!(failure.hints[0].contains("the role admin"), "{failure:?}");
    }

    #[test]
    fn a_bare_email_address_is_explained() {
        for (user, expected) in [
            ("ana@meridian.example", true),
            ("ana@meridian.example@org", false),
            ("admin@carbon.super", false),
            ("admin@org", false),
            ("admin", false),
        ] {
            assert_eq!(tenant_hint(user).is_some(), expected, "{user}");
        }
    }
}
