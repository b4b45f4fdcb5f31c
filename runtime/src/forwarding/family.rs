//! Which headers speak of the client's hop.

use http::{HeaderMap, HeaderName};

/// What a header that speaks of the client's hop belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// `X-Forwarded-*`, `X-Real-IP`.
    XForwarded,
    /// `Forwarded`.
    Forwarded,
    /// One of both with underscores: the same to application servers that hand headers over as variables.
    LookAlike,
}

/// Removes the headers that are not to be kept.
pub(super) fn remove(headers: &mut HeaderMap, keep: impl Fn(Family) -> bool) {
    // Almost every request has none of them.
    let unwanted = |name: &&HeaderName| of(name).is_some_and(|family| !keep(family));
    while let Some(name) = headers.keys().find(unwanted).cloned() {
        headers.remove(name);
    }
}

/// The family of a header.
pub(super) fn of(name: &HeaderName) -> Option<Family> {
    let name = name.as_str().as_bytes();
    let rest = match name {
        b"forwarded" => return Some(Family::Forwarded),
        [b'x', separator @ (b'-' | b'_'), rest @ ..] => Some((separator, rest)),
        _ => None,
    };
    let (separator, rest) = rest?;
    let is_real_ip = rest.len() == 7 && rest.starts_with(b"real") && rest.ends_with(b"ip");
    let is_forwarded = rest
        .strip_prefix(b"forwarded")
        .is_some_and(|after| matches!(after, [] | [b'-' | b'_', ..]));
    if !is_real_ip && !is_forwarded {
        return None;
    }
    if *separator == b'_' || rest.contains(&b'_') {
        Some(Family::LookAlike)
    } else {
        Some(Family::XForwarded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_known() {
        for (name, family) in [
            ("forwarded", Some(Family::Forwarded)),
            ("x-forwarded", Some(Family::XForwarded)),
            ("x-forwarded-for", Some(Family::XForwarded)),
            ("x-forwarded-client-cert", Some(Family::XForwarded)),
            ("x-real-ip", Some(Family::XForwarded)),
            ("x_forwarded_for", Some(Family::LookAlike)),
            ("x-forwarded_for", Some(Family::LookAlike)),
            ("x_real-ip", Some(Family::LookAlike)),
            ("x-forwardedness", None),
            ("x-realm", None),
            ("x-real-ips", None),
            ("x-request-id", None),
            ("via", None),
            ("x-", None),
        ] {
            assert_eq!(of(&HeaderName::from_static(name)), family, "{name}");
        }
    }
}
