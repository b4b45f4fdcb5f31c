//! Where a referenced file is: a path inside the project, or an address.

use crate::openapi::reference::percent_decoded;
use std::fmt;
use url::{Host, Url};

/// A file that belongs to a definition.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Location {
    /// A path inside the project, with `/` between its parts and nothing that leads up.
    File(String),
    /// An address.
    Url(Url),
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.write_str(path),
            // Credentials and queries may be secrets.
            Self::Url(url) => write!(
                f,
                "{}://{}",
                url.scheme(),
                &url[url::Position::BeforeHost..url::Position::AfterPath]
            ),
        }
    }
}

/// Why a reference is not followed, whatever may be there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    /// Up beyond the project.
    #[error("leads out of the project folder")]
    Outside,
    /// A path from the root of the file system.
    #[error("is an absolute path, which leads out of the project folder")]
    Absolute,
    /// An address of something that is no web server.
    #[error("is an address that begins with `{0}:`, and only files of the project are read")]
    Scheme(String),
    /// `\` in a path.
    #[error("has a `\\` in it")]
    Backslash,
    /// Cannot be an address or a path.
    #[error("is no path and no address")]
    Malformed,
    /// A file of another server means one of this machine.
    #[error("leads from another server to this machine")]
    Here,
}

impl LocationError {
    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Outside | Self::Absolute | Self::Scheme(_) | Self::Here => {
                "Copy the file into the project, and refer to the copy by its path from the file that refers to it."
            }
            Self::Backslash => "Write `/` between folders.",
            Self::Malformed => "Write the path from this file to the other one, for example `./schemas/pet.yaml#/Pet`.",
        }
    }
}

impl Location {
    /// The file that `target` (a reference without its fragment) means when it is written in this one.
    ///
    /// # Errors
    ///
    /// Whatever lies outside the project; nothing is looked at for that.
    pub fn join(&self, target: &str) -> Result<Self, LocationError> {
        let joined = if let Some(scheme) = scheme(target) {
            match (scheme.to_ascii_lowercase().as_str(), Url::parse(target)) {
                ("http" | "https", Ok(url)) => Self::Url(without_fragment(url)),
                ("http" | "https", Err(_)) => return Err(LocationError::Malformed),
                // `C:/pets.yaml`
                (letter, _) if letter.len() == 1 => return Err(LocationError::Absolute),
                _ => return Err(LocationError::Scheme(scheme.to_owned())),
            }
        } else {
            match self {
                Self::Url(url) => match url.join(target) {
                    Ok(url) => Self::Url(without_fragment(url)),
                    Err(_) => return Err(LocationError::Malformed),
                },
                Self::File(path) => Self::File(below(path, target)?),
            }
        };
        match (self, &joined) {
            // Nobody elsewhere has requests sent to what listens here.
            (Self::Url(from), Self::Url(to)) if is_here(to) && !is_here(from) => Err(LocationError::Here),
            _ => Ok(joined),
        }
    }

    /// `target`, which leads to no file when it is written in this one, with the names in it that are not those on the way
    /// to `meant`, a path inside the project. `None` where it is written in another way.
    pub(super) fn respelt(&self, target: &str, meant: &str) -> Option<String> {
        let Ok(Self::File(typed)) = self.join(target) else {
            return None;
        };
        let mut names = typed.rsplit('/').zip(meant.rsplit('/'));
        let mut parts: Vec<&str> = target.split('/').collect();
        for part in parts.iter_mut().rev().take_while(|part| **part != "..") {
            if matches!(*part, "" | ".") {
                continue;
            }
            let (typed, meant) = names.next()?;
            if typed != meant {
                *part = meant;
            }
        }
        let respelt = parts.join("/");
        (self.join(&respelt) == Ok(Self::File(meant.to_owned()))).then_some(respelt)
    }

    /// The last part without its ending.
    pub(super) fn stem(&self) -> &str {
        let path = match self {
            Self::File(path) => path,
            Self::Url(url) => url.path(),
        };
        let last = path.rsplit('/').next().unwrap_or_default();
        last.rsplit_once('.').map_or(last, |(stem, _)| stem)
    }
}

/// Whether an address is one of this machine.
pub(crate) fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback() || address.is_unspecified(),
        Some(Host::Ipv6(address)) => {
            let mapped = address.to_ipv4_mapped();
            address.is_loopback()
                || address.is_unspecified()
                || mapped.is_some_and(|address| address.is_loopback() || address.is_unspecified())
        }
        None => false,
    }
}

fn without_fragment(mut url: Url) -> Url {
    url.set_fragment(None);
    url
}

/// The scheme of an address; a `:` behind a `/` or in the middle of a name makes none.
fn scheme(target: &str) -> Option<&str> {
    let (scheme, _) = target.split_once(':')?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    is_scheme.then_some(scheme)
}

