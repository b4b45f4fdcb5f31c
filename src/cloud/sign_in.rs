//! Signing in: find the generation, and make a session of the tokens that it issued.

use super::CloudError;
use super::account::UserName;
use super::address::Address;
use super::detection::detect;
use super::generation::missing_scopes;
use super::http::{Http, HttpOptions};
use super::session::{Method, Session};
use crate::project::ControlPlaneKind;
use crate::ui::Ui;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

/// Who signs in where.
#[derive(Debug)]
pub(crate) struct SignIn {
    /// Control plane.
    pub(crate) address: Address,
    /// Its generation, when the user names it.
    pub(crate) kind: Option<ControlPlaneKind>,
    /// Name of the client that is registered.
    pub(crate) client_name: String,
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
    /// When the clocks of the control plane and of this machine differ so much that tokens are misjudged.
    pub(crate) clock_skew: Option<ClockSkew>,
}

/// Two clocks that differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClockSkew {
    /// What the control plane's clock said.
    pub(crate) server: Timestamp,
    /// What ours said.
    pub(crate) here: Timestamp,
}

impl ClockSkew {
    /// More than this is told. Checks of tokens allow for about as much.
    const LARGEST: SignedDuration = SignedDuration::from_mins(5);

    /// The difference, if it is to be told.
    pub(crate) fn between(server: Timestamp, here: Timestamp) -> Option<Self> {
        let apart = server.duration_since(here).abs();
        (apart > Self::LARGEST).then_some(Self { server, here })
    }

    /// By how much, as a sentence without a full stop.
    pub(crate) fn sentence(self) -> String {
        let apart = self.here.duration_since(self.server);
        let direction = if apart.is_positive() { "ahead of" } else { "behind" };
        format!(
            "the clock here is {} {direction} that of the control plane, which says {}",
            about(apart.abs()),
            self.server
        )
    }
}

/// A span of time in its largest unit.
fn about(span: SignedDuration) -> String {
    let seconds = span.as_secs();
    let (count, unit) = match seconds {
        86_400.. => (seconds / 86_400, "day"),
        3600.. => (seconds / 3600, "hour"),
        _ => (seconds / 60, "minute"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

/// Signs in. Nothing is stored.
pub(crate) async fn sign_in(request: SignIn, options: &HttpOptions, ui: &Ui) -> Result<SignedIn, CloudError> {
    let http = Http::new(options, ui)?;
    let progress = ui.progress(format_args!("Signing in to {}", request.address));
    let found = detect(&http, &request, ui).await?;
    drop(progress);
    let now = Timestamp::now();
    let mut session = Session {
        address: request.address,
        kind: found.generation.kind,
        doubt: found.doubt,
        method: Method::Password,
        user: request.user,
        client: Some(found.client),
        access: found.tokens.access.clone(),
        refresh: found.tokens.refresh.clone(),
        issued: now,
        expires: now,
        // An answer without scopes means that all of them were granted.
        scopes: found.asked.iter().map(|scope| (*scope).to_owned()).collect(),
        extra_roots: options.extra_roots.clone(),
        headers: options.headers.clone(),
        gateway: None,
    };
    session.renew(found.tokens, now);
    Ok(SignedIn {
        missing_scopes: missing_scopes(&found.generation.wanted_scopes(), &session.scopes),
        visible_apis: found.visible_apis,
        clock_skew: found.server_time.and_then(|server| ClockSkew::between(server, now)),
        session,
    })
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
            client_name: "mgw-default-1".to_owned(),
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
            result.session.generation().wanted_scopes().len() - 2
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
        let last = received.last().and_then(|request| request.authorization.as_deref());
        assert_eq!(last, Some("Bearer a"));
    }

    #[test]
    fn clocks_that_differ_by_more_than_tokens_allow_are_told() {
        let now: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        for (server, expected) in [
            ("2026-03-01T12:00:00Z", false),
            ("2026-03-01T12:05:00Z", false),
            ("2026-03-01T12:05:01Z", true),
            ("2026-03-01T11:54:00Z", true),
            ("2026-03-02T12:00:00Z", true),
        ] {
            let skew = ClockSkew::between(server.parse().unwrap(), now);
            assert_eq!(skew.is_some(), expected, "{server}");
        }
    }

    #[test]
    fn a_difference_of_clocks_is_told_with_its_size_and_direction() {
        let server: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        for (seconds, expected) in [
            (0, None),
            (299, None),
            (-299, None),
            (420, Some("7 minutes ahead of")),
            (-420, Some("7 minutes behind")),
            (3700, Some("1 hour ahead of")),
            (-2 * 86_400, Some("2 days behind")),
        ] {
            let skew = ClockSkew::between(server, server + SignedDuration::from_secs(seconds));
            let told = skew.map(ClockSkew::sentence);
            let expected = expected.map(|how| {
                format!("the clock here is {how} that of the control plane, which says 2026-01-02T03:04:05Z")
            });
            assert_eq!(told, expected, "{seconds}");
        }
    }

    #[tokio::test]
    async fn a_clock_that_is_a_day_off_is_found() {
        let server = TestServer::start(|request| {
            let mut reply = api_cloud(request);
            reply.headers.push(("Date", "Sun, 06 Nov 1994 08:49:37 GMT".to_owned()));
            reply
        });
        let result = sign_in(request(&server, None), &quick(), &silent()).await.unwrap();
        let skew = result.clock_skew.unwrap();
        assert_eq!(skew.server.to_string(), "1994-11-06T08:49:37Z");
    }

    #[tokio::test]
    async fn another_spelling_of_the_user_is_told() {
        let server = TestServer::start(|_| {
            Reply::json(
                400,
                json!({"code": 400, "description": "Logged in user 'a' and application owner 'A' should be same."}),
            )
        });
        let error = sign_in(request(&server, None), &quick(), &silent()).await.unwrap_err();
        assert!(matches!(error, CloudError::OtherSpelling { .. }), "{error}");
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
