//! Header rules of the gateway itself.

use super::catalogue::{Key, Kind};
use super::settings::Reader;
use http::HeaderName;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "server.header",
        Kind::Text,
        "",
        "`Server` of answers whose backend sent none; empty: none",
    ),
    Key::unset(
        "server.headerConf",
        Kind::Tables(HEADER_KEYS),
        "headers that are replaced in both directions",
    ),
    Key::new(
        "server.forwardMethodOverride",
        Kind::Bool,
        "false",
        "pass `X-HTTP-Method-Override` and its like on; a backend that obeys it runs another operation than the one whose \
         scopes and quotas were checked",
    ),
];

const HEADER_KEYS: &[Key] = &[
    Key::unset("headerName", Kind::Text, "header"),
    Key::new("preserveHeader", Kind::Bool, "false", "leave it alone"),
    Key::new("overrideValue", Kind::Text, "ballerina", "value that replaces it"),
];

/// A header that is replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderRule {
    /// The header.
    pub name: HeaderName,
    /// Leave it alone.
    pub preserve: bool,
    /// The value that replaces it.
    pub value: String,
}

/// Header rules.
#[derive(Debug, Clone)]
pub struct Server {
    /// `Server` of answers whose backend sent none.
    pub header: Option<String>,
    /// Replaced headers.
    pub rules: Vec<HeaderRule>,
    /// Pass headers on that ask a backend for another method.
    pub forward_method_override: bool,
}

impl Server {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            header: reader.text("server.header"),
            forward_method_override: reader.bool("server.forwardMethodOverride"),
            rules: reader.tables("server.headerConf", |reader| {
                let name = reader.header_name("headerName");
                if name.is_none() && reader.errors.is_empty() {
                    reader.fail("headerName", "a header rule without `headerName`", "Name the header.");
                }
                let name = name?;
                Some(HeaderRule {
                    // The backend's `Server` stays unless somebody says otherwise.
                    preserve: reader.bool("preserveHeader")
                        || name == http::header::SERVER && !reader.is_set("preserveHeader"),
                    name,
                    value: reader.text_or_empty("overrideValue"),
                })
            }),
        }
    }
}
