//! Starts the sources of revocations that are configured.

use super::builders::extra_roots;
use super::revocation_sources::{ControlPlaneList, EventHubTopic, Reporter, RevocationSourceStatus};
use super::{Revocations, SecurityError};
use crate::config::Revocation;
use crate::tls::OpenStore;
use std::sync::Arc;
use tokio::sync::{Notify, watch};

/// Starts them on the runtime of `control` and returns where their reports arrive.
pub(super) fn start_revocation_sources(
    config: &Revocation,
    trust: Option<&OpenStore>,
    revocations: &Arc<Revocations>,
    control: &tokio::runtime::Handle,
    errors: &mut Vec<SecurityError>,
) -> Vec<watch::Receiver<RevocationSourceStatus>> {
    let mut reports = Vec::new();
    // What the event hub does not tell any more is in the list.
    let missed = Arc::new(Notify::new());
    if let Some(settings) = &config.realtime {
        let (reporter, report) = Reporter::new("event-hub");
        let roots = extra_roots(
            settings.ca_file.as_deref(),
            "tokenRevocationConfig.realtime.caFile",
            trust,
        );
        let (revocations, missed) = (Arc::clone(revocations), Arc::clone(&missed));
        let topic = roots.and_then(|roots| {
            EventHubTopic::new(settings, roots.as_deref(), revocations, reporter, missed)
                .map_err(|reason| SecurityError::RevocationSource { reason })
        });
        match topic {
            Ok(topic) => {
                control.spawn(topic.run());
                reports.push(report);
            }
            Err(error) => errors.push(error),
        }
    }
    if let Some(settings) = &config.persistent {
        let (reporter, report) = Reporter::new("control-plane");
        let roots = extra_roots(
            settings.ca_file.as_deref(),
            "tokenRevocationConfig.persistent.caFile",
            trust,
        );
        let list = roots.and_then(|roots| {
            ControlPlaneList::new(settings, roots.as_deref(), Arc::clone(revocations), reporter)
                .map_err(|reason| SecurityError::RevocationSource { reason })
        });
        match list {
            Ok(list) => {
                control.spawn(list.run(missed));
                reports.push(report);
            }
            Err(error) => errors.push(error),
        }
    }
    #[cfg(feature = "redis")]
    if let Some(settings) = &config.redis {
        let (reporter, report) = Reporter::new("redis");
        let roots = settings
            .ca_file
            .as_ref()
            .map(|path| super::builders::read(path, "tokenRevocationConfig.redis.caFile"));
        let stream = roots.transpose().and_then(|roots| {
            super::revocation_sources::RedisStream::new(settings, roots, Arc::clone(revocations), reporter)
                .map_err(|reason| SecurityError::RevocationSource { reason })
        });
        match stream {
            Ok(stream) => {
                control.spawn(stream.run());
                reports.push(report);
            }
            Err(error) => errors.push(error),
        }
    }
    reports
}
