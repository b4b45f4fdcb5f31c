//! Brokers of the event hub, as the product writes them or as an AMQP URL.
//!
//! The product's notation lists brokers inside quotes: `amqp://user:password@clientid/carbon?brokerlist='tcp://one:5672?retries='5';ssl://two:8672'`.
//! A URL names one: `amqps://user:password@one:8672/carbon`.

use super::ServerAddress;
use super::settings::Reader;
use crate::event_hub::MAX_SHORT;
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// Most brokers of a list.
const MAX_BROKERS: usize = 16;
const PORT: u16 = 5672;
const TLS_PORT: u16 = 5671;
const REMEDY: &str = "Write it like amqp://user:password@clientid/carbon?brokerlist='tcp://host:5672' or amqps://user:password@host:8672/carbon.";

/// Brokers of which one is used at a time, and how to sign in to them.
#[derive(Debug, Clone)]
pub struct Brokers {
    /// User name.
    pub user: String,
    /// Password.
    pub password: SecretString,
    /// Virtual host.
    pub virtual_host: String,
    /// The brokers in the order in which they are tried; at least one.
    pub addresses: Vec<ServerAddress>,
}

impl PartialEq for Brokers {
    fn eq(&self, other: &Self) -> bool {
        self.user == other.user
            && self.password.expose_secret() == other.password.expose_secret()
            && self.virtual_host == other.virtual_host
            && self.addresses == other.addresses
    }
}

impl Brokers {
    /// Reads the brokers of `setting`. `None`: it is unset, or it is malformed and that was reported. Problems name the
    /// setting and never quote it.
    pub(super) fn read(reader: &mut Reader<'_>, setting: &'static str) -> Option<Self> {
        let text = reader.secret(setting).filter(|text| !text.expose_secret().is_empty())?;
        match parse(text.expose_secret()) {
            Ok(Parsed { brokers, stores }) => {
                if stores {
                    reader.warn(
                        setting,
                        format!("the key and trust stores inside `{setting}` are not read; the gateway's trust store or `caFile` counts"),
                    );
                }
                Some(brokers)
            }
            Err(reason) => {
                reader.fail(setting, format!("`{setting}` is no list of brokers: {reason}"), REMEDY);
                None
            }
        }
    }
}

struct Parsed {
    brokers: Brokers,
    /// Stores are named, which the product would open.
    stores: bool,
}

fn parse(text: &str) -> Result<Parsed, &'static str> {
    // The password may hold anything but this.
    let parsed = match text.split_once("?brokerlist='") {
        Some((front, list)) => product(front, list)?,
        None => Parsed {
            brokers: url(text)?,
            stores: false,
        },
    };
    let brokers = &parsed.brokers;
    if brokers.virtual_host.len() > MAX_SHORT {
        return Err("the virtual host is too long");
    }
    // They are separated by NUL when signing in.
    if brokers.user.contains('\0') || brokers.password.expose_secret().contains('\0') {
        return Err("the user name or the password holds a NUL");
    }
    Ok(parsed)
}

fn url(text: &str) -> Result<Brokers, &'static str> {
    let url = Url::parse(text).map_err(|_| "it is neither the product's notation nor a URL")?;
    let tls = match url.scheme() {
        "amqp" => false,
        "amqps" => true,
        _ => return Err("its scheme is not amqp or amqps"),
    };
    let host = url
        .host_str()
        .filter(|host| !host.is_empty())
        .ok_or("there is no host")?;
    Ok(Brokers {
        user: user(url.username())?,
        password: decoded(url.password().unwrap_or_default())?.into(),
        virtual_host: virtual_host(url.path().trim_start_matches('/'))?,
        addresses: vec![ServerAddress::new(host, url.port().unwrap_or(default_port(tls)), tls)],
    })
}

