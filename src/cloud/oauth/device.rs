//! The device flow: the user types a code in on another device, and we ask until that is done.

use super::tokens::{Carried, carry, taken};
use super::{TokenClient, TokenError, Tokens};
use crate::cloud::CloudError;
use crate::cloud::http::shorten;
use oauth2::{
    DeviceAuthorizationUrl, DeviceCodeErrorResponse, DeviceCodeErrorResponseType, RequestTokenError, Scope,
    StandardDeviceAuthorizationResponse,
};
use std::time::Duration;
use url::Url;

/// The least time between two questions, whatever the server says.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);

/// The longest that the user is waited for, whatever the server says.
const LONGEST_WAIT: Duration = Duration::from_secs(1800);

/// What the user has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeviceCode {
    /// The code to type in.
    pub(crate) user_code: String,
    /// The page to type it in on.
    pub(crate) page: String,
    /// The same page with the code in its address, where the server offers one.
    pub(crate) complete_page: Option<String>,
    /// How long the code is good for.
    pub(crate) lifetime: Duration,
}

/// Why the device flow ended without tokens.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeviceError {
    /// The user said no.
    #[error("the sign-in was denied on the other device")]
    Denied,
    /// Nobody typed the code in.
    #[error("the code was not typed in in time")]
    Expired,
    /// Anything else.
    #[error(transparent)]
    Token(#[from] TokenError),
}

impl TokenClient {
    /// Gets a code for the user, shows it with `show`, and asks with the pauses that the server wants until the user has
    /// decided. `sleep` makes the pauses.
    ///
    /// # Errors
    ///
    /// When the user denies, when the code expires, and as for every grant.
    pub(crate) async fn device<F>(
        &self,
        page: Url,
        scopes: &[&str],
        show: impl FnOnce(&DeviceCode),
        sleep: impl Fn(Duration) -> F,
    ) -> Result<Tokens, DeviceError>
    where
        F: Future<Output = ()>,
    {
        let client = self
            .client
            .clone()
            .set_device_authorization_url(DeviceAuthorizationUrl::from_url(page));
        let details: StandardDeviceAuthorizationResponse = client
            .exchange_device_code()
            .add_scopes(scopes.iter().map(|scope| Scope::new((*scope).to_owned())))
            .request_async(&|request| carry(&self.http, request))
            .await
            .map_err(|error| self.refused(error))?;
        show(&DeviceCode {
            user_code: details.user_code().secret().clone(),
            page: details.verification_uri().to_string(),
            complete_page: details.verification_uri_complete().map(|page| page.secret().clone()),
            lifetime: details.expires_in(),
        });
        // The first question too waits: nobody has typed the code in yet.
        sleep(details.interval().max(SHORTEST_INTERVAL)).await;
        let result = client
            .exchange_device_access_token(&details)
            .request_async(
                &|request| carry(&self.http, request),
                |pause| sleep(pause.max(SHORTEST_INTERVAL)),
                Some(details.expires_in().min(LONGEST_WAIT)),
            )
            .await;
        result.map(|answer| taken(&answer)).map_err(|error| self.ended(error))
    }

    fn ended(&self, error: RequestTokenError<Carried, DeviceCodeErrorResponse>) -> DeviceError {
        let error = match error {
            RequestTokenError::ServerResponse(response) => {
                let said = || {
                    let description = response.error_description().map(String::as_str);
                    shorten(description.unwrap_or(response.error().as_ref()))
                };
                return match response.error() {
                    DeviceCodeErrorResponseType::AccessDenied => DeviceError::Denied,
                    DeviceCodeErrorResponseType::ExpiredToken => DeviceError::Expired,
                    DeviceCodeErrorResponseType::Basic(oauth2::basic::BasicErrorResponseType::InvalidClient) => {
                        TokenError::InvalidClient(said()).into()
                    }
                    _ => TokenError::InvalidGrant(said()).into(),
                };
            }
            RequestTokenError::Request(Carried(error)) => error,
            RequestTokenError::Parse(..) => self.unreadable("something that is not a token answer"),
            RequestTokenError::Other(problem) => self.unreadable(&problem),
        };
        DeviceError::Token(TokenError::Cloud(error))
    }
}

