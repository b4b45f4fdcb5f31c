//! Which proxy a request goes through, to name it in messages. The HTTP client goes by the same variables.

use hyper_util::client::proxy::matcher::Matcher;
use std::error::Error;
use std::sync::Arc;
use url::Url;

/// The proxies that the environment names: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in either case.
#[derive(Debug, Clone)]
pub(super) struct Proxies(Option<Arc<Matcher>>);

impl Proxies {
    /// `direct`: none is used.
    pub(super) fn of_environment(direct: bool) -> Self {
        Self((!direct).then(|| Arc::new(Matcher::from_env())))
    }

    /// Host and port of the proxy on the way to a place; never its user and password.
    pub(super) fn towards(&self, url: &Url) -> Option<String> {
        let place: http::Uri = url.as_str().parse().ok()?;
        let intercept = self.0.as_ref()?.intercept(&place)?;
        let uri = intercept.uri();
        let host = uri.host()?;
        Some(match uri.port_u16() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        })
    }
}

/// What a proxy did not let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProxyRefusal {
    /// Nobody without a password, or with this one.
    Password,
    /// Nobody to that place.
    Place,
}

impl ProxyRefusal {
    /// Finds a proxy's refusal among the causes of an error, by the words of the library: its error type is not public.
    pub(crate) fn of(error: &reqwest::Error) -> Option<Self> {
        let mut cause: Option<&dyn Error> = error.source();
        while let Some(error) = cause {
            match error.to_string().strip_prefix("tunnel error: ") {
                Some("proxy authorization required") => return Some(Self::Password),
                Some("unsuccessful") => return Some(Self::Place),
                _ => cause = error.source(),
            }
        }
        None
    }
}
