//! Elements of `Forwarded` (RFC 7239).

use super::Hop;
use http::{HeaderMap, HeaderValue};
use std::net::{IpAddr, SocketAddr};

/// The element of a hop.
pub(super) fn of(hop: &Hop<'_>) -> Option<HeaderValue> {
    let peer = hop.peer.as_bytes();
    let mut element = Vec::with_capacity(96);
    element.extend_from_slice(b"for=");
    if peer.contains(&b':') {
        element.extend_from_slice(b"\"[");
        element.extend_from_slice(peer);
        element.extend_from_slice(b"]\"");
    } else {
        element.extend_from_slice(peer);
    }
    if let Some(host) = &hop.host {
        let host = host.as_bytes();
        element.extend_from_slice(b";host=");
        if !host.is_empty() && host.iter().all(|byte| is_token(*byte)) {
            element.extend_from_slice(host);
        } else {
            element.push(b'"');
            for byte in host {
                if matches!(byte, b'"' | b'\\') {
                    element.push(b'\\');
                }
                element.push(*byte);
            }
            element.push(b'"');
        }
    }
    element.extend_from_slice(if hop.tls { b";proto=https" } else { b";proto=http" });
    HeaderValue::from_bytes(&element).ok()
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// The `for` parameters of all elements, the last first; `None` for one that names no address.
pub(crate) fn client_addresses(headers: &HeaderMap) -> impl Iterator<Item = Option<IpAddr>> {
    let mut found = Vec::new();
    for line in headers.get_all(super::FORWARDED) {
        // A line that is no text says nothing, and neither does what stands before it.
        match line.to_str() {
            Ok(line) => found.extend(split(line, b',').map(address)),
            Err(_) => found.push(None),
        }
    }
    found.into_iter().rev()
}

/// The address in one element.
fn address(element: &str) -> Option<IpAddr> {
    let value = split(element, b';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| value.trim())
    })?;
    let value = match value.strip_prefix('"') {
        Some(quoted) => quoted.strip_suffix('"')?,
        None => value,
    };
    if let Ok(address) = value.parse::<SocketAddr>() {
        return Some(address.ip());
    }
    let bare = value.strip_prefix('[').and_then(|value| value.strip_suffix(']'));
    bare.unwrap_or(value).parse().ok()
}

/// Splits where the separator stands outside of quotes.
fn split(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (mut quoted, mut escaped) = (false, false);
        let end = text.bytes().position(|byte| {
            let end = !quoted && byte == separator;
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                _ => {}
            }
            end
        });
        let (part, others) = match end {
            Some(end) => (text.get(..end).unwrap_or(""), text.get(end + 1..)),
            None => (text, None),
        };
        rest = others;
        Some(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn addresses(line: &str) -> Vec<Option<String>> {
        let mut headers = HeaderMap::new();
        headers.append(super::super::FORWARDED, HeaderValue::from_str(line).expect("a value"));
        client_addresses(&headers)
            .map(|address| address.map(|address| address.to_string()))
            .collect()
    }

    #[test]
    fn addresses_are_read_from_the_end() {
        let some = |text: &str| Some(text.to_owned());
        for (line, expected) in [
            ("for=192.0.2.1", vec![some("192.0.2.1")]),
            (
                "For=\"[2001:db8::1]:4711\";proto=http, for=192.0.2.1:80;by=x",
                vec![some("192.0.2.1"), some("2001:db8::1")],
            ),
            ("proto=https;for=\"192.0.2.1\"", vec![some("192.0.2.1")]),
            ("for=\"a, for=192.0.2.9\"", vec![None]),
            ("for=\"a\\\", for=192.0.2.9\"", vec![None]),
            ("for=unknown, for=_hidden", vec![None, None]),
            ("host=a, for=192.0.2.1", vec![some("192.0.2.1"), None]),
            ("", vec![None]),
        ] {
            assert_eq!(addresses(line), expected, "{line}");
        }
    }

    proptest! {
        /// Whatever a client calls its host, what is written has one element with the peer's address.
        #[test]
        fn what_is_written_can_be_read(host in "[ -~]{0,40}", v6 in any::<bool>(), tls in any::<bool>()) {
            let text = if v6 { "2001:db8::1" } else { "192.0.2.1" };
            let hop = Hop {
                peer: &HeaderValue::from_static(text),
                trusted: false,
                tls,
                host: HeaderValue::from_str(&host).ok(),
                version: http::Version::HTTP_11,
            };
            let element = of(&hop).expect("it can be written");
            prop_assert_eq!(addresses(element.to_str().expect("text")), vec![Some(text.to_owned())]);
        }
    }
}
