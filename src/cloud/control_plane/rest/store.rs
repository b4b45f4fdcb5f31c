//! Subscriptions from the publisher, applications and keys from the store.

use super::{CONCURRENT_READS, Rest, Root, permitted};
use crate::cloud::control_plane::api::is_path_segment;
use crate::cloud::control_plane::{StoreData, VisibleApplication};
use crate::cloud::http::Limit;
use crate::cloud::{CloudError, json};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::Value;

/// Scopes of the store's applications and keys.
const SUBSCRIBE: &[&str] = &["apim:subscribe", "apim:app_manage"];

/// Where the keys of an application are.
#[derive(Debug, Clone, Copy)]
pub(in crate::cloud::control_plane) enum KeyPlace {
    /// A list of this name.
    List(&'static str),
    /// One object for each type, below `keys`.
    EachType,
}

impl Rest {
    /// Reads subscriptions of these APIs, and the applications and keys that the user may see; tells `done` of how many
    /// APIs the subscriptions are read.
    pub(in crate::cloud::control_plane) async fn store_data(
        &self,
        api_ids: &[String],
        done: &(dyn Fn(usize) + Sync),
        keys: KeyPlace,
    ) -> Result<StoreData, CloudError> {
        let mut read = 0;
        let subscriptions: Result<Vec<Vec<(String, Value)>>, CloudError> = stream::iter(api_ids)
            .map(|id| self.subscriptions_of(id))
            .buffered(CONCURRENT_READS)
            .inspect_ok(|_| {
                read += 1;
                done(read);
            })
            .try_collect()
            .await;
        let applications = self.visible_applications(keys).await;
        Ok(StoreData {
            subscriptions: permitted(subscriptions)?.map(|lists| lists.into_iter().flatten().collect()),
            applications: permitted(applications)?,
        })
    }

    async fn subscriptions_of(&self, id: &str) -> Result<Vec<(String, Value)>, CloudError> {
        let url = self.url(Root::Publisher, &["subscriptions"]);
        let scopes = self.reads().subscriptions;
        let list = self.all_pages(&url, &[("apiId", id)], scopes, "subscriptionId").await?;
        Ok(list
            .into_iter()
            .map(|subscription| (id.to_owned(), subscription))
            .collect())
    }

    async fn visible_applications(&self, keys: KeyPlace) -> Result<Vec<VisibleApplication>, CloudError> {
        let url = self.url(Root::Store, &["applications"]);
        let list = self.all_pages(&url, &[], SUBSCRIBE, "applicationId").await?;
        stream::iter(list)
            .map(async |application| {
                let id = json::text(&application, "applicationId").filter(|id| is_path_segment(id));
                let keys = match id {
                    Some(id) => shown(self.keys(&id, keys).await)?,
                    None => None,
                };
                Ok(VisibleApplication { application, keys })
            })
            .buffered(CONCURRENT_READS)
            .try_collect()
            .await
    }

    /// Keys of an application. The secrets that come along are dropped at once.
    async fn keys(&self, application: &str, place: KeyPlace) -> Result<Vec<Value>, CloudError> {
        let mut keys = match place {
            KeyPlace::List(name) => {
                self.list(Root::Store, &["applications", application, name], SUBSCRIBE)
                    .await?
            }
            KeyPlace::EachType => {
                let mut keys = Vec::new();
                for key_type in ["PRODUCTION", "SANDBOX"] {
                    keys.extend(self.key_of_type(application, key_type).await?);
                }
                keys
            }
        };
        for key in &mut keys {
            if let Some(members) = key.as_object_mut() {
                members.retain(|name, _| matches!(name.as_str(), "consumerKey" | "keyType" | "keyManager"));
            }
        }
        Ok(keys)
    }

    /// The key of one type; `None` where none was made.
    async fn key_of_type(&self, application: &str, key_type: &str) -> Result<Option<Value>, CloudError> {
        let path = ["applications", application, "keys", key_type];
        let answer = match self.read(Root::Store, &path, Limit::SMALL, SUBSCRIBE).await {
            Err(error) if error.is_absence() => return Ok(None),
            result => result?,
        };
        let mut key = answer.json()?;
        if json::text(&key, "consumerKey").is_none() {
            return Ok(None);
        }
        if json::text(&key, "keyType").is_none() {
            key["keyType"] = key_type.into();
        }
        Ok(Some(key))
    }
}

/// `None` where the keys of one application are not shown, though the application is: to those it is shared with, or
/// when it went away in the meantime.
fn shown(keys: Result<Vec<Value>, CloudError>) -> Result<Option<Vec<Value>>, CloudError> {
    match keys {
        Err(error) if error.is_absence() => Ok(None),
        keys => permitted(keys),
    }
}
