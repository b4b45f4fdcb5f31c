//! How the gateway asks servers for itself: whom it trusts there beside the system's certificates, and through which proxy
//! it goes.

use crate::config::{Proxy, ProxyKind};
use crate::refused::Accounts;
use http::Uri;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Certificate, Client, ClientBuilder};
use secrecy::ExposeSecret;
use std::net::Ipv6Addr;
use url::{Host, Url};

/// What the clients of one connection have in common.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asking {
    /// PEM.
    roots: Option<Vec<u8>>,
    proxy: Option<Proxy>,
    accounts: Accounts,
}

impl Asking {
    /// `roots` are trusted beside the system's certificates.
    pub(crate) fn new(roots: Option<Vec<u8>>, proxy: Option<&Proxy>) -> Self {
        let proxy = proxy.cloned();
        Self {
            roots,
            proxy,
            accounts: Accounts::default(),
        }
    }

    /// Has what is refused to others, who ask with the same accounts, count here too.
    pub(crate) fn with_accounts(self, accounts: &Accounts) -> Self {
        Self {
            accounts: accounts.clone(),
            ..self
        }
    }

    /// The accounts with which services are asked.
    pub(crate) fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// Returns what is trusted beside the system's certificates.
    pub(crate) fn roots(&self) -> Option<&[u8]> {
        self.roots.as_deref()
    }

    /// Begins a client.
    ///
    /// # Errors
    ///
    /// What is wrong with the certificates or the proxy.
    pub(crate) fn client(&self) -> Result<ClientBuilder, String> {
        let mut builder = Client::builder();
        if let Some(pem) = &self.roots {
            let roots = Certificate::from_pem_bundle(pem).map_err(|error| error.to_string())?;
            builder = builder.tls_certs_merge(roots);
        }
        if let Some(proxy) = &self.proxy {
            builder = builder.proxy(through(proxy)?);
        }
        Ok(builder)
    }
}

/// The proxy looks names up, as for backends.
fn through(proxy: &Proxy) -> Result<reqwest::Proxy, String> {
    let url = url_of(proxy).ok_or("`httpClients.proxy.host` is no host")?;
    let exclusions = proxy.exclusions.clone();
    Ok(reqwest::Proxy::custom(move |asked| {
        let host = asked.host_str()?.trim_start_matches('[').trim_end_matches(']');
        (!exclusions.has(host)).then(|| url.clone())
    }))
}

/// The user is in it: SOCKS takes it from nowhere else.
fn url_of(proxy: &Proxy) -> Option<Url> {
    let scheme = match proxy.kind {
        ProxyKind::Http => "http",
        ProxyKind::Socks5 => "socks5h",
    };
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let user = match proxy.username.as_str() {
        "" => String::new(),
        user => format!("{}:{}@", encoded(user), encoded(proxy.password.expose_secret())),
    };
    let host = match proxy.host.parse::<Ipv6Addr>() {
        Ok(address) => Host::Ipv6(address),
        Err(_) => Host::parse(&proxy.host).ok()?,
    };
    let url = Url::parse(&format!("{scheme}://{user}{host}:{}", proxy.port)).ok()?;
    // The client reads it in this form, and goes around a proxy that it cannot read.
    let is_read = url
        .as_str()
        .parse::<Uri>()
        .is_ok_and(|read| read.host() == url.host_str());
    is_read.then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::Exclusions;

    fn url(kind: ProxyKind, host: &str, username: &str, password: &str) -> Option<String> {
        let proxy = Proxy {
            kind,
            exclusions: Exclusions::default(),
            internal_services: true,
            host: host.into(),
            port: 3128,
            username: username.into(),
            password: password.into(),
        };
        url_of(&proxy).map(String::from)
    }

    #[test]
    fn proxies_have_urls() {
        use ProxyKind::{Http, Socks5};
        for (found, expected) in [
            (url(Http, "proxy.test", "", "unused"), Some("http://proxy.test:3128/")),
            (url(Http, "::1", "", ""), Some("http://[::1]:3128/")),
            (
                url(Socks5, "proxy.test", "a:b", "%40@/"),
                Some("socks5h://a%3Ab:%2540%40%2F@proxy.test:3128"),
            ),
            (url(Http, "proxy.test/x", "", ""), None),
            (url(Http, "a@b", "", ""), None),
            (url(Http, "a b", "", ""), None),
        ] {
            assert_eq!(found.as_deref(), expected);
        }
    }
}
