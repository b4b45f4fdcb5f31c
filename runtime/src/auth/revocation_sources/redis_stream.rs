//! Revocations from a stream of a Redis or Valkey server.
//!
//! A stream keeps what was added in order, so that one command serves for everything there is and for what comes: a
//! gateway that was away misses nothing. An entry has one of the fields `jti`, `token` and `signature`, and may have
//! `expires` (seconds or milliseconds since the epoch):
//!
//! ```text
//! XADD mgw:revoked MAXLEN ~ 1000000 * jti 5f0e3b1a-9c52-4a57-8d2e-1b7c6f0d9a34 expires 1767007200
//! ```
//!
//! After every loss of the connection the stream is read from its beginning: it may be another one.

use super::{Reporter, now_ms};
use crate::auth::Revocations;
use crate::auth::revocation_list::RevocationEntry;
use crate::config::RedisRevocation;
use crate::pause::Pause;
use redis::aio::MultiplexedConnection;
use redis::streams::{StreamId, StreamReadOptions, StreamReadReply};
use redis::{AsyncCommands, AsyncConnectionConfig, Client, RedisResult, TlsCertificates};
use secrecy::ExposeSecret;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Entries of one read.
const BATCH: usize = 500;
/// How long the server holds a read open when there is nothing new.
const BLOCK: Duration = Duration::from_secs(5);
/// How long an answer may take beyond that.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// Longest text of an entry.
const MAX_TEXT: usize = 70_000;

/// A stream of revocations.
pub(in crate::auth) struct RedisStream {
    client: Client,
    key: String,
    revocations: Arc<Revocations>,
    reporter: Reporter,
}

impl RedisStream {
    /// Prepares the connection; `roots` are trusted instead of the system's certificates.
    pub(in crate::auth) fn new(
        config: &RedisRevocation,
        roots: Option<Vec<u8>>,
        revocations: Arc<Revocations>,
        reporter: Reporter,
    ) -> Result<Self, String> {
        let url = config.url.expose_secret();
        // An error could quote the URL, which may hold a password.
        let client = match roots {
            Some(pem) => Client::build_with_tls(
                url,
                TlsCertificates {
                    client_tls: None,
                    root_cert: Some(pem),
                },
            ),
            None => Client::open(url),
        };
        Ok(Self {
            client: client.map_err(|_| "`tokenRevocationConfig.redis.url` or `.caFile` is not usable".to_owned())?,
            key: config.key.clone(),
            revocations,
            reporter,
        })
    }

    /// Reads for ever.
    pub(in crate::auth) async fn run(self) {
        let mut pause = Pause::new(Duration::from_millis(100), Duration::from_secs(10));
        loop {
            if let Err(error) = self.follow(&mut pause).await {
                // The code says enough; the text may come from the other side.
                self.reporter.failed(error.code().unwrap_or("no connection"));
            }
            tokio::time::sleep(pause.next_pause()).await;
        }
    }

    /// Reads until the connection is lost.
    async fn follow(&self, pause: &mut Pause) -> RedisResult<()> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(BLOCK + PATIENCE));
        let mut connection = self
            .client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        let mut last = "0-0".to_owned();
        let mut complete = false;
        loop {
            let entries = self.read(&mut connection, &last, complete).await?;
            pause.reset();
            complete = entries.len() < BATCH;
            if let Some(entry) = entries.last() {
                last.clone_from(&entry.id);
            }
            self.apply(&entries);
            if complete {
                self.reporter.current();
            }
        }
    }

    async fn read(&self, connection: &mut MultiplexedConnection, last: &str, wait: bool) -> RedisResult<Vec<StreamId>> {
        let mut options = StreamReadOptions::default().count(BATCH);
        if wait {
            options = options.block(usize::try_from(BLOCK.as_millis()).unwrap_or(usize::MAX));
        }
        let reply: Option<StreamReadReply> = connection.xread_options(&[&self.key], &[last], &options).await?;
        let streams = reply.map(|reply| reply.keys).unwrap_or_default();
        Ok(streams.into_iter().flat_map(|stream| stream.ids).collect())
    }

    fn apply(&self, entries: &[StreamId]) {
        let (mut applied, mut rejected) = (0, 0);
        for stream_entry in entries {
            let done =
                entry(&stream_entry.map).is_some_and(|entry| self.revocations.apply_entry(&entry, now_ms()).is_ok());
            if done { applied += 1 } else { rejected += 1 }
        }
        if applied + rejected > 0 {
            self.reporter.read(applied, rejected);
        }
    }
}

/// Reads an entry; `None`: it is malformed. Unknown fields are somebody else's.
fn entry(fields: &HashMap<String, redis::Value>) -> Option<RevocationEntry> {
    let text = |name| match fields.get(name) {
        None => Some(None),
        Some(value) => {
            let text: String = redis::from_redis_value_ref(value).ok()?;
            (!text.is_empty() && text.len() <= MAX_TEXT).then_some(Some(text))
        }
    };
    Some(RevocationEntry {
        jti: text("jti")?,
        token: text("token")?,
        signature: text("signature")?,
        expires: match text("expires")? {
            Some(time) => Some(time.parse().ok()?),
            None => None,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_entries_are_told_from_good_ones() {
        let fields = |pairs: &[(&str, &str)]| {
            let value = |text: &str| redis::Value::BulkString(text.as_bytes().to_vec());
            pairs
                .iter()
                .map(|(name, text)| ((*name).to_owned(), value(text)))
                .collect()
        };
        let good = entry(&fields(&[("jti", "a"), ("expires", "1767007200"), ("by", "ops")])).expect("an entry");
        assert_eq!((good.jti.as_deref(), good.expires), (Some("a"), Some(1_767_007_200)));
        for pairs in [
            &[("jti", "a"), ("expires", "tomorrow")][..],
            &[("jti", "a"), ("expires", "-1")],
            &[("jti", "")],
        ] {
            assert!(entry(&fields(pairs)).is_none(), "{pairs:?}");
        }
        let binary = HashMap::from([("jti".to_owned(), redis::Value::BulkString(vec![0xff]))]);
        assert!(entry(&binary).is_none());
    }
}
