//! The names in a certificate.

use super::certificate::parse;
use std::net::IpAddr;
use x509_parser::extensions::GeneralName;

/// Most names that are looked at; a certificate with more is read as one without any.
const MAX_NAMES: usize = 256;

/// The subject and the alternative names of a certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CertificateNames {
    /// The subject, as `CN=partner, O=Example`.
    pub subject: String,
    /// DNS names.
    pub dns: Vec<String>,
    /// URIs.
    pub uris: Vec<String>,
    /// E-mail addresses.
    pub emails: Vec<String>,
    /// IP addresses.
    pub addresses: Vec<IpAddr>,
}

impl CertificateNames {
    /// Reads a certificate, DER; `None` when it is none, or its names are malformed or too many.
    pub fn of(der: &[u8]) -> Option<Self> {
        let certificate = parse(der)?;
        let mut names = Self {
            subject: certificate.subject().to_string(),
            ..Self::default()
        };
        let Some(alternative) = certificate.subject_alternative_name().ok()? else {
            return Some(names);
        };
        let all = &alternative.value.general_names;
        if all.len() > MAX_NAMES {
            return None;
        }
        for name in all {
            match name {
                GeneralName::DNSName(name) => names.dns.push((*name).to_owned()),
                GeneralName::URI(uri) => names.uris.push((*uri).to_owned()),
                GeneralName::RFC822Name(email) => names.emails.push((*email).to_owned()),
                GeneralName::IPAddress(bytes) => names.addresses.push(address(bytes)?),
                _ => {}
            }
        }
        Some(names)
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    <[u8; 4]>::try_from(bytes)
        .map(IpAddr::from)
        .or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from))
        .ok()
}
