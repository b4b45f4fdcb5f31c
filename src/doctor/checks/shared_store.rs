//! Redis, where gateways share something through it.

use super::probe;
use crate::doctor::{Finding, Sight};
use mgw_runtime::config::{RedisKind, RuntimeConfig};
use secrecy::{ExposeSecret, SecretString};
use std::io::{Read, Write};
use url::Url;

/// A server, and how to sign in to it.
struct Server {
    purpose: &'static str,
    host: String,
    port: u16,
    tls: bool,
    user: Option<String>,
    /// Not for sentinels, which have another.
    password: Option<SecretString>,
}

pub(in crate::doctor) fn look(sight: &Sight) -> Vec<Finding> {
    let servers: Vec<Server> = sight.settings().map(servers).unwrap_or_default();
    if servers.is_empty() {
        return vec![Finding::skipped("no store is set")];
    }
    if sight.options.offline {
        return vec![Finding::skipped("nothing is connected to (--offline)")];
    }
    servers.iter().map(ask).collect()
}

fn servers(config: &RuntimeConfig) -> Vec<Server> {
    let mut servers = Vec::new();
    if let Some(shared) = &config.shared_quotas {
        let store = &shared.store;
        let is_sentinel = matches!(store.kind, RedisKind::Sentinels(_));
        servers.extend(store.servers.iter().map(|(host, port)| Server {
            purpose: "shared quotas",
            host: host.clone(),
            port: *port,
            tls: store.tls,
            user: store.user.clone().filter(|_| !is_sentinel),
            password: match is_sentinel {
                true => shared.sentinel_password.clone(),
                false => store.password.clone(),
            },
        }));
    }
    // A URL that cannot be read has been refused with the settings.
    if let Some(redis) = &config.revocation.redis
        && let Ok(url) = Url::parse(redis.url.expose_secret())
        && let Some(host) = url.host_str()
    {
        let decoded = |text: &str| {
            percent_encoding::percent_decode_str(text)
                .decode_utf8_lossy()
                .into_owned()
        };
        servers.push(Server {
            purpose: "revoked tokens",
            host: host.to_owned(),
            port: url.port().unwrap_or(6379),
            tls: url.scheme() == "rediss",
            user: Some(decoded(url.username())).filter(|user| !user.is_empty()),
            password: url.password().map(|password| decoded(password).into()),
        });
    }
    servers
}

fn ask(server: &Server) -> Finding {
    let Server {
        purpose, host, port, ..
    } = server;
    let place = format!("{host}:{port} ({purpose})");
    let unreachable = |why| {
        Finding::warning(
            format!("{place} cannot be connected to: {why}"),
            "Start the store, or correct its URL: until then each gateway counts for itself.",
        )
    };
    if server.tls {
        return match probe::certificates(host, *port) {
            Ok(_) => Finding::ok(format!("{place} takes connections with TLS")),
            Err(why) => unreachable(why),
        };
    }
    let mut stream = match probe::connect(host, *port) {
        Ok(stream) => stream,
        Err(why) => return unreachable(why),
    };
    let mut answer = [0; 256];
    let request = request(server.user.as_deref(), server.password.as_ref());
    let read = stream.write_all(&request).and_then(|()| stream.read(&mut answer));
    match read {
        Ok(length) => decide(&place, &answer[..length]),
        Err(error) => unreachable(error.to_string()),
    }
}

/// Signs in where there is a password, else asks whether somebody is there.
fn request(user: Option<&str>, password: Option<&SecretString>) -> Vec<u8> {
    let mut words: Vec<&str> = vec!["PING"];
    if let Some(password) = password {
        words = vec!["AUTH"];
        words.extend(user);
        words.push(password.expose_secret());
    }
    let mut request = format!("*{}\r\n", words.len());
    for word in words {
        request.push_str(&format!("${}\r\n{word}\r\n", word.len()));
    }
    request.into_bytes()
}

fn decide(place: &str, answer: &[u8]) -> Finding {
    let answer = String::from_utf8_lossy(answer);
    match answer.as_bytes().first() {
        Some(b'+') => Finding::ok(format!("{place} answers")),
        Some(b'-') if answer.starts_with("-NOAUTH") => Finding::problem(
            format!("{place} asks for a password"),
            "Put it into the URL: redis://:PASSWORD@HOST:PORT.",
        ),
        // What it says of a password quotes none.
        Some(b'-') if answer.starts_with("-WRONGPASS") || answer.contains("AUTH") => Finding::problem(
            format!("{place} refuses the password of the settings"),
            "Correct user and password in the URL.",
        ),
        Some(b'-') => Finding::ok(format!("{place} answers")),
        _ => Finding::problem(
            format!("{place} is no Redis or Valkey"),
            "Correct host and port of the URL; with TLS it begins with rediss.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn answers_are_told_apart() {
        for (answer, verdict, words) in [
            (&b"+PONG\r\n"[..], Verdict::Ok, "answers"),
            (b"-LOADING Redis is loading\r\n", Verdict::Ok, "answers"),
            (
                b"-NOAUTH Authentication required.\r\n",
                Verdict::Problem,
                "asks for a password",
            ),
            (b"-WRONGPASS invalid\r\n", Verdict::Problem, "refuses the password"),
            (
                b"-ERR AUTH <password> called without any password configured\r\n",
                Verdict::Problem,
                "refuses the password",
            ),
            (b"HTTP/1.1 400 Bad Request\r\n", Verdict::Problem, "is no Redis"),
            (b"", Verdict::Problem, "is no Redis"),
        ] {
            let finding = decide("store:6379", answer);
            assert_eq!(finding.verdict, verdict, "{finding:?}");
            assert!(finding.text.contains(words), "{finding:?}");
        }
        let password = SecretString::from("p w");
        assert_eq!(request(None, None), b"*1\r\n$4\r\nPING\r\n");
        assert_eq!(
            request(Some("ana"), Some(&password)),
            b"*3\r\n$4\r\nAUTH\r\n$3\r\nana\r\n$3\r\np w\r\n"
        );
    }
}
