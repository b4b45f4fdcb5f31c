//! Listing APIs.

use super::{API_VIEW, RestV1, Root};
use crate::cloud::CloudError;
use crate::cloud::control_plane::{ApiSearch, ApiSummary};

impl RestV1 {
    pub(super) async fn list_apis(&self, search: &ApiSearch) -> Result<Vec<ApiSummary>, CloudError> {
        let text = query(search);
        let parameters: Vec<(&str, &str)> = text.iter().map(|text| ("query", text.as_str())).collect();
        let url = self.url(Root::Publisher, &["apis"]);
        let items = self.all_pages(&url, &parameters, API_VIEW, "id").await?;
        Ok(items.iter().filter_map(ApiSummary::read).collect())
    }
}

/// The search expression. Values match by "contains" unless they are quoted.
fn query(search: &ApiSearch) -> Option<String> {
    match search {
        ApiSearch::All => None,
        ApiSearch::Label(label) => Some(format!("label:{label}")),
        ApiSearch::NameAndVersion(name, version) => Some(format!("name:\"{name}\" version:\"{version}\"")),
    }
}
