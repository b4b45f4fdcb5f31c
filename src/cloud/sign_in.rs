//! Signing in: find the generation, register the client, get tokens, prove that they work.

use super::account::UserName;
use super::address::Address;
use super::generation::{Generation, candidates, generation, missing_scopes};
use super::http::{Call, Http, HttpOptions};
use super::oauth::{Registration, TokenClient, TokenError, Tokens, register};
use super::session::Session;
use super::{CloudError, json};
use crate::project::ControlPlaneKind;
use crate::ui::Ui;
use jiff::Timestamp;
use secrecy::SecretString;

/// Who signs in where.
#[derive(Debug)]
pub(crate) struct SignIn {
    /// Control plane.
    pub(crate) address: Address,
    /// Its generation, when the user names it.
    pub(crate) kind: Option<ControlPlaneKind>,
    /// User.
    pub(crate) user: UserName,
    /// Password.
    pub(crate) password: SecretString,
}

/// What signing in gave.
#[derive(Debug)]
pub(crate) struct SignedIn {
    /// The session, not stored yet.
    pub(crate) session: Session,
    /// Wanted scopes that were not granted.
    pub(crate) missing_scopes: Vec<&'static str>,
    /// How many APIs the user sees; `None` when that is not permitted.
    pub(crate) visible_apis: Option<u64>,
}

/// Signs in. Nothing is stored.
pub(crate) async fn sign_in(request: SignIn, options: &HttpOptions, ui: &Ui) -> Result<SignedIn, CloudError> {
    let http = Http::new(options, ui)?;
    let progress = ui.progress(format_args!("Signing in to {}", request.address));
    let (generation, client) = find_generation(&http, &request, ui).await?;
    progress.update("Getting tokens");
    let (client, tokens) = get_tokens(&http, &request, generation, client).await?;
    let mut session = Session {
        address: request.address,
        kind: generation.kind,
        user: request.user,
        client,
        access: tokens.access.clone(),
        refresh: tokens.refresh.clone(),
        issued: Timestamp::now(),
        expires: Timestamp::now(),
        // An answer without scopes means that all of them were granted.
        scopes: generation.scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        extra_roots: options.extra_roots.clone(),
    };
    session.renew(tokens, Timestamp::now());
    let missing_scopes = missing_scopes(generation.scopes, &session.scopes);
    progress.update("Reading the list of APIs");
    let visible_apis = count_apis(&http, &session).await?;
    Ok(SignedIn {
        session,
        missing_scopes,
        visible_apis,
    })
}

/// Registers the client with the first generation that has a registration endpoint at this address.
async fn find_generation(
    http: &Http,
    request: &SignIn,
    ui: &Ui,
) -> Result<(&'static Generation, Registration), CloudError> {
    let likely = candidates(request.address.is_api_cloud());
    let named = request.kind.map(|kind| [generation(kind)]);
    let tried = named.as_ref().map_or(likely.as_slice(), |named| named.as_slice());
    for generation in tried {
        let found = register(http, &request.address, generation, &request.user, &request.password).await?;
        if let Some(client) = found {
            ui.detail(format_args!("{} is {}", request.address, generation.title));
            return Ok((generation, client));
        }
    }
    Err(CloudError::NotAControlPlane {
        host: request.address.host().to_owned(),
        tried: tried.iter().map(|generation| generation.title.to_owned()).collect(),
    })
}

async fn get_tokens(
    http: &Http,
    request: &SignIn,
    generation: &'static Generation,
    mut client: Registration,
) -> Result<(Registration, Tokens), CloudError> {
    let mut may_register_again = true;
    loop {
        let result = TokenClient::new(http, &request.address, generation, &client)
            .password(&request.user, &request.password, generation.scopes)
            .await;
        match result {
            Ok(tokens) => return Ok((client, tokens)),
            Err(TokenError::InvalidClient(_)) if may_register_again => {
                may_register_again = false;
                let again = register(http, &request.address, generation, &request.user, &request.password).await?;
                client = again.unwrap_or(client);
            }
            Err(TokenError::InvalidGrant(message) | TokenError::InvalidClient(message)) => {
                return Err(CloudError::WrongCredentials {
                    user: request.user.to_string(),
                    message,
                });
            }
            Err(TokenError::Cloud(error)) => return Err(error),
        }
    }
}

