//! `Host`, as RFC 9112 section 3.2 and RFC 3986 section 3.2 demand it.

use http::header::HOST;
use http::request::Parts;
use http::{HeaderValue, Version};
use std::net::Ipv6Addr;

/// Whether a request says as it must for whom it is. Only HTTP/1.1 needs the header, and not where the target of the
/// request is a whole URL; HTTP/2 has a field of its own. The header is there once at the most, and names a host.
pub(super) fn is_sound(parts: &Parts) -> bool {
    let mut hosts = parts.headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => parts.version != Version::HTTP_11 || parts.uri.authority().is_some(),
        (Some(host), None) => is_authority(host),
        (Some(_), Some(_)) => false,
    }
}

/// `uri-host [ ":" port ]`. A host without a name has an empty one.
fn is_authority(value: &HeaderValue) -> bool {
    // Nearly every host is a name or an IPv4 address, with nothing encoded in it.
    let bytes = value.as_bytes();
    let (_, rest) = bytes.split_at(bytes.iter().take_while(|byte| is_plain(**byte)).count());
    match rest {
        [] => true,
        [b':', port @ ..] => port.is_empty() || std::str::from_utf8(port).is_ok_and(is_port),
        _ => is_unusual_authority(value),
    }
}

/// The same for what has brackets or encoded characters.
fn is_unusual_authority(value: &HeaderValue) -> bool {
    let Ok(text) = value.to_str() else { return false };
    let (host, port) = match text.rfind(']') {
        Some(bracket) => {
            let (host, rest) = text.split_at(bracket + 1);
            match rest.strip_prefix(':') {
                None if rest.is_empty() => (host, ""),
                None => return false,
                Some(port) => (host, port),
            }
        }
        None => text.split_once(':').unwrap_or((text, "")),
    };
    is_host(host) && (port.is_empty() || is_port(port))
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

fn is_host(text: &str) -> bool {
    match text.strip_prefix('[') {
        Some(literal) => literal
            .strip_suffix(']')
            .is_some_and(|address| address.parse::<Ipv6Addr>().is_ok() || is_future(address)),
        None => is_name(text),
    }
}

/// `IPvFuture`.
fn is_future(text: &str) -> bool {
    let Some((version, address)) = text.strip_prefix(['v', 'V']).and_then(|text| text.split_once('.')) else {
        return false;
    };
    let is_hex = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex(version) && !address.is_empty() && address.bytes().all(|byte| byte == b':' || is_plain(byte))
}

/// `reg-name`, of which dotted addresses are some.
fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let fits = match byte {
            b'%' => [bytes.next(), bytes.next()]
                .iter()
                .all(|digit| digit.is_some_and(|digit| digit.is_ascii_hexdigit())),
            _ => is_plain(byte),
        };
        if !fits {
            return false;
        }
    }
    true
}

/// `unreserved` and `sub-delims`.
fn is_plain(byte: u8) -> bool {
    PLAIN.get(usize::from(byte)).is_some_and(|plain| *plain)
}

/// Every request names its host, and a look-up is cheaper than comparing with each character.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0_u8;
    loop {
        plain[byte as usize] = byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'='
            );
        if byte == u8::MAX {
            break plain;
        }
        byte += 1;
    }
};

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    #[test]
    fn hosts_are_authorities() {
        for (text, valid) in [
            ("", true),
            ("a", true),
            ("shop.example:8080", true),
            ("shop.example:", true),
            ("my_shop", true),
            ("192.0.2.1:80", true),
            ("[2001:db8::1]", true),
            ("[2001:db8::1]:443", true),
            ("[v1.a:b]", true),
            ("caf%C3%A9", true),
            ("a:b", false),
            ("a:65536", false),
            ("a:+1", false),
            ("a:80:80", false),
            ("2001:db8::1", false),
            ("[2001:db8::1", false),
            ("[::1]80", false),
            ("[::1]]", false),
            ("[a]", false),
            ("user@a", false),
            ("a/b", false),
            ("a?b", false),
            ("a b", false),
            ("a\\b", false),
            ("a%2", false),
            ("a%zz", false),
            ("http://a", false),
            ("a\"b", false),
        ] {
            assert_eq!(is_authority(&HeaderValue::from_static(text)), valid, "{text}");
        }
        let raw = HeaderValue::from_bytes("é".as_bytes()).expect("a value");
        assert!(!is_authority(&raw));
    }

    #[test]
    fn http_1_1_needs_one_host() {
        for (version, target, hosts, sound) in [
            (Version::HTTP_11, "/p", &[][..], false),
            (Version::HTTP_11, "/p", &["a"], true),
            (Version::HTTP_11, "/p", &["a", "a"], false),
            (Version::HTTP_11, "/p", &["a b"], false),
            (Version::HTTP_11, "http://a/p", &[], true),
            (Version::HTTP_11, "http://a/p", &["a b"], false),
            (Version::HTTP_10, "/p", &[], true),
            (Version::HTTP_10, "/p", &["a b"], false),
            (Version::HTTP_2, "http://a/p", &[], true),
            (Version::HTTP_2, "http://a/p", &["a b"], false),
        ] {
            let request = Request::builder().version(version).uri(target);
            let request = hosts.iter().fold(request, |request, host| request.header(HOST, *host));
            let (parts, ()) = request.body(()).expect("a request").into_parts();
            assert_eq!(is_sound(&parts), sound, "{version:?} {target} {hosts:?}");
        }
    }
}
