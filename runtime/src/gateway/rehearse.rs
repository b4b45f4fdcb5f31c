//! Whether a gateway would start, without starting one: by the code with which it starts.

use super::prepare::{Parts, Prepared};
use super::start::{access_log_target, check_listeners, needs_client_tls, publisher, quotas, runtime};
use super::{Gateway, StartError};
use crate::auth::Security;
use crate::config::RuntimeConfig;
use crate::operator_blocks::OperatorBlocks;
use crate::server::{CertificateSources, ServerTls, TlsError};
use crate::tls::ClientTrust;
use crate::upstream::Origins;
use mgw_bundle::Bundle;
use rustls::crypto::aws_lc_rs;
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Handle;

/// What a start would lead to.
#[derive(Debug, Default)]
pub struct Rehearsed {
    /// What would keep the gateway from starting: of each of its parts the first, or all that it can tell at once. Several may
    /// stumble over one setting, and say the same.
    pub errors: Vec<StartError>,
    /// The gateway would start, and users who are to get API keys would get none: there is no RSA key to sign them.
    pub lacks_api_key_signer: bool,
}

impl Gateway {
    /// Finds what would keep a gateway from starting with this bundle and these settings, here and in this environment.
    /// Nothing is written, bound or asked; files that the settings name are read. `bundle`: `None` looks at the settings alone.
    /// `data_dir`: `None` is a machine that is not known, with no gateway's data folder and no folder for logs. Whether ports are
    /// free, and whether usage records can be written, is not found. Not to be called on a runtime.
    pub fn rehearse(
        bundle: Option<&Bundle>,
        config: &RuntimeConfig,
        data_dir: Option<&Path>,
        unix_ms: u64,
    ) -> Rehearsed {
        let mut rehearsed = Rehearsed::default();
        rehearsed.keep(check_listeners(config));
        // Its folder is of the machine, as the data folder is.
        if let Some(target) = access_log_target(config).filter(|_| data_dir.is_some()) {
            rehearsed.keep(target.rehearse());
        }
        // What is begun on it stays undone: nothing runs it.
        if let Some(still) = rehearsed.keep(runtime()) {
            rehearsed.parts(bundle, config, data_dir, still.handle(), unix_ms);
        }
        rehearsed
    }
}

impl Rehearsed {
    fn parts(
        &mut self,
        bundle: Option<&Bundle>,
        config: &RuntimeConfig,
        data_dir: Option<&Path>,
        control: &Handle,
        unix_ms: u64,
    ) {
        let security = self.keep(Security::start(config, data_dir, control));
        let quotas = self.keep(quotas(config, control));
        let origins = self.keep(Origins::new(config, control));
        let operator_blocks = self.keep(data_dir.map(OperatorBlocks::open).transpose());
        if let Some(security) = &security {
            self.lacks_api_key_signer = security.lacks_api_key_signer();
            self.keep(publisher(config, security, 1, control));
        }
        let offers_tokens = security.as_ref().is_some_and(|security| security.offers_tokens());
        let prepared = match (bundle, security, quotas, origins, operator_blocks) {
            (Some(bundle), Some(security), Some(quotas), Some(origins), Some(operator_blocks)) => {
                let parts = Parts {
                    security,
                    quotas,
                    origins,
                    operator_blocks: operator_blocks.unwrap_or_default(),
                };
                self.keep(Prepared::of(parts, bundle, config, 1, control, unix_ms))
            }
            _ => None,
        };
        if needs_client_tls(config, offers_tokens) {
            self.client_tls(config, data_dir, prepared.as_ref());
        }
    }

    /// TLS towards clients; where nobody knows whom to believe, that is no matter.
    fn client_tls(&mut self, config: &RuntimeConfig, data_dir: Option<&Path>, prepared: Option<&Prepared>) {
        let sources = CertificateSources::unkept(&config.listener, data_dir);
        let trust = match prepared {
            Some(prepared) => Some(prepared.snapshot.authenticator.client_trust()),
            None => ClientTrust::new([], [], Arc::new(aws_lc_rs::default_provider())).ok(),
        };
        let Some(trust) = trust else { return };
        match ServerTls::new(config, sources, trust) {
            Err(TlsError::NobodyTrusted) if prepared.is_none() => {}
            result => drop(self.keep(result)),
        }
    }

    fn keep<T, E: Into<StartError>>(&mut self, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.errors.push(error.into())).ok()
    }
}
