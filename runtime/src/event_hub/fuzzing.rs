//! Entry point of the fuzz target into the reader of messages.

use super::decode_notification::reader;
use super::fields::Fields;
use super::{Notification, ThrottleData, TokenRevocation, map_message};

/// Reads a message in either form, and what it could be an event of.
pub fn event_hub_message(bytes: &[u8]) {
    let _ = map_message::decode(bytes);
    for content_type in [None, Some("jms/map-message"), Some("text/plain")] {
        if let Ok(fields) = Fields::read(content_type, bytes) {
            let _ = TokenRevocation::read(&fields);
            let _ = Notification::read(&fields);
            let _ = ThrottleData::read(&fields);
        }
    }
    // What a notification carries inside, behind the line that names its kind.
    if let Some(end) = memchr::memchr(b'\n', bytes)
        && let Ok(kind) = std::str::from_utf8(&bytes[..end])
        && let Some(read) = reader(kind)
        && let Some(event) = Fields::of_object(&bytes[end + 1..])
    {
        let _ = read(&event);
    }
}
