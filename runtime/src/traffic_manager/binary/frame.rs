//! What the gateway says, as bytes: one octet for the kind of message, its size, then its parts. Numbers are big-endian
//! and every text follows its length in bytes.

use crate::traffic_manager::{FIELDS, MAX_EVENT, RequestEvent};
use bytes::Bytes;

/// The stream that events belong to.
pub(super) const STREAM: &str = "org.wso2.throttle.request.stream:1.0.0";

const LOGIN: u8 = 0;
const LOGOUT: u8 = 1;
const PUBLISH: u8 = 2;

/// Asks for a session.
pub(super) fn login(user: &str, password: &str) -> Vec<u8> {
    let mut frame = begin(LOGIN, 8 + user.len() + password.len());
    length(&mut frame, user.len());
    length(&mut frame, password.len());
    frame.extend_from_slice(user.as_bytes());
    frame.extend_from_slice(password.as_bytes());
    frame
}

/// Ends a session.
pub(super) fn logout(session: &str) -> Vec<u8> {
    let mut frame = begin(LOGOUT, 4 + session.len());
    text(&mut frame, session);
    frame
}

/// Hands over events that [`event`] made.
pub(super) fn publish(session: &str, events: &[Bytes]) -> Vec<u8> {
    let size = events.iter().map(Bytes::len).sum::<usize>();
    let mut frame = begin(PUBLISH, 8 + session.len() + size);
    text(&mut frame, session);
    length(&mut frame, events.len());
    events.iter().for_each(|event| frame.extend_from_slice(event));
    frame
}

/// Makes the bytes of one event, its size in front; `None`: it is larger than [`MAX_EVENT`].
pub(crate) fn event(event: &RequestEvent) -> Option<Bytes> {
    event.fields(|values: [&str; FIELDS.len()]| {
        let payload: usize = values.iter().map(|value| 4 + value.len()).sum();
        let size = 8 + 4 + STREAM.len() + payload;
        if size > MAX_EVENT {
            return None;
        }
        let mut bytes = Vec::with_capacity(4 + size);
        length(&mut bytes, size);
        bytes.extend_from_slice(&event.at_ms.to_be_bytes());
        text(&mut bytes, STREAM);
        values.iter().for_each(|value| text(&mut bytes, value));
        Some(bytes.into())
    })
}

fn begin(kind: u8, size: usize) -> Vec<u8> {
    let mut frame = Vec::with_capacity(5 + size);
    frame.push(kind);
    length(&mut frame, size);
    frame
}

fn text(frame: &mut Vec<u8>, text: &str) {
    length(frame, text.len());
    frame.extend_from_slice(text.as_bytes());
}

/// Events and batches of them are bounded far below what fits; so are names in settings by the memory they are in.
fn length(frame: &mut Vec<u8>, length: usize) {
    frame.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic_manager::{Called, Calling, Properties};
    use proptest::prelude::*;
    use std::sync::Arc;
    use uuid::Uuid;

    #[test]
    fn messages_have_the_bytes_that_the_protocol_asks_for() {
        for (frame, expected) in [
            (login("ana", "pw"), &b"\x00\0\0\0\x0d\0\0\0\x03\0\0\0\x02anapw"[..]),
            // Two bytes for the letter, not one.
            (login("\u{e4}", ""), b"\x00\0\0\0\x0a\0\0\0\x02\0\0\0\0\xc3\xa4"),
            (logout("s1"), b"\x01\0\0\0\x06\0\0\0\x02s1"),
            (publish("s1", &[]), b"\x02\0\0\0\x0a\0\0\0\x02s1\0\0\0\0"),
            (
                publish(
                    "s1",
                    &[Bytes::from_static(b"\0\0\0\x01a"), Bytes::from_static(b"\0\0\0\x02bc")],
                ),
                b"\x02\0\0\0\x15\0\0\0\x02s1\0\0\0\x02\0\0\0\x01a\0\0\0\x02bc",
            ),
        ] {
            assert_eq!(frame, expected);
        }
    }

    fn request(user: &str, query: &str) -> RequestEvent {
        RequestEvent {
            message_id: Uuid::from_u128(1),
            at_ms: 0x0102_0304_0506_0708,
            called: Arc::new(Called {
                api_key: "K".into(),
                ..Called::default()
            }),
            calling: Arc::new(Calling {
                user_id: user.into(),
                ..Calling::default()
            }),
            properties: Properties::of([10, 0, 0, 1].into()).with_query(query),
        }
    }

    #[test]
    fn an_event_has_its_size_time_stream_and_seventeen_texts() {
        let made = event(&request("\u{e4}na", "")).expect("it is small");
        let properties = r#"{"ip":167772161,"ipv6":0}"#;
        let mut expected = Vec::new();
        expected.extend_from_slice(b"\x01\x02\x03\x04\x05\x06\x07\x08\0\0\0\x26org.wso2.throttle.request.stream:1.0.0");
        expected.extend_from_slice(b"\0\0\0\x2400000000-0000-0000-0000-000000000001");
        expected.extend_from_slice(b"\0\0\0\0\0\0\0\0\0\0\0\x01K\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
        expected.extend_from_slice(b"\0\0\0\x04\xc3\xa4na\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
        expected.extend_from_slice(&[0, 0, 0, 25]);
        expected.extend_from_slice(properties.as_bytes());
        assert_eq!(made[..4], u32::try_from(expected.len()).expect("small").to_be_bytes());
        assert_eq!(made[4..], expected);
    }

    #[test]
    fn an_event_that_is_too_large_is_not_made() {
        assert!(event(&request("", &format!("q={}", "x".repeat(MAX_EVENT - 1000)))).is_some());
        assert!(event(&request("", &format!("q={}", "x".repeat(MAX_EVENT)))).is_none());
    }

    /// Takes texts from the front as a receiver does.
    fn texts(mut bytes: &[u8]) -> Vec<String> {
        let mut texts = Vec::new();
        while let Some((length, rest)) = bytes.split_first_chunk() {
            let (text, rest) = rest.split_at(u32::from_be_bytes(*length) as usize);
            texts.push(String::from_utf8(text.to_vec()).expect("whole letters"));
            bytes = rest;
        }
        assert!(bytes.is_empty());
        texts
    }

    proptest! {
        #[test]
        fn whatever_the_letters_every_text_is_whole(user in "\\PC{0,20}", key in "\\PC{0,20}", query in "\\PC{0,20}") {
            let mut request = request(&user, &query);
            request.called = Arc::new(Called { api_key: key.as_str().into(), ..Called::default() });
            let made = event(&request).expect("it is small");
            let texts = texts(&made[12..]);
            prop_assert_eq!(texts.len(), 1 + FIELDS.len());
            prop_assert!(request.fields(|values| texts[1..] == values));
            prop_assert_eq!((&texts[10], &texts[4]), (&user, &key));
            prop_assert_eq!(made.len(), 4 + u32::from_be_bytes([made[0], made[1], made[2], made[3]]) as usize);
        }
    }
}
