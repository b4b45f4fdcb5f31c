//! Why a message of the event hub cannot be read.

/// Why a message cannot be read. Never quotes the message: it may name a token that is still good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Larger than [`MAX_MESSAGE`](super::MAX_MESSAGE).
    #[error("the message is too large")]
    TooLarge,
    /// Neither a map message nor JSON text.
    #[error("the message is neither a map message nor JSON text")]
    UnknownForm,
    /// A map message that is cut off, has an unknown type, too many entries, or a name twice.
    #[error("the map message is malformed")]
    MapMessage,
    /// JSON text that is no `{"event":{"payloadData":{…}}}`, or takes liberties: a member twice, too deep, too many values.
    #[error("the JSON text is malformed")]
    JsonText,
    /// The event inside a notification is no base64 of a JSON object.
    #[error("the event inside the notification is malformed")]
    Event,
    /// A field that is needed is absent, empty, too long, or of another type.
    #[error("the field `{0}` is absent or malformed")]
    Field(&'static str),
}
