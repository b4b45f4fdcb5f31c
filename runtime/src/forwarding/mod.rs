//! What backends are told about the client's hop: `X-Forwarded-*`, `Forwarded`, `Via`.
//!
//! Backends believe these headers, so no client may choose them. What a peer sends that is no trusted proxy is removed, in every
//! spelling that an application server would take for it; what a trusted proxy sends is extended by the hop to this gateway. Of
//! the two families only that is kept which is written: a proxy that knows one of them passes the other on as its client sent it.

mod address;
mod element;
mod family;
mod max_forwards;
mod via;

pub(crate) use address::address;
pub(crate) use element::client_addresses;
pub(crate) use max_forwards::MaxForwards;

use crate::config::{ForwardingHeaders, RuntimeConfig};
use family::Family;
use http::{HeaderMap, HeaderName, HeaderValue, Version};
use via::Via;

pub(crate) const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
pub(crate) const FORWARDED: HeaderName = HeaderName::from_static("forwarded");

/// Whether a header speaks of the client's hop, in any spelling.
pub(crate) fn is_of_hop(name: &HeaderName) -> bool {
    family::of(name).is_some()
}

/// The operator's rules for forwarding headers.
#[derive(Debug, Clone)]
pub(crate) struct Forwarding {
    headers: ForwardingHeaders,
    via: Option<Via>,
    /// Backends get the client's `Host`.
    pub(crate) preserve_host: bool,
}

/// The hop from the client to this gateway.
#[derive(Debug)]
pub(crate) struct Hop<'r> {
    /// The peer's address as text.
    pub(crate) peer: &'r HeaderValue,
    /// It is a proxy whose headers are believed.
    pub(crate) trusted: bool,
    pub(crate) tls: bool,
    /// The host that the client asked for.
    pub(crate) host: Option<HeaderValue>,
    pub(crate) version: Version,
}

impl Forwarding {
    pub(crate) fn compile(config: &RuntimeConfig) -> Self {
        let settings = &config.forwarding;
        Self {
            headers: settings.headers,
            via: settings.via.as_deref().and_then(Via::new),
            preserve_host: settings.preserve_host,
        }
    }

    /// Whether trusted proxies tell the client's address in `Forwarded` rather than in `X-Forwarded-For`.
    pub(crate) fn reads_forwarded(&self) -> bool {
        self.headers == ForwardingHeaders::Forwarded
    }

    /// Whether anything is written that needs the host.
    pub(crate) fn needs_host(&self) -> bool {
        use ForwardingHeaders::{Both, Forwarded, XForwarded};
        self.preserve_host || matches!(self.headers, XForwarded | Forwarded | Both)
    }

    /// Whether a request has passed here so often that it goes in circles.
    pub(crate) fn is_loop(&self, headers: &HeaderMap) -> bool {
        self.via.as_ref().is_some_and(|via| via.is_loop(headers))
    }

    /// Changes the headers of a request on its way to the backend.
    pub(crate) fn apply(&self, headers: &mut HeaderMap, hop: &Hop<'_>) {
        let (x_forwarded, forwarded) = match self.headers {
            ForwardingHeaders::Untouched => return self.mark(headers, hop),
            ForwardingHeaders::XForwarded => (true, false),
            ForwardingHeaders::Forwarded => (false, true),
            ForwardingHeaders::Both => (true, true),
            ForwardingHeaders::None => (false, false),
        };
        family::remove(headers, |family| match family {
            Family::XForwarded => hop.trusted && x_forwarded,
            Family::Forwarded => hop.trusted && forwarded,
            Family::LookAlike => false,
        });
        if x_forwarded {
            append_address(headers, hop.peer);
            if !headers.contains_key(X_FORWARDED_PROTO) {
                let scheme = HeaderValue::from_static(if hop.tls { "https" } else { "http" });
                headers.insert(X_FORWARDED_PROTO, scheme);
            }
            if let Some(host) = &hop.host
                && !headers.contains_key(X_FORWARDED_HOST)
            {
                headers.insert(X_FORWARDED_HOST, host.clone());
            }
        }
        if forwarded && let Some(element) = element::of(hop) {
            append(headers, FORWARDED, &element);
        }
        self.mark(headers, hop);
    }

    fn mark(&self, headers: &mut HeaderMap, hop: &Hop<'_>) {
        if let Some(via) = &self.via {
            via.mark(headers, hop.version);
        }
    }
}

fn append_address(headers: &mut HeaderMap, peer: &HeaderValue) {
    if headers.contains_key(X_FORWARDED_FOR) {
        append(headers, X_FORWARDED_FOR, peer);
    } else {
        // The usual case: the value was made once for the connection.
        headers.insert(X_FORWARDED_FOR, peer.clone());
    }
}

/// Adds an entry to a list that is then on one line, because some readers look at one line only.
fn append(headers: &mut HeaderMap, name: HeaderName, entry: &HeaderValue) {
    let mut list = Vec::new();
    for line in headers.get_all(&name) {
        list.extend_from_slice(line.as_bytes());
        list.extend_from_slice(b", ");
    }
    list.extend_from_slice(entry.as_bytes());
    if let Ok(list) = HeaderValue::from_bytes(&list) {
        headers.insert(name, list);
    }
}

#[cfg(test)]
mod tests;
