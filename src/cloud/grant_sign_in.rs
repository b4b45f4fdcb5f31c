//! Signing in with a client that the user names: in the browser, on another device, or as the client itself.

use super::CloudError;
use super::account::UserName;
use super::address::Address;
use super::detection::{Recognised, recognise, visible_apis};
use super::generation::{Generation, families, first_scopes, generation, missing_scopes};
use super::http::{Http, HttpOptions};
use super::oauth::browser::{Authorization, Listener, open_in_browser};
use super::oauth::{DeviceCode, Registration, TokenClient, TokenError, Tokens, token_claims};
use super::session::{Method, Session};
use super::sign_in::{ClockSkew, SignedIn};
use crate::project::ControlPlaneKind;
use crate::ui::Ui;
use jiff::Timestamp;
use std::time::Duration;
use url::Url;

/// How long the browser is waited for.
const BROWSER_PATIENCE: Duration = Duration::from_secs(600);

/// Makes the control plane say who signed in, where it can.
const OPENID: &str = "openid";

/// A grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grant {
    /// In the browser of this machine.
    Browser {
        /// The port that the browser comes back to; 0 takes a free one.
        port: u16,
        /// Whether the browser is opened.
        open: bool,
    },
    /// On another device.
    Device,
    /// As the client itself.
    ClientCredentials,
}

impl Grant {
    fn method(self) -> Method {
        match self {
            Self::Browser { .. } => Method::Browser,
            Self::Device => Method::Device,
            Self::ClientCredentials => Method::ClientCredentials,
        }
    }
}

/// Who signs in where, and how.
#[derive(Debug)]
pub(crate) struct GrantSignIn {
    /// Control plane.
    pub(crate) address: Address,
    /// Its generation, when the user names it.
    pub(crate) kind: Option<ControlPlaneKind>,
    /// The client.
    pub(crate) client: Registration,
    /// Who signs in, where the user says so.
    pub(crate) user: Option<UserName>,
    /// How.
    pub(crate) grant: Grant,
}

/// What the user has to do elsewhere.
#[derive(Debug)]
pub(crate) enum Instruction<'a> {
    /// Sign in on this page. The second says whether a browser was opened.
    Browser(&'a Url, bool),
    /// Type a code in on another device.
    Device(&'a DeviceCode),
}

/// Signs in. Nothing is stored. `tell` tells the user what to do elsewhere.
pub(crate) async fn sign_in_with_grant(
    request: GrantSignIn,
    options: &HttpOptions,
    ui: &Ui,
    tell: impl Fn(Instruction<'_>),
) -> Result<SignedIn, CloudError> {
    let http = Http::new(options, ui)?;
    let likely = likely(&request);
    let mut scopes = match request.kind {
        Some(kind) => generation(kind).wanted_scopes(),
        None => first_scopes(&likely),
    };
    let first = likely.first().copied().unwrap_or(generation(ControlPlaneKind::Apim42));
    let client = TokenClient::new(&http, &request.address, first, &request.client);
    let tokens = match request.grant {
        Grant::ClientCredentials => {
            let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
            as_client(&http, &request, &scopes).await?
        }
        Grant::Browser { port, open } => {
            scopes.push(OPENID);
            in_browser(&request, first, &client, (port, open), &scopes, &tell).await?
        }
        Grant::Device => {
            scopes.push(OPENID);
            let page = request.address.join(beside_token(first, "device_authorize"));
            let shown = |code: &DeviceCode| tell(Instruction::Device(code));
            let result = client.device(page, &scopes, shown, tokio::time::sleep).await;
            result.map_err(CloudError::from).map_err(|error| match error.status() {
                Some(404 | 405) => CloudError::NotOffered {
                    host: request.address.host_and_port(),
                    what: "the device flow",
                },
                _ => error,
            })?
        }
    };
    finish(request, tokens, &scopes, &http, options, ui).await
}

/// The generations that the address may be of; their OAuth endpoints are at the same place.
fn likely(request: &GrantSignIn) -> Vec<&'static Generation> {
    match request.kind {
        Some(kind) => vec![generation(kind)],
        None => families(request.address.is_api_cloud())
            .into_iter()
            .next()
            .unwrap_or_default(),
    }
}

/// Signs in as the client, wherever tokens come from: nobody had to be led to a page before.
async fn as_client(http: &Http, request: &GrantSignIn, scopes: &[String]) -> Result<Tokens, CloudError> {
    let mut absent = None;
    for place in token_places(request) {
        let client = TokenClient::new(http, &request.address, place, &request.client);
        match client.client_credentials(scopes).await.map_err(refused) {
            Err(error) if matches!(error.status(), Some(404 | 405)) => absent = Some(error),
            result => return result,
        }
    }
    Err(absent.unwrap_or_else(|| CloudError::NotOffered {
        host: request.address.host_and_port(),
        what: "the client credentials grant",
    }))
}

/// One generation for each place where the address may issue tokens.
fn token_places(request: &GrantSignIn) -> Vec<&'static Generation> {
    let likely = match request.kind {
        Some(kind) => vec![generation(kind)],
        None => families(request.address.is_api_cloud()).concat(),
    };
    let mut places: Vec<&'static Generation> = Vec::new();
    for one in likely {
        if places.iter().all(|known| known.token != one.token) {
            places.push(one);
        }
    }
    places
}