fn product(front: &str, list: &str) -> Result<Parsed, &'static str> {
    let front = front.strip_prefix("amqp://").ok_or("it does not begin with amqp://")?;
    // A user name with a tenant has an `@` of its own, and the password may have any.
    let (credentials, place) = front.rsplit_once('@').unwrap_or(("", front));
    let (name, password) = credentials.split_once(':').unwrap_or((credentials, ""));
    let (_client_id, host) = place.split_once('/').unwrap_or((place, ""));
    let (addresses, stores) = broker_list(list)?;
    Ok(Parsed {
        brokers: Brokers {
            user: user(name)?,
            password: decoded(password)?.into(),
            virtual_host: virtual_host(host)?,
            addresses,
        },
        stores,
    })
}

/// Reads what stands behind `brokerlist='`: brokers, each with options whose values stand in quotes too, up to the closing
/// quote. Options for the connection may follow; the brokers are tried in their order whatever those say.
fn broker_list(list: &str) -> Result<(Vec<ServerAddress>, bool), &'static str> {
    let (mut addresses, mut stores) = (Vec::new(), false);
    let mut rest = list;
    loop {
        let (scheme, behind) = rest.split_once("://").ok_or("a broker has no scheme")?;
        let mut tls = match scheme.trim() {
            "tcp" => false,
            "ssl" => true,
            _ => return Err("the scheme of a broker is not tcp or ssl"),
        };
        let end = behind
            .find(['?', ';', '\''])
            .ok_or("the closing quote of the list is missing")?;
        let (authority, mut behind) = behind.split_at(end);
        while let Some(options) = behind.strip_prefix(['?', '&']).or_else(|| behind.strip_prefix("%26")) {
            let (name, value) = options
                .split_once("='")
                .ok_or("an option of a broker has no value in quotes")?;
            let (value, after) = value
                .split_once('\'')
                .ok_or("the closing quote of an option is missing")?;
            tls |= name == "ssl" && value == "true";
            stores |= name.contains("store");
            behind = after;
        }
        addresses.push(ServerAddress::read(authority, tls, default_port(tls))?);
        if addresses.len() > MAX_BROKERS {
            return Err("there are more than 16 brokers");
        }
        match behind.strip_prefix(';') {
            // The list may end with a separator.
            Some(next) if next.starts_with('\'') => break,
            Some(next) => rest = next,
            None if behind.starts_with('\'') => break,
            None => return Err("the closing quote of the list is missing"),
        }
    }
    Ok((addresses, stores))
}

fn default_port(tls: bool) -> u16 {
    if tls { TLS_PORT } else { PORT }
}

/// The product writes `user!tenant` where it means `user@tenant`.
fn user(text: &str) -> Result<String, &'static str> {
    Ok(decoded(text)?.replace('!', "@"))
}

fn virtual_host(text: &str) -> Result<String, &'static str> {
    Ok(if text.is_empty() {
        "/".to_owned()
    } else {
        decoded(text)?
    })
}

