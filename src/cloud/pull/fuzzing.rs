//! Entry point of the fuzz targets into everything that is made of the control plane's answers.

use super::gather::{Gathered, Subscribers};
use super::one_api::{PulledApi, definition_file};
use super::{document, project_files};
use crate::cloud::control_plane::fuzzing::each_generation;
use crate::cloud::control_plane::{
    GatewayData, PolicyDocuments, PolicyLevel, PolicyView, StoreData, UploadedCertificate, VisibleApplication,
};
use crate::cloud::json;
use crate::ui::visible;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Takes one document for every answer of the control plane and works out the files of a pull. They are inside of the
/// project, what was written in them is read again, and every notice is one line.
pub fn answers(bytes: &[u8]) -> String {
    let Ok(answer) = json::parse(bytes) else {
        return String::new();
    };
    let mut said = String::new();
    let list = |name: &str| match answer.get(name) {
        Some(Value::Array(items)) => items.clone(),
        _ => vec![answer.clone()],
    };
    for view in [PolicyView::Admin, PolicyView::Publisher] {
        let apis: Vec<PulledApi> = list("apis")
            .iter()
            .flat_map(each_generation)
            .filter_map(|details| {
                let definition = answer.get("definition").unwrap_or(&answer).clone();
                Some(PulledApi {
                    client_certificates: uploaded(&answer),
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
        let files = project_files(
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
                backend_certificates: uploaded(&answer),
                subscribers,
                sight: super::Sight::default(),
                notices: Vec::new(),
                is_partial: false,
            },
            &[],
        );
        written_and_read(&files.policies);
        written_and_read(&files.subscriptions);
        written_and_read(&files.certificates.index);
        let is_inside = |path: &str| !path.starts_with('/') && !path.split('/').any(|part| part == "..");
        assert!(files.certificates.files.keys().all(|path| is_inside(path)));
        assert!(files.apis.iter().all(|api| is_inside(&api.path)), "{:?}", files.apis);
        for notice in &files.notices {
            said.push_str(&visible(notice));
        }
    }
    said
}

/// What is pulled is read by the next build.
fn written_and_read<T: Serialize + DeserializeOwned>(value: &T) {
    let written = document(value).expect("it is plain data");
    let again: T = serde_json::from_slice(&written).expect("it was written just now");
    assert!(document(&again).expect("it is plain data") == written);
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
