//! Gets an application's access token from the control plane's key manager.

use super::CloudError;
use super::http::{Http, HttpOptions};
use super::oauth::{Registration, TokenClient, TokenError, Tokens};
use super::session::SessionStore;
use crate::failure::Failure;
use crate::ui::Ui;
use secrecy::SecretString;

/// Trades a consumer key and its secret for a token, at the control plane of the session.
///
/// # Errors
///
/// When nobody is signed in, the key manager cannot be reached, or it refuses key or secret.
pub(crate) async fn consumer_token(
    store: &SessionStore,
    options: &HttpOptions,
    consumer_key: &str,
    consumer_secret: SecretString,
    scopes: &[String],
    ui: &Ui,
) -> Result<Tokens, Failure> {
    let session = store.load()?.ok_or_else(|| CloudError::NotSignedIn {
        profile: store.profile().to_string(),
    })?;
    let http = Http::new(&session.http_options(options), ui)?;
    let application = Registration {
        id: consumer_key.to_owned(),
        secret: Some(consumer_secret),
    };
    let client = TokenClient::new(&http, &session.address, session.generation(), &application);
    client.client_credentials(scopes).await.map_err(|error| match error {
        TokenError::InvalidClient(reason) | TokenError::InvalidGrant(reason) => Failure::new(
            crate::exit::ExitCode::NotSignedIn,
            format!("consumer key {consumer_key} is not accepted: {reason}"),
        )
        .hint("Check the key, and that MGW_CONSUMER_SECRET holds its secret."),
        TokenError::Cloud(error) => error.into(),
    })
}