fn decoded(text: &str) -> Result<String, &'static str> {
    let text = percent_decode_str(text).decode_utf8();
    text.map(Into::into).map_err(|_| "a percent-encoded part is no UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(host: &str, port: u16, tls: bool) -> ServerAddress {
        ServerAddress {
            host: host.to_owned(),
            port,
            tls,
        }
    }

    #[test]
    fn both_notations_are_read() {
        let one = vec![address("host", 5672, false)];
        let two = vec![address("one", 5673, false), address("two", 8672, true)];
        for (text, user, password, virtual_host, addresses) in [
            (
                "amqp://admin:pw@clientid/carbon?brokerlist='tcp://host:5672?retries='5'%26connectdelay='50''",
                "admin",
                "pw",
                "carbon",
                &one,
            ),
            (
                "amqp://admin:pw@clientid/carbon?brokerlist='tcp://host:5672?retries='5'%26connectdelay='50';'",
                "admin",
                "pw",
                "carbon",
                &one,
            ),
            (
                "amqp://admin:pw@clientid/carbon?brokerlist='tcp://host?retries='5'&connectdelay='50''",
                "admin",
                "pw",
                "carbon",
                &one,
            ),
            (
                "amqp://admin:pw@carbon/carbon?brokerlist='tcp://host:5672'",
                "admin",
                "pw",
                "carbon",
                &one,
            ),
            (
                "amqp://admin!wso2.com:p@w/:x%25@/carbon?brokerlist='tcp://host'&failover='roundrobin?cyclecount='2''",
                "admin@wso2.com",
                "p@w/:x%",
                "carbon",
                &one,
            ),
            (
                "amqp://admin@wso2.com:pw@clientid/?brokerlist='tcp://host'",
                "admin@wso2.com",
                "pw",
                "/",
                &one,
            ),
            ("amqp://clientid/a%2Fb?brokerlist='tcp://host'", "", "", "a/b", &one),
            (
                "amqp://a:b@c/v?brokerlist='tcp://one:5673;ssl://two:8672?trust_store='/a;b''",
                "a",
                "b",
                "v",
                &two,
            ),
            (
                "amqp://a:b@c/v?brokerlist='tcp://one:5673?retries='1';tcp://two:8672?ssl='true'%26trust_store='x''",
                "a",
                "b",
                "v",
                &two,
            ),
            (
                "amqp://admin%40wso2.com:p%40w@host:5672/carbon",
                "admin@wso2.com",
                "p@w",
                "carbon",
                &one,
            ),
            ("amqp://a!t:b@host", "a@t", "b", "/", &one),
            ("amqp://a:b@host/%2f", "a", "b", "/", &one),
            ("amqps://a:b@host/v", "a", "b", "v", &vec![address("host", 5671, true)]),
            ("amqp://a:b@[::1]:1/v", "a", "b", "v", &vec![address("::1", 1, false)]),
            (
                "amqp://a:b@c/v?brokerlist='ssl://[::1]:1'",
                "a",
                "b",
                "v",
                &vec![address("::1", 1, true)],
            ),
        ] {
            let parsed = parse(text).unwrap_or_else(|reason| panic!("{text}: {reason}"));
            let read = parsed.brokers;
            assert_eq!(
                (read.user.as_str(), read.password.expose_secret()),
                (user, password),
                "{text}"
            );
            assert_eq!(
                (read.virtual_host.as_str(), &read.addresses),
                (virtual_host, addresses),
                "{text}"
            );
            assert_eq!(parsed.stores, text.contains("trust_store"), "{text}");
        }
    }

    #[test]
    fn malformed_lists_are_refused() {
        let many = format!("amqp://a:b@c/v?brokerlist='{}'", "tcp://h;".repeat(17));
        let long = format!("amqp://a:b@h/{}", "v".repeat(256));
        for text in [
            "canary",
            "http://a:canary@h",
            "amqp://",
            "amqp://a:canary@",
            "tcp://a:b@c/v?brokerlist='tcp://h'",
            "amqp://a:b@c/v?brokerlist=''",
            "amqp://a:b@c/v?brokerlist='h:1'",
            "amqp://a:b@c/v?brokerlist='vm://h'",
            "amqp://a:b@c/v?brokerlist='tcp://'",
            "amqp://a:b@c/v?brokerlist='tcp://h:x'",
            "amqp://a:b@c/v?brokerlist='tcp://h:70000'",
            "amqp://a:b@c/v?brokerlist='tcp://u:p@h'",
            "amqp://a:b@c/v?brokerlist='tcp://h/path'",
            "amqp://a:b@c/v?brokerlist='tcp://h",
            "amqp://a:b@c/v?brokerlist='tcp://h;",
            "amqp://a:b@c/v?brokerlist='tcp://h?retries'",
            "amqp://a:b@c/v?brokerlist='tcp://h?retries='5",
            "amqp://a%00:b@h/v",
            "amqp://%ff:b@h/v",
            &many,
            &long,
        ] {
            assert!(parse(text).is_err(), "{text:.80}");
        }
    }
}
