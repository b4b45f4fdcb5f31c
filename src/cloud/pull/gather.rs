//! Asking the control plane for everything behind a selection.

use super::selection::{find_api, refuse_same_names};
use super::{PullError, Selection, endpoints, security};
use crate::cloud::CloudError;
use crate::cloud::control_plane::{
    ApiDetails, ApiKind, ApiSearch, ApiSummary, Certificates, ControlPlane, GatewayData, PolicyDocuments, StoreData,
    UploadedCertificate,
};
use crate::project::backend_of;
use crate::ui::Progress;
use futures_util::{StreamExt, stream};
use secrecy::SecretString;
use serde_json::Value;
use std::collections::BTreeSet;

/// APIs that are read at the same time.
const CONCURRENT_READS: usize = 4;

/// Everything behind a selection, as the control plane sent it.
#[derive(Debug)]
pub(crate) struct Gathered {
    /// The APIs, sorted by name and version.
    pub(crate) apis: Vec<PulledApi>,
    /// Policies.
    pub(crate) policies: PolicyDocuments,
    /// Certificates of the APIs' backends.
    pub(crate) backend_certificates: Vec<UploadedCertificate>,
    /// Applications, keys and subscriptions.
    pub(crate) subscribers: Subscribers,
    /// What was left out, as whole sentences.
    pub(crate) notices: Vec<String>,
    /// Whether an API of the selection was left out.
    pub(crate) is_partial: bool,
}

/// An API with its definition.
#[derive(Debug)]
pub(crate) struct PulledApi {
    /// Details.
    pub(crate) details: ApiDetails,
    /// OpenAPI document.
    pub(crate) definition: Value,
    /// Client certificates, where the API asks for such.
    pub(crate) client_certificates: Vec<UploadedCertificate>,
}

/// Where applications, keys and subscriptions came from.
#[derive(Debug)]
pub(crate) enum Subscribers {
    /// The data for gateways.
    Gateway(GatewayData),
    /// Publisher and store.
    Store(StoreData),
}

/// Asks for everything. `password` opens the data for gateways, where there is such a thing.
pub(crate) async fn gather(
    plane: &impl ControlPlane,
    selection: &Selection,
    password: Option<&SecretString>,
    progress: &Progress,
) -> Result<Gathered, PullError> {
    let mut notices = Vec::new();
    let listed = list(plane, selection).await?;
    progress.update(format!("Reading {} APIs", listed.len()));
    let details = read_details(plane, &listed).await?;
    let mut selected = select(plane, selection, details, &mut notices).await?;
    selected.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    refuse_same_names(&selected)?;

    let before = selected.len();
    selected.retain(|api| match &api.kind {
        ApiKind::Http => true,
        ApiKind::Other(kind) => {
            notices.push(format!(
                "{} {} is a {kind} API and is left out: this gateway serves HTTP APIs",
                api.name, api.version
            ));
            false
        }
    });
    let is_partial = selected.len() < before;
    progress.update(format!("Reading {} definitions", selected.len()));
    let definitions = each(
        &selected,
        async |api: &ApiDetails| plane.definition(&api.id).await,
        api_name,
    )
    .await?;
    progress.update("Reading certificates");
    let client_certificates = client_certificates(plane, &selected, &mut notices).await?;
    let backend_certificates = backend_certificates(plane, &selected, &mut notices).await?;
    progress.update("Reading throttling policies");
    let policies = plane.policies().await?;
    progress.update("Reading applications and subscriptions");
    let subscribers = subscribers(plane, &selected, password, &mut notices).await?;
    let apis = selected
        .into_iter()
        .zip(definitions)
        .zip(client_certificates)
        .map(|((details, definition), client_certificates)| PulledApi {
            details,
            definition,
            client_certificates,
        })
        .collect();
    Ok(Gathered {
        apis,
        policies,
        backend_certificates,
        subscribers,
        notices,
        is_partial,
    })
}

/// The APIs that may be meant, each once.
async fn list(plane: &impl ControlPlane, selection: &Selection) -> Result<Vec<ApiSummary>, PullError> {
    if selection.is_empty() {
        return Err(PullError::NothingSelected);
    }
    let mut listed: Vec<ApiSummary> = Vec::new();
    for label in &selection.labels {
        listed.extend(plane.apis(&ApiSearch::Label(label.clone())).await?);
    }
    for reference in &selection.apis {
        let search = ApiSearch::NameAndVersion(reference.name.clone(), reference.version.clone());
        let found = plane.apis(&search).await?;
        let api = match find_api(reference, &found) {
            // For the message, look at everything there is.
            Err(PullError::UnknownApi { .. }) => find_api(reference, &plane.apis(&ApiSearch::All).await?)?.clone(),
            result => result?.clone(),
        };
        listed.push(api);
    }
    listed.sort_by(|a, b| a.id.cmp(&b.id));
    listed.dedup_by(|a, b| a.id == b.id);
    Ok(listed)
}

async fn read_details(plane: &impl ControlPlane, listed: &[ApiSummary]) -> Result<Vec<ApiDetails>, PullError> {
    let name = |api: &ApiSummary| format!("{} {}", api.name, api.version);
    each(listed, async |api: &ApiSummary| plane.api(&api.id).await, name).await
}

fn api_name(api: &ApiDetails) -> String {
    format!("{} {}", api.name, api.version)
}

