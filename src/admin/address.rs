//! Where the admin listener is.

use super::AdminError;
use url::Url;

/// Which gateway.
#[derive(Debug, Clone, clap::Args)]
pub struct AdminArgs {
    /// The admin listener of the running gateway.
    #[arg(
        long,
        value_name = "URL",
        env = "MGW_ADMIN_URL",
        default_value = "http://localhost:9797"
    )]
    pub url: String,
}

impl AdminArgs {
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
