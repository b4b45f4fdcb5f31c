//! The files of a pull, as bytes, and what is to be said about them.

use super::certificates::CertificateFiles;
use super::gather::{Gathered, Subscribers};
use super::{definition, policies, subscriptions};
use mgw_bundle::SubscriptionSnapshot;
use mgw_bundle::config::Policies;
use mgw_bundle::snapshot::SnapshotSource;
use serde_json::Value;

/// A definition file.
#[derive(Debug)]
pub(crate) struct DefinitionFile {
    /// The control plane's id.
    pub(crate) id: String,
    /// Name.
    pub(crate) name: String,
    /// Version.
    pub(crate) version: String,
    /// Owner.
    pub(crate) provider: Option<String>,
    /// Life-cycle state.
    pub(crate) state: String,
    /// When it was changed, in the control plane's words.
    pub(crate) last_updated: Option<String>,
    /// `ETag` of its details.
    pub(crate) etag: Option<String>,
    /// File name below `gen/api_definitions`.
    pub(crate) file_name: String,
    /// Contents.
    pub(crate) bytes: Vec<u8>,
}

/// Everything that a pull writes but the lock.
#[derive(Debug)]
pub(crate) struct PulledFiles {
    /// Definitions, sorted by name and version.
    pub(crate) definitions: Vec<DefinitionFile>,
    /// Policies.
    pub(crate) policies: Policies,
    /// Certificates.
    pub(crate) certificates: CertificateFiles,
    /// Applications, keys and subscriptions.
    pub(crate) subscriptions: SubscriptionSnapshot,
    /// Warnings, as whole sentences.
    pub(crate) notices: Vec<String>,
    /// Whether an API of the selection was left out.
    pub(crate) is_partial: bool,
}

/// Works out the files. The same answers of the control plane give the same bytes.
pub(crate) fn project_files(gathered: Gathered) -> Result<PulledFiles, serde_json::Error> {
    let mut notices = gathered.notices;
    let mut definitions = Vec::new();
    let mut details = Vec::new();
    let mut certificates = CertificateFiles::new();
    for pulled in gathered.apis {
        let enriched = definition::enrich(pulled.definition, &pulled.details);
        let api = pulled.details;
        notices.extend(
            enriched
                .notices
                .iter()
                .map(|notice| format!("{} {}: {notice}", api.name, api.version)),
        );
        certificates.add_clients(&api.name, &api.version, pulled.client_certificates, &mut notices);
        let gateway_id = mgw_bundle::api_id(&api.name, &api.version);
        definitions.push(DefinitionFile {
            id: api.id.clone(),
            file_name: file_name(&gateway_id, &enriched.document),
            bytes: document(&enriched.document)?,
            name: api.name.clone(),
            version: api.version.clone(),
            provider: api.provider.clone(),
            state: api.state.name(),
            last_updated: api.last_updated.clone(),
            etag: api.etag.clone(),
        });
        details.push(api);
    }
    certificates.add_backends(gathered.backend_certificates, &mut notices);
    let digested = policies::digest(&gathered.policies);
    notices.extend(digested.notices);
    let joined = match &gathered.subscribers {
        Subscribers::Gateway(data) => subscriptions::from_gateway_data(data, &details),
        Subscribers::Store(data) => subscriptions::from_store_data(data, &details),
    };
    notices.extend(joined.notices);
    Ok(PulledFiles {
        definitions,
        policies: digested.policies,
        certificates: certificates.sorted(),
        subscriptions: joined.snapshot,
        notices,
        is_partial: gathered.is_partial,
    })
}

/// What a source of subscriptions means for the gateway.
pub(crate) fn source_sentence(source: SnapshotSource) -> &'static str {
    match source {
        SnapshotSource::InternalData => {
            "Subscriptions come from the control plane's data for gateways: they are complete."
        }
        SnapshotSource::PublisherAndStore => {
            "Subscriptions come from publisher and store: they hold the applications and keys that you may see."
        }
        SnapshotSource::TokenClaims => {
            "The control plane shows you no subscriptions or keys: the gateway goes by the subscribedAPIs claim of each token."
        }
    }
}

/// Named as micro-gw names them, so that tools which look for a file find it. JSON in both cases: it is what the control
/// plane sends, and nothing in it changes its meaning on the way.
fn file_name(gateway_id: &str, document: &Value) -> String {
    let suffix = if document.get("swagger").is_some() {
        "swagger"
    } else {
        "openAPI"
    };
    format!("{gateway_id}{suffix}.json")
}

/// Pretty JSON with a line break at its end.
pub(crate) fn document(value: &impl serde::Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = serde_json::to_vec_pretty(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}
