//! A URL that lost the `@` behind its password, wherever texts are shown that may be one.

/// Whether something follows a colon of the authority of a URL that is no port, as where the `@` behind a password is missing.
pub(crate) fn has_odd_port(url: &str) -> bool {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = authority
        .split(['/', '?', '#', '\\', ' ', '"', '\''])
        .next()
        .unwrap_or_default();
    let behind_address = match authority.strip_prefix('[') {
        Some(address) => address.split_once(']').map_or("", |(_, behind)| behind),
        None => authority,
    };
    behind_address.split(':').skip(1).any(|port| {
        // In a list or a sentence, something follows the URL.
        let port = port.trim_end_matches([']', ')', '}', '>', ',', ';', '.', '`', '\r']);
        !port.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_told_from_a_password() {
        for (text, is_odd) in [
            ("http://127.0.0.1:3000]", false),
            ("http://[::1]:3000,", false),
            ("https://host:8243/a:b", false),
            ("https://host", false),
            ("https://ana:12c4nary]", true),
            ("https://ana:c4nary", true),
        ] {
            assert_eq!(has_odd_port(text), is_odd, "{text}");
        }
    }
}
