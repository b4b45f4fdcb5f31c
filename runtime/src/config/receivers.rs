//! Receivers of events at a traffic manager, as the product writes them: `tcp://one:9611,tcp://two:9611` shares the events
//! between the two, `tcp://one:9611|tcp://two:9611` uses the second while the first is away.

use super::ServerAddress;
use super::server_address::is_this_machine;
use super::settings::Reader;

/// Most receivers of a group.
const MAX_RECEIVERS: usize = 16;
/// What a receiver's port for signing in is above its port for events, where it is not named.
const AUTH_PORT_OFFSET: u16 = 100;
const PORT: u16 = 9611;
const TLS_PORT: u16 = 9711;

/// How the receivers of a group share its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// Each event goes to one of them, whichever is free.
    LoadBalance,
    /// Each event goes to the first that is there.
    Failover,
}

/// Receivers of which one gets each event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiverGroup {
    /// How they share the events.
    pub sharing: Sharing,
    /// The receivers in their order; at least one.
    pub receivers: Vec<ReceiverAddress>,
}

/// One receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiverAddress {
    /// Where it takes events.
    pub events: ServerAddress,
    /// Where the gateway signs in, with TLS.
    pub auth: ServerAddress,
}

impl ReceiverGroup {
    /// Reads a table with `receiverURL`, `authURL` and `type`. `None`: it is malformed and that was reported.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let receivers = reader.text_or_empty("receiverURL");
        let auth = reader.text("authURL");
        let wanted = reader.text("type").map(|name| match name.as_str() {
            "failover" => Sharing::Failover,
            _ => Sharing::LoadBalance,
        });
        match parse(&receivers, auth.as_deref(), wanted) {
            Ok(group) => {
                for receiver in &group.receivers {
                    if !receiver.events.tls && !is_this_machine(&receiver.events.host) {
                        let reason = format!(
                            "events go to {} without TLS: whoever is on the way reads who calls what; its port for \
                             signing in may take them too, as `ssl://`",
                            receiver.events
                        );
                        reader.warn("receiverURL", reason);
                    }
                }
                Some(group)
            }
            Err(Problem { key, reason }) => {
                reader.fail(
                    key,
                    format!("`{key}` cannot be used: {reason}"),
                    "Write it like tcp://one:9611 or ssl://one:9711, several with `,` to share the load or with `|` for failover.",
                );
                None
            }
        }
    }
}

impl Default for ReceiverGroup {
    /// A traffic manager on this machine.
    fn default() -> Self {
        let at = |port, tls| ServerAddress::new("localhost", port, tls);
        Self {
            sharing: Sharing::LoadBalance,
            receivers: vec![ReceiverAddress {
                events: at(PORT, false),
                auth: at(TLS_PORT, true),
            }],
        }
    }
}

#[derive(Debug)]
struct Problem {
    key: &'static str,
    reason: &'static str,
}

fn parse(receivers: &str, auth: Option<&str>, wanted: Option<Sharing>) -> Result<ReceiverGroup, Problem> {
    let at = |key| move |reason| Problem { key, reason };
    let (events, sharing) = list(receivers).map_err(at("receiverURL"))?;
    if let (Some(wanted), Some(written)) = (wanted, sharing)
        && wanted != written
    {
        return Err(at("type")("`receiverURL` separates its receivers the other way"));
    }
    let auth = match auth {
        None => {
            let defaults = events.iter().map(default_auth).collect::<Result<_, _>>();
            defaults.map_err(at("receiverURL"))?
        }
        Some(text) => {
            let (auth, auth_sharing) = list(text).map_err(at("authURL"))?;
            if auth.len() != events.len() || auth_sharing != sharing {
                return Err(at("authURL")(
                    "it has to have the same number of URLs as `receiverURL`, separated the same way",
                ));
            }
            if auth.iter().any(|address| !address.tls) {
                return Err(at("authURL")(
                    "it does not begin with ssl://, and the password goes there",
                ));
            }
            auth
        }
    };
    Ok(ReceiverGroup {
        sharing: sharing.or(wanted).unwrap_or(Sharing::LoadBalance),
        receivers: events
            .into_iter()
            .zip(auth)
            .map(|(events, auth)| ReceiverAddress { events, auth })
            .collect(),
    })
}