/// The path of an endpoint that lies beside the token endpoint.
fn beside_token(generation: &'static Generation, name: &'static str) -> impl Iterator<Item = &'static str> {
    let folder = generation.token.split_last().map_or(&[][..], |(_, folder)| folder);
    folder.iter().copied().chain([name])
}

async fn in_browser(
    request: &GrantSignIn,
    generation: &'static Generation,
    client: &TokenClient,
    (port, open): (u16, bool),
    scopes: &[&str],
    tell: &impl Fn(Instruction<'_>),
) -> Result<Tokens, CloudError> {
    let listener = Listener::bind(port)
        .await
        .map_err(|source| CloudError::Listen { port, source })?;
    let redirect_uri = listener.redirect_uri();
    let page = request.address.join(beside_token(generation, "authorize"));
    let authorization = Authorization::new(page, &request.client.id, &redirect_uri, scopes);
    let opened = open && open_in_browser(&authorization.url);
    tell(Instruction::Browser(&authorization.url, opened));
    let waited = tokio::time::timeout(BROWSER_PATIENCE, listener.wait(&authorization.state)).await;
    let unanswered = || CloudError::GrantRefused {
        message: "the browser did not come back with an answer".to_owned(),
    };
    let code = waited
        .ok()
        .flatten()
        .ok_or_else(unanswered)?
        .map_err(|refused| CloudError::GrantRefused {
            message: match refused.description.is_empty() {
                true => refused.error,
                false => format!("{}: {}", refused.error, refused.description),
            },
        })?;
    client
        .code(&code, redirect_uri, authorization.verifier)
        .await
        .map_err(refused)
}

fn refused(error: TokenError) -> CloudError {
    match error {
        TokenError::Cloud(error) => error,
        TokenError::InvalidClient(message) => CloudError::ClientRefused { message },
        TokenError::InvalidGrant(message) => CloudError::GrantRefused { message },
    }
}

/// Finds the generation and makes the session.
async fn finish(
    request: GrantSignIn,
    tokens: Tokens,
    asked: &[&str],
    http: &Http,
    options: &HttpOptions,
    ui: &Ui,
) -> Result<SignedIn, CloudError> {
    let Recognised {
        generation,
        answer,
        doubt,
    } = recognise(http, &request.address, request.kind, &tokens.access, ui).await?;
    let now = Timestamp::now();
    let clock_skew = answer.date.and_then(|server| ClockSkew::between(server, now));
    let told = tokens.user.clone().or_else(|| token_claims(&tokens.access).subject);
    let user = request
        .user
        .or_else(|| told.and_then(|name| UserName::complete(&name).ok()))
        .unwrap_or_else(|| UserName::unknown(None));
    if generation.kind == ControlPlaneKind::ApiCloud && !user.names_organisation() {
        return Err(CloudError::NoOrganisation);
    }
    let mut session = Session {
        address: request.address,
        kind: generation.kind,
        doubt,
        method: request.grant.method(),
        user,
        client: Some(request.client),
        access: tokens.access.clone(),
        refresh: tokens.refresh.clone(),
        issued: now,
        expires: now,
        scopes: asked.iter().map(|scope| (*scope).to_owned()).collect(),
        extra_roots: options.extra_roots.clone(),
        headers: options.headers.clone(),
        gateway: None,
    };
    session.renew(tokens, now);
    Ok(SignedIn {
        missing_scopes: missing_scopes(&generation.wanted_scopes(), &session.scopes),
        visible_apis: visible_apis(answer)?,
        clock_skew,
        session,
    })
}
