//! Events over HTTP: one POST for each.

use super::status::{Group, Teller};
use super::{FIELDS, MAX_EVENT, RequestEvent};
use crate::asking::Asking;
use crate::pause::{Pause, jittered};
use crate::unreached;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use url::Url;

/// Most bytes of an answer that are read; there is nothing in it for the gateway.
const MAX_ANSWER: usize = 64 << 10;
/// Events that are on their way at the same time.
const AT_A_TIME: usize = 16;

/// Makes the body for one event; `None`: it is too large.
pub(super) fn encode(event: &RequestEvent) -> Option<Bytes> {
    let payload = event.fields(|values| {
        let fields = FIELDS.into_iter().zip(values);
        fields
            .map(|(name, value)| (name.to_owned(), Value::from(value)))
            .collect::<Map<_, _>>()
    });
    let body = json!({"event": {"metaData": {}, "correlationData": {}, "payloadData": payload}}).to_string();
    (body.len() <= MAX_EVENT).then(|| body.into())
}

/// The traffic manager's endpoint for events.
pub(super) struct HttpReceiver {
    client: Client,
    target: Target,
    batch: usize,
    pause: Pause,
    group: Arc<Group>,
    teller: Teller,
}

struct Target {
    url: Url,
    username: String,
    password: SecretString,
}

/// What has become of an event.
enum Fate {
    Taken,
    Refused,
}

impl HttpReceiver {
    /// Prepares the connection.
    pub(super) fn new(
        (url, username, password): (&Url, &str, &SecretString),
        asking: &Asking,
        (batch, timeout): (usize, Duration),
        pause: Pause,
        group: Arc<Group>,
    ) -> Result<Self, String> {
        // The credentials go to this server and nowhere else.
        let builder = asking.client()?.redirect(Policy::none()).timeout(timeout);
        Ok(Self {
            client: builder.build().map_err(|error| error.to_string())?,
            teller: Teller::new(url.to_string()),
            target: Target {
                url: url.clone(),
                username: username.to_owned(),
                password: password.clone(),
            },
            batch,
            pause,
            group,
        })
    }

    /// Posts events until there will be no more.
    pub(super) async fn run(mut self) {
        let group = Arc::clone(&self.group);
        group.outbox.set_there(0, true);
        let mut told = false;
        while let Some(batch) = group.outbox.take(0, self.batch).await {
            let (returned, failure) = self.post_all(&batch.0).await;
            if failure.is_some() {
                group.outbox.set_there(0, false);
            }
            group.outbox.settle(batch, returned);
            let Some(reason) = failure else {
                if !told {
                    self.teller.connected();
                    told = true;
                }
                self.pause.reset();
                continue;
            };
            told = false;
            group.failures.fetch_add(1, Relaxed);
            self.teller.failed(&reason);
            tokio::time::sleep(jittered(self.pause.next_pause())).await;
            group.outbox.set_there(0, true);
        }
    }

    /// Returns the events that were not answered, and why, where the endpoint cannot be used.
    async fn post_all(&mut self, events: &[Bytes]) -> (Vec<Bytes>, Option<String>) {
        let mut answered = vec![false; events.len()];
        let mut waiting = events.iter().enumerate();
        let mut posts = FuturesUnordered::new();
        let mut failure = None;
        loop {
            while posts.len() < AT_A_TIME
                && let Some((place, event)) = waiting.next()
            {
                let post = post(&self.client, &self.target, event);
                posts.push(async move { (place, post.await) });
            }
            let Some((place, fate)) = posts.next().await else { break };
            let counter = match fate {
                Ok(Fate::Taken) => &self.group.sent,
                Ok(Fate::Refused) => &self.group.refused,
                Err(reason) => {
                    failure = Some(reason);
                    break;
                }
            };
            counter.fetch_add(1, Relaxed);
            self.teller.answered(matches!(fate, Ok(Fate::Refused)));
            if let Some(answered) = answered.get_mut(place) {
                *answered = true;
            }
        }
        let unanswered = events.iter().zip(answered).filter(|(_, answered)| !answered);
        (unanswered.map(|(event, _)| event.clone()).collect(), failure)
    }
}

async fn post(client: &Client, target: &Target, event: &Bytes) -> Result<Fate, String> {
    let request = client
        .post(target.url.clone())
        .header(CONTENT_TYPE, "application/json")
        .basic_auth(&target.username, Some(target.password.expose_secret()))
        .body(event.clone());
    let mut response = request
        .send()
        .await
        .map_err(|error| unreached::why(&error).to_owned())?;
    let status = response.status().as_u16();
    // A connection is used again when its answer has been read.
    let mut read = 0;
    while let Ok(Some(chunk)) = response.chunk().await {
        read += chunk.len();
        if read > MAX_ANSWER {
            break;
        }
    }
    match status {
        200..=299 => Ok(Fate::Taken),
        // It is this event that is not wanted.
        400 | 413 | 422 => Ok(Fate::Refused),
        _ => Err(format!("the server answers {status}{}", unreached::remedy(status))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic_manager::{Called, Properties};
    use uuid::Uuid;

    #[test]
    fn a_body_is_the_event_with_its_properties_as_text() {
        let event = |query: &str| RequestEvent {
            message_id: Uuid::from_u128(1),
            at_ms: 7,
            called: Arc::new(Called {
                api_name: "\u{e4}\"".into(),
                ..Called::default()
            }),
            calling: Arc::default(),
            properties: Properties::of([10, 0, 0, 1].into()).with_query(query),
        };
        let body = encode(&event("a=b")).expect("small");
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        let payload = &body["event"]["payloadData"];
        assert_eq!(body["event"]["metaData"], json!({}));
        assert_eq!(payload.as_object().map(Map::len), Some(FIELDS.len()));
        assert_eq!(payload["apiName"], "\u{e4}\"");
        assert_eq!(payload["properties"], r#"{"ip":167772161,"ipv6":0,"a":"b"}"#);
        assert!(encode(&event(&format!("q={}", "x".repeat(MAX_EVENT)))).is_none());
    }
}
