//! Where one backend is and what is spoken with it.

use serde::{Deserialize, Serialize};

/// One backend of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// An `http`, `https`, `ws` or `wss` URL, without a trailing `/`. With a [`Discovery`] it is the default: used until
    /// something is found, and for the scheme and path of what names only hosts.
    pub url: String,
    /// Where the present address is looked up; absent: the URL is the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discovery: Option<Discovery>,
}

impl Target {
    /// Returns the target at a fixed URL.
    pub fn at(url: String) -> Self {
        Self { url, discovery: None }
    }
}

/// Where the present address of a backend is looked up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Discovery {
    /// The value of a key in etcd is the URL: `etcd(KEY, URL)`.
    Etcd {
        /// The key.
        key: String,
    },
    /// SRV records name hosts and ports: `srv(NAME, URL)`.
    Srv {
        /// The name to ask for, such as `_http._tcp.shop.example.com`.
        name: String,
    },
    /// A file lists URLs, one a line: `file(PATH, URL)`.
    File {
        /// Path as written; the operator's settings say where relative ones start.
        path: String,
    },
}

/// The HTTP version that is spoken with a backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BackendProtocol {
    /// HTTP/2 where TLS negotiates it and the operator allows it, else HTTP/1.1.
    #[default]
    Negotiated,
    /// HTTP/1.1 only.
    Http1,
    /// HTTP/2 with prior knowledge on plain connections (h2c), and nothing else over TLS.
    Http2,
}

impl BackendProtocol {
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
