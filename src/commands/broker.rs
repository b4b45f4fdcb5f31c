//! The broker of the control plane's event hub, and its password.

use super::secrets::secret;
use crate::context::Environment;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::openapi::reference::percent_decoded;
use secrecy::ExposeSecret;
use url::{Host, Url};

/// The setting that the flag stands for.
const SETTING: &str = "apim.eventHub.eventListeningEndpoints";

/// The longest name of a host in the DNS, in bytes.
const LONGEST_HOST: usize = 253;
/// The longest text of AMQP's short kind, in bytes.
const LONGEST_PART: usize = 255;

/// The setting for an AMQP URL with a user, and the password of the environment. Errors quote nothing: there may be a
/// password in it.
pub(crate) fn setting(broker: &str, environment: &Environment) -> Result<(String, String), Failure> {
    let mut url = checked(broker).map_err(|(problem, remedy)| {
        Failure::new(ExitCode::Usage, format!("--broker (MGW_BROKER) {problem}")).hint(remedy)
    })?;
    let password = secret(environment, "MGW_BROKER_PASSWORD", "MGW_BROKER_PASSWORD_FILE")?;
    let password = password.ok_or_else(|| {
        Failure::new(ExitCode::Usage, "the broker needs a password")
            .hint("Set MGW_BROKER_PASSWORD, or MGW_BROKER_PASSWORD_FILE to a file that holds it.")
    })?;
    // Refused only for URLs without a host.
    let _ = url.set_password(Some(password.expose_secret()));
    Ok((SETTING.to_owned(), url.into()))
}

/// How to write it.
const FORM: &str =
    "Write it like amqps://USER@HOST:8672/carbon, an @ in the user's name as %40, a # as %23, a ? as %3F, a / as %2F.";
/// Where lists go.
const LIST: &str = "Name one here; a list of brokers goes into apim.eventHub.eventListeningEndpoints.";

/// The URL, or what is wrong with it and the remedy. Nothing that is written in it is passed over: whoever wrote it meant
/// something.
fn checked(broker: &str) -> Result<Url, (&'static str, &'static str)> {
    // The parser passes over these.
    if broker.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(("has a space or a control character in it", FORM));
    }
    let url = Url::parse(broker).map_err(|_| ("is no URL", FORM))?;
    if !matches!(url.scheme(), "amqp" | "amqps") || !url.has_host() {
        return Err(("is no address of an AMQP broker", FORM));
    }
    if url.password().is_some() {
        return Err((
            "holds a password, which others can see",
            "Leave it out and set MGW_BROKER_PASSWORD or MGW_BROKER_PASSWORD_FILE.",
        ));
    }
    if url.username().is_empty() {
        return Err(("names no user", FORM));
    }
    if broker.contains("brokerlist=") {
        return Err(("is a list of brokers", LIST));
    }
    if url.fragment().is_some() {
        return Err(("has a part behind a #, which means nothing", FORM));
    }
    if url.query().is_some() {
        return Err(("has a part behind a ?, which means nothing", FORM));
    }
    if let Some(Host::Domain(host)) = url.host() {
        if host.contains([',', ';']) {
            return Err(("names several hosts", LIST));
        }
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        if host.is_empty() || host.len() > LONGEST_HOST || !host.chars().all(is_name) {
            return Err(("names no host", FORM));
        }
    }
    if url.port() == Some(0) {
        return Err(("names the port 0", FORM));
    }
    // One part: what the broker calls a virtual host.
    let virtual_host = url.path().strip_prefix('/').unwrap_or_default();
    if virtual_host.contains('/') {
        return Err(("names a virtual host with a / in it", FORM));
    }
    if !is_short(url.username()) || !is_short(virtual_host) {
        return Err(("has a user or a virtual host that no broker knows", FORM));
    }
    Ok(url)
}

/// Whether a part is text of which AMQP can carry all.
fn is_short(part: &str) -> bool {
    percent_decoded(part).is_some_and(|text| text.len() <= LONGEST_PART && !text.contains('\0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_nothing_is_refused() {
        let long_host = format!("amqp://ana@{}/carbon", "a".repeat(254));
        let long_user = format!("amqp://{}@cp/carbon", "a".repeat(256));
        for (text, word) in [
            ("amqp://ana:canary@cp:5672/carbon", "holds a password"),
            ("amqp://:canary@cp:5672/carbon", "holds a password"),
            ("amqp://cp:5672/carbon", "no user"),
            ("amqp://@cp:5672/carbon", "no user"),
            ("https://ana@cp", "no address"),
            ("amqp:ana@cp", "no address"),
            ("amqp:///carbon", "no address"),
            ("ana@cp:5672", "no URL"),
            ("", "no URL"),
            ("amqp://ana@cp:70000/carbon", "no URL"),
            ("amqp://ana@cp/carbon#canary", "behind a #"),
            ("amqp://ana@cp/#carbon", "behind a #"),
            ("amqp://ana@cp/carbon?heartbeat=5", "behind a ?"),
            ("amqp://ana@cp?", "behind a ?"),
            ("amqp://ana@c/v?brokerlist='tcp://cp:5672'", "list of brokers"),
            ("amqp://ana@one,two:5672/carbon", "several hosts"),
            ("amqp://ana@one:5672,two:5672/carbon", "no URL"),
            ("amqp://ana@one;two/carbon", "several hosts"),
            ("amqp://ana@c%70/carbon", "no host"),
            ("amqp://ana@$HOST/carbon", "no host"),
            (&long_host, "no host"),
            ("amqp://ana@cp:0/carbon", "port 0"),
            ("amqp://ana@cp/carbon/other", "a / in it"),
            ("amqp://ana@cp//carbon", "a / in it"),
            ("amqp://ana@cp/carbon ", "a space"),
            ("amqp://ana@c p/carbon", "a space"),
            ("amqp://ana@cp/car\nbon", "a space or a control"),
            ("amqp://a%00a@cp/carbon", "no broker knows"),
            ("amqp://ana@cp/%ff", "no broker knows"),
            (&long_user, "no broker knows"),
        ] {
            let (problem, remedy) = checked(text).expect_err(text);
            assert!(problem.contains(word), "{text}: {problem}");
            assert!(!format!("{problem} {remedy}").contains("canary"), "{text}");
            assert!(remedy.ends_with('.'), "{remedy}");
        }
        for text in [
            "amqps://ana%40meridian@cp:8672/carbon",
            "amqp://a%23b%3Fc%2Fd@broker-1.example",
            "amqp://ana@cp/",
            "amqp://ana@cp/a%2Fb",
            "amqp://ana@192.0.2.7:5672/carbon",
            "amqp://ana@[2001:db8::7]:5672/carbon",
        ] {
            assert!(checked(text).is_ok(), "{text}");
        }
    }
}
