//! Where a Redis or Valkey store is: one server, a master that sentinels know, or a cluster.

use percent_encoding::percent_decode_str;
use secrecy::SecretString;

/// Most servers of a list.
const MAX_SERVERS: usize = 64;
const PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;

/// A store, and how to sign in to it.
#[derive(Debug, Clone)]
pub struct RedisAddress {
    /// What the servers are.
    pub kind: RedisKind,
    /// Names or addresses with ports, in the order in which they are tried; at least one.
    pub servers: Vec<(String, u16)>,
    /// Whether they are spoken to with TLS.
    pub tls: bool,
    /// User name of the access control list.
    pub user: Option<String>,
    /// Password.
    pub password: Option<SecretString>,
    /// Number of the database.
    pub database: u32,
}

/// What the servers of a [`RedisAddress`] are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedisKind {
    /// One server.
    Server,
    /// Sentinels, which know the master of this name.
    Sentinels(String),
    /// Some of the nodes of a cluster.
    Cluster,
}

impl RedisAddress {
    /// Reads `redis://[user:password@]host[:port][/database]`, `redis-sentinel://…@host,host/master[/database]`,
    /// `redis-cluster://…@host,host`, and each with `rediss` for TLS. A reason never quotes the text, which may hold a
    /// password.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let (scheme, rest) = text.split_once("://").ok_or("it has no scheme")?;
        let (tls, family) = match scheme.strip_prefix("rediss") {
            Some(family) => (true, family),
            None => (
                false,
                scheme.strip_prefix("redis").ok_or("it is no redis or rediss URL")?,
            ),
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        // A password may hold an `@` that was not encoded; hosts hold none.
        let (credentials, hosts) = match authority.rsplit_once('@') {
            Some((credentials, hosts)) => (Some(credentials), hosts),
            None => (None, authority),
        };
        let (user, password) = credentials.map_or(Ok((None, None)), sign_in)?;
        let (kind, database, port) = match family {
            "" => (RedisKind::Server, path, PORT),
            "-cluster" => (RedisKind::Cluster, path, PORT),
            "-sentinel" => {
                let (master, database) = path.split_once('/').unwrap_or((path, ""));
                if master.is_empty() {
                    return Err("it does not name the master");
                }
                (RedisKind::Sentinels(decoded(master)?), database, SENTINEL_PORT)
            }
            _ => return Err("it is no redis, redis-sentinel or redis-cluster URL"),
        };
        let database = match database {
            "" => 0,
            number => number.parse().map_err(|_| "its database is not a number")?,
        };
        let servers: Result<Vec<_>, _> = hosts.split(',').map(|server| host(server, port)).collect();
        let servers = servers?;
        match kind {
            _ if servers.len() > MAX_SERVERS => Err("it lists too many servers"),
            RedisKind::Server if servers.len() > 1 => {
                Err("it lists several servers, but is neither redis-sentinel nor redis-cluster")
            }
            RedisKind::Cluster if database != 0 => Err("a cluster has no databases"),
            kind => Ok(Self {
                kind,
                servers,
                tls,
                user,
                password,
                database,
            }),
        }
    }
}

type SignIn = (Option<String>, Option<SecretString>);

fn sign_in(credentials: &str) -> Result<SignIn, &'static str> {
    let (user, password) = match credentials.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (credentials, None),
    };
    let user = Some(decoded(user)?).filter(|user| !user.is_empty());
    let password = password
        .map(decoded)
        .transpose()?
        .filter(|password| !password.is_empty());
    Ok((user, password.map(SecretString::from)))
}

fn decoded(text: &str) -> Result<String, &'static str> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(Into::into).map_err(|_| "it is not UTF-8 when decoded")
}

fn host(text: &str, usual: u16) -> Result<(String, u16), &'static str> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']').ok_or("an address has no `]`")?;
            (address, port.strip_prefix(':'))
        }
        None => text
            .split_once(':')
            .map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:%".contains(&byte);
    if host.is_empty() || !host.bytes().all(allowed) {
        return Err("it names no host");
    }
    let port = port.map_or(Ok(usual), str::parse);
    let port = port
        .ok()
        .filter(|port| *port > 0)
        .ok_or("a port is not a number from 1 to 65535")?;
    Ok((host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn every_form_is_read() {
        let one = |host: &str, port| vec![(host.to_owned(), port)];
        for (text, kind, servers, tls, user, password, database) in [
            (
                "redis://quota",
                RedisKind::Server,
                one("quota", 6379),
                false,
                None,
                None,
                0,
            ),
            (
                "rediss://:se%40cret@quota:6380/3",
                RedisKind::Server,
                one("quota", 6380),
                true,
                None,
                Some("se@cret"),
                3,
            ),
            (
                "redis://gateway:p@ss@10.0.0.7",
                RedisKind::Server,
                one("10.0.0.7", 6379),
                false,
                Some("gateway"),
                Some("p@ss"),
                0,
            ),
            (
                "redis://[2001:db8::7]:7000",
                RedisKind::Server,
                one("2001:db8::7", 7000),
                false,
                None,
                None,
                0,
            ),
            (
                "rediss-sentinel://gateway:secret@one,two:26380/quota/2",
                RedisKind::Sentinels("quota".to_owned()),
                vec![("one".to_owned(), 26379), ("two".to_owned(), 26380)],
                true,
                Some("gateway"),
                Some("secret"),
                2,
            ),
            (
                "redis-cluster://one:7000,two:7001",
                RedisKind::Cluster,
                vec![("one".to_owned(), 7000), ("two".to_owned(), 7001)],
                false,
                None,
                None,
                0,
            ),
        ] {
            let address = RedisAddress::parse(text).expect(text);
            let got = address.password.as_ref().map(ExposeSecret::expose_secret);
            assert_eq!(
                (address.kind, address.servers, address.tls),
                (kind, servers, tls),
                "{text}"
            );
            assert_eq!(
                (address.user.as_deref(), got, address.database),
                (user, password, database),
                "{text}"
            );
        }
    }

    #[test]
    fn malformed_ones_are_refused_with_a_reason() {
        for (text, reason) in [
            ("quota:6379", "no scheme"),
            ("http://quota", "no redis"),
            ("redis-ring://quota", "redis-sentinel"),
            ("redis://", "no host"),
            ("redis://quota:0", "port"),
            ("redis://quota:many", "port"),
            ("redis://one,two", "several servers"),
            ("redis://quota/first", "database"),
            ("redis-sentinel://one", "master"),
            ("redis-cluster://one/2", "databases"),
            ("redis://[::1", "`]`"),
            ("redis://a b", "no host"),
        ] {
            let got = RedisAddress::parse(text).expect_err(text);
            assert!(got.contains(reason), "{text}: {got}");
        }
    }
}
