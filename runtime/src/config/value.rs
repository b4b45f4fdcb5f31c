//! A setting's value, brought to the kind its key asks for.

use super::catalogue::Kind;
use super::shown::quoted;
use secrecy::SecretString;
use toml::de::DeValue;

/// A value of the kind that the catalogue names.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Bool(bool),
    Integer(i64),
    /// A number with a fraction. Only keys without effect are of this kind, so the number itself is not kept.
    Float,
    Text(String),
    Secret(SecretString),
    List(Vec<String>),
}

/// Reads the value from a configuration file.
pub(super) fn from_toml(kind: &Kind, value: &DeValue<'_>) -> Result<Value, String> {
    let wrong = || Err(format!("expected {}, found {}", kind.expecting(), found(value)));
    match kind {
        Kind::Bool => value.as_bool().map(Value::Bool).map_or_else(wrong, Ok),
        Kind::Integer { .. } => match value.as_integer() {
            Some(integer) => {
                let digits = integer.as_str().replace('_', "");
                let parsed = i64::from_str_radix(&digits, integer.radix());
                in_range(kind, parsed.map_err(|_| "the number is too large".to_owned())?)
            }
            None => wrong(),
        },
        Kind::Float => match (value.as_float(), value.as_integer()) {
            (Some(float), _) => float.as_str().parse::<f64>().map(|_| Value::Float).or_else(|_| wrong()),
            (None, Some(integer)) => integer
                .as_str()
                .parse::<f64>()
                .map(|_| Value::Float)
                .or_else(|_| wrong()),
            (None, None) => wrong(),
        },
        Kind::Text | Kind::File | Kind::OneOf(_) => match value.as_str() {
            Some(text) => one_of(kind, text),
            None => wrong(),
        },
        Kind::Secret => value
            .as_str()
            .map(|text| Value::Secret(SecretString::from(text)))
            .map_or_else(wrong, Ok),
        Kind::List | Kind::Files => match (value.as_str(), value.as_array()) {
            (Some(text), _) => Ok(Value::List(split(text))),
            (None, Some(array)) => array
                .iter()
                .map(|item| item.get_ref().as_str().map(str::to_owned))
                .collect::<Option<_>>()
                .map(Value::List)
                .map_or_else(wrong, Ok),
            (None, None) => wrong(),
        },
        Kind::Tables(_) | Kind::Named(_) => wrong(),
    }
}

/// Reads the value from an environment variable, a `--set` argument or the catalogue's default.
pub(super) fn from_text(kind: &Kind, text: &str) -> Result<Value, String> {
    let wrong = || Err(format!("expected {}", kind.expecting()));
    match kind {
        Kind::Bool => match text {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => wrong(),
        },
        Kind::Integer { .. } => match text.trim().parse() {
            Ok(number) => in_range(kind, number),
            Err(_) => wrong(),
        },
        Kind::Float => text.trim().parse::<f64>().map(|_| Value::Float).or_else(|_| wrong()),
        Kind::Text | Kind::File | Kind::OneOf(_) => one_of(kind, text),
        Kind::Secret => Ok(Value::Secret(SecretString::from(text))),
        Kind::List | Kind::Files => Ok(Value::List(split(text))),
        Kind::Tables(_) | Kind::Named(_) => wrong(),
    }
}

fn split(text: &str) -> Vec<String> {
    text.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(str::to_owned)
        .collect()
}

fn in_range(kind: &Kind, number: i64) -> Result<Value, String> {
    match kind {
        Kind::Integer { min, max } if number < *min || number > *max => {
            Err(format!("expected {}, found {number}", kind.expecting()))
        }
        _ => Ok(Value::Integer(number)),
    }
}

fn one_of(kind: &Kind, text: &str) -> Result<Value, String> {
    match kind {
        Kind::OneOf(choices) => choices
            .iter()
            .find(|choice| choice.eq_ignore_ascii_case(text))
            .map(|choice| Value::Text((*choice).to_owned()))
            .ok_or_else(|| format!("expected {}, found {}", kind.expecting(), quoted(text))),
        _ => Ok(Value::Text(text.to_owned())),
    }
}

fn found(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}
