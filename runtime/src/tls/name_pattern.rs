//! Which names of a certificate are meant: exact names, and wildcards for whole parts of names, never for parts of a part.

use ipnet::IpNet;
use mgw_keystore::CertificateNames;

/// What a pattern for the subject begins with.
const SUBJECT: &str = "subject:";

/// A name, or many of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamePattern {
    /// A DNS name.
    Dns {
        /// The name, lower case.
        name: String,
        /// Any one label before it.
        below: bool,
    },
    /// A URI.
    Uri {
        /// Lower case.
        scheme: String,
        /// Lower case.
        authority: String,
        /// Of the path.
        segments: Vec<String>,
        /// One or more further segments.
        below: bool,
    },
    /// An e-mail address.
    Email {
        /// What precedes `@`; anything when absent.
        local: Option<String>,
        /// Lower case.
        domain: String,
    },
    /// An IP address or network.
    Network(IpNet),
    /// The subject as a whole.
    Subject(String),
}

impl NamePattern {
    /// Reads a pattern as settings have it.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        if let Some(subject) = text.strip_prefix(SUBJECT) {
            return match subject.trim() {
                "" => Err("there is no subject"),
                subject => Ok(Self::Subject(subject.to_owned())),
            };
        }
        if text.contains("://") {
            return uri(text);
        }
        let network = text
            .parse()
            .or_else(|_| text.parse().map(|address: std::net::IpAddr| address.into()));
        if let Ok(network) = network {
            return Ok(Self::Network(network));
        }
        if let Some((local, domain)) = text.rsplit_once('@') {
            let domain = dns(domain).ok_or("what follows `@` is no domain")?;
            return match local {
                "*" => Ok(Self::Email { local: None, domain }),
                "" => Err("there is nothing before `@`"),
                local if local.contains(['*', '@']) => Err("`*` stands for everything before `@`, or not at all"),
                local => Ok(Self::Email {
                    local: Some(local.to_owned()),
                    domain,
                }),
            };
        }
        // No name has a slash: this was meant for a network, or for a URI.
        if text.contains('/') {
            return Err("it is neither a network nor a URI with a scheme");
        }
        let (name, below) = match text.strip_prefix("*.") {
            Some(name) => (name, true),
            None => (text, false),
        };
        let name = dns(name).ok_or("it is no DNS name; `*` can only be its whole first label")?;
        Ok(Self::Dns { name, below })
    }

    /// Returns whether one of the names is meant.
    pub(crate) fn matches(&self, names: &CertificateNames) -> bool {
        match self {
            Self::Dns { name, below } => {
                names
                    .dns
                    .iter()
                    .filter_map(|own| dns(own))
                    .any(|own| match own.split_once('.') {
                        Some((_, rest)) if *below => rest == name,
                        _ => !below && own == *name,
                    })
            }
            Self::Uri {
                scheme,
                authority,
                segments,
                below,
            } => names.uris.iter().filter_map(|own| uri_parts(own).ok()).any(|own| {
                own.0 == *scheme
                    && own.1 == *authority
                    && own.2.starts_with(segments)
                    && (own.2.len() > segments.len()) == *below
            }),
            Self::Email { local, domain } => names
                .emails
                .iter()
                .filter_map(|own| own.rsplit_once('@'))
                .any(|own| dns(own.1).as_ref() == Some(domain) && local.as_ref().is_none_or(|local| local == own.0)),
            Self::Network(network) => names.addresses.iter().any(|own| network.contains(own)),
            Self::Subject(subject) => names.subject == *subject,
        }
    }
}

/// A DNS name in lower case; nothing for other text, in particular for names with a wildcard of their own.
fn dns(name: &str) -> Option<String> {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    (name.len() <= 253 && name.split('.').all(is_label)).then(|| name.to_ascii_lowercase())
}

