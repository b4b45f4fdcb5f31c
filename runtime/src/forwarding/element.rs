//! Elements of `Forwarded` (RFC 7239).

use super::Hop;
use http::{HeaderMap, HeaderValue};
use std::net::IpAddr;

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
    let lines = headers.get_all(super::FORWARDED).into_iter().rev();
    // What is no text says nothing, but leaves alone what the next proxy wrote behind it.
    lines.flat_map(|line| elements(line.as_bytes()).map(|element| of_client(std::str::from_utf8(element).ok()?)))
}

/// The address in one element.
fn of_client(element: &str) -> Option<IpAddr> {
    let value = split(element, b';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| value.trim())
    })?;
    let value = match value.strip_prefix('"') {
        Some(quoted) => quoted.strip_suffix('"')?,
        None => value,
    };
    super::address(value)
}

/// The elements of a line, the last first. Reading begins at the end, with what the proxy next to us wrote: whatever quotes
/// a client opens and does not close before that, it stays an element of its own.
fn elements(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let line = rest?;
        let mut quoted = false;
        let comma = (0..line.len()).rev().find(|&position| match line.get(position) {
            Some(b'"') if !quoted || !is_escaped(line, position) => {
                quoted = !quoted;
                false
            }
            Some(b',') => !quoted,
            _ => false,
        });
        let (before, element) = match comma {
            Some(comma) => (line.get(..comma), line.get(comma + 1..).unwrap_or_default()),
            None => (None, line),
        };
        rest = before;
        Some(element)
    })
}

/// Whether an odd number of backslashes stands before a position.
fn is_escaped(line: &[u8], position: usize) -> bool {
    let before = line.get(..position).unwrap_or_default();
    before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
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
        headers.append(
            super::super::FORWARDED,
            HeaderValue::from_bytes(line.as_bytes()).expect("a value"),
        );
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
            // A client that opens quotes hides nothing that its proxy adds.
            ("for=\"x, for=192.0.2.1", vec![some("192.0.2.1"), None]),
            ("for=\"x, for=\"[2001:db8::1]:80\"", vec![some("2001:db8::1"), None]),
            (
                "for=\"x\\, for=192.0.2.1;host=\"a,for=192.0.2.9;x=\";proto=http",
                vec![some("192.0.2.1"), None],
            ),
            ("for=é, for=192.0.2.1", vec![some("192.0.2.1"), None]),
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
