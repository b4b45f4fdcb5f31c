//! What may stand in `mgw.toml`.

/// What the value of a key looks like.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Format,
    Text,
    Texts,
    /// As they can stand in the list of a header.
    HeaderTexts,
    /// The same, of origins.
    Origins,
    /// Names of what the control plane has, such as labels.
    Names,
    /// APIs as `NAME:VERSION`.
    Apis,
    /// The base URL of a control plane.
    Address,
    /// The code of a finding.
    Rule,
    /// A text that says something.
    Reason,
    /// A day as `YYYY-MM-DD`.
    Day,
    Bool,
    OneOf(&'static [&'static str]),
    Table(&'static [Key]),
    Tables(&'static [Key]),
}

/// A key of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// Without it, the table says nothing.
    pub(super) required: bool,
}

const fn key(name: &'static str, kind: Kind) -> Key {
    Key {
        name,
        kind,
        required: false,
    }
}

const fn required(name: &'static str, kind: Kind) -> Key {
    Key {
        name,
        kind,
        required: true,
    }
}

/// The file as a whole. A test compares it with what [`Settings`](super::Settings) holds.
pub(super) const ROOT: &[Key] = &[
    required("format", Kind::Format),
    required("name", Kind::Text),
    key("control-plane", Kind::Table(CONTROL_PLANE)),
    key("pull", Kind::Table(PULL)),
    key("build", Kind::Table(BUILD)),
    key("audit", Kind::Table(AUDIT)),
];

/// The file of a folder with several projects.
pub(super) const WORKSPACE: &[Key] = &[
    required("format", Kind::Format),
    required("workspace", Kind::Table(MEMBERS)),
];

const MEMBERS: &[Key] = &[required("members", Kind::Texts), key("exclude", Kind::Texts)];

const CONTROL_PLANE: &[Key] = &[required("url", Kind::Address), key("kind", Kind::OneOf(KINDS))];

const KINDS: &[&str] = &[
    "api-cloud",
    "apim-2.6",
    "apim-3.0",
    "apim-3.1",
    "apim-3.2",
    "apim-4.0",
    "apim-4.1",
    "apim-4.2",
];

const PULL: &[Key] = &[
    key("labels", Kind::Names),
    key("tags", Kind::Names),
    key("apis", Kind::Apis),
    key("all", Kind::Bool),
];

const BUILD: &[Key] = &[
    key("api-fault-responses", Kind::Bool),
    key("global-fault-responses", Kind::Bool),
    key("compat", Kind::OneOf(&["micro-gw-3.2"])),
    key("cors", Kind::Table(CORS)),
];

const CORS: &[Key] = &[
    key("allow-origins", Kind::Origins),
    key("allow-methods", Kind::HeaderTexts),
    key("allow-headers", Kind::HeaderTexts),
    key("expose-headers", Kind::HeaderTexts),
    key("allow-credentials", Kind::Bool),
];

const AUDIT: &[Key] = &[key("suppress", Kind::Tables(SUPPRESS))];

const SUPPRESS: &[Key] = &[
    required("rule", Kind::Rule),
    key("api", Kind::Text),
    key("operation", Kind::Text),
    required("reason", Kind::Reason),
    required("until", Kind::Day),
];
