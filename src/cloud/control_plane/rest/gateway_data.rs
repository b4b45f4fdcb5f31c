//! The data for gateways: applications, keys and subscriptions of everybody, and the block list, for a user with a password.

use super::{Rest, pages};
use crate::cloud::CloudError;
use crate::cloud::account::UserName;
use crate::cloud::control_plane::GatewayData;
use crate::cloud::generation::GatewayService;
use crate::cloud::http::{Answer, Call, error_text};
use secrecy::SecretString;
use serde_json::{Value, json};

impl Rest {
    /// Reads all of it; `None` where the control plane has no such data, or nobody knows whose the password is. A list
    /// that is not there is an error when another one is.
    pub(in crate::cloud::control_plane) async fn gateway_data(
        &self,
        password: &SecretString,
    ) -> Result<Option<GatewayData>, CloudError> {
        let Some(service) = self.connection.generation().subscription_data() else {
            return Ok(None);
        };
        let user = self.connection.session().await.user;
        if user.is_unknown() {
            return Ok(None);
        }
        let list = async |name: &str| pages::items(&self.told_to_gateways(service, name, &user, password).await?);
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

    /// The block list as gateways are told it, as documents of the administrator's list; `None` where they are told none, or
    /// nobody knows whose the password is.
    pub(in crate::cloud::control_plane) async fn gateway_blocks(
        &self,
        password: &SecretString,
    ) -> Result<Option<Vec<Value>>, CloudError> {
        let Some(service) = self.connection.generation().gateway_data else {
            return Ok(None);
        };
        let user = self.connection.session().await.user;
        if user.is_unknown() {
            return Ok(None);
        }
        let answer = match self.told_to_gateways(service, "block", &user, password).await {
            Err(error) if error.status() == Some(404) => return Ok(None),
            answer => answer?,
        };
        let blocks = block_documents(&answer.json()?, user.tenant());
        let blocks = blocks.ok_or_else(|| answer.unreadable("something that is not a block list"))?;
        Ok(Some(blocks))
    }

    /// Asks the service for gateways.
    async fn told_to_gateways(
        &self,
        service: &GatewayService,
        name: &str,
        user: &UserName,
        password: &SecretString,
    ) -> Result<Answer, CloudError> {
        let url = self
            .connection
            .address()
            .join(service.root.iter().copied().chain([name]));
        let call = Call::get(url).basic(user.as_str(), password);
        let answer = self.connection.http().send(&call).await?;
        if answer.status == 401 {
            return Err(CloudError::WrongCredentials {
                user: user.to_string(),
                message: error_text(&answer.body),
            });
        }
        answer.require_success()
    }
}

/// Brings `{"api": […], "ip": […], …}`, which has the active blocks of all tenants, into documents of the administrator's
/// list of one tenant. The names of the lists are the kinds; up to 3.0 addresses are text, later objects that say whose
/// they are. The other kinds name their tenant in themselves.
fn block_documents(lists: &Value, tenant: &str) -> Option<Vec<Value>> {
    let mut documents = Vec::new();
    for (kind, list) in lists.as_object()? {
        let list = match list {
            Value::Null => continue,
            list => list.as_array()?,
        };
        let own = list.iter().filter(|value| {
            let of = value.get("tenantDomain").and_then(Value::as_str);
            of.is_none_or(|of| of.eq_ignore_ascii_case(tenant))
        });
        documents.extend(own.map(|value| json!({"conditionType": kind.to_ascii_uppercase(), "conditionValue": value})));
    }
    Some(documents)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_every_generation_become_documents_of_one_tenant() {
        let own =
            json!({"type": "IPRANGE", "startingIp": "10.4.0.1", "endingIp": "10.4.0.9", "tenantDomain": "meridian"});
        let other = json!({"type": "IP", "fixedIp": "10.4.0.1", "tenantDomain": "acme"});
        let lists = json!({
            "api": ["/t/meridian/ledger/2.1.0"], "application": [], "custom": null,
            "ip": ["10.4.0.7", own, other], "user": ["ana@meridian"],
        });
        let document = |kind: &str, value: Value| json!({"conditionType": kind, "conditionValue": value});
        assert_eq!(
            block_documents(&lists, "Meridian"),
            Some(vec![
                document("API", json!("/t/meridian/ledger/2.1.0")),
                document("IP", json!("10.4.0.7")),
                document("IP", own),
                document("USER", json!("ana@meridian")),
            ])
        );
        for bad in [json!([]), json!({"api": "x"}), json!(null)] {
            assert_eq!(block_documents(&bad, "meridian"), None, "{bad}");
        }
    }
}
