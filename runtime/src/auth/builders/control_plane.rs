//! Makes the connection to the control plane, and whom such connections trust.

use super::files::{certificate_pem, roots};
use crate::asking::Asking;
use crate::auth::SecurityError;
use crate::config::RuntimeConfig;
use crate::event_hub::amqp::Connections;
use crate::refused::Accounts;
use crate::subscription_data::SubscriptionData;
use crate::throttle::LimitsSource;
use crate::tls::OpenStore;
use std::path::Path;
use std::sync::Arc;

/// Connects to the control plane's subscription data, where that is switched on. Their topic is added to `event_hub`.
pub(in crate::auth) fn subscription_data(
    config: &RuntimeConfig,
    trust: Option<&OpenStore>,
    accounts: &Accounts,
    control: &tokio::runtime::Handle,
    event_hub: &mut Connections,
) -> Result<Option<Arc<SubscriptionData>>, SecurityError> {
    const CA_FILE: &str = "apim.eventHub.caFile";
    let Some(settings) = &config.subscription_data else {
        return Ok(None);
    };
    let ca_file = settings.ca_file.as_deref();
    let roots = extra_roots(ca_file, CA_FILE, trust)?;
    let asking = Asking::new(roots, config.http_clients.proxy_of_services()).with_accounts(accounts);
    let data = SubscriptionData::start(settings, &asking, control)
        .map_err(|reason| SecurityError::SubscriptionData { reason })?;
    if let Some(brokers) = &config.event_hub {
        // Where the traffic manager counts, its blocks count at once, and need no bundle.
        let limits = config.global_throttling.is_none().then(|| data.limits_topic());
        // Where the data are those of the control plane that is followed, brokers may be of another authority.
        let broker_ca_file = config.event_hub_ca_file.as_deref().or(ca_file);
        let roots = extra_roots(broker_ca_file, CA_FILE, trust)?;
        for topic in std::iter::once(data.topic()).chain(limits) {
            let added = event_hub.add(brokers, roots.clone(), topic);
            added.map_err(|reason| unusable_roots(broker_ca_file, CA_FILE, reason))?;
        }
    }
    Ok(Some(data))
}

/// Follows what the traffic manager tells about quotas, where it counts them. Its topic is added to `event_hub`; the lists
/// are kept in `data_dir`.
pub(in crate::auth) fn global_limits(
    config: &RuntimeConfig,
    trust: Option<&OpenStore>,
    accounts: &Accounts,
    data_dir: Option<&Path>,
    control: &tokio::runtime::Handle,
    event_hub: &mut Connections,
) -> Result<Option<Arc<LimitsSource>>, SecurityError> {
    const CA_FILE: &str = "throttlingConfig.jmsConnectionCaFile";
    const LISTS_CA_FILE: &str = "throttlingConfig.dataRetriever.caFile";
    let Some(settings) = &config.global_throttling else {
        return Ok(None);
    };
    let roots = extra_roots(settings.lists.ca_file.as_deref(), LISTS_CA_FILE, trust)?;
    let asking = Asking::new(roots, config.http_clients.proxy_of_services()).with_accounts(accounts);
    let source = LimitsSource::new(settings, &asking, data_dir, config.throttling.max_counters);
    let source = source.map_err(|reason| unusable_roots(settings.lists.ca_file.as_deref(), LISTS_CA_FILE, reason))?;
    let ca_file = settings.ca_file.as_deref();
    let roots = extra_roots(ca_file, CA_FILE, trust)?;
    let (topic, follow) = source.topic();
    let added = event_hub.add(&settings.brokers, roots, topic);
    added.map_err(|reason| unusable_roots(ca_file, CA_FILE, reason))?;
    control.spawn(follow);
    Ok(Some(source))
}

/// Returns the certificates trusted for the control plane beside the system's: those of the file, else of the store.
pub(in crate::auth) fn extra_roots(
    file: Option<&Path>,
    setting: &'static str,
    trust: Option<&OpenStore>,
) -> Result<Option<Vec<u8>>, SecurityError> {
    match file {
        Some(path) => roots(path, setting).map(Some),
        None => Ok(trust.map(stored_roots)),
    }
}

/// Returns how the traffic manager is spoken to, where it is told of requests.
pub(in crate::auth) fn traffic_manager(
    config: &RuntimeConfig,
    trust: Option<&OpenStore>,
) -> Result<Asking, SecurityError> {
    let Some(settings) = &config.event_publishing else {
        return Ok(Asking::default());
    };
    let roots = extra_roots(settings.ca_file.as_deref(), "throttlingConfig.receiverCaFile", trust)?;
    Ok(Asking::new(roots, config.http_clients.proxy_of_services()))
}

/// Returns how the service is spoken to that takes usage records, where they are uploaded.
pub(in crate::auth) fn usage_service(
    config: &RuntimeConfig,
    trust: Option<&OpenStore>,
) -> Result<Asking, SecurityError> {
    let Some(settings) = config.usage.as_ref().and_then(|usage| usage.upload.as_ref()) else {
        return Ok(Asking::default());
    };
    let roots = extra_roots(settings.ca_file.as_deref(), "analytics.fileUpload.caFile", trust)?;
    Ok(Asking::new(roots, config.http_clients.proxy_of_services()))
}

/// Returns the error for certificates of [`extra_roots`] that cannot be trusted.
pub(in crate::auth) fn unusable_roots(file: Option<&Path>, setting: &'static str, reason: String) -> SecurityError {
    match file {
        Some(path) => SecurityError::Key {
            path: path.to_owned(),
            setting,
            reason,
        },
        None => SecurityError::RevocationSource { reason },
    }
}

pub(super) fn stored_roots(trust: &OpenStore) -> Vec<u8> {
    let authorities = trust
        .certificates()
        .filter(|certificate| mgw_keystore::is_authority(certificate));
    authorities
        .map(|certificate| certificate_pem(certificate))
        .collect::<String>()
        .into_bytes()
}
