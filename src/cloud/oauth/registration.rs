//! Dynamic client registration in the control plane's own form.

use crate::cloud::account::UserName;
use crate::cloud::address::Address;
use crate::cloud::generation::Generation;
use crate::cloud::http::{Call, Http, Repeat, error_text};
use crate::cloud::{CloudError, json};
use secrecy::SecretString;

/// Only the code grant would use it, but without one some servers drop grants.
const CALLBACK_URL: &str = "https://localhost/mgw";

/// A registered client.
#[derive(Debug, Clone)]
pub(crate) struct Registration {
    /// Client id.
    pub(crate) id: String,
    /// Client secret; public clients have none.
    pub(crate) secret: Option<SecretString>,
}

/// Registers our client for a user, or gets the one of this name that is registered already.
///
/// Returns `None` when the address has no such endpoint, that is, when it is of another generation.
pub(crate) async fn register(
    http: &Http,
    address: &Address,
    generation: &Generation,
    name: &str,
    user: &UserName,
    password: &SecretString,
) -> Result<Option<Registration>, CloudError> {
    let request = serde_json::json!({
        "callbackUrl": CALLBACK_URL,
        "clientName": name,
        "tokenScope": "Production",
        "owner": user.as_str(),
        "grantType": "password refresh_token",
        "saasApp": true,
    });
    let mut call = Call::post(
        address.join(generation.registration.iter().copied()),
        "application/json",
        request.to_string().into_bytes(),
    )
    .basic(user.as_str(), password);
    // Registering twice gives the same client.
    call.repeat = Repeat::Idempotent;
    let answer = http.send(&call).await?;
    match answer.status {
        404 | 405 => return Ok(None),
        401 => {
            return Err(CloudError::WrongCredentials {
                user: user.to_string(),
                message: error_text(&answer.body),
            });
        }
        403 => {
            return Err(CloudError::NoManagementRole {
                user: user.to_string(),
                message: error_text(&answer.body),
            });
        }
        // The owner of the client is compared letter by letter with the user who signed in.
        400 if error_text(&answer.body).contains("should be same") => {
            return Err(CloudError::OtherSpelling {
                user: user.to_string(),
                message: error_text(&answer.body),
            });
        }
        _ => {}
    }
    let answer = answer.require_success()?;
    let document = answer.json()?;
    match (json::text(&document, "clientId"), json::text(&document, "clientSecret")) {
        (Some(id), Some(secret)) => Ok(Some(Registration {
            id,
            secret: Some(secret.into()),
        })),
        _ => Err(answer.unreadable("no clientId and clientSecret")),
    }
}
