//! Starts the sources of revocations that are configured.

use super::builders::{extra_roots, unusable_roots};
use super::revocation_sources::{ControlPlaneList, Reporter, RevocationSourceStatus, revoked_tokens};
use super::{Revocations, SecurityError};
use crate::asking::Asking;
use crate::config::{Proxy, Revocation};
use crate::event_hub::amqp::Connections;
use crate::refused::Accounts;
use crate::tls::OpenStore;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::{Notify, watch};

/// Starts them on the runtime of `control` and returns where their reports arrive. Topics are added to `event_hub`.
#[expect(
    clippy::too_many_arguments,
    reason = "each is of another owner, and there is one caller"
)]
pub(super) fn start_revocation_sources(
    config: &Revocation,
    trust: Option<&OpenStore>,
    proxy: Option<&Proxy>,
    accounts: &Accounts,
    data_dir: Option<&Path>,
    revocations: &Arc<Revocations>,
    control: &tokio::runtime::Handle,
    event_hub: &mut Connections,
    errors: &mut Vec<SecurityError>,
) -> Vec<watch::Receiver<RevocationSourceStatus>> {
    let mut reports = Vec::new();
    // What the event hub does not tell any more is in the list.
    let missed = Arc::new(Notify::new());
    if let Some(settings) = &config.realtime {
        const CA_FILE: &str = "tokenRevocationConfig.realtime.caFile";
        let (reporter, report) = Reporter::new("event-hub");
        let (revocations, missed) = (Arc::clone(revocations), Arc::clone(&missed));
        let (topic, follow) = revoked_tokens(settings.topic.clone(), revocations, reporter, missed);
        let added = extra_roots(settings.ca_file.as_deref(), CA_FILE, trust).and_then(|roots| {
            let added = event_hub.add(&settings.brokers, roots, topic);
            added.map_err(|reason| unusable_roots(settings.ca_file.as_deref(), CA_FILE, reason))
        });
        match added {
            Ok(()) => {
                control.spawn(follow);
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
            let asking = Asking::new(roots, proxy).with_accounts(accounts);
            ControlPlaneList::new(settings, &asking, Arc::clone(revocations), reporter, data_dir)
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
