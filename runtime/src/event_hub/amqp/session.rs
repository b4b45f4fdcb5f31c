//! One connection with its topics: bound, then read until it ends.

use super::content::{Assembly, RawMessage};
use super::error::SessionError;
use super::frame::{FrameKind, FrameReader};
use super::method::{self, Said};
use super::sign_in::Signed;
use super::topic::Topic;
use crate::event_hub::{DecodeError, Undelivered};
use futures_util::future::try_join_all;
use std::convert::Infallible;
use std::future::pending;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::mpsc;
use tokio::time::{interval, timeout};

/// Messages of a topic that are not acknowledged; with the bound of a message, this bounds the memory.
const PREFETCH: u16 = 16;
/// How long a write may take.
const WRITE: Duration = Duration::from_secs(20);

/// Channels are numbered from 1, in the order of the topics.
fn channel_of(position: usize) -> u16 {
    u16::try_from(position + 1).unwrap_or(u16::MAX)
}

/// Binds a queue for every topic and returns their names.
pub(super) async fn bind<S>(signed: &mut Signed<S>, topics: &[Topic]) -> Result<Vec<String>, SessionError>
where
    S: AsyncRead + AsyncWrite,
{
    if topics.len() > signed.channels.into() {
        return Err(SessionError::Protocol("fewer channels than topics"));
    }
    let mut queues = Vec::with_capacity(topics.len());
    for (position, topic) in topics.iter().enumerate() {
        let channel = channel_of(position);
        let no = SessionError::Protocol("another answer than asked for");
        signed.writer.write_all(&method::channel_open(channel)).await?;
        let Said::ChannelOpenOk = signed.answer(channel).await? else {
            return Err(no);
        };
        signed.writer.write_all(&method::queue_declare(channel)).await?;
        let Said::QueueDeclared { name } = signed.answer(channel).await? else {
            return Err(no);
        };
        let bind = method::queue_bind(channel, &name, &topic.routing_key);
        signed.writer.write_all(&bind).await?;
        let Said::QueueBound = signed.answer(channel).await? else {
            return Err(no);
        };
        signed.writer.write_all(&method::qos(channel, PREFETCH)).await?;
        let Said::QosOk = signed.answer(channel).await? else {
            return Err(no);
        };
        queues.push(name);
    }
    Ok(queues)
}

/// Hands messages over until the connection ends.
pub(super) async fn follow<S>(signed: Signed<S>, topics: &[Topic], queues: &[String]) -> SessionError
where
    S: AsyncRead + AsyncWrite,
{
    let Signed {
        mut reader,
        mut writer,
        heartbeat,
        ..
    } = signed;
    // What is to be written is an acknowledgement per message at the most, besides the beginnings.
    let (out, outgoing) = mpsc::channel(usize::from(PREFETCH) * topics.len() + 1);
    let (mut inlets, mut forwarders) = (Vec::new(), Vec::new());
    for (position, (topic, queue)) in topics.iter().zip(queues).enumerate() {
        let (inlet, messages) = mpsc::channel(PREFETCH.into());
        inlets.push((inlet, Assembly::default()));
        forwarders.push(forward(topic, channel_of(position), queue, messages, out.clone()));
    }
    let ended = tokio::try_join!(
        read(&mut reader, heartbeat, topics, &mut inlets),
        write(&mut writer, heartbeat, outgoing),
        try_join_all(forwarders),
    );
    let Err(error) = ended;
    if let SessionError::Closed(_) = error {
        let _ = timeout(WRITE, writer.write_all(&method::close_ok())).await;
    }
    error
}

type Inlet = (mpsc::Sender<RawMessage>, Assembly);

/// Reads frames and gives every message to the forwarder of its topic, without ever waiting for one.
async fn read<R: AsyncRead>(
    reader: &mut FrameReader<ReadHalf<R>>,
    heartbeat: Option<Duration>,
    topics: &[Topic],
    inlets: &mut [Inlet],
) -> Result<Infallible, SessionError> {
    loop {
        let frame = match heartbeat {
            // Two in a row may be missing.
            Some(heartbeat) => timeout(heartbeat * 2, reader.next())
                .await
                .map_err(|_| SessionError::Silent)??,
            None => reader.next().await?,
        };
        let inlet = usize::from(frame.channel)
            .checked_sub(1)
            .and_then(|position| inlets.get_mut(position));
        let complete = match frame.kind {
            FrameKind::Heartbeat => {
                topics.iter().for_each(|topic| topic.observer.current());
                None
            }
            FrameKind::Method => {
                match (Said::read(frame.payload), inlet) {
                    (None, _) => return Err(SessionError::Protocol("a method")),
                    (Some(Said::Close { code }), None) => return Err(SessionError::Closed(code)),
                    (Some(Said::ChannelClose { code }), Some(_)) => return Err(SessionError::Refused(code)),
                    (Some(Said::Cancelled), Some(_)) => return Err(SessionError::Cancelled),
                    (Some(Said::Deliver { tag }), Some((_, assembly))) => assembly.deliver(tag)?,
                    (Some(_), _) => {}
                }
                None
            }
            FrameKind::Header | FrameKind::Body => {
                let (sender, assembly) = inlet.ok_or(SessionError::Protocol("a message without a channel"))?;
                let complete = if frame.kind == FrameKind::Header {
                    assembly.header(frame.payload)?
                } else {
                    assembly.body(frame.payload)?
                };
                complete.map(|message| (sender, message))
            }
        };
        if let Some((sender, message)) = complete {
            sender.try_send(message).map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => SessionError::Prefetch,
                mpsc::error::TrySendError::Closed(_) => SessionError::NoConsumer,
            })?;
        }
    }
}

/// Hands the messages of a topic to its consumer, in order, and acknowledges those that are done with.
async fn forward(
    topic: &Topic,
    channel: u16,
    queue: &str,
    mut messages: mpsc::Receiver<RawMessage>,
    out: mpsc::Sender<Vec<u8>>,
) -> Result<Infallible, SessionError> {
    let send = async |frame| out.send(frame).await.map_err(|_| SessionError::NoConsumer);
    topic.outlet.reload().await.map_err(|_| SessionError::NoConsumer)?;
    send(method::consume(channel, queue)).await?;
    loop {
        let message = messages.recv().await.ok_or(SessionError::NoConsumer)?;
        let delivered = match &message.body {
            Some(body) => topic.outlet.deliver(message.content_type.as_deref(), body).await,
            None => Err(DecodeError::TooLarge.into()),
        };
        match delivered {
            Ok(()) => {}
            Err(Undelivered::Unreadable(error)) => topic.observer.skipped(error),
            Err(Undelivered::NoConsumer) => return Err(SessionError::NoConsumer),
        }
        send(method::ack(channel, message.tag)).await?;
    }
}

/// Writes what there is to write, and signs of life.
async fn write<W: AsyncWrite>(
    writer: &mut WriteHalf<W>,
    heartbeat: Option<Duration>,
    mut outgoing: mpsc::Receiver<Vec<u8>>,
) -> Result<Infallible, SessionError> {
    // Twice in the agreed time, so that one may be late.
    let mut ticks = heartbeat.map(|heartbeat| interval(heartbeat / 2));
    loop {
        let tick = async {
            match &mut ticks {
                Some(ticks) => ticks.tick().await,
                None => pending().await,
            }
        };
        let frame = tokio::select! {
            frame = outgoing.recv() => frame.ok_or(SessionError::NoConsumer)?,
            _ = tick => method::heartbeat(),
        };
        timeout(WRITE, writer.write_all(&frame))
            .await
            .map_err(|_| SessionError::Silent)??;
    }
}
