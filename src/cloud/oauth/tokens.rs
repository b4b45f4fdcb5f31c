//! The token endpoint: grants, refresh, revocation.

use super::{Registration, token_claims};
use crate::cloud::CloudError;
use crate::cloud::account::UserName;
use crate::cloud::address::Address;
use crate::cloud::generation::Generation;
use crate::cloud::http::{Call, Http, Repeat, shorten};
use oauth2::basic::{
    BasicErrorResponse, BasicErrorResponseType, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse,
    BasicTokenType,
};
use oauth2::{
    AccessToken, AuthType, AuthorizationCode, ClientId, ClientSecret, EndpointNotSet, EndpointSet, ExtraTokenFields,
    PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError, ResourceOwnerPassword, ResourceOwnerUsername,
    RevocationUrl, Scope, StandardRevocableToken, StandardTokenResponse, TokenResponse, TokenUrl,
};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;

/// Lifetime of a token whose answer names none.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(3600);

/// Lifetimes beyond this mean "never expires"; a bound keeps dates representable.
const LONGEST_LIFETIME: Duration = Duration::from_secs(10 * 365 * 86_400);

/// What OpenID Connect adds to an answer.
#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct IdToken {
    #[serde(default)]
    id_token: Option<String>,
}

impl ExtraTokenFields for IdToken {}

/// An answer of the token endpoint.
pub(super) type Answer = StandardTokenResponse<IdToken, BasicTokenType>;

/// The library's client for such answers.
type Client<Device = EndpointNotSet> = oauth2::Client<
    BasicErrorResponse,
    Answer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    Device,
    EndpointNotSet,
    EndpointSet,
    EndpointSet,
>;

/// Tokens as they were issued.
#[derive(Debug, Clone)]
pub(crate) struct Tokens {
    /// Bearer token.
    pub(crate) access: SecretString,
    /// Refresh token, good for one use.
    pub(crate) refresh: Option<SecretString>,
    /// Lifetime of the access token, from the time of the answer.
    pub(crate) lifetime: Duration,
    /// Granted scopes; `None` when the answer does not say, which means those that were asked for.
    pub(crate) scopes: Option<Vec<String>>,
    /// The user, where an ID token names one.
    pub(crate) user: Option<String>,
}

/// Why no tokens were issued.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    /// User, password or refresh token are not accepted.
    #[error("the credentials are not accepted: {0}")]
    InvalidGrant(String),
    /// The client is not accepted.
    #[error("the registered client is not accepted: {0}")]
    InvalidClient(String),
    /// Anything else.
    #[error(transparent)]
    Cloud(#[from] CloudError),
}

/// Talks to the token and revocation endpoints as a registered client.
pub(crate) struct TokenClient {
    pub(super) client: Client,
    pub(super) http: Http,
    request: crate::cloud::error::RequestName,
}

