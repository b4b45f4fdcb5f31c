//! Puts messages together from the frames of a channel.

use super::SessionError;
use super::wire::Input;
use crate::event_hub::MAX_MESSAGE;

/// A message as it came.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RawMessage {
    /// Acknowledges it.
    pub(super) tag: u64,
    pub(super) content_type: Option<String>,
    /// `None`: it was larger than [`MAX_MESSAGE`] and was not kept.
    pub(super) body: Option<Vec<u8>>,
}

/// What a channel has of the next message.
#[derive(Debug, Default)]
pub(super) enum Assembly {
    #[default]
    Nothing,
    /// It is announced.
    Announced { tag: u64 },
    /// Its body is on the way.
    Body { message: RawMessage, missing: u64 },
}

impl Assembly {
    /// Takes the announcement of a message.
    pub(super) fn deliver(&mut self, tag: u64) -> Result<(), SessionError> {
        match self {
            Self::Nothing => {
                *self = Self::Announced { tag };
                Ok(())
            }
            _ => Err(SessionError::Protocol("a message within a message")),
        }
    }

    /// Takes a header; returns the message if it has no body.
    pub(super) fn header(&mut self, payload: &[u8]) -> Result<Option<RawMessage>, SessionError> {
        let Self::Announced { tag } = *self else {
            return Err(SessionError::Protocol("a header without a message"));
        };
        let (size, content_type) = read_header(payload).ok_or(SessionError::Protocol("a header"))?;
        let message = RawMessage {
            tag,
            content_type,
            body: (size <= MAX_MESSAGE as u64).then(Vec::new),
        };
        *self = Self::Body { message, missing: size };
        Ok(self.complete())
    }

    /// Takes a part of the body; returns the message with the last one.
    pub(super) fn body(&mut self, payload: &[u8]) -> Result<Option<RawMessage>, SessionError> {
        let Self::Body { message, missing } = self else {
            return Err(SessionError::Protocol("a body without a header"));
        };
        *missing = missing
            .checked_sub(payload.len() as u64)
            .ok_or(SessionError::Protocol("a body larger than announced"))?;
        if let Some(body) = &mut message.body {
            body.extend_from_slice(payload);
        }
        Ok(self.complete())
    }

    fn complete(&mut self) -> Option<RawMessage> {
        match std::mem::take(self) {
            Self::Body { message, missing: 0 } => Some(message),
            other => {
                *self = other;
                None
            }
        }
    }
}

/// Returns the size of the body, and the content type; it is the first of the properties.
fn read_header(payload: &[u8]) -> Option<(u64, Option<String>)> {
    const CONTENT_TYPE: u16 = 1 << 15;
    let mut input = Input(payload);
    let _class_and_weight = input.long()?;
    let size = input.long_long()?;
    let content_type = if input.short()? & CONTENT_TYPE == 0 {
        None
    } else {
        Some(input.short_text()?.to_owned())
    };
    Some((size, content_type))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(size: u64, content_type: &str) -> Vec<u8> {
        let flags: &[u8] = if content_type.is_empty() { &[0, 0] } else { &[0x80, 0] };
        let mut bytes = [&[0, 60, 0, 0], &size.to_be_bytes()[..], flags].concat();
        if !content_type.is_empty() {
            bytes.push(u8::try_from(content_type.len()).expect("short"));
            bytes.extend_from_slice(content_type.as_bytes());
        }
        bytes
    }

    fn message(tag: u64, content_type: Option<&str>, body: Option<&[u8]>) -> RawMessage {
        RawMessage {
            tag,
            content_type: content_type.map(str::to_owned),
            body: body.map(<[u8]>::to_vec),
        }
    }

    #[test]
    fn messages_come_in_parts() {
        let mut assembly = Assembly::default();
        assembly.deliver(7).expect("the first");
        assert_eq!(assembly.header(&header(5, "text/plain")).expect("a header"), None);
        assert_eq!(assembly.body(b"ab").expect("a part"), None);
        let complete = assembly.body(b"cde").expect("the last part");
        assert_eq!(complete, Some(message(7, Some("text/plain"), Some(b"abcde"))));
        assembly.deliver(8).expect("the second");
        assert_eq!(
            assembly.header(&header(0, "")).expect("a header"),
            Some(message(8, None, Some(b"")))
        );
    }

    #[test]
    fn a_large_message_is_passed_over_and_the_next_one_is_not() {
        let mut assembly = Assembly::default();
        let size = MAX_MESSAGE as u64 + 1;
        assembly.deliver(1).expect("the first");
        assert_eq!(assembly.header(&header(size, "")).expect("a header"), None);
        assert_eq!(assembly.body(&vec![0; MAX_MESSAGE]).expect("a part"), None);
        assert_eq!(
            assembly.body(b"x").expect("the last part"),
            Some(message(1, None, None))
        );
        assembly.deliver(2).expect("the second");
        assert_eq!(assembly.header(&header(1, "")).expect("a header"), None);
        assert_eq!(assembly.body(b"y").expect("all"), Some(message(2, None, Some(b"y"))));
    }

    #[test]
    fn parts_out_of_place_end_the_connection() {
        let announced = || {
            let mut assembly = Assembly::default();
            assembly.deliver(1).expect("the first");
            assembly
        };
        assert!(Assembly::default().header(&header(1, "")).is_err());
        assert!(Assembly::default().body(b"x").is_err());
        assert!(announced().deliver(2).is_err());
        assert!(announced().body(b"x").is_err());
        assert!(announced().header(&header(1, "")[..13]).is_err());
        assert!(announced().header(&[header(1, ""), vec![]].concat()[..11]).is_err());
        let mut assembly = announced();
        assembly.header(&header(1, "")).expect("a header");
        assert!(assembly.body(b"xy").is_err());
    }
}