/// Proves that token and base path are good. A user without a publisher role is signed in all the same.
async fn count_apis(http: &Http, session: &Session) -> Result<Option<u64>, CloudError> {
    let path = session.generation().publisher.iter().copied().chain(["apis"]);
    let call = Call::get(session.address.join(path))
        .query("limit", "1")
        .bearer(&session.access);
    let answer = http.send(&call).await?;
    if matches!(answer.status, 401 | 403) {
        return Ok(None);
    }
    let document = answer.require_success()?.json()?;
    let total = json::member(&document, "pagination").and_then(|pagination| json::count(pagination, "total"));
    Ok(Some(
        total.or_else(|| json::count(&document, "count")).unwrap_or_default(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::http::tests::{quick, silent};
    use crate::cloud::test_server::{Received, Reply, TestServer};
    use secrecy::ExposeSecret;
    use serde_json::json;
    use std::sync::atomic::{AtomicBool, Ordering};

    const REGISTERED: &[u8] =
        b"{\"clientId\":\"id\",\"clientSecret\":\"secret\",\"clientName\":null,\"jsonString\":\"a\nb\"}";

    fn request(server: &TestServer, kind: Option<ControlPlaneKind>) -> SignIn {
        SignIn {
            address: Address::unchecked(server.url()),
            kind,
            user: UserName::in_organisation("ana@meridian.example", "meridianpay").unwrap(),
            password: "pass:word".to_owned().into(),
        }
    }

    fn registered() -> Reply {
        let mut reply = Reply::text(200, "application/json", "");
        reply.body = REGISTERED.to_vec();
        reply
    }

    fn tokens(scope: &str) -> Reply {
        Reply::json(
            200,
            json!({"access_token": "a", "refresh_token": "r", "token_type": "Bearer", "expires_in": 10, "scope": scope}),
        )
    }

    fn api_cloud(request: &Received) -> Reply {
        match request.target.as_str() {
            "/client-registration/register" => registered(),
            "/token" => tokens("apim:subscribe apim:api_view"),
            "/api/am/publisher/apis?limit=1" => Reply::json(200, json!({"count": 1, "pagination": {"total": 5}})),
            _ => Reply::text(404, "text/html", "no"),
        }
    }

    #[tokio::test]
    async fn the_generation_is_found_and_missing_scopes_are_told() {
        let server = TestServer::start(api_cloud);
        let result = sign_in(request(&server, None), &quick(), &silent()).await.unwrap();
        assert_eq!(result.session.kind, ControlPlaneKind::ApiCloud);
        assert_eq!(result.session.scopes, ["apim:api_view", "apim:subscribe"]);
        assert_eq!(
            result.missing_scopes.len(),
            result.session.generation().scopes.len() - 2
        );
        assert_eq!(result.visible_apis, Some(5));
        assert_eq!(result.session.refresh.unwrap().expose_secret(), "r");
        let received = server.received();
        let basic = received[0].authorization.as_deref();
        // base64 of ana@meridian.example@meridianpay:pass:word
        assert_eq!(
            basic,
            Some("Basic YW5hQG1lcmlkaWFuLmV4YW1wbGVAbWVyaWRpYW5wYXk6cGFzczp3b3Jk")
        );
        assert!(
            received[0]
                .body
                .contains("\"owner\":\"ana@meridian.example@meridianpay\"")
        );
        assert_eq!(received[3].authorization.as_deref(), Some("Bearer a"));
    }

    #[tokio::test]
    async fn a_named_generation_is_not_replaced_by_another() {
        let server = TestServer::start(api_cloud);
        let error = sign_in(request(&server, Some(ControlPlaneKind::Apim32)), &quick(), &silent()).await;
        let error = error.unwrap_err().to_string();
        assert_eq!(error, "127.0.0.1 is not a control plane of a known kind");
        assert_eq!(server.received().len(), 1);
    }

    #[tokio::test]
    async fn a_wrong_password_is_told_at_either_step() {
        for (registration, token) in [(401, 200), (200, 400)] {
            let server = TestServer::start(move |request| match (request.target.as_str(), registration) {
                ("/client-registration/v0.17/register", 200) => registered(),
                ("/client-registration/v0.17/register", status) => Reply::json(status, json!({"description": "no"})),
                _ => Reply::json(token, json!({"error": "invalid_grant", "error_description": "locked"})),
            });
            let error = sign_in(request(&server, None), &quick(), &silent()).await.unwrap_err();
            assert!(matches!(error, CloudError::WrongCredentials { .. }), "{error}");
            assert!(!format!("{error:?}").contains("pass:word"));
        }
    }

    #[tokio::test]
    async fn a_forgotten_client_is_registered_again() {
        let forgotten = AtomicBool::new(true);
        let server = TestServer::start(move |request| match request.target.as_str() {
            "/token" if forgotten.swap(false, Ordering::Relaxed) => {
                Reply::json(401, json!({"error": "invalid_client"}))
            }
            _ => api_cloud(request),
        });
        let kind = Some(ControlPlaneKind::ApiCloud);
        assert!(sign_in(request(&server, kind), &quick(), &silent()).await.is_ok());
        assert_eq!(server.received().len(), 5);
    }

    #[tokio::test]
    async fn a_user_who_may_not_read_apis_is_signed_in_all_the_same() {
        let server = TestServer::start(|request| match request.target.as_str() {
            "/api/am/publisher/apis?limit=1" => Reply::json(401, json!({"description": "Unauthenticated request"})),
            _ => api_cloud(request),
        });
        let result = sign_in(request(&server, None), &quick(), &silent()).await.unwrap();
        assert_eq!(result.visible_apis, None);
    }

    #[tokio::test]
    async fn gateway_faults_keep_their_status() {
        let server = TestServer::start(|request| match request.target.as_str() {
            "/token" => Reply::text(
                503,
                "application/xml",
                "<ams:fault><ams:message>Down</ams:message></ams:fault>",
            ),
            _ => api_cloud(request),
        });
        let error = sign_in(request(&server, None), &quick(), &silent()).await.unwrap_err();
        assert_eq!(error.to_string(), "POST /token answered 503: Down");
    }
}
