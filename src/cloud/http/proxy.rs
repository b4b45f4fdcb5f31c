//! Which proxy a request goes through, to name it in messages. The HTTP client goes by the same variables.

use hyper_util::client::proxy::matcher::Matcher;
use std::error::Error;
use std::sync::Arc;
use url::Url;

/// The proxies that the environment names: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in either case.
#[derive(Debug, Clone)]
pub(super) struct Proxies {
    matcher: Option<Arc<Matcher>>,
    unusable: Option<Unusable>,
}

/// A variable whose value is no proxy. The HTTP client would go without one, where only a proxy was to see what is sent.
#[derive(Debug, Clone)]
struct Unusable {
    variable: &'static str,
    /// Intercepts what would have gone through it.
    places: Arc<Matcher>,
}

impl Unusable {
    /// Looks at what decides about HTTPS, which all that carries credentials is.
    fn among(variables: impl Fn(&str) -> Option<String>) -> Option<Self> {
        // The first of the two that is set counts, also when it is empty.
        let first = |names: [&'static str; 2]| names.into_iter().find_map(|name| Some((name, variables(name)?)));
        let is_named = |(_, value): &(&str, String)| !value.trim().is_empty();
        let of_https = first(["HTTPS_PROXY", "https_proxy"]).filter(is_named);
        let (variable, value) = of_https.or_else(|| first(["ALL_PROXY", "all_proxy"]).filter(is_named))?;
        let anywhere = http::Uri::from_static("https://control-plane.example");
        if Matcher::builder().all(value).build().intercept(&anywhere).is_some() {
            return None;
        }
        let exceptions = first(["NO_PROXY", "no_proxy"]).map_or(String::new(), |(_, value)| value);
        let places = Matcher::builder().https("http://proxy.example").no(exceptions).build();
        Some(Self {
            variable,
            places: Arc::new(places),
        })
    }
}

impl Proxies {
    /// `direct`: none is used.
    pub(super) fn of_environment(direct: bool) -> Self {
        let used = || Arc::new(Matcher::from_env());
        Self {
            matcher: (!direct).then(used),
            unusable: Unusable::among(|name| std::env::var(name).ok()).filter(|_| !direct),
        }
    }

    /// The variable that should name the proxy on the way to a place, and names none.
    pub(super) fn unusable_towards(&self, url: &Url) -> Option<&'static str> {
        let unusable = self.unusable.as_ref()?;
        let place: http::Uri = url.as_str().parse().ok()?;
        unusable.places.intercept(&place).map(|_| unusable.variable)
    }

    /// Host and port of the proxy on the way to a place; never its user and password.
    pub(super) fn towards(&self, url: &Url) -> Option<String> {
        let place: http::Uri = url.as_str().parse().ok()?;
        let intercept = self.matcher.as_ref()?.intercept(&place)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_no_proxy_is_found_where_it_would_have_counted() {
        type Variables<'a> = &'a [(&'a str, &'a str)];
        let table: [(Variables<'_>, Option<&str>); 12] = [
            (&[], None),
            (&[("HTTPS_PROXY", "")], None),
            (&[("HTTPS_PROXY", "proxy.example:3128")], None),
            (&[("HTTPS_PROXY", "http://user:canary@proxy.example:3128")], None),
            (&[("HTTPS_PROXY", "socks5://proxy.example:1080")], None),
            (
                &[("HTTPS_PROXY", "ftp://user:canary@proxy.example")],
                Some("HTTPS_PROXY"),
            ),
            (&[("https_proxy", "http://user:canary@bad host:1")], Some("https_proxy")),
            (&[("ALL_PROXY", "http://")], Some("ALL_PROXY")),
            (&[("HTTPS_PROXY", "proxy.example"), ("ALL_PROXY", "ftp://x")], None),
            (&[("HTTPS_PROXY", ""), ("https_proxy", "ftp://x")], None),
            (&[("HTTP_PROXY", "ftp://x")], None),
            (&[("HTTPS_PROXY", "ftp://x"), ("NO_PROXY", ".example")], None),
        ];
        for (variables, expected) in table {
            let value = |name: &str| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            let proxies = Proxies {
                matcher: None,
                unusable: Unusable::among(value),
            };
            let url = "https://apim.example:9443/token".parse().unwrap();
            assert_eq!(proxies.unusable_towards(&url), expected, "{variables:?}");
            assert!(!format!("{proxies:?}").contains("canary"));
        }
    }
}
