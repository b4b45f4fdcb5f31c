//! The target of a request, in the forms of RFC 9112 section 3.2.

use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Method, Uri};
use std::ops::Range;

/// How a target is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TargetForm {
    /// Path and query.
    Origin,
    /// A whole URL, as clients write it for a proxy.
    Absolute,
    /// `host:port`, which CONNECT alone has.
    Authority,
    /// `*`: the server as a whole.
    Asterisk,
}

impl TargetForm {
    /// The form of a target; `None`: no client writes such a thing.
    pub(super) fn of(method: &Method, target: &str) -> Option<Self> {
        let is_sound = |character: char| !character.is_whitespace() && !character.is_control();
        if target.is_empty() || !target.chars().all(is_sound) {
            return None;
        }
        match target {
            "*" => Some(Self::Asterisk),
            _ if target.starts_with('/') => Some(Self::Origin),
            _ if authority(target).is_some() => Some(Self::Absolute),
            _ if *method == Method::CONNECT && !target.contains(['/', '?', '#']) => Some(Self::Authority),
            _ => None,
        }
    }

    /// What HTTP/2 has in the place of this target; `None`: it has no way to say it.
    pub(super) fn over_http2(self, method: &Method, target: &str, host: &str, is_tls: bool) -> Option<Uri> {
        let scheme = if is_tls { Scheme::HTTPS } else { Scheme::HTTP };
        let is_connect = *method == Method::CONNECT;
        match self {
            Self::Origin if !is_connect => format!("{scheme}://{host}{target}").parse().ok(),
            Self::Asterisk if !is_connect => Uri::builder()
                .scheme(scheme)
                .authority(Authority::try_from(host).ok()?)
                .path_and_query(PathAndQuery::from_static("*"))
                .build()
                .ok(),
            Self::Authority => Uri::builder().authority(target).build().ok(),
            _ => None,
        }
    }
}

/// Host and port of a URL, with user name and password where it has such.
fn authority(target: &str) -> Option<&str> {
    let (scheme, rest) = target.split_once("://")?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    is_scheme.then(|| rest.split(['/', '?', '#']).next().unwrap_or_default())
}

/// User name and password in a URL, or before a host.
pub(super) fn user_info(target: &str) -> Option<&str> {
    target.get(place_of_user_info(target)?)
}

/// The target with `hidden` in the place of user name and password.
pub(super) fn without_user_info(target: &str, hidden: &str) -> String {
    let mut text = target.to_owned();
    if let Some(place) = place_of_user_info(target) {
        text.replace_range(place, hidden);
    }
    text
}

fn place_of_user_info(target: &str) -> Option<Range<usize>> {
    let start = match authority(target) {
        Some(_) => target.find("://")? + 3,
        None => 0,
    };
    let authority = target.get(start..)?.split(['/', '?', '#']).next()?;
    Some(start..start + authority.rfind('@')?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_have_four_forms() {
        for (method, target, form) in [
            ("GET", "/a?b#c", Some(TargetForm::Origin)),
            ("GET", "//a", Some(TargetForm::Origin)),
            ("CONNECT", "/a", Some(TargetForm::Origin)),
            ("OPTIONS", "*", Some(TargetForm::Asterisk)),
            ("GET", "http://a/b", Some(TargetForm::Absolute)),
            ("GET", "FTP://", Some(TargetForm::Absolute)),
            ("CONNECT", "http://a/b", Some(TargetForm::Absolute)),
            ("CONNECT", "a:80", Some(TargetForm::Authority)),
            ("GET", "a:80", None),
            ("GET", "a/b", None),
            ("GET", "**", None),
            ("GET", "1://a", None),
            ("GET", "", None),
            ("CONNECT", "", None),
            ("CONNECT", "a:80/b", None),
            ("GET", "/a b", None),
            ("GET", "/ HTTP/1.1\r\nX: y", None),
            ("OPTIONS", "*\n", None),
        ] {
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            assert_eq!(TargetForm::of(&method, target), form, "{method} {target}");
        }
    }

    #[test]
    fn nothing_else_is_hidden() {
        assert_eq!(without_user_info("http://h@h/h", "***"), "http://***@h/h");
        assert_eq!(without_user_info("/h@h", "***"), "/h@h");
    }

    #[test]
    fn users_are_found_before_hosts() {
        for (target, expected) in [
            ("http://u:p@h/a@b", Some("u:p")),
            ("http://u@v@h?x", Some("u@v")),
            ("u:p@h:80", Some("u:p")),
            ("http://h/u@v", None),
            ("/u@v", None),
            ("*", None),
        ] {
            assert_eq!(user_info(target), expected, "{target}");
            let hidden = without_user_info(target, "***");
            assert!(expected.is_none_or(|secret| !hidden.contains(secret)), "{hidden}");
        }
    }
}
