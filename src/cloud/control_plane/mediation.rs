//! What changes requests and answers on the way through the control plane's own gateways.

use crate::cloud::json;
use serde_json::Value;

/// A mediation sequence or a policy, by name: its contents are for gateways of another make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mediation {
    /// What it is, as a noun.
    pub(crate) what: &'static str,
    /// Its name.
    pub(crate) name: String,
    /// Where it runs, as a fragment such as `request of GET /orders`.
    pub(crate) place: Option<String>,
    /// Keys and indices that lead to it in the details of the API.
    pub(crate) at: Vec<String>,
}

impl Mediation {
    /// Reads a list of mediation sequences: objects with name and flow, or names alone.
    pub(super) fn sequences(owner: &Value, key: &str) -> Vec<Self> {
        let sequence = |(index, item): (usize, &Value)| {
            let name = match item {
                Value::String(name) => Some(name.clone()),
                _ => json::text(item, "name"),
            };
            Some(Self {
                what: "mediation sequence",
                name: name?,
                place: json::text(item, "type").map(|flow| format!("{} flow", flow.to_lowercase())),
                at: vec![key.to_owned(), index.to_string()],
            })
        };
        json::items(owner, key)
            .iter()
            .enumerate()
            .filter_map(sequence)
            .collect()
    }
}
