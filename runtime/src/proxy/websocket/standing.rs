//! Whether a client may still send over its WebSocket: every message is decided about like a request.

use super::super::admission::{authenticate, look, throttle};
use super::super::answer::{Answer, Answered};
use super::super::routing::{self, Asked, Routed};
use super::ledger::Ledger;
use crate::auth::{ClientCertificate, RequestView};
use crate::core::Core;
use crate::refusal::{Refusal, Rejection};
use crate::route::{ApiIndex, ResourceIndex};
use crate::server::Connection;
use crate::snapshot::Snapshot;
use http::{HeaderMap, Uri};
use mgw_bundle::config::Method;
use std::net::IpAddr;
use std::sync::Arc;

/// The handshake, as later decisions read it, and where it was routed.
pub(super) struct Standing {
    pub(super) core: Arc<Core>,
    pub(super) connection: Arc<Connection>,
    /// As received, with the credentials.
    pub(super) headers: HeaderMap,
    pub(super) uri: Uri,
    pub(super) client_ip: IpAddr,
    /// What a trusted proxy showed of the client's certificate.
    pub(super) forwarded: Option<ClientCertificate>,
    /// The configuration that these indexes belong to.
    pub(super) generation: u64,
    pub(super) api: ApiIndex,
    pub(super) resource: ResourceIndex,
}

impl Standing {
    /// Decides about a message that the client wants to send, and counts it.
    pub(super) async fn message(&self, ledger: &Ledger) -> Result<(), Refusal> {
        self.decide(ledger, true).await
    }

    /// Decides whether the connection may go on.
    pub(super) async fn check(&self, ledger: &Ledger) -> Result<(), Refusal> {
        self.decide(ledger, false).await
    }

    async fn decide(&self, ledger: &Ledger, is_counted: bool) -> Result<(), Refusal> {
        let now = self.core.clock.now();
        let local = self.core.snapshot.load_full();
        let snapshot = &*local.0;
        let route = self.route(snapshot)?;
        let view = RequestView {
            headers: &self.headers,
            query: self.uri.query(),
            client_ip: self.client_ip,
            certificate: self.forwarded.as_ref().or(self.connection.certificate()),
        };
        let caller = authenticate(&self.core, snapshot, &route, &view, now, &mut ())
            .await
            .map_err(|answered| reason(&answered))?;
        if !is_counted {
            // Who only receives sends no message by which limits would be noticed.
            let looked = look(&self.core, snapshot, &route, caller.as_deref(), &view, now);
            let admission = looked.map_err(|Rejection { refusal, .. }| refusal)?;
            return ledger.goes_on(admission);
        }
        let admitted = throttle(&self.core, snapshot, &route, caller.as_deref(), &view, now, &mut ()).await;
        let admission = admitted.map_err(|Rejection { refusal, .. }| refusal)?;
        ledger.admitted(admission);
        Ok(())
    }

    /// Where the handshake leads in the present configuration.
    fn route<'s>(&'s self, snapshot: &'s Snapshot) -> Result<Routed<'s, 's>, Refusal> {
        if snapshot.generation == self.generation {
            let api = snapshot.api(self.api).ok_or(Refusal::NotFound)?;
            return Ok(Routed {
                api_index: self.api,
                resource_index: self.resource,
                api,
                resource: api.resource(self.resource).ok_or(Refusal::NotFound)?,
                below: "",
            });
        }
        let asked = Asked {
            uri: &self.uri,
            headers: &self.headers,
            method: &http::Method::GET,
            routed: Some(Method::Get),
            tls: self.connection.offer.is_tls(),
        };
        routing::decide(snapshot, &asked, &self.uri)
            .outcome
            .map_err(|answered| reason(&answered))
    }
}

fn reason(answered: &Answered) -> Refusal {
    match &answered.answer {
        Answer::Refused(rejection) => rejection.refusal,
        answer => answer.refusal().unwrap_or(Refusal::NotFound),
    }
}
