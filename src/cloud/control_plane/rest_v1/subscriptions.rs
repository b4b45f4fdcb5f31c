//! Applications, keys and subscriptions: from the data for gateways, else from publisher and store.

use super::{CONCURRENT_READS, RestV1, Root, is_not_permitted, pages};
use crate::cloud::control_plane::api::is_path_segment;
use crate::cloud::control_plane::{GatewayData, StoreData, VisibleApplication};
use crate::cloud::http::Call;
use crate::cloud::{CloudError, json};
use futures_util::{StreamExt, TryStreamExt, stream};
use secrecy::SecretString;
use serde_json::Value;

/// Scopes of the publisher's subscriptions.
const SUBSCRIPTION_VIEW: &[&str] = &["apim:subscription_view"];

/// Scopes of the store's applications and keys.
const SUBSCRIBE: &[&str] = &["apim:subscribe", "apim:app_manage"];

impl RestV1 {
    pub(super) async fn read_gateway_data(&self, password: &SecretString) -> Result<Option<GatewayData>, CloudError> {
        let Some(root) = self.connection.generation().internal_data else {
            return Ok(None);
        };
        let user = self.connection.session().await.user;
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
                    message: crate::cloud::http::error_text(&answer.body),
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

    pub(super) async fn read_store_data(&self, api_ids: &[String]) -> Result<StoreData, CloudError> {
        let subscriptions: Result<Vec<Vec<(String, Value)>>, CloudError> = stream::iter(api_ids)
            .map(|id| self.subscriptions_of(id))
            .buffered(CONCURRENT_READS)
            .try_collect()
            .await;
        let applications = self.visible_applications().await;
        Ok(StoreData {
            subscriptions: permitted(subscriptions)?.map(|lists| lists.into_iter().flatten().collect()),
            applications: permitted(applications)?,
        })
    }

    async fn subscriptions_of(&self, id: &str) -> Result<Vec<(String, Value)>, CloudError> {
        let url = self.url(Root::Publisher, &["subscriptions"]);
        let list = self
            .all_pages(&url, &[("apiId", id)], SUBSCRIPTION_VIEW, "subscriptionId")
            .await?;
        Ok(list
            .into_iter()
            .map(|subscription| (id.to_owned(), subscription))
            .collect())
    }

    async fn visible_applications(&self) -> Result<Vec<VisibleApplication>, CloudError> {
        let url = self.url(Root::Store, &["applications"]);
        let list = self.all_pages(&url, &[], SUBSCRIBE, "applicationId").await?;
        stream::iter(list)
            .map(async |application| {
                let id = json::text(&application, "applicationId").filter(|id| is_path_segment(id));
                let keys = match id {
                    Some(id) => self.keys(&id).await?,
                    None => Vec::new(),
                };
                Ok(VisibleApplication { application, keys })
            })
            .buffered(CONCURRENT_READS)
            .try_collect()
            .await
    }

    /// Keys of an application. The secrets that come along are dropped at once.
    async fn keys(&self, application: &str) -> Result<Vec<Value>, CloudError> {
        let mut keys = self
            .list(Root::Store, &["applications", application, "keys"], SUBSCRIBE)
            .await?;
        for key in &mut keys {
            if let Some(members) = key.as_object_mut() {
                members.retain(|name, _| matches!(name.as_str(), "consumerKey" | "keyType" | "keyManager"));
            }
        }
        Ok(keys)
    }
}

fn permitted<T>(result: Result<T, CloudError>) -> Result<Option<T>, CloudError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if is_not_permitted(&error) => Ok(None),
        Err(error) => Err(error),
    }
}
