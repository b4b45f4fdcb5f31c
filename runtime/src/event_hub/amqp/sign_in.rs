//! The beginning of a connection: versions, credentials, limits, virtual host.

use super::error::SessionError;
use super::frame::{FrameKind, FrameReader, MAX_FRAME};
use super::method::{self, Said};
use crate::config::Brokers;
use std::io::ErrorKind;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};

/// Most channels of a connection.
const MAX_CHANNELS: u16 = 64;
/// Smallest frame size that a broker may ask for.
const MIN_FRAME: u32 = 4096;
/// Seconds between two signs of life, unless the broker wants them sooner.
const HEARTBEAT: u16 = 30;

/// A connection whose virtual host is open.
#[derive(Debug)]
pub(super) struct Signed<S> {
    pub(super) reader: FrameReader<ReadHalf<S>>,
    pub(super) writer: WriteHalf<S>,
    /// Channels that may be opened, numbered from 1.
    pub(super) channels: u16,
    /// Time between two signs of life of either side; `None`: the broker wants none.
    pub(super) heartbeat: Option<Duration>,
}

impl<S: AsyncRead + AsyncWrite> Signed<S> {
    /// Signs in on a fresh connection.
    pub(super) async fn sign_in(stream: S, brokers: &Brokers) -> Result<Self, SessionError> {
        let (reader, writer) = tokio::io::split(stream);
        let mut signed = Self {
            reader: FrameReader::new(reader),
            writer,
            channels: 0,
            heartbeat: None,
        };
        signed.writer.write_all(b"AMQP\x00\x00\x09\x01").await?;
        match signed.answer(0).await? {
            Said::Start { plain: true } => {}
            Said::Start { plain: false } => return Err(SessionError::Mechanism),
            _ => return Err(SessionError::Protocol("no start")),
        }
        let start_ok = method::start_ok(&brokers.user, &brokers.password);
        signed.writer.write_all(&start_ok).await?;
        let (channels, frame, heartbeat) = match signed.answer(0).await {
            Ok(Said::Tune {
                channels,
                frame,
                heartbeat,
            }) => (channels, frame, heartbeat),
            Ok(_) => return Err(SessionError::Protocol("no limits")),
            Err(SessionError::Closed(403)) => return Err(SessionError::SignIn),
            // Brokers of other makes say nothing.
            Err(SessionError::Lost(error)) if error.kind() == ErrorKind::UnexpectedEof => {
                return Err(SessionError::ClosedAtSignIn);
            }
            Err(error) => return Err(error),
        };
        // 0 stands for no limit.
        let agree = |offered: u32, wanted: u32| if offered == 0 { wanted } else { offered.min(wanted) };
        let frame = agree(frame, MAX_FRAME);
        if frame < MIN_FRAME {
            return Err(SessionError::Protocol("a frame size below 4096"));
        }
        signed.channels = u16::try_from(agree(channels.into(), MAX_CHANNELS.into())).unwrap_or(MAX_CHANNELS);
        let heartbeat = heartbeat.min(HEARTBEAT);
        signed.heartbeat = (heartbeat > 0).then(|| Duration::from_secs(heartbeat.into()));
        signed.reader.limit(frame);
        let answer = [
            method::tune_ok(signed.channels, frame, heartbeat),
            method::open(&brokers.virtual_host),
        ];
        signed.writer.write_all(&answer.concat()).await?;
        match signed.answer(0).await {
            Ok(Said::OpenOk) => Ok(signed),
            Ok(_) => Err(SessionError::Protocol("no virtual host")),
            Err(SessionError::Closed(code)) => Err(SessionError::VirtualHost(code)),
            Err(error) => Err(error),
        }
    }

    /// Waits for the answer on a channel.
    pub(super) async fn answer(&mut self, channel: u16) -> Result<Said, SessionError> {
        loop {
            let frame = self.reader.next().await?;
            if frame.kind == FrameKind::Heartbeat {
                continue;
            }
            let method = (frame.kind == FrameKind::Method).then(|| Said::read(frame.payload));
            let said = method.flatten().ok_or(SessionError::Protocol("no method"))?;
            match said {
                Said::Close { code } if frame.channel == 0 => {
                    self.writer.write_all(&method::close_ok()).await?;
                    return Err(SessionError::Closed(code));
                }
                Said::ChannelClose { code } if frame.channel == channel => return Err(SessionError::Refused(code)),
                said if frame.channel == channel => return Ok(said),
                // Such as that the broker takes no messages for now.
                _ => {}
            }
        }
    }
}
