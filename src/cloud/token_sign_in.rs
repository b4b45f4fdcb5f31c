//! Signing in with a token that is at hand: find the generation, prove that the token works.

use super::CloudError;
use super::account::UserName;
use super::address::Address;
use super::detection::{Recognised, recognise, visible_apis};
use super::generation::missing_scopes;
use super::http::{Http, HttpOptions};
use super::oauth::{TokenClaims, token_claims};
use super::session::{Method, Session};
use super::sign_in::{ClockSkew, SignedIn};
use crate::project::ControlPlaneKind;
use crate::ui::Ui;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

/// How long a token of unknown lifetime is assumed to last. It is used until it is refused, so nothing depends on it.
const ASSUMED_LIFETIME: SignedDuration = SignedDuration::from_hours(1);

/// A token for a control plane.
#[derive(Debug)]
pub(crate) struct TokenSignIn {
    /// Control plane.
    pub(crate) address: Address,
    /// Its generation, when the user names it.
    pub(crate) kind: Option<ControlPlaneKind>,
    /// The token.
    pub(crate) access: SecretString,
    /// When it ends, where that is known.
    pub(crate) expires: Option<Timestamp>,
    /// Whose it is, where the user says so.
    pub(crate) user: Option<UserName>,
}

/// Signs in with a token. Nothing is stored.
///
/// # Errors
///
/// [`CloudError::TokenRefused`] when the token is not accepted, [`CloudError::NoOrganisation`] when API Cloud is
/// to be read and nobody knows for which organisation.
pub(crate) async fn sign_in_with_token(
    request: TokenSignIn,
    options: &HttpOptions,
    ui: &Ui,
) -> Result<SignedIn, CloudError> {
    let http = Http::new(options, ui)?;
    let progress = ui.progress(format_args!("Signing in to {}", request.address));
    let TokenClaims {
        subject,
        scopes,
        issued,
        expires,
        ..
    } = token_claims(&request.access);
    let user = request
        .user
        .or_else(|| subject.and_then(|name| UserName::complete(&name).ok()))
        .unwrap_or_else(|| UserName::unknown(None));
    let Recognised {
        generation,
        answer,
        doubt,
    } = recognise(&http, &request.address, request.kind, &request.access, ui).await?;
    drop(progress);
    let now = Timestamp::now();
    let clock_skew = answer.date.and_then(|server| ClockSkew::between(server, now));
    let visible_apis = visible_apis(answer)?;
    if visible_apis.is_none() {
        return Err(CloudError::TokenRefused);
    }
    if generation.kind == ControlPlaneKind::ApiCloud && !user.names_organisation() {
        return Err(CloudError::NoOrganisation);
    }
    Ok(SignedIn {
        clock_skew,
        missing_scopes: match scopes.is_empty() {
            true => Vec::new(),
            false => missing_scopes(&generation.wanted_scopes(), &scopes),
        },
        visible_apis,
        session: Session {
            address: request.address,
            kind: generation.kind,
            doubt,
            method: Method::Token,
            user,
            client: None,
            access: request.access,
            refresh: None,
            issued: issued.unwrap_or(now),
            expires: request
                .expires
                .or(expires)
                .or_else(|| now.checked_add(ASSUMED_LIFETIME).ok())
                .unwrap_or(Timestamp::MAX),
            scopes,
            extra_roots: options.extra_roots.clone(),
            headers: options.headers.clone(),
            gateway: None,
        },
    })
}
