//! The fields of a message, whichever form it has.

use super::{DecodeError, MAX_MESSAGE, map_message};
use crate::strict_json;
use serde_json::{Map, Value};

/// The named values of a message, or of the event inside a notification.
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// Reads a message: as its content type says, or by its first byte where the content type says nothing.
    pub(super) fn read(content_type: Option<&str>, body: &[u8]) -> Result<Self, DecodeError> {
        if body.len() > MAX_MESSAGE {
            return Err(DecodeError::TooLarge);
        }
        match Form::of(content_type, body)? {
            Form::Map => map_message::decode(body).map(Self).ok_or(DecodeError::MapMessage),
            Form::Json => payload(body).map(Self).ok_or(DecodeError::JsonText),
        }
    }

    /// Reads a bare JSON object.
    pub(super) fn of_object(json: &[u8]) -> Option<Self> {
        strict_json::parse(json).map(Self)
    }

    /// Returns whether a field says something.
    pub(super) fn has(&self, name: &str) -> bool {
        self.value(name).is_some_and(|value| value.as_str() != Some(""))
    }

    /// Returns a field as it is. Absent and null are the same.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// Returns a yes or no, also written as text. Absent, null and empty are the same.
    pub(super) fn flag(&self, name: &'static str) -> Result<Option<bool>, DecodeError> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(_) => Err(DecodeError::Field(name)),
        }
    }

    /// Returns a text of at most `longest` bytes. Absent, null and empty are the same.
    pub(super) fn text(&self, name: &'static str, longest: usize) -> Result<Option<&str>, DecodeError> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) if text.len() <= longest => Ok(Some(text)),
            Some(_) => Err(DecodeError::Field(name)),
        }
    }

    /// Returns a text that has to be there.
    pub(super) fn required(&self, name: &'static str, longest: usize) -> Result<&str, DecodeError> {
        self.text(name, longest)?.ok_or(DecodeError::Field(name))
    }

    /// Returns an integer, written as a number or as text. Absent, null and empty are the same.
    pub(super) fn integer(&self, name: &'static str) -> Result<Option<i64>, DecodeError> {
        let integer = match self.0.get(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) if text.is_empty() => return Ok(None),
            Some(Value::String(text)) => text.parse().ok(),
            Some(number) => number.as_i64(),
        };
        integer.map(Some).ok_or(DecodeError::Field(name))
    }
}

/// How a message is written.
enum Form {
    Map,
    Json,
}

impl Form {
    fn of(content_type: Option<&str>, body: &[u8]) -> Result<Self, DecodeError> {
        let media_type = content_type
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default()
            .trim();
        if media_type.eq_ignore_ascii_case("jms/map-message") {
            return Ok(Self::Map);
        }
        if ["text/plain", "application/json"]
            .iter()
            .any(|json| media_type.eq_ignore_ascii_case(json))
        {
            return Ok(Self::Json);
        }
        match body.first() {
            // The count of a map is small.
            Some(0) => Ok(Self::Map),
            Some(b'{' | b' ' | b'\t' | b'\r' | b'\n') => Ok(Self::Json),
            _ => Err(DecodeError::UnknownForm),
        }
    }
}

/// Returns what stands at `event.payloadData`.
fn payload(body: &[u8]) -> Option<Map<String, Value>> {
    let mut message = strict_json::parse(body)?;
    match message.get_mut("event")?.get_mut("payloadData")?.take() {
        Value::Object(payload) => Some(payload),
        _ => None,
    }
}
