//! The real RabbitMQ server, as this crate signs in to it, and something to publish with.

use crate::config::{Brokers, ServerAddress};
use crate::event_hub::amqp::frame::{FrameKind, encode};
use crate::event_hub::amqp::method;
use crate::event_hub::amqp::sign_in::Signed;
use crate::event_hub::amqp::wire::Output;
use std::ops::{Deref, DerefMut};
use tokio::io::AsyncWriteExt;

pub(crate) use mgw_fixtures::ports::free_port;

/// A server and how to sign in to it.
pub(crate) struct RabbitMq(mgw_fixtures::rabbitmq::RabbitMq);

impl Deref for RabbitMq {
    type Target = mgw_fixtures::rabbitmq::RabbitMq;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for RabbitMq {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl RabbitMq {
    pub(crate) const USER: &str = mgw_fixtures::rabbitmq::RabbitMq::USER;
    pub(crate) const PASSWORD: &str = mgw_fixtures::rabbitmq::RabbitMq::PASSWORD;

    /// Prepares a server that is not started yet.
    pub(crate) fn prepare() -> Self {
        Self(mgw_fixtures::rabbitmq::RabbitMq::prepare())
    }

    /// How to sign in.
    pub(crate) fn brokers(&self) -> Brokers {
        self.brokers_with(Self::PASSWORD)
    }

    pub(crate) fn brokers_with(&self, password: &str) -> Brokers {
        Brokers {
            user: Self::USER.to_owned(),
            password: password.into(),
            virtual_host: "carbon".to_owned(),
            addresses: vec![ServerAddress {
                host: "127.0.0.1".to_owned(),
                port: self.port,
                tls: false,
            }],
        }
    }

    /// Publishes messages in their order: topic, content type, body.
    pub(crate) fn publish(&self, messages: &[(&str, &str, &[u8])]) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let stream = tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await;
            let stream = stream.expect("the server runs");
            let mut signed = Signed::sign_in(stream, &self.brokers()).await.expect("signed in");
            signed
                .writer
                .write_all(&method::channel_open(1))
                .await
                .expect("written");
            signed.answer(1).await.expect("opened");
            for (topic, content_type, body) in messages {
                signed
                    .writer
                    .write_all(&published(topic, content_type, body))
                    .await
                    .expect("written");
            }
            // The answer comes when everything before was taken.
            signed.writer.write_all(&method::qos(1, 1)).await.expect("written");
            signed.answer(1).await.expect("all was taken");
        });
    }
}

/// The frames of a message.
fn published(topic: &str, content_type: &str, body: &[u8]) -> Vec<u8> {
    const CONTENT_TYPE: u16 = 1 << 15;
    let publish = Output::default().short(60).short(40).short(0);
    let publish = publish.short_text("amq.topic").short_text(topic).octet(0);
    let header = Output::default().short(60).short(0).long_long(body.len() as u64);
    let header = match content_type {
        "" => header.short(0),
        content_type => header.short(CONTENT_TYPE).short_text(content_type),
    };
    let mut frames = encode(FrameKind::Method, 1, &publish.0);
    frames.extend(encode(FrameKind::Header, 1, &header.0));
    for part in body.chunks(100_000) {
        frames.extend(encode(FrameKind::Body, 1, part));
    }
    frames
}