impl TokenClient {
    /// A client for one control plane.
    pub(crate) fn new(http: &Http, address: &Address, generation: &Generation, registration: &Registration) -> Self {
        let token = address.join(generation.token.iter().copied());
        let revocation = address.join(generation.revocation.iter().copied());
        let mut client = oauth2::Client::new(ClientId::new(registration.id.clone())).set_auth_type(AuthType::BasicAuth);
        // A client without a secret names itself in the form.
        if let Some(secret) = &registration.secret {
            client = client.set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()));
        }
        let client = client
            .set_token_uri(TokenUrl::from_url(token.clone()))
            .set_revocation_url(RevocationUrl::from_url(revocation));
        Self {
            client,
            http: http.clone(),
            request: Call::post(token, "", Vec::new()).name(),
        }
    }

    /// Gets tokens for a user.
    pub(crate) async fn password(
        &self,
        user: &UserName,
        password: &SecretString,
        scopes: &[&str],
    ) -> Result<Tokens, TokenError> {
        let user = ResourceOwnerUsername::new(user.as_str().to_owned());
        let password = ResourceOwnerPassword::new(password.expose_secret().to_owned());
        let result = self
            .client
            .exchange_password(&user, &password)
            .add_scopes(scopes.iter().map(|scope| Scope::new((*scope).to_owned())))
            .request_async(&|request| carry(&self.http, request))
            .await;
        self.tokens(result)
    }

    /// Gets a token for the client itself, as applications do.
    pub(crate) async fn client_credentials(&self, scopes: &[String]) -> Result<Tokens, TokenError> {
        let result = self
            .client
            .exchange_client_credentials()
            .add_scopes(scopes.iter().cloned().map(Scope::new))
            .request_async(&|request| carry(&self.http, request))
            .await;
        self.tokens(result)
    }

    /// Trades an authorisation code for tokens.
    pub(crate) async fn code(
        &self,
        code: &SecretString,
        redirect_uri: String,
        verifier: PkceCodeVerifier,
    ) -> Result<Tokens, TokenError> {
        let redirect = RedirectUrl::new(redirect_uri).map_err(|error| CloudError::Setup(Box::new(error)))?;
        let result = self
            .client
            .exchange_code(AuthorizationCode::new(code.expose_secret().to_owned()))
            .set_pkce_verifier(verifier)
            .set_redirect_uri(std::borrow::Cow::Owned(redirect))
            .request_async(&|request| carry(&self.http, request))
            .await;
        self.tokens(result)
    }

    /// Trades a refresh token for new tokens; the old one is dead afterwards.
    pub(crate) async fn refresh(&self, refresh: &SecretString) -> Result<Tokens, TokenError> {
        let refresh = RefreshToken::new(refresh.expose_secret().to_owned());
        let result = self
            .client
            .exchange_refresh_token(&refresh)
            .request_async(&|request| carry(&self.http, request))
            .await;
        self.tokens(result)
    }

    /// Revokes the refresh token, then the access token.
    pub(crate) async fn revoke(&self, access: &SecretString, refresh: Option<&SecretString>) -> Result<(), CloudError> {
        let refresh = refresh
            .map(|token| StandardRevocableToken::RefreshToken(RefreshToken::new(token.expose_secret().to_owned())));
        let access = StandardRevocableToken::AccessToken(AccessToken::new(access.expose_secret().to_owned()));
        for token in refresh.into_iter().chain([access]) {
            self.client
                .revoke_token(token)
                .map_err(|error| CloudError::Setup(Box::new(error)))?
                .request_async(&|request| carry(&self.http, request))
                .await
                .map_err(|error| match error {
                    RequestTokenError::Request(Carried(error)) => error,
                    other => self.unreadable(&other.to_string()),
                })?;
        }
        Ok(())
    }

    fn tokens(
        &self,
        result: Result<Answer, RequestTokenError<Carried, BasicErrorResponse>>,
    ) -> Result<Tokens, TokenError> {
        Ok(taken(&result.map_err(|error| self.refused(error))?))
    }

    pub(super) fn refused(&self, error: RequestTokenError<Carried, BasicErrorResponse>) -> TokenError {
        match error {
            RequestTokenError::Request(Carried(error)) => TokenError::Cloud(error),
            RequestTokenError::ServerResponse(response) => {
                let message = response
                    .error_description()
                    .cloned()
                    .unwrap_or_else(|| response.error().as_ref().to_owned());
                let message = shorten(&message);
                match response.error() {
                    BasicErrorResponseType::InvalidGrant => TokenError::InvalidGrant(message),
                    BasicErrorResponseType::InvalidClient => TokenError::InvalidClient(message),
                    BasicErrorResponseType::UnauthorizedClient | BasicErrorResponseType::UnsupportedGrantType => {
                        TokenError::Cloud(CloudError::GrantNotAllowed { message })
                    }
                    other => TokenError::Cloud(self.unreadable(&format!("{}: {message}", shorten(other.as_ref())))),
                }
            }
            // The text of a parse error could quote the tokens.
            RequestTokenError::Parse(..) => TokenError::Cloud(self.unreadable("something that is not a token answer")),
            RequestTokenError::Other(problem) => TokenError::Cloud(self.unreadable(&problem)),
        }
    }

    pub(super) fn unreadable(&self, problem: &str) -> CloudError {
        CloudError::Answer {
            request: self.request.clone(),
            problem: problem.to_owned(),
        }
    }
}

/// Takes what is needed of an answer.
pub(super) fn taken(answer: &Answer) -> Tokens {
    let id_token = answer.extra_fields().id_token.as_ref();
    Tokens {
        access: answer.access_token().secret().clone().into(),
        refresh: answer.refresh_token().map(|token| token.secret().clone().into()),
        lifetime: answer.expires_in().unwrap_or(DEFAULT_LIFETIME).min(LONGEST_LIFETIME),
        scopes: answer
            .scopes()
            .map(|scopes| scopes.iter().map(|scope| scope.to_string()).collect()),
        user: id_token.and_then(|token| token_claims(&token.clone().into()).subject),
    }
}

/// The error type of the carrier, which must be an error of its own for the OAuth library.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct Carried(pub(super) CloudError);

/// Carries a request of the OAuth library over our client. Error answers that are not OAuth's own become our errors, so
/// that status and message survive.
pub(super) async fn carry(http: &Http, request: oauth2::HttpRequest) -> Result<oauth2::HttpResponse, Carried> {
    let (parts, body) = request.into_parts();
    let setup = |error: Box<dyn std::error::Error + Send + Sync>| Carried(CloudError::Setup(error));
    let url = parts
        .uri
        .to_string()
        .parse()
        .map_err(|error| setup(Box::<url::ParseError>::new(error)))?;
    let authorization = match parts.headers.get("authorization") {
        Some(value) => Some(
            value
                .to_str()
                .map_err(|error| setup(Box::new(error)))?
                .to_owned()
                .into(),
        ),
        None => None,
    };
    let call = Call {
        method: parts.method,
        authorization,
        // A lost answer to a refresh loses the rotated token: never send such a request twice.
        repeat: Repeat::Unsent,
        ..Call::post(url, "application/x-www-form-urlencoded", body)
    };
    let answer = http.send(&call).await.map_err(Carried)?;
    let is_oauth_error = serde_json::from_slice::<BasicErrorResponse>(&answer.body).is_ok();
    let answer = if is_oauth_error {
        answer
    } else {
        answer.require_success().map_err(Carried)?
    };
    let mut response = oauth2::HttpResponse::new(answer.body);
    if let Ok(status) = reqwest::StatusCode::from_u16(answer.status) {
        *response.status_mut() = status;
    }
    Ok(response)
}