fn uri(text: &str) -> Result<NamePattern, &'static str> {
    let (text, below) = match text.strip_suffix("/*") {
        Some(before) => (before, true),
        None => (text, false),
    };
    let (scheme, authority, segments) = uri_parts(text)?;
    if text.contains('*') {
        return Err("`*` can only stand for everything below, as the last segment");
    }
    Ok(NamePattern::Uri {
        scheme,
        authority,
        segments,
        below,
    })
}

/// Scheme, authority and segments of a URI. What could be read in two ways is no name.
fn uri_parts(text: &str) -> Result<(String, String, Vec<String>), &'static str> {
    let (scheme, rest) = text.split_once("://").ok_or("it has no scheme")?;
    let is_scheme = scheme
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    if scheme.is_empty() || !is_scheme {
        return Err("its scheme is malformed");
    }
    if rest.contains(['?', '#', '%', '\\']) || !rest.is_ascii() {
        return Err("a query, a fragment or an escape cannot be part of it");
    }
    let mut parts = rest.split('/');
    let authority = parts
        .next()
        .filter(|authority| !authority.is_empty())
        .ok_or("it has no authority")?;
    let segments: Vec<String> = parts.map(str::to_owned).collect();
    if segments
        .iter()
        .any(|segment| matches!(segment.as_str(), "" | "." | ".."))
    {
        return Err("it has an empty segment, `.` or `..`");
    }
    Ok((scheme.to_ascii_lowercase(), authority.to_ascii_lowercase(), segments))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> CertificateNames {
        CertificateNames {
            subject: "CN=partner, O=Example".into(),
            dns: vec!["A.client.example".into(), "*.wild.example".into()],
            uris: vec!["spiffe://Corp/billing/api".into(), "https://corp/a/../b".into()],
            emails: vec!["ana@Mail.example".into()],
            addresses: vec!["192.0.2.7".parse().expect("an address")],
        }
    }

    #[test]
    fn whole_parts_match_and_nothing_else() {
        for (pattern, expected) in [
            ("a.client.example", true),
            ("A.CLIENT.example", true),
            ("*.client.example", true),
            ("*.example", false),
            ("client.example", false),
            ("*.a.client.example", false),
            ("x.wild.example", false),
            ("*.wild.example", false),
            ("spiffe://corp/billing/api", true),
            ("SPIFFE://CORP/billing/*", true),
            ("spiffe://corp/*", true),
            ("spiffe://corp/billing/api/*", false),
            ("spiffe://corp/bill/*", false),
            ("spiffe://corp/billing", false),
            ("spiffe://corp/Billing/*", false),
            ("spiffe://corporation/*", false),
            ("https://corp/a/*", false),
            ("ana@mail.example", true),
            ("*@mail.example", true),
            ("Ana@mail.example", false),
            ("*@example", false),
            ("192.0.2.7", true),
            ("192.0.2.0/24", true),
            ("192.0.2.8", false),
            ("2001:db8::/32", false),
            ("subject:CN=partner, O=Example", true),
            ("subject:CN=partner", false),
        ] {
            let parsed = NamePattern::parse(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
            assert_eq!(parsed.matches(&names()), expected, "{pattern}");
            assert!(!parsed.matches(&CertificateNames::default()), "{pattern}: no name");
        }
    }

    #[test]
    fn what_could_be_misread_is_refused() {
        for pattern in [
            "",
            "*",
            "a*.example",
            "a.*.example",
            "*.*.example",
            "a..example",
            "exa mple",
            "spiffe://",
            "spiffe://corp/a*",
            "spiffe://corp/*/b",
            "spiffe://*/b",
            "spiffe://corp//b",
            "spiffe://corp/../b",
            "spiffe://corp/b?x",
            "spiffe://corp/%62",
            "://corp",
            "a*@mail.example",
            "@mail.example",
            "ana@",
            "subject:",
        ] {
            assert!(NamePattern::parse(pattern).is_err(), "{pattern}");
        }
        let reason = NamePattern::parse("192.0.2.0/99").expect_err("no network");
        assert!(reason.contains("network"), "{reason}");
    }
}
