//! The settings file of API Cloud's own on-premise gateway: label and metadata, which a gateway that takes its place keeps.
//!
//! The 2.6 line has `on-premise-gateway.properties` (the format of Java properties), the 3.x line `on-premise-gateway.toml`.
//! Everything else in them is left alone, the password above all.

use std::path::Path;

/// Largest file that is read, in bytes.
pub(crate) const MAX_FILE: u64 = 1 << 20;
/// Most pieces of metadata.
const MAX_METADATA: usize = 256;

const LABEL: &str = "api.hybrid.gateway.label";
const ENVIRONMENT: &str = "api.hybrid.meta.env.";
const CUSTOM: &str = "api.hybrid.meta.custom.";

/// Label and metadata.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct OnPremiseProperties {
    /// The label whose APIs the gateway serves.
    pub(crate) label: Option<String>,
    /// Names of facts of the environment.
    pub(crate) env_metadata: Vec<String>,
    /// Names and values of the operator's own.
    pub(crate) custom_metadata: Vec<(String, String)>,
}

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {reason}")]
pub(crate) struct PropertiesError {
    /// Line, from 1.
    pub(crate) line: usize,
    /// What is wrong.
    pub(crate) reason: String,
}

impl OnPremiseProperties {
    /// Reads a file; its name tells the format.
    pub(crate) fn parse(path: &Path, text: &str) -> Result<Self, PropertiesError> {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("toml") => Self::parse_toml(text),
            _ => Self::parse_properties(text),
        }
    }

    /// Reads the format of the 2.6 line.
    pub(crate) fn parse_properties(text: &str) -> Result<Self, PropertiesError> {
        let mut found = Self::default();
        for (line, content) in logical_lines(text) {
            let (key, value) = key_and_value(&content).map_err(|reason| PropertiesError { line, reason })?;
            let value = value.trim();
            if key == LABEL {
                found.label = Some(value.to_owned()).filter(|label| !label.is_empty());
            } else if let Some(name) = key.strip_prefix(ENVIRONMENT) {
                found.env_metadata.push(name.to_owned());
            } else if let Some(name) = key.strip_prefix(CUSTOM)
                && !value.is_empty()
            {
                found.custom_metadata.push((name.to_owned(), value.to_owned()));
            }
            found.bounded().map_err(|reason| PropertiesError { line, reason })?;
        }
        Ok(found)
    }

    /// Reads the format of the 3.x line.
    pub(crate) fn parse_toml(text: &str) -> Result<Self, PropertiesError> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            let offset = error.span().map_or(0, |span| span.start);
            let before = text.get(..offset).unwrap_or_default();
            PropertiesError {
                line: before.matches('\n').count() + 1,
                reason: error.message().replace('\n', ", "),
            }
        })?;
        let Some(meta) = table.get("meta_info").and_then(toml::Value::as_table) else {
            return Ok(Self::default());
        };
        let custom = match meta.get("custom") {
            Some(toml::Value::Table(pairs)) => pairs
                .iter()
                .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.trim().to_owned())))
                .collect(),
            written => words(written)
                .iter()
                .filter_map(|pair| pair.split_once('='))
                .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
                .collect::<Vec<_>>(),
        };
        let found = Self {
            label: words(meta.get("labels")).into_iter().next(),
            env_metadata: words(meta.get("metadata")),
            custom_metadata: custom.into_iter().filter(|(_, value)| !value.is_empty()).collect(),
        };
        found.bounded().map_err(|reason| PropertiesError { line: 1, reason })?;
        Ok(found)
    }

    fn bounded(&self) -> Result<(), String> {
        if self.env_metadata.len() + self.custom_metadata.len() > MAX_METADATA {
            return Err(format!("more than {MAX_METADATA} pieces of metadata"));
        }
        Ok(())
    }
}

/// Strings of an array, or of one text with commas.
fn words(value: Option<&toml::Value>) -> Vec<String> {
    let words: Vec<&str> = match value {
        Some(toml::Value::String(text)) => text.split(',').collect(),
        Some(toml::Value::Array(array)) => array.iter().filter_map(toml::Value::as_str).collect(),
        _ => Vec::new(),
    };
    let words = words.into_iter().map(str::trim).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

/// Lines without comments, with those joined that end with a backslash, and the number of the first of each.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut natural = text.lines().zip(1..);
    while let Some((line, number)) = natural.next() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with(['#', '!']) {
            continue;
        }
        let mut whole = line.to_owned();
        while is_continued(&whole) {
            whole.pop();
            match natural.next() {
                Some((next, _)) => whole.push_str(next.trim_start()),
                None => break,
            }
        }
        lines.push((number, whole));
    }
    lines
}

