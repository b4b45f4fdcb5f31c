//! Failures of the conversation with the control plane.

use super::Failure;
use crate::cloud::CloudError;
use crate::cloud::account::{AccountError, SUPER_TENANT};
use crate::cloud::address::AddressError;
use crate::cloud::http::HeaderError;
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
            CloudError::Unreachable { request, source } => failure(ExitCode::Unreachable)
                .because(source.without_url())
                .hint(format!(
                    "Check that {} is right and reachable from here; a proxy is taken from HTTPS_PROXY.",
                    request.host
                )),
            CloudError::Certificate { source, .. } => failure(ExitCode::Unreachable)
                .because(source.without_url())
                .hint("If the server has a certificate of its own making, give its authority with --ca FILE."),
            CloudError::TimedOut { .. } => {
                failure(ExitCode::Unreachable).hint("Try again, or allow more seconds with MGW_HTTP_TIMEOUT.")
            }
            CloudError::Redirected { location, .. } => failure(ExitCode::ControlPlane).hint(format!(
                "Credentials do not follow redirects. If {location} is your control plane, sign in with --url {location}."
            )),
            CloudError::Status { status, .. } => match status {
                403 => failure(ExitCode::NotPermitted)
                    .hint("Ask an administrator of your organisation for access to this object."),
                404 => failure(ExitCode::ControlPlane)
                    .hint("If the path itself is unknown there, name the generation with mgw login --kind."),
                429 => failure(ExitCode::ControlPlane).hint("The control plane limits requests; try again in a minute."),
                500.. => failure(ExitCode::ControlPlane).hint("The fault is on the control plane's side; try again later."),
                _ => failure(ExitCode::ControlPlane).hint("Run again with -v to see every request."),
            },
            CloudError::Answer { .. } => failure(ExitCode::ControlPlane)
                .hint("Something between here and the control plane may answer in its place; check the URL and the proxy."),
            CloudError::NotAControlPlane { tried, .. } => failure(ExitCode::ControlPlane)
                .hint(format!("It was asked as {}.", tried.join(" and as ")))
                .hint("Check --url; name the generation with --kind if you know it."),
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
                let failure = failure(ExitCode::NotSignedIn)
                    .hint("Check e-mail address, organisation key and password; the password is the one of the web login.");
                let failure = match tenant_hint(&user) {
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
            CloudError::MissingScope { .. } => failure(ExitCode::NotPermitted)
                .hint("The role behind it was missing at sign-in. Ask an administrator for it, then run mgw login again."),
            CloudError::Session(error) => error.into(),
        }
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
    if profile == DEFAULT_PROFILE {
        "Run mgw login.".to_owned()
    } else {
        format!("Run mgw login --profile {profile}.")
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
