//! Where the admin listener is.

use super::AdminError;
use crate::commands::run::reachable;
use mgw_runtime::config::Admin;
use std::net::SocketAddr;
use url::Url;

/// Where it is unless the settings say otherwise.
const USUAL: &str = "http://localhost:9797";

/// Which gateway.
#[derive(Debug, Clone, clap::Args)]
pub struct AdminArgs {
    /// The admin listener of the running gateway.
    #[arg(
        long,
        value_name = "URL",
        env = "MGW_ADMIN_URL",
        default_value = USUAL
    )]
    pub url: String,
}

impl AdminArgs {
    /// The listener of a gateway on this machine with these settings, the usual one where they are not known.
    ///
    /// # Errors
    ///
    /// When there is none, or nobody knows where; says why.
    pub(crate) fn of_settings(settings: Option<&Admin>) -> Result<Self, &'static str> {
        let url = match settings {
            None => USUAL.to_owned(),
            Some(admin) if !admin.enabled => return Err("the settings switch the admin listener off"),
            Some(Admin { port: 0, .. }) => return Err("the settings have any free admin port taken; --url names it"),
            Some(admin) => reachable("http", SocketAddr::new(admin.host, admin.port)),
        };
        Ok(Self { url })
    }

    /// The address, without a slash at its end.
    pub(crate) fn address(&self) -> Result<Url, AdminError> {
        let refused = |reason: &str| AdminError::Address {
            url: self.url.clone(),
            reason: reason.to_owned(),
        };
        let text = if self.url.contains("://") {
            self.url.clone()
        } else {
            format!("http://{}", self.url)
        };
        let url = Url::parse(&text).map_err(|error| refused(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refused("it begins with neither http:// nor https://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AdminError::Address {
                url: "the address in --url or MGW_ADMIN_URL".to_owned(),
                reason: "it holds credentials, and the admin listener asks for none".to_owned(),
            });
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refused("it holds more than host, port and path"));
        }
        Ok(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_say_where_a_gateway_is() {
        let url = |enabled, host: &str, port| {
            let host = host.parse().unwrap();
            let admin = Admin { enabled, host, port };
            AdminArgs::of_settings(Some(&admin)).ok().map(|args| args.url)
        };
        for (host, expected) in [
            ("127.0.0.1", "http://127.0.0.1:19797"),
            ("0.0.0.0", "http://localhost:19797"),
            ("::1", "http://[::1]:19797"),
        ] {
            assert_eq!(url(true, host, 19797).as_deref(), Some(expected));
        }
        assert_eq!((url(false, "::1", 19797), url(true, "::1", 0)), (None, None));
        let unknown = AdminArgs::of_settings(None).unwrap();
        assert_eq!(unknown.url, USUAL);
    }

    #[test]
    fn addresses_are_urls_or_host_and_port() {
        for (given, expected) in [
            ("http://localhost:9797", Ok("http://localhost:9797/")),
            ("localhost:19797", Ok("http://localhost:19797/")),
            ("https://gw.example.com/admin/", Ok("https://gw.example.com/admin/")),
            ("[::1]:9797", Ok("http://[::1]:9797/")),
            ("ftp://localhost", Err("neither http:// nor https://")),
            ("http://ana:canary@localhost", Err("holds credentials")),
            ("http://localhost/?a=b", Err("more than host, port and path")),
            ("http://", Err("empty host")),
        ] {
            let found = AdminArgs { url: given.to_owned() }.address();
            match (found, expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found.as_str(), expected),
                (Err(error), Err(expected)) => {
                    let text = error.to_string();
                    assert!(text.contains(expected) && !text.contains("canary"), "{text}");
                }
                (found, _) => panic!("{given}: {found:?}"),
            }
        }
    }
}