/// Reads a list, and how it is separated; a single URL is not.
fn list(text: &str) -> Result<(Vec<ServerAddress>, Option<Sharing>), &'static str> {
    let sharing = match (text.contains(','), text.contains('|')) {
        (true, true) => return Err("`,` and `|` cannot be mixed"),
        (true, false) => Some(Sharing::LoadBalance),
        (false, true) => Some(Sharing::Failover),
        (false, false) => None,
    };
    let addresses: Vec<_> = text.split([',', '|']).map(url).collect::<Result<_, _>>()?;
    if addresses.len() > MAX_RECEIVERS {
        return Err("there are more than 16 URLs");
    }
    Ok((addresses, sharing))
}

fn url(text: &str) -> Result<ServerAddress, &'static str> {
    let (scheme, authority) = text.trim().split_once("://").ok_or("a URL has no scheme")?;
    match scheme {
        "tcp" => ServerAddress::read(authority, false, PORT),
        "ssl" => ServerAddress::read(authority, true, TLS_PORT),
        _ => Err("a scheme is neither tcp nor ssl"),
    }
}

/// A port with TLS takes both.
fn default_auth(events: &ServerAddress) -> Result<ServerAddress, &'static str> {
    let offset = if events.tls { 0 } else { AUTH_PORT_OFFSET };
    let port = events.port.checked_add(offset);
    let port = port.ok_or("there is no port 100 above; name one in `authURL`")?;
    Ok(ServerAddress::new(&events.host, port, true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Sharing::{Failover, LoadBalance};

    fn receiver(events: &str, events_port: u16, tls: bool, auth: &str, auth_port: u16) -> ReceiverAddress {
        ReceiverAddress {
            events: ServerAddress::new(events, events_port, tls),
            auth: ServerAddress::new(auth, auth_port, true),
        }
    }

    #[test]
    fn groups_are_read() {
        let one = receiver("one", 9611, false, "one", 9711);
        let two = receiver("two", 9612, false, "two", 9712);
        for (receivers, auth, wanted, sharing, expected) in [
            ("tcp://one:9611", None, None, LoadBalance, vec![&one]),
            ("tcp://one", None, Some(Failover), Failover, vec![&one]),
            (
                " tcp://one:9611 ",
                Some("ssl://one:9711"),
                Some(LoadBalance),
                LoadBalance,
                vec![&one],
            ),
            (
                "tcp://one:9611,tcp://two:9612",
                None,
                None,
                LoadBalance,
                vec![&one, &two],
            ),
            (
                "tcp://one:9611 | tcp://two:9612",
                None,
                Some(Failover),
                Failover,
                vec![&one, &two],
            ),
            (
                "tcp://one|tcp://two:9612",
                Some("ssl://one|ssl://two:9712"),
                None,
                Failover,
                vec![&one, &two],
            ),
            (
                "ssl://one",
                None,
                None,
                LoadBalance,
                vec![&receiver("one", 9711, true, "one", 9711)],
            ),
            (
                "tcp://[::1]:1",
                Some("ssl://a:2"),
                None,
                LoadBalance,
                vec![&receiver("::1", 1, false, "a", 2)],
            ),
        ] {
            let group = parse(receivers, auth, wanted).unwrap_or_else(|problem| panic!("{receivers}: {problem:?}"));
            assert_eq!(group.sharing, sharing, "{receivers}");
            assert_eq!(group.receivers.iter().collect::<Vec<_>>(), expected, "{receivers}");
        }
    }

    #[test]
    fn malformed_groups_are_refused() {
        let many = ["tcp://h"; 17].join(",");
        for (receivers, auth, wanted, key) in [
            ("", None, None, "receiverURL"),
            ("one:9611", None, None, "receiverURL"),
            ("http://one", None, None, "receiverURL"),
            ("tcp://one,", None, None, "receiverURL"),
            ("tcp://one/path", None, None, "receiverURL"),
            ("tcp://u:p@one", None, None, "receiverURL"),
            ("tcp://one,tcp://two|tcp://three", None, None, "receiverURL"),
            ("tcp://one:65500", None, None, "receiverURL"),
            (many.as_str(), None, None, "receiverURL"),
            ("tcp://one,tcp://two", None, Some(Failover), "type"),
            ("tcp://one|tcp://two", None, Some(LoadBalance), "type"),
            ("tcp://one", Some("tcp://one:9711"), None, "authURL"),
            ("tcp://one", Some("nonsense"), None, "authURL"),
            ("tcp://one,tcp://two", Some("ssl://one"), None, "authURL"),
            ("tcp://one,tcp://two", Some("ssl://one|ssl://two"), None, "authURL"),
        ] {
            let problem = parse(receivers, auth, wanted).expect_err(receivers);
            assert_eq!(problem.key, key, "{receivers}");
        }
    }
}