impl From<DeviceError> for CloudError {
    fn from(error: DeviceError) -> Self {
        match error {
            DeviceError::Token(TokenError::Cloud(error)) => error,
            DeviceError::Token(TokenError::InvalidClient(message)) => Self::ClientRefused { message },
            other => Self::GrantRefused {
                message: other.to_string(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::address::Address;
    use crate::cloud::generation::generation;
    use crate::cloud::http::Http;
    use crate::cloud::http::tests::{quick, silent};
    use crate::cloud::oauth::Registration;
    use crate::cloud::test_server::{Reply, TestServer};
    use crate::project::ControlPlaneKind;
    use secrecy::ExposeSecret;
    use serde_json::json;
    use std::sync::Mutex;

    /// A server that answers the questions for tokens with these errors in turn, then with tokens.
    fn server(errors: &'static [&'static str]) -> TestServer {
        let asked = Mutex::new(0);
        TestServer::start(move |request| match request.target.as_str() {
            "/oauth2/device_authorize" => Reply::json(
                200,
                json!({"device_code": "d", "user_code": "ABCDEF", "verification_uri": "https://x.example/device",
                    "expires_in": 600, "interval": 5}),
            ),
            _ => {
                let mut asked = asked.lock().unwrap();
                *asked += 1;
                match errors.get(*asked - 1) {
                    Some(error) => Reply::json(400, json!({"error": error, "error_description": "said"})),
                    None => Reply::json(
                        200,
                        json!({"access_token": "a", "token_type": "Bearer", "expires_in": 10}),
                    ),
                }
            }
        })
    }

    async fn flow(errors: &'static [&'static str]) -> (Result<Tokens, DeviceError>, Vec<u64>, Vec<DeviceCode>) {
        let server = server(errors);
        let http = Http::new(&quick(), &silent()).unwrap();
        let address = Address::unchecked(server.url());
        let public = Registration {
            id: "id".into(),
            secret: None,
        };
        let client = TokenClient::new(&http, &address, generation(ControlPlaneKind::Apim42), &public);
        let (pauses, shown) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
        let result = client
            .device(
                address.join(["oauth2", "device_authorize"]),
                &["a"],
                |code| shown.lock().unwrap().push(code.clone()),
                |pause| {
                    pauses.lock().unwrap().push(pause.as_secs());
                    std::future::ready(())
                },
            )
            .await;
        assert!(
            server
                .received()
                .iter()
                .all(|request| request.body.contains("client_id=id"))
        );
        (result, pauses.into_inner().unwrap(), shown.into_inner().unwrap())
    }

    #[tokio::test]
    async fn the_server_sets_the_pace() {
        let (result, pauses, shown) = flow(&["authorization_pending", "slow_down", "authorization_pending"]).await;
        assert_eq!(result.unwrap().access.expose_secret(), "a");
        assert_eq!(pauses, [5, 5, 10, 10]);
        assert_eq!(shown[0].user_code, "ABCDEF");
        assert_eq!(shown[0].page, "https://x.example/device");
    }

    #[tokio::test]
    async fn a_no_and_an_end_are_told() {
        let (denied, ..) = flow(&["authorization_pending", "access_denied"]).await;
        assert!(matches!(denied, Err(DeviceError::Denied)), "{denied:?}");
        let (expired, ..) = flow(&["expired_token"]).await;
        assert!(matches!(expired, Err(DeviceError::Expired)), "{expired:?}");
        let (client, ..) = flow(&["invalid_client"]).await;
        assert!(
            matches!(client, Err(DeviceError::Token(TokenError::InvalidClient(_)))),
            "{client:?}"
        );
    }
}
