//! The data for gateways: applications, keys and subscriptions of everybody, for a user with a password.

use super::{Rest, pages};
use crate::cloud::CloudError;
use crate::cloud::control_plane::GatewayData;
use crate::cloud::http::{Call, error_text};
use secrecy::SecretString;

impl Rest {
    /// Reads all of it; `None` where the control plane has no such data, or nobody knows whose the password is. A list
    /// that is not there is an error when another one is.
    pub(in crate::cloud::control_plane) async fn gateway_data(
        &self,
        password: &SecretString,
    ) -> Result<Option<GatewayData>, CloudError> {
        let Some(root) = self.connection.generation().internal_data else {
            return Ok(None);
        };
        let user = self.connection.session().await.user;
        if user.is_unknown() {
            return Ok(None);
        }
        let list = async |name: &str| {
            let url = self.connection.address().join(root.iter().copied().chain([name]));
            let answer = self
                .connection
                .http()
                .send(&Call::get(url).basic(user.as_str(), password))
                .await?;
            if answer.status == 401 {
                return Err(CloudError::WrongCredentials {
                    user: user.to_string(),
                    message: error_text(&answer.body),
                });
            }
            pages::items(&answer.require_success()?)
        };
        let apis = match list("apis").await {
            Err(error) if error.status() == Some(404) => return Ok(None),
            result => result?,
        };
        Ok(Some(GatewayData {
            apis,
            applications: list("applications").await?,
            key_mappings: list("application-key-mappings").await?,
            subscriptions: list("subscriptions").await?,
        }))
    }
}