/// Checks again what the control plane's filter let through, by what the details say.
async fn select(
    plane: &impl ControlPlane,
    selection: &Selection,
    details: Vec<ApiDetails>,
    notices: &mut Vec<String>,
) -> Result<Vec<ApiDetails>, PullError> {
    for label in &selection.labels {
        let labelled: Vec<&ApiDetails> = details.iter().filter(|api| api.labels.contains(label)).collect();
        if labelled.iter().any(|api| api.state.is_served()) {
            continue;
        }
        let known = plane.labels().await?;
        if labelled.is_empty() && !known.contains(label) {
            return Err(PullError::UnknownLabel {
                label: label.clone(),
                known,
            });
        }
        return Err(PullError::EmptyLabel {
            label: label.clone(),
            not_served: labelled
                .iter()
                .map(|api| format!("{} {} ({})", api.name, api.version, api.state.name()))
                .collect(),
        });
    }
    let is_meant = |api: &ApiDetails| {
        let by_label = selection.labels.iter().any(|label| api.labels.contains(label));
        let by_name = |reference: &super::ApiReference| {
            reference.name == api.name
                && reference.version == api.version
                && (reference.provider.is_none() || reference.provider == api.provider)
        };
        by_label || selection.apis.iter().any(by_name)
    };
    let (served, others): (Vec<_>, Vec<_>) = details
        .into_iter()
        .filter(is_meant)
        .partition(|api| api.state.is_served());
    notices.extend(
        others
            .iter()
            .map(|api| format!("{} {} is {} and is left out", api.name, api.version, api.state.name())),
    );
    Ok(served)
}

/// The client certificates of each API, none for those that ask for none. Without them an API is as safe as with them:
/// it accepts nobody.
async fn client_certificates(
    plane: &impl ControlPlane,
    apis: &[ApiDetails],
    notices: &mut Vec<String>,
) -> Result<Vec<Vec<UploadedCertificate>>, PullError> {
    let read = async |api: &ApiDetails| {
        if security::asks_for_certificates(&api.security) {
            plane.client_certificates(&api.id).await
        } else {
            Ok(Certificates::default())
        }
    };
    let found = each(apis, read, api_name).await?;
    let mut certificates = Vec::new();
    for (api, found) in apis.iter().zip(found) {
        notices.extend(found.hidden.iter().map(|why| {
            format!(
                "{}: client certificates are not pulled, the API accepts those of the gateway's settings: {why}",
                api_name(api)
            )
        }));
        certificates.push(found.certificates);
    }
    Ok(certificates)
}

/// The certificates of the backends of all APIs.
async fn backend_certificates(
    plane: &impl ControlPlane,
    apis: &[ApiDetails],
    notices: &mut Vec<String>,
) -> Result<Vec<UploadedCertificate>, PullError> {
    let backends: BTreeSet<String> = apis
        .iter()
        .flat_map(|api| endpoints::map(&api.endpoint_config, &api.endpoint_security).urls())
        .filter_map(|url| backend_of(&url))
        .collect();
    if backends.is_empty() {
        return Ok(Vec::new());
    }
    let found = plane.backend_certificates(&backends).await?;
    notices.extend(
        found
            .hidden
            .iter()
            .map(|why| format!("certificates of backends are not pulled: {why}")),
    );
    Ok(found.certificates)
}

async fn subscribers(
    plane: &impl ControlPlane,
    apis: &[ApiDetails],
    password: Option<&SecretString>,
    notices: &mut Vec<String>,
) -> Result<Subscribers, PullError> {
    if let Some(password) = password {
        match plane.gateway_data(password).await {
            Ok(Some(data)) => return Ok(Subscribers::Gateway(data)),
            Ok(None) => {}
            // The session is good all the same; publisher and store say what they can.
            Err(error @ CloudError::WrongCredentials { .. }) => {
                notices.push(format!("the data for gateways is refused: {error}"));
            }
            Err(error) if error.status() == Some(403) => {
                notices.push(format!("the data for gateways is refused: {error}"));
            }
            Err(error) => return Err(error.into()),
        }
    }
    let ids: Vec<String> = apis.iter().map(|api| api.id.clone()).collect();
    Ok(Subscribers::Store(plane.store_data(&ids).await?))
}

/// Reads something for each item, a few at a time and in order. An error that concerns the session or the connection
/// ends everything at once; all others are collected.
async fn each<T, U>(
    items: &[T],
    read: impl AsyncFn(&T) -> Result<U, CloudError>,
    name: impl Fn(&T) -> String,
) -> Result<Vec<U>, PullError> {
    let mut results = stream::iter(items).map(|item| read(item)).buffered(CONCURRENT_READS);
    let mut read_ones = Vec::new();
    let mut failed = Vec::new();
    let mut names = items.iter();
    while let Some(result) = results.next().await {
        let name = names.next().map(&name).unwrap_or_default();
        match result {
            Ok(value) => read_ones.push(value),
            Err(error @ (CloudError::Status { .. } | CloudError::Answer { .. })) => failed.push((name, error)),
            Err(error) => return Err(error.into()),
        }
    }
    if failed.is_empty() {
        Ok(read_ones)
    } else {
        Err(PullError::Apis {
            total: items.len(),
            failed,
        })
    }
}
