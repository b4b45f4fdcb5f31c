//! The names in a certificate.

use super::certificate::parse;
use std::net::IpAddr;
use x509_parser::extensions::GeneralName;
use x509_parser::x509::X509Name;

/// Most names that are looked at; a certificate with more is read as one without any.
const MAX_NAMES: usize = 256;

/// The subject and the alternative names of a certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CertificateNames {
    /// The subject, as `CN=partner, O=Example`; empty for one that reads like another's, because a value has an `=`.
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
            subject: subject(certificate.subject()),
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

/// A single value may be `partner, O=Example`: then the text has more `=` than the subject has attributes.
fn subject(name: &X509Name<'_>) -> String {
    let text = name.to_string();
    if text.matches('=').count() == name.iter_attributes().count() {
        text
    } else {
        String::new()
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    <[u8; 4]>::try_from(bytes)
        .map(IpAddr::from)
        .or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};

    fn subject(attributes: &[(DnType, &str)]) -> String {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = DistinguishedName::new();
        for (kind, value) in attributes {
            parameters.distinguished_name.push(kind.clone(), *value);
        }
        let key = KeyPair::generate().expect("a key");
        let certificate = parameters.self_signed(&key).expect("a certificate");
        CertificateNames::of(certificate.der()).expect("it is one").subject
    }

    #[test]
    fn one_value_is_not_taken_for_two() {
        let (name, organization) = (DnType::CommonName, DnType::OrganizationName);
        assert_eq!(
            subject(&[(name.clone(), "partner"), (organization.clone(), "Example, Inc.")]),
            "CN=partner, O=Example, Inc."
        );
        assert_eq!(subject(&[(name.clone(), "partner, O=Example, Inc.")]), "");
        assert_eq!(subject(&[(name, "partner + O=Example"), (organization, "x")]), "");
        assert_eq!(subject(&[]), "");
    }
}
