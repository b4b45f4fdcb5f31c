//! What backends are told about the client's hop.

use super::catalogue::{Key, Kind};
use super::settings::Reader;
use super::shown::quoted;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "forwarding.headers",
        Kind::OneOf(&["x-forwarded", "forwarded", "both", "none", "untouched"]),
        "x-forwarded",
        "headers that tell backends the client's address, scheme and host: `X-Forwarded-For`, `-Proto` and `-Host`, `Forwarded` of \
         RFC 7239, both, none, or whatever the client sent; with `compat` the last, unless set",
    ),
    Key::new(
        "forwarding.via",
        Kind::Text,
        "",
        "name under which requests are marked in `Via`, up to 64 letters, digits and `-._:`; a request that bears it too often is \
         answered 508. Empty: no `Via`",
    ),
    Key::new(
        "forwarding.preserveHost",
        Kind::Bool,
        "false",
        "send backends the client's `Host` instead of their own",
    ),
];

/// Longest name in `Via`, in bytes.
const MAX_NAME: usize = 64;

/// Which headers tell backends about the client's hop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForwardingHeaders {
    /// `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host`.
    XForwarded,
    /// `Forwarded` of RFC 7239.
    Forwarded,
    /// All of them.
    Both,
    /// None; those of clients are removed.
    None,
    /// Those of clients are passed on, whoever sent them.
    Untouched,
}

/// What backends are told about the client's hop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardingSettings {
    /// Which headers.
    pub headers: ForwardingHeaders,
    /// The gateway's name in `Via`; `None`: there is no `Via`.
    pub via: Option<String>,
    /// Backends get the client's `Host`.
    pub preserve_host: bool,
}

impl ForwardingSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let compat = reader.text("compat").as_deref() == Some("micro-gw-3.2");
        let headers = match reader.text("forwarding.headers").as_deref() {
            _ if compat && !reader.is_set("forwarding.headers") => ForwardingHeaders::Untouched,
            Some("forwarded") => ForwardingHeaders::Forwarded,
            Some("both") => ForwardingHeaders::Both,
            Some("none") => ForwardingHeaders::None,
            Some("untouched") => ForwardingHeaders::Untouched,
            _ => ForwardingHeaders::XForwarded,
        };
        let via = reader.text("forwarding.via");
        if let Some(name) = &via
            && (name.len() > MAX_NAME
                || !name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte)))
        {
            reader.fail(
                "forwarding.via",
                format!("{} cannot be a name in `Via`", quoted(name)),
                "Use up to 64 letters, digits, `-`, `.`, `_` and `:`, such as `edge-1`.",
            );
        }
        Self {
            headers,
            via,
            preserve_host: reader.bool("forwarding.preserveHost"),
        }
    }
}
