//! Which APIs have changed lately, as API Cloud tells its gateways on premises.

use super::CloudError;
use super::account::UserName;
use super::http::{Call, Http, Limit};
use secrecy::SecretString;
use serde_json::Value;
use std::time::Duration;
use url::Url;

/// How far the service looks back.
pub(crate) const LOOK_BACK: Duration = Duration::from_secs(15 * 60);

/// Returns the ids of the APIs of the organisation whose state or definition has changed, whatever their labels: UUIDs, or
/// `provider-name-version`. A deleted API is not among them. It takes the password of an administrator.
pub(crate) async fn updated_apis(
    http: &Http,
    url: &Url,
    user: &UserName,
    password: &SecretString,
) -> Result<Vec<String>, CloudError> {
    let call = Call::get(url.clone()).basic(user.as_str(), password).limit(Limit::LIST);
    let answer = http.send(&call).await?.require_success()?;
    ids(&answer.json()?).ok_or_else(|| answer.unreadable("something that does not say which APIs have changed"))
}

fn ids(document: &Value) -> Option<Vec<String>> {
    let ids = document.get("API_IDs")?.as_array()?.iter();
    ids.map(|id| id.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_a_list_of_ids_is_an_answer() {
        assert_eq!(ids(&json!({"API_IDs": []})), Some(Vec::new()));
        let both = ["7d1c0a52", "ana-AT-meridian-Ledger-2.1.0"];
        assert_eq!(ids(&json!({"API_IDs": both})), Some(both.map(str::to_owned).to_vec()));
        for bad in [
            json!({}),
            json!([]),
            json!({"API_IDs": null}),
            json!({"API_IDs": [1]}),
            json!(""),
        ] {
            assert_eq!(ids(&bad), None, "{bad}");
        }
    }
}
