//! Entry point of the fuzz targets into everything that is made of the control plane's answers.

use super::gather::{Gathered, Subscribers};
use super::one_api::{PulledApi, definition_file};
use super::project_files;
use crate::cloud::control_plane::{
    ApiDetails, GatewayData, PolicyDocuments, PolicyLevel, PolicyView, StoreData, UploadedCertificate,
    VisibleApplication,
};
use serde_json::Value;

/// Takes one document for every answer of the control plane and works out the files of a pull.
pub fn answers(bytes: &[u8]) {
    let Ok(document) = serde_json::from_slice::<Value>(bytes) else {
        return;
    };
    let list = |name: &str| match document.get(name) {
        Some(Value::Array(items)) => items.clone(),
        _ => vec![document.clone()],
    };
    for view in [PolicyView::Admin, PolicyView::Publisher] {
        let apis: Vec<PulledApi> = list("apis")
            .iter()
            .filter_map(|api| ApiDetails::read(api).ok())
            .filter_map(|details| {
                let definition = document.get("definition").unwrap_or(&document).clone();
                Some(PulledApi {
                    client_certificates: uploaded(&document),
                    hides_certificates: false,
                    ..definition_file(definition, &details).ok()?.api
                })
            })
            .collect();
        let levels = [
            PolicyLevel::Subscription,
            PolicyLevel::Application,
            PolicyLevel::Advanced,
        ];
        let subscribers = if view == PolicyView::Admin {
            Subscribers::Gateway(GatewayData {
                apis: list("apis"),
                applications: list("applications"),
                key_mappings: list("keys"),
                subscriptions: list("subscriptions"),
            })
        } else {
            let first = apis.first().map(|api| api.locked.id.clone()).unwrap_or_default();
            Subscribers::Store(StoreData {
                subscriptions: Some(
                    list("subscriptions")
                        .into_iter()
                        .map(|item| (first.clone(), item))
                        .collect(),
                ),
                applications: Some(
                    list("applications")
                        .into_iter()
                        .map(|application| VisibleApplication {
                            application,
                            keys: Some(list("keys")),
                        })
                        .collect(),
                ),
            })
        };
        let _ = project_files(
            Gathered {
                apis,
                policies: PolicyDocuments {
                    view,
                    policies: levels
                        .into_iter()
                        .flat_map(|level| list("policies").into_iter().map(move |policy| (level, policy)))
                        .collect(),
                    hidden: Vec::new(),
                    custom_rules: Some(Vec::new()),
                    blocks: Some(list("blocks")),
                },
                backend_certificates: uploaded(&document),
                subscribers,
                sight: super::Sight::default(),
                notices: Vec::new(),
                is_partial: false,
            },
            &[],
        );
    }
}

/// The document as a certificate, in case it holds one.
fn uploaded(document: &Value) -> Vec<UploadedCertificate> {
    let content = document.get("certificate").and_then(Value::as_str).unwrap_or_default();
    let certificate = UploadedCertificate::read(document).map(|certificate| UploadedCertificate {
        content: content.as_bytes().to_vec(),
        ..certificate
    });
    certificate.into_iter().collect()
}