/// A line ends with an odd number of backslashes.
fn is_continued(line: &str) -> bool {
    line.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

/// Splits at the first `=`, `:` or blank that is not escaped, and takes escapes apart.
fn key_and_value(line: &str) -> Result<(String, String), String> {
    let mut is_escaped = false;
    let end = line.find(|character: char| {
        let is_end = !is_escaped && (matches!(character, '=' | ':') || character.is_whitespace());
        is_escaped = character == '\\' && !is_escaped;
        is_end
    });
    let (key, rest) = line.split_at(end.unwrap_or(line.len()));
    let rest = rest.trim_start();
    let value = rest.strip_prefix(['=', ':']).unwrap_or(rest).trim_start();
    Ok((unescaped(key)?, unescaped(value)?))
}

fn unescaped(text: &str) -> Result<String, String> {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            plain.push(character);
            continue;
        }
        match characters.next() {
            Some('n') => plain.push('\n'),
            Some('t') => plain.push('\t'),
            Some('r') => plain.push('\r'),
            Some('f') => plain.push('\u{c}'),
            Some('u') => {
                let digits: String = characters.by_ref().take(4).collect();
                let code = u32::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 4);
                let unicode = code.and_then(char::from_u32);
                plain.push(unicode.ok_or_else(|| "`\\u` without the four digits of a character".to_owned())?);
            }
            Some(other) => plain.push(other),
            None => {}
        }
    }
    Ok(plain)
}

/// Entry point of the fuzz targets.
#[cfg(any(test, feature = "fuzzing"))]
pub fn fuzz(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    // Either a result or an error.
    let _ = OnPremiseProperties::parse_properties(&text);
    let _ = OnPremiseProperties::parse_toml(&text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected() -> OnPremiseProperties {
        OnPremiseProperties {
            label: Some("emea".into()),
            env_metadata: vec!["os.name".into(), "java.version".into()],
            custom_metadata: vec![
                ("owner".into(), "ana".into()),
                ("project".into(), "Development = fun".into()),
            ],
        }
    }

    #[test]
    fn properties_are_read_as_java_reads_them() {
        let text = "# a comment\n! another\n\napi.gateway.url=https://x\napi.hybrid.gateway.label = emea\n\
            api.hybrid.meta.env.os.name=\n  api.hybrid.meta.env.java.version\napi.hybrid.meta.custom.owner:\\u0061na\n\
            api.hybrid.meta.custom.project Devel\\\n    opment \\= fun\napi.hybrid.meta.custom.empty=  \n\
            password=canary";
        assert_eq!(OnPremiseProperties::parse_properties(text).expect("valid"), expected());
        let error = OnPremiseProperties::parse_properties("a=b\nb=\\u00zz").expect_err("refused");
        assert!(error.to_string().starts_with("line 2:"), "{error}");
    }

    #[test]
    fn the_toml_of_the_3_line_is_read() {
        for text in [
            "[meta_info]\nlabels = [\"emea\", \"other\"]\nmetadata = [\"os.name\", \"java.version\"]\n\
             [meta_info.custom]\nowner = \"ana\"\nproject = \"Development = fun\"\nempty = \" \"",
            "[meta_info]\nlabels = \"emea,other\"\nmetadata = \"os.name, java.version\"\n\
             custom = [\"owner=ana\", \"project = Development = fun\"]",
        ] {
            assert_eq!(
                OnPremiseProperties::parse(Path::new("a.toml"), text).expect("valid"),
                expected()
            );
        }
        let error = OnPremiseProperties::parse_toml("[meta_info]\nlabels = [").expect_err("refused");
        assert!(error.line >= 2, "{error}");
        assert_eq!(
            OnPremiseProperties::parse_toml("").expect("valid"),
            OnPremiseProperties::default()
        );
    }

    #[test]
    fn metadata_is_bounded() {
        let text: String = (0..300)
            .map(|number| format!("api.hybrid.meta.env.e{number}=\n"))
            .collect();
        let error = OnPremiseProperties::parse_properties(&text).expect_err("refused");
        assert_eq!(error.line, MAX_METADATA + 1);
    }
}