fn below(from: &str, target: &str) -> Result<String, LocationError> {
    if target.starts_with('/') {
        return Err(LocationError::Absolute);
    }
    let decoded = percent_decoded(target).ok_or(LocationError::Malformed)?;
    if decoded.contains('\\') {
        return Err(LocationError::Backslash);
    }
    if decoded.chars().any(char::is_control) {
        return Err(LocationError::Malformed);
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in decoded.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop().ok_or(LocationError::Outside)?;
            }
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_file_they_stand_in() {
        let from = Location::File("api_definitions/v1/shop.yaml".into());
        for (target, expected) in [
            ("pet.yaml", Ok("api_definitions/v1/pet.yaml")),
            ("./a//b/pet.yaml", Ok("api_definitions/v1/a/b/pet.yaml")),
            ("../common.json", Ok("api_definitions/common.json")),
            ("../../schemas/pet.yaml", Ok("schemas/pet.yaml")),
            ("../../../etc/passwd.yaml", Err(LocationError::Outside)),
            ("../../x/../../y.yaml", Err(LocationError::Outside)),
            ("..%2f..%2f..%2fy.yaml", Err(LocationError::Outside)),
            ("a%20b.yaml", Ok("api_definitions/v1/a b.yaml")),
            ("a%FFb.yaml", Err(LocationError::Malformed)),
            ("a%00b.yaml", Err(LocationError::Malformed)),
            ("/etc/passwd", Err(LocationError::Absolute)),
            ("//host/x.yaml", Err(LocationError::Absolute)),
            ("C:/x.yaml", Err(LocationError::Absolute)),
            ("a\\b.yaml", Err(LocationError::Backslash)),
            ("file:///etc/passwd", Err(LocationError::Scheme("file".into()))),
            ("urn:pet", Err(LocationError::Scheme("urn".into()))),
            ("https://", Err(LocationError::Malformed)),
        ] {
            let expected = expected.map(|path| Location::File(path.into()));
            assert_eq!(from.join(target), expected, "{target}");
        }
    }

    #[test]
    fn other_names_are_put_where_they_belong() {
        let from = Location::File("api_definitions/v1/shop.yaml".into());
        for (target, meant, expected) in [
            ("pt.yaml", "api_definitions/v1/pet.yaml", Some("pet.yaml")),
            ("./a//pt.yaml", "api_definitions/v1/a/pet.yaml", Some("./a//pet.yaml")),
            (
                "../shemas/pet.yaml",
                "api_definitions/schemas/pet.yaml",
                Some("../schemas/pet.yaml"),
            ),
            ("../../x%20y/pt.yaml", "x y/pet.yaml", Some("../../x%20y/pet.yaml")),
            // Not a matter of the reference, not to be written as it is, not there.
            ("pet.yaml", "api_definitions/v2/pet.yaml", None),
            ("pt.yaml", "api_definitions/v1/50%41.yaml", None),
            (
                "a/../b/pt.yaml",
                "api_definitions/v1/c/pet.yaml",
                Some("a/../c/pet.yaml"),
            ),
            ("https://h/pt.yaml", "api_definitions/v1/pet.yaml", None),
            ("../../../pt.yaml", "pet.yaml", None),
        ] {
            assert_eq!(from.respelt(target, meant).as_deref(), expected, "{target}");
        }
    }

    #[test]
    fn addresses_stay_addresses() {
        let url = |text: &str| Location::Url(Url::parse(text).unwrap());
        let file = Location::File("a.yaml".into());
        assert_eq!(file.join("https://h/a.yaml"), Ok(url("https://h/a.yaml")));
        assert_eq!(
            url("https://h/v1/a.yaml").join("../b.yaml"),
            Ok(url("https://h/b.yaml"))
        );
        assert_eq!(
            url("https://u:p@h/v1/a.yaml?token=x").to_string(),
            "https://h/v1/a.yaml"
        );
        assert_eq!(url("https://h/v1/pet.yaml").stem(), "pet");
    }

    #[test]
    fn nobody_elsewhere_refers_to_this_machine() {
        let url = |text: &str| Location::Url(Url::parse(text).unwrap());
        let here = [
            "http://localhost:8080/a",
            "https://127.0.0.1/a",
            "http://127.1/a",
            "http://[::1]/a",
            "http://[::ffff:127.0.0.1]/a",
            "http://0.0.0.0/a",
            "https://a.localhost./a",
        ];
        for target in here {
            let elsewhere = url("https://h.example/a.yaml");
            assert_eq!(elsewhere.join(target), Err(LocationError::Here), "{target}");
            assert!(
                elsewhere
                    .join(&format!("//{}", target.rsplit_once("//").unwrap().1))
                    .is_err()
            );
            assert!(url("http://localhost/b.yaml").join(target).is_ok(), "{target}");
            assert!(Location::File("a.yaml".into()).join(target).is_ok(), "{target}");
        }
    }
}
