//! The files of a pull, as bytes, and what is to be said about them.

use super::certificates::CertificateFiles;
use super::gather::{Gathered, Subscribers};
use super::sight::Sight;
use super::{policies, subscriptions};
use crate::lock::LockedApi;
use mgw_bundle::SubscriptionSnapshot;
use mgw_bundle::config::{Block, Policies};
use mgw_bundle::snapshot::SnapshotSource;

/// Everything that a pull writes but the definitions and the lock.
#[derive(Debug)]
pub(crate) struct PulledFiles {
    /// The APIs, sorted by name and version.
    pub(crate) apis: Vec<LockedApi>,
    /// Policies.
    pub(crate) policies: Policies,
    /// Certificates.
    pub(crate) certificates: CertificateFiles,
    /// Applications, keys and subscriptions.
    pub(crate) subscriptions: SubscriptionSnapshot,
    /// Whether subscriptions were listed that could not be taken.
    pub(crate) lacks_subscriptions: bool,
    /// What the control plane did not show.
    pub(crate) sight: Sight,
    /// Warnings, as whole sentences.
    pub(crate) notices: Vec<String>,
    /// Whether an API of the selection was left out.
    pub(crate) is_partial: bool,
}

/// Works out the files. The same answers of the control plane give the same bytes. `former_blocks` are those of the pull
/// before, from the same organisation: they stay where the user may not see the block list.
pub(crate) fn project_files(gathered: Gathered, former_blocks: &[Block]) -> PulledFiles {
    let mut notices = gathered.notices;
    let mut apis = Vec::new();
    let mut certificates = CertificateFiles::new();
    for pulled in gathered.apis {
        let api = pulled.locked;
        certificates.add_clients(&api.name, &api.version, pulled.client_certificates, &mut notices);
        apis.push(api);
    }
    certificates.add_backends(gathered.backend_certificates, &mut notices);
    let digested = policies::digest(&gathered.policies, former_blocks);
    notices.extend(digested.notices);
    let joined = match &gathered.subscribers {
        Subscribers::Gateway(data) => subscriptions::from_gateway_data(data, &apis),
        Subscribers::Store(data) => subscriptions::from_store_data(data, &apis),
    };
    notices.extend(joined.notices);
    PulledFiles {
        apis,
        policies: digested.policies,
        certificates: certificates.sorted(),
        subscriptions: joined.snapshot,
        lacks_subscriptions: joined.is_partial,
        sight: gathered.sight,
        notices,
        is_partial: gathered.is_partial,
    }
}

/// What a source of subscriptions means for the gateway. `lacks_some`: not all that it listed could be taken.
pub(crate) fn source_sentence(source: SnapshotSource, lacks_some: bool) -> &'static str {
    match source {
        SnapshotSource::InternalData if lacks_some => {
            "Subscriptions come from the control plane's data for gateways: they are not complete, as told above."
        }
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

/// Pretty JSON with a line break at its end.
pub(crate) fn document(value: &impl serde::Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = serde_json::to_vec_pretty(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}
