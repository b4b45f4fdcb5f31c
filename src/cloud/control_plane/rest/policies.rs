//! Throttling policies: the administrator's view, else everybody's.

use super::{CONCURRENT_READS, Rest, Root, is_not_permitted, permitted};
use crate::cloud::control_plane::api::is_path_segment;
use crate::cloud::control_plane::{PolicyDocuments, PolicyLevel, PolicyView};
use crate::cloud::http::Limit;
use crate::cloud::{CloudError, json};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::Value;

/// Scopes of the administrator's view.
const TIER_VIEW: &[&str] = &["apim:tier_view", "apim:admin"];

/// Scopes of the block list.
const BLOCK_LIST_VIEW: &[&str] = &["apim:bl_view", "apim:admin"];

/// Where a generation keeps what.
#[derive(Debug)]
pub(in crate::cloud::control_plane) struct PolicyPlaces {
    /// The block list, below `throttling` of the admin API.
    pub(in crate::cloud::control_plane) blocks: &'static str,
    /// Everybody's view. A level may have several: of policies with the same name the first counts.
    pub(in crate::cloud::control_plane) views: &'static [View],
}

/// A list of everybody's view.
#[derive(Debug)]
pub(in crate::cloud::control_plane) struct View {
    /// What its policies are for.
    pub(in crate::cloud::control_plane) level: PolicyLevel,
    /// Which API.
    pub(in crate::cloud::control_plane) root: Root,
    /// The path of the list.
    pub(in crate::cloud::control_plane) path: &'static [&'static str],
    /// Scopes of which any one allows it; none: it is open to all who are signed in.
    pub(in crate::cloud::control_plane) scopes: &'static [&'static str],
}

impl Rest {
    /// Reads all policies, as far as the user may see them.
    pub(in crate::cloud::control_plane) async fn policies(
        &self,
        places: &PolicyPlaces,
    ) -> Result<PolicyDocuments, CloudError> {
        let mut documents = match self.admin_policies().await {
            Err(error) if is_not_permitted(&error) => self.publisher_policies(places.views).await?,
            result => result?,
        };
        // Whoever may see the block list need not be one who may see the policies.
        let path = ["throttling", places.blocks];
        documents.blocks = permitted(self.list(Root::Admin, &path, BLOCK_LIST_VIEW).await)?;
        Ok(documents)
    }

    /// The administrator's view, without the block list.
    async fn admin_policies(&self) -> Result<PolicyDocuments, CloudError> {
        let list = async |kind: &str| {
            self.list(Root::Admin, &["throttling", "policies", kind], TIER_VIEW)
                .await
        };
        let mut policies = Vec::new();
        for (level, kind) in [
            (PolicyLevel::Subscription, "subscription"),
            (PolicyLevel::Application, "application"),
        ] {
            policies.extend(list(kind).await?.into_iter().map(|policy| (level, policy)));
        }
        // The list leaves conditions out: each policy is read by itself.
        let advanced = list("advanced").await?;
        let complete: Vec<Value> = stream::iter(advanced)
            .map(|policy| self.advanced_policy(policy))
            .buffered(CONCURRENT_READS)
            .try_collect()
            .await?;
        policies.extend(complete.into_iter().map(|policy| (PolicyLevel::Advanced, policy)));
        let custom = permitted(list("custom").await)?;
        let name_of = |rule: &Value| json::text(rule, "policyName");
        Ok(PolicyDocuments {
            view: PolicyView::Admin,
            policies,
            hidden: Vec::new(),
            custom_rules: custom.map(|rules| rules.iter().filter_map(name_of).collect()),
            blocks: None,
        })
    }

    async fn advanced_policy(&self, listed: Value) -> Result<Value, CloudError> {
        match json::text(&listed, "policyId").filter(|id| is_path_segment(id)) {
            Some(id) => {
                let path = ["throttling", "policies", "advanced", &id];
                let answer = self.read(Root::Admin, &path, Limit::SMALL, TIER_VIEW).await?;
                let policy = answer.json()?;
                // Its name is what operations refer to it by.
                if json::text(&policy, "policyName") != json::text(&listed, "policyName") {
                    return Err(answer.instead("something that is not the policy that was asked for"));
                }
                Ok(policy)
            }
            None => Ok(listed),
        }
    }

    async fn publisher_policies(&self, views: &[View]) -> Result<PolicyDocuments, CloudError> {
        let mut policies = Vec::new();
        let (mut seen, mut hidden) = (Vec::new(), Vec::new());
        for view in views {
            let url = self.url(view.root, view.path);
            match self.all_pages(&url, &[], view.scopes, "name").await {
                Ok(list) => {
                    policies.extend(list.into_iter().map(|policy| (view.level, policy)));
                    seen.push(view.level);
                }
                Err(error) if is_not_permitted(&error) => hidden.push(view.level),
                Err(error) => return Err(error),
            }
        }
        hidden.retain(|level| !seen.contains(level));
        Ok(PolicyDocuments {
            view: PolicyView::Publisher,
            policies,
            hidden,
            custom_rules: None,
            blocks: None,
        })
    }
}
