//! Where a gateway is that runs already.

use crate::diagnostics::nearest;
use crate::exit::ExitCode;
use crate::failure::Failure;
use url::Url;

/// How to write it.
const FORM: &str = "Write it like https://gateway.example:8243.";

/// Reads the address. What is wrong is told without it where it may hold a secret.
pub(super) fn parse(text: &str) -> Result<Url, Failure> {
    let refused = |reason: &str, hint: String| {
        let message = format!("--endpoint is no address of a gateway: {reason}");
        Failure::new(ExitCode::Usage, message).hint(hint)
    };
    // The parser passes over these.
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(refused(
            "there is a space or a control character in it",
            FORM.to_owned(),
        ));
    }
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, text),
    };
    let is_known =
        scheme.is_some_and(|scheme| ["http", "https"].iter().any(|known| known.eq_ignore_ascii_case(scheme)));
    if !is_known {
        let meant = scheme.and_then(|scheme| nearest(scheme, ["http", "https"]));
        // Nothing but host, port and path is repeated.
        let is_harmless = !rest.contains(['@', '?', '#']) && Url::parse(&format!("https://{rest}")).is_ok();
        let hint = match (is_harmless, meant, scheme) {
            (true, Some(meant), _) => format!("Did you mean {meant}://{rest}?"),
            (true, None, None) => format!("Write http://{rest} or https://{rest}."),
            _ => FORM.to_owned(),
        };
        return Err(refused("it begins with neither http:// nor https://", hint));
    }
    let url = Url::parse(text).map_err(|error| refused(&error.to_string(), FORM.to_owned()))?;
    if !url.username().is_empty() || url.password().is_some() {
        let hint = "What a gateway asks of its callers stands in the cases, under `token` or `headers`.";
        return Err(refused("it holds a user name or a password", hint.to_owned()));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refused("it holds more than host, port and path", FORM.to_owned()));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_or_what_is_meant_is_told() {
        for (text, expected) in [
            ("http://localhost:9090", "http://localhost:9090/"),
            ("HTTPS://gateway.example/base/", "https://gateway.example/base/"),
            ("https://[::1]:9095", "https://[::1]:9095/"),
        ] {
            assert_eq!(parse(text).expect(text).as_str(), expected);
        }
        for (text, reason, hint) in [
            (
                "ftp://gateway.example",
                "neither http:// nor https://",
                "Write it like https://gateway.example:8243.",
            ),
            (
                "htps://gateway.example:1/a",
                "neither http:// nor https://",
                "Did you mean https://gateway.example:1/a?",
            ),
            (
                "htttp://gateway.example",
                "neither http:// nor https://",
                "Did you mean http://gateway.example?",
            ),
            (
                "localhost:9090",
                "neither http:// nor https://",
                "Write http://localhost:9090 or https://localhost:9090.",
            ),
            ("htps://ana:canary@gateway.example", "neither http:// nor", FORM),
            ("ana:canary@gateway.example", "neither http:// nor", FORM),
            ("gateway.example?a=canary", "neither http:// nor", FORM),
            ("", "neither http:// nor", FORM),
            ("http://", "empty host", FORM),
            ("http://a:canary", "invalid port number", FORM),
            ("http://a b", "a space or a control character", FORM),
            (
                "https://ana:canary@gateway.example",
                "a user name or a password",
                "What a gateway asks of its callers stands in the cases, under `token` or `headers`.",
            ),
            ("https://gateway.example/?canary", "more than host, port and path", FORM),
            ("https://gateway.example/#canary", "more than host, port and path", FORM),
        ] {
            let failure = parse(text).expect_err(text);
            assert_eq!(failure.code, ExitCode::Usage);
            assert!(failure.message.contains(reason), "{text}: {}", failure.message);
            assert_eq!(failure.hints, [hint], "{text}");
            assert!(!format!("{failure:?}").contains("canary"), "{failure:?}");
        }
    }
}
