//! The methods that a consumer sends and understands.

use super::frame::{FrameKind, encode};
use super::wire::{Input, Output, Table};
use secrecy::{ExposeSecret, SecretString};

/// The exchange with the control plane's topics; every broker has it.
const EXCHANGE: &str = "amq.topic";
/// The only consumer of a channel.
const TAG: &str = "mgw";

/// What the broker says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    Start {
        plain: bool,
    },
    Tune {
        channels: u16,
        frame: u32,
        heartbeat: u16,
    },
    OpenOk,
    Close {
        code: u16,
    },
    CloseOk,
    ChannelOpenOk,
    ChannelClose {
        code: u16,
    },
    QueueDeclared {
        name: String,
    },
    QueueBound,
    QosOk,
    Deliver {
        tag: u64,
    },
    Cancelled,
    /// Nothing to act on.
    Other,
}

impl Said {
    /// Reads a method; `None`: it is malformed.
    pub(super) fn read(payload: &[u8]) -> Option<Self> {
        let mut input = Input(payload);
        Some(match (input.short()?, input.short()?) {
            (10, 10) => {
                let version = (input.octet()?, input.octet()?);
                let _server = input.long_bytes()?;
                let mechanisms = input.long_bytes()?;
                let plain = mechanisms.split(|byte| *byte == b' ').any(|name| name == b"PLAIN");
                Self::Start {
                    plain: plain && version == (0, 9),
                }
            }
            (10, 30) => Self::Tune {
                channels: input.short()?,
                frame: input.long()?,
                heartbeat: input.short()?,
            },
            (10, 41) => Self::OpenOk,
            (10, 50) => Self::Close { code: input.short()? },
            (10, 51) => Self::CloseOk,
            (20, 11) => Self::ChannelOpenOk,
            (20, 40) => Self::ChannelClose { code: input.short()? },
            (50, 11) => Self::QueueDeclared {
                name: input.short_text()?.to_owned(),
            },
            (50, 21) => Self::QueueBound,
            (60, 11) => Self::QosOk,
            (60, 30) => Self::Cancelled,
            (60, 60) => {
                let _consumer = input.short_text()?;
                Self::Deliver {
                    tag: input.long_long()?,
                }
            }
            _ => Self::Other,
        })
    }
}

fn method(class: u16, method: u16) -> Output {
    Output::default().short(class).short(method)
}

fn frame(channel: u16, output: &Output) -> Vec<u8> {
    encode(FrameKind::Method, channel, &output.0)
}

/// Answers `Start`: who this is.
pub(super) fn start_ok(user: &str, password: &SecretString) -> Vec<u8> {
    // So that wrong credentials and lost queues are told.
    let capabilities = Table::default()
        .truth("authentication_failure_close")
        .truth("consumer_cancel_notify");
    let properties = Table::default()
        .text("product", "mgw")
        .text("version", env!("CARGO_PKG_VERSION"))
        .table("capabilities", capabilities);
    let credentials = [b"\0", user.as_bytes(), b"\0", password.expose_secret().as_bytes()].concat();
    let output = method(10, 11)
        .table(properties)
        .short_text("PLAIN")
        .long_bytes(&credentials)
        .short_text("en_US");
    frame(0, &output)
}

/// Answers `Tune`.
pub(super) fn tune_ok(channels: u16, max_frame: u32, heartbeat: u16) -> Vec<u8> {
    frame(0, &method(10, 31).short(channels).long(max_frame).short(heartbeat))
}

/// Opens the virtual host.
pub(super) fn open(virtual_host: &str) -> Vec<u8> {
    frame(0, &method(10, 40).short_text(virtual_host).short_text("").octet(0))
}

/// Answers `Close`.
pub(super) fn close_ok() -> Vec<u8> {
    frame(0, &method(10, 51))
}

/// Opens a channel.
pub(super) fn channel_open(channel: u16) -> Vec<u8> {
    frame(channel, &method(20, 10).short_text(""))
}

/// Makes a queue that the broker names, for this connection alone, gone with it.
pub(super) fn queue_declare(channel: u16) -> Vec<u8> {
    const EXCLUSIVE_AUTO_DELETE: u8 = 0b0_1100;
    let output = method(50, 10).short(0).short_text("").octet(EXCLUSIVE_AUTO_DELETE);
    frame(channel, &output.table(Table::default()))
}

/// Has the messages of a topic put into the queue.
pub(super) fn queue_bind(channel: u16, queue: &str, routing_key: &str) -> Vec<u8> {
    let output = method(50, 20)
        .short(0)
        .short_text(queue)
        .short_text(EXCHANGE)
        .short_text(routing_key)
        .octet(0);
    frame(channel, &output.table(Table::default()))
}

/// Bounds the messages that are not acknowledged yet.
pub(super) fn qos(channel: u16, prefetch: u16) -> Vec<u8> {
    frame(channel, &method(60, 10).long(0).short(prefetch).octet(0))
}

/// Asks for the messages of the queue; there is no answer.
pub(super) fn consume(channel: u16, queue: &str) -> Vec<u8> {
    const EXCLUSIVE_NO_WAIT: u8 = 0b1100;
    let output = method(60, 20)
        .short(0)
        .short_text(queue)
        .short_text(TAG)
        .octet(EXCLUSIVE_NO_WAIT);
    frame(channel, &output.table(Table::default()))
}

/// Acknowledges a message.
pub(super) fn ack(channel: u16, tag: u64) -> Vec<u8> {
    frame(channel, &method(60, 80).long_long(tag).octet(0))
}

/// Says that this side is there.
pub(super) fn heartbeat() -> Vec<u8> {
    encode(FrameKind::Heartbeat, 0, &[])
}
