//! API Manager 4.0 and later.
//!
//! APIs have no gateway labels there. A revision of an API is deployed to gateway environments, and what is deployed is
//! what runs, not the working copy that the publisher edits. So an environment is the label, and everything is read from
//! the deployed revision. What belongs to the API as such (id, state, subscriptions, certificates) stays under its own id.

mod policies;
mod revisions;
mod shape;

pub(super) use shape::complete;

use super::rest::{CONCURRENT_READS, KeyPlace, PolicyPlaces, Rest, Root, permitted, unreadable};
use super::v1::POLICY_VIEWS;
use super::{
    ApiDetails, ApiSearch, ApiSummary, Certificates, ControlPlane, Definition, Found, GatewayData, LifeCycle,
    PolicyDocuments, Revision, StoreData,
};
use crate::cloud::http::Limit;
use crate::cloud::{CloudError, json};
use futures_util::{StreamExt, stream};
use secrecy::SecretString;
use serde_json::Value;
use std::collections::BTreeSet;

const POLICIES: PolicyPlaces = PolicyPlaces {
    blocks: "deny-policies",
    views: POLICY_VIEWS,
};

#[cfg(any(test, feature = "fuzzing"))]
/// The revision that runs, of a list of them.
pub(super) fn fuzzing(list: &[Value]) -> Option<Revision> {
    let deployed = revisions::read(list).ok()?;
    revisions::in_environment(&deployed, "Default").or_else(|| revisions::latest(&deployed))
}

/// A control plane of the 4.x shape.
#[derive(Debug, Clone)]
pub(crate) struct V4(pub(super) Rest);

impl V4 {
    /// Revisions of an API that are deployed anywhere. An API that is gone in the meantime has none.
    async fn deployed(&self, id: &str) -> Result<Vec<revisions::Deployed>, CloudError> {
        let path = ["apis", id, "revisions"];
        let scopes = self.0.reads().revisions;
        match self.0.query_list(&path, ("query", "deployed:true"), scopes).await {
            Ok(list) => revisions::read(&list).map_err(|fault| {
                let problem = format!("a list with a revision {fault}");
                unreadable(&self.0.url(Root::Publisher, &path), problem)
            }),
            Err(error) if error.is_absence() => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Adds to each API the revision that `choose` picks; a few are asked for at the same time. An answer that concerns
    /// one API is kept with it; an error of the session or the connection ends everything at once.
    async fn with_revisions(
        &self,
        listed: Vec<ApiSummary>,
        choose: impl Fn(&[revisions::Deployed]) -> Option<Revision>,
    ) -> Result<Found, CloudError> {
        let read = async |api: ApiSummary| (self.deployed(&api.id).await, api);
        let mut results = stream::iter(listed).map(read).buffered(CONCURRENT_READS);
        let mut found = Found::default();
        while let Some((deployed, mut api)) = results.next().await {
            match deployed {
                Ok(deployed) => {
                    api.revision = choose(&deployed);
                    found.apis.push(api);
                }
                Err(error @ (CloudError::Status { .. } | CloudError::Answer { .. })) => found.unread.push((api, error)),
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }
}

impl ControlPlane for V4 {
    async fn apis(&self, search: &ApiSearch) -> Result<Found, CloudError> {
        match search {
            ApiSearch::All => Ok(self.0.apis(None).await?.into()),
            ApiSearch::Label(environment) => {
                let all = self.0.apis(None).await?;
                let mut found = self
                    .with_revisions(all, |deployed| revisions::in_environment(deployed, environment))
                    .await?;
                found.apis.retain(|api| api.revision.is_some());
                Ok(found)
            }
            ApiSearch::NameAndVersion(name, version) => {
                let query = format!("name:\"{name}\" version:\"{version}\"");
                let mut listed = self.0.apis(Some(&query)).await?;
                listed.retain(|api| api.name == *name && api.version == *version);
                let mut found = self.with_revisions(listed, revisions::latest).await?;
                for api in found.apis.iter_mut().filter(|api| api.revision.is_none()) {
                    api.state = LifeCycle::NotDeployed;
                }
                Ok(found)
            }
        }
    }

    async fn api(&self, listed: &ApiSummary) -> Result<ApiDetails, CloudError> {
        let revision = match &listed.revision {
            Some(revision) => Some(revision.clone()),
            None => revisions::latest(&self.deployed(&listed.id).await?),
        };
        let source = revision.as_ref().map_or(&listed.id, |revision| &revision.id);
        let (mut api, document) = self.0.api(source, listed, |_| {}).await?;
        api.id.clone_from(&listed.id);
        // A revision keeps what was deployed; the state is the API's, now.
        if listed.state != LifeCycle::unknown() {
            api.state = listed.state.clone();
        }
        complete(&mut api, &document);
        match revision {
            Some(revision) => {
                api.labels.clone_from(&revision.environments);
                api.revision = Some(revision);
            }
            None => {
                api.labels.clear();
                api.state = LifeCycle::NotDeployed;
            }
        }
        Ok(api)
    }

    async fn definition(&self, api: &ApiDetails, known: Option<&str>) -> Result<Definition, CloudError> {
        let source = api.revision.as_ref().map_or(&api.id, |revision| &revision.id);
        self.0.definition(source, known).await
    }

    async fn labels(&self) -> Result<Option<Vec<String>>, CloudError> {
        let scopes = self.0.reads().settings;
        let settings = self.0.read(Root::Publisher, &["settings"], Limit::LIST, scopes).await;
        let Some(answer) = permitted(settings)? else {
            return Ok(None);
        };
        let settings = answer.json()?;
        let environments = json::member(&settings, "environment");
        if !settings.is_object() || environments.is_some_and(|list| !list.is_array()) {
            return Err(answer.instead("something that does not list the gateway environments"));
        }
        Ok(environments.map(|_| json::texts(&settings, "environment")))
    }

    async fn policies(&self) -> Result<PolicyDocuments, CloudError> {
        self.0.policies(&POLICIES).await
    }

    async fn client_certificates(&self, api: &ApiDetails) -> Result<Certificates, CloudError> {
        self.0.client_certificates(&api.id).await
    }

    async fn backend_certificates(&self, backends: &BTreeSet<String>) -> Result<Certificates, CloudError> {
        self.0.backend_certificates("endpoint-certificates", backends).await
    }

    async fn gateway_data(&self, password: &SecretString) -> Result<Option<GatewayData>, CloudError> {
        self.0.gateway_data(password).await
    }

    async fn gateway_blocks(&self, password: &SecretString) -> Result<Option<Vec<Value>>, CloudError> {
        self.0.gateway_blocks(password).await
    }

    async fn store_data(&self, api_ids: &[String], done: &(dyn Fn(usize) + Sync)) -> Result<StoreData, CloudError> {
        self.0.store_data(api_ids, done, KeyPlace::List("oauth-keys")).await
    }
}

#[cfg(test)]
mod tests;
