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
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

impl Discovery {
    /// Reads a URL as it is written: plain, or as `etcd(KEY, URL)`, `srv(NAME, URL)` or `file(PATH, URL)`, with blanks
    /// around the parts. Says nothing about the URL itself.
    ///
    /// # Errors
    ///
    /// What is wrong with the form.
    pub fn parse(text: &str) -> Result<(Option<Self>, &str), &'static str> {
        const FORMS: [&str; 3] = ["etcd", "srv", "file"];
        let text = text.trim();
        let form = FORMS.iter().find_map(|form| {
            let inside = text.strip_prefix(form)?.trim_start().strip_prefix('(')?;
            Some((*form, inside))
        });
        let Some((form, inside)) = form else {
            return Ok((None, text));
        };
        let parts = inside.strip_suffix(')').and_then(|inside| inside.split_once(','));
        let parts = parts.map(|(name, url)| (name.trim(), url.trim()));
        let Some((name, url)) = parts.filter(|(name, url)| !name.is_empty() && !url.is_empty()) else {
            return Err(match form {
                "etcd" => "it is not written as `etcd(KEY, DEFAULT_URL)`",
                "srv" => "it is not written as `srv(NAME, DEFAULT_URL)`",
                _ => "it is not written as `file(PATH, DEFAULT_URL)`",
            });
        };
        let name = name.to_owned();
        let discovery = match form {
            "etcd" => Self::Etcd { key: name },
            "srv" => Self::Srv { name },
            _ => Self::File { path: name },
        };
        Ok((Some(discovery), url))
    }
}

/// The HTTP version that is spoken with a backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_forms_are_read() {
        let etcd = |key: &str| Some(Discovery::Etcd { key: key.into() });
        for (text, discovery, url) in [
            (" http://a/x ", None, "http://a/x"),
            ("etcd(shop,http://a)", etcd("shop"), "http://a"),
            (" etcd ( shop/v1 , http://a/b,c ) ", etcd("shop/v1"), "http://a/b,c"),
            (
                "srv(_http._tcp.shop.test, https://shop.test/v1)",
                Some(Discovery::Srv {
                    name: "_http._tcp.shop.test".into(),
                }),
                "https://shop.test/v1",
            ),
            (
                "file(shop.urls, http://a)",
                Some(Discovery::File {
                    path: "shop.urls".into(),
                }),
                "http://a",
            ),
            ("etcdserver", None, "etcdserver"),
        ] {
            assert_eq!(Discovery::parse(text), Ok((discovery, url)), "{text}");
        }
        for text in ["etcd(", "etcd(a)", "etcd(a,b", "etcd(,http://a)", "srv(a,)", "file()"] {
            assert!(Discovery::parse(text).is_err(), "{text}");
        }
    }
}
