//! The only place that reads and writes YAML, and JSON and TOML files of the user whose values need places along with it.
//!
//! [`parse`] turns the bytes of a file into a tree of [`Node`]s that know where they stand, so that every later stage
//! can point at the user's own line. YAML is read with version 1.2 rules: `yes` is a text, `010` and `1_000` stay what
//! was written, a key that stands twice is an error. Every dimension of the input is bounded ([`limits`]); aliases
//! cannot blow a small file up. Nothing is included or expanded from outside the file.

mod conflict;
mod correction;
mod embedded;
mod error;
mod explain;
mod foreign;
mod json_reader;
pub mod limits;
mod mend;
mod node;
mod recoded;
mod shown;
mod source;
mod toml_headers;
mod toml_reader;
mod toml_words;
mod writer;
mod yaml_reader;

#[cfg(test)]
mod tests;

pub(crate) use conflict::merge_conflict;
pub(crate) use correction::unquoted;
pub use correction::{Certainty, Change, Correction, Edit};
pub use embedded::parse_embedded;
pub use error::SyntaxError;
pub use node::{Member, Node, Span, Value};
pub(crate) use recoded::recoded;
pub use source::{Position, Source};
pub(crate) use toml_headers::in_headers;
pub(crate) use toml_reader::read_toml;
pub(crate) use toml_words::{format_version, syntax_errors, toml_entry, toml_meaning, typed_toml};
pub use writer::{WriteError, to_yaml};

/// The syntax of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// YAML 1.2.
    Yaml,
    /// JSON.
    Json,
}

impl Format {
    /// Tells the format by the file name's ending; `None` for other endings.
    pub fn of_name(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        match ending.to_ascii_lowercase().as_str() {
            "yaml" | "yml" => Some(Self::Yaml),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    /// Tells the format by the first character that is not blank.
    pub fn sniff(bytes: &[u8]) -> Self {
        let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        match text.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'{') => Self::Json,
            _ => Self::Yaml,
        }
    }
}

/// What a file is when it is no text in UTF-8, as far as its first bytes tell, and what to do about it.
pub(crate) fn not_text(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    foreign::tell(bytes).map(|foreign| (foreign.message, foreign.remedy))
}

/// Reads a file into its text and the tree of its values.
///
/// # Errors
///
/// The first syntax error, with its position; files that exceed a bound of [`limits`]; bytes that are not UTF-8.
pub fn parse(name: &str, bytes: Vec<u8>, format: Format) -> Result<(Source, Node), SyntaxError> {
    let source = Source::new(name, bytes)?;
    let node = match format {
        Format::Yaml => yaml_reader::read(&source),
        Format::Json => json_reader::read(&source),
    };
    // What the parser says of the marks is true, and no help.
    let node = node.map_err(|error| merge_conflict(&source).unwrap_or(error))?;
    Ok((source, node))
}

/// As [`parse`], for TOML.
///
/// # Errors
///
/// As [`parse`].
pub fn parse_toml(name: &str, bytes: Vec<u8>) -> Result<(Source, Node), SyntaxError> {
    let source = Source::new(name, bytes)?;
    let node = toml_reader::read(&source)?;
    Ok((source, node))
}
