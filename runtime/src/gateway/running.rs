//! A gateway that serves.

use super::ReloadError;
use super::control::Control;
use crate::access_log::Writer;
use crate::connected::ConnectedReport;
use crate::server::{CertificateOrigin, Drain, DrainOutcome};
use crate::usage::{Usage, UsageHandle, UsageStatus};
use mgw_bundle::{Bundle, Digest};
use secrecy::SecretString;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::{oneshot, watch};
use url::Url;

/// How long the traffic manager may take for what requests left behind.
const FLUSH: Duration = Duration::from_secs(5);

/// Where the gateway listens, with the ports that were chosen for port 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    /// The plain listener.
    pub http: Option<SocketAddr>,
    /// The TLS listener.
    pub https: Option<SocketAddr>,
    /// The TLS listener of the token endpoints, open when there is a key manager.
    pub token: Option<SocketAddr>,
    /// The admin listener.
    pub admin: Option<SocketAddr>,
}

/// How draining ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DrainReport {
    /// Client connections that were still open at the deadline and were cut.
    pub aborted: usize,
}

/// A gateway that serves. Dropping it stops it at once; [`Self::drain`] lets running requests finish.
#[derive(Debug)]
pub struct RunningGateway {
    addresses: Addresses,
    certificate: Option<CertificateOrigin>,
    control: Arc<Control>,
    threads: Mutex<Option<Threads>>,
}

/// The gateway's threads and the ways to end them.
#[derive(Debug)]
pub(super) struct Threads {
    pub(super) drain: watch::Sender<Drain>,
    pub(super) cores: Vec<JoinHandle<DrainOutcome>>,
    pub(super) control: Option<JoinHandle<()>>,
    /// Takes how long what requests left behind may take to be told elsewhere.
    pub(super) stop_control: Option<oneshot::Sender<Duration>>,
    pub(super) log_writer: Option<Writer>,
    pub(super) usage: Option<Usage>,
}

impl RunningGateway {
    pub(super) fn new(
        addresses: Addresses,
        certificate: Option<CertificateOrigin>,
        control: Arc<Control>,
        threads: Threads,
    ) -> Self {
        Self {
            addresses,
            certificate,
            control,
            threads: Mutex::new(Some(threads)),
        }
    }

    /// Returns where the gateway listens.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Returns where the certificate of the TLS listener comes from; `None` without TLS listener.
    pub fn certificate(&self) -> Option<&CertificateOrigin> {
        self.certificate.as_ref()
    }

    /// Returns how many blocks that operators set are in force.
    pub fn operator_blocks(&self) -> usize {
        self.control.operator_blocks()
    }

    /// Returns the digest of the bundle being served.
    pub fn bundle(&self) -> Digest {
        self.control.snapshot.load().digest
    }

    /// Replaces the bundle. Requests that have begun finish under the old one; quotas of keys that both have go on.
    ///
    /// # Errors
    ///
    /// The new bundle does not fit the settings; the old one goes on serving.
    pub fn reload(&self, bundle: &Bundle) -> Result<(), ReloadError> {
        self.control.reload(bundle)
    }

    /// Tells that a bundle which was to replace the one being served could not be read, or not be trusted, and why: one
    /// sentence without secrets. `/ready` and the metrics say so until another is served, or [`Self::keep_bundle`]. One that
    /// [`Self::reload`] refused need not be told.
    pub fn refuse_bundle(&self, reason: String) {
        self.control.refuse_bundle(None, reason);
    }

    /// Tells that the bundle which was given last is the one being served.
    pub fn keep_bundle(&self) {
        self.control.refused_bundle.store(None);
    }

    /// Tells how following the control plane goes, for `/ready`, `/connected` and the metrics.
    pub fn report_connected(&self, report: ConnectedReport) {
        self.control.connected.store(Some(Arc::new(report)));
    }

    /// Returns what counts the control plane's changes that a new bundle has to bring: of APIs, policies and certificates. It
    /// is raised also when notifications begin to arrive, because those before are lost. `None`: the event hub is not followed.
    pub fn control_plane_changes(&self) -> Option<watch::Receiver<u64>> {
        self.control.continued.security.control_plane_changes()
    }

    /// Asks the control plane at the server of this URL with another password of this user from now on: for subscription data
    /// and lists, where they are asked for.
    pub fn set_control_plane_password(&self, server: &Url, user: &str, password: &SecretString) {
        let security = &self.control.continued.security;
        security.set_control_plane_password(server, user, password);
    }

    /// Looks at the files that settings name at once, which else happens every `listenerConfig.certificateReloadInterval`:
    /// certificates, keys, authorities and revocations. Returns whether something changed that is in use now. Files that
    /// cannot be used are logged and counted, and change nothing. Blocks.
    pub fn reload_files(&self) -> bool {
        self.control.rotate_files()
    }

    /// Sets what the control plane knows this gateway by. It goes along with uploads of usage records, as `Request-Token`.
    pub fn set_request_token(&self, token: Option<&str>) {
        if let Some(usage) = &self.control.usage {
            usage.set_request_token(token);
        }
    }

    /// Returns how it goes with usage records; `None`: they are switched off.
    pub fn usage(&self) -> Option<UsageStatus> {
        self.control.usage.as_ref().map(UsageHandle::status)
    }

    /// Stops accepting, lets running requests finish for `patience`, cuts the rest and ends every thread. Blocks. What the
    /// traffic manager has not been told of then is told within five more seconds, unless there was no patience at all.
    ///
    /// `/ready` says 503 from the first moment on. A second call returns at once.
    pub fn drain(&self, patience: Duration) -> DrainReport {
        let threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(threads) = threads else {
            return DrainReport::default();
        };
        self.control.draining.store(true, Ordering::Release);
        let now = Instant::now();
        let deadline = now.checked_add(patience).unwrap_or(now);
        let flush = if patience.is_zero() { Duration::ZERO } else { FLUSH };
        let report = threads.end(deadline, flush);
        self.control.continued.operator_blocks.release();
        report
    }
}

impl Drop for RunningGateway {
    fn drop(&mut self) {
        self.drain(Duration::ZERO);
    }
}

impl Threads {
    fn end(mut self, deadline: Instant, flush: Duration) -> DrainReport {
        self.drain.send_replace(Drain::Until(deadline));
        let mut report = DrainReport::default();
        for core in self.cores.drain(..) {
            // A panic of a core's thread has been reported by then.
            report.aborted += core.join().unwrap_or_default().aborted;
        }
        if let Some(stop) = self.stop_control.take() {
            // Without a receiver the control thread has ended already.
            let _ = stop.send(flush);
        }
        if let Some(control) = self.control.take() {
            let _ = control.join();
        }
        if let Some(writer) = self.log_writer.take() {
            writer.finish();
        }
        if let Some(usage) = self.usage.take() {
            usage.finish();
        }
        report
    }
}
