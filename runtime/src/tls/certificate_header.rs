//! A client's certificate in a header, from a proxy that ended the client's TLS.

use crate::auth::ClientCertificate;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName};
use ipnet::IpNet;
use mgw_keystore::Validity;
use percent_encoding::percent_decode;
use rustls_pki_types::CertificateDer;
use std::net::IpAddr;

/// Longest header value, in bytes. Certificates of several kilobytes exist; header limits are usually less.
const MAX_VALUE: usize = 64 * 1024;
/// Most certificates in it: the client's and its issuers.
const MAX_CHAIN: usize = 10;
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// Whose header is believed, and what the certificate in it has to be.
#[derive(Debug, Clone)]
pub(crate) struct CertificateHeader {
    pub(crate) name: HeaderName,
    /// Proxies that may send it.
    pub(crate) proxies: Vec<IpNet>,
    /// Whether such a proxy must show a trusted certificate itself.
    pub(crate) validate_proxy: bool,
}

impl CertificateHeader {
    /// Removes the header unless a trusted proxy sent it. Returns whether it is there and believed.
    pub(crate) fn admit(&self, peer: IpAddr, headers: &mut HeaderMap) -> bool {
        if !headers.contains_key(&self.name) {
            return false;
        }
        let peer = peer.to_canonical();
        let believed = self.proxies.iter().any(|network| network.contains(&peer));
        if !believed {
            headers.remove(&self.name);
        }
        believed
    }

    /// Returns what an admitted header shows. A header that is there twice, or comes from a proxy that is not who it
    /// should be, is none that any API accepts.
    pub(crate) fn read(&self, headers: &HeaderMap, proxy_believed: impl FnOnce() -> bool) -> ClientCertificate {
        let mut values = headers.get_all(&self.name).iter();
        match (values.next(), values.next()) {
            (Some(value), None) if !self.validate_proxy || proxy_believed() => ClientCertificate::of_header(value),
            _ => ClientCertificate::unreadable(),
        }
    }
}

/// Reads URL-encoded PEM, PEM with blanks for line ends, or base64 of DER.
pub(crate) fn decode(value: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    if value.len() > MAX_VALUE {
        return None;
    }
    // A plus sign is base64's, never a blank.
    let text = percent_decode(value).decode_utf8().ok()?;
    let mut chain = Vec::new();
    if text.contains("-----") {
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (encoded, more) = rest.strip_prefix(BEGIN)?.split_once(END)?;
            chain.push(certificate(encoded)?);
            rest = more.trim_start();
            if chain.len() > MAX_CHAIN {
                return None;
            }
        }
    } else {
        chain.push(certificate(&text)?);
    }
    Some(chain)
}

fn certificate(encoded: &str) -> Option<CertificateDer<'static>> {
    let encoded: String = encoded.split_ascii_whitespace().collect();
    let der = STANDARD.decode(encoded).ok()?;
    // One certificate and nothing after it.
    Validity::of(&der)?;
    Some(der.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use percent_encoding::{NON_ALPHANUMERIC, percent_encode};

    const NAME: HeaderName = HeaderName::from_static("x-client");

    fn made() -> (CertificateDer<'static>, String) {
        let made = rcgen::generate_simple_self_signed(vec!["client".to_owned()]).expect("a certificate");
        (made.cert.der().clone(), made.cert.pem())
    }

    fn rule(validate_proxy: bool) -> CertificateHeader {
        CertificateHeader {
            name: NAME,
            proxies: vec!["10.0.0.0/8".parse().expect("a network")],
            validate_proxy,
        }
    }

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(NAME, HeaderValue::from_str(value).expect("a header value"));
        }
        headers
    }

    #[test]
    fn every_form_is_read() {
        let (der, pem) = made();
        let (other, other_pem) = made();
        let escaped = |text: &str| percent_encode(text.as_bytes(), NON_ALPHANUMERIC).to_string();
        let bare = STANDARD.encode(&der);
        for (value, expected) in [
            (escaped(&pem), vec![&der]),
            (pem.replace('\n', " "), vec![&der]),
            (pem.replace('\n', "\t"), vec![&der]),
            (pem.replace('\n', ""), vec![&der]),
            (bare.clone(), vec![&der]),
            (escaped(&bare), vec![&der]),
            (escaped(&format!("{pem}{other_pem}")), vec![&der, &other]),
        ] {
            let chain = decode(value.as_bytes()).unwrap_or_default();
            assert_eq!(chain.iter().collect::<Vec<_>>(), expected, "{value}");
        }
        for value in [
            String::new(),
            "x".into(),
            "%ff".into(),
            BEGIN.into(),
            format!("{BEGIN}{END}"),
            format!("junk{}", pem.replace('\n', " ")),
            format!("{}junk", pem.replace('\n', " ")),
            STANDARD.encode([der.as_ref(), b"more"].concat()),
            STANDARD.encode(&der[..der.len() - 1]),
            escaped(&pem.repeat(MAX_CHAIN + 1)),
            "A".repeat(MAX_VALUE + 1),
        ] {
            assert_eq!(decode(value.as_bytes()), None, "{value}");
        }
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let rule = rule(false);
        for (peer, values, believed, left) in [
            ("10.1.2.3", &["x"][..], true, 1),
            ("::ffff:10.1.2.3", &["x"], true, 1),
            ("192.0.2.1", &["x", "y"], false, 0),
            ("10.1.2.3", &[], false, 0),
        ] {
            let mut headers = headers(values);
            assert_eq!(
                rule.admit(peer.parse().expect("an address"), &mut headers),
                believed,
                "{peer}"
            );
            assert_eq!(headers.len(), left, "{peer}");
        }
    }

    #[test]
    fn one_readable_header_of_a_believed_proxy_counts() {
        let (der, _) = made();
        let own = STANDARD.encode(&der);
        for (validate, believed, values, read) in [
            (false, false, &[own.as_str()][..], true),
            (false, false, &[own.as_str(), own.as_str()], false),
            (false, false, &["garbage"], false),
            (true, false, &[own.as_str()], false),
            (true, true, &[own.as_str()], true),
            (true, true, &["garbage"], false),
        ] {
            let shown = rule(validate).read(&headers(values), || believed);
            let expected = if read { vec![der.clone()] } else { Vec::new() };
            assert_eq!(shown.chain().to_vec(), expected, "{validate} {believed} {values:?}");
        }
    }
}
