//! The client.

use super::{AdminArgs, AdminError};
use crate::cloud::http::{Answer, Call, Http, HttpOptions, Repeat, error_text};
use crate::ui::Ui;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;
use url::Url;

/// A gateway on this machine or beside it answers at once; a list of millions of counters takes a while.
const CONNECT_TIME: Duration = Duration::from_secs(5);
const ANSWER_TIME: Duration = Duration::from_secs(30);

/// Talks to the admin listener of one gateway.
#[derive(Debug)]
pub(crate) struct AdminClient {
    address: Url,
    http: Http,
}

impl AdminClient {
    /// Prepares a conversation; nothing is sent yet.
    pub(crate) fn new(args: &AdminArgs, ui: &Ui) -> Result<Self, AdminError> {
        let address = args.address()?;
        let options = HttpOptions {
            connect_timeout: CONNECT_TIME,
            timeout: ANSWER_TIME,
            direct: true,
            ..HttpOptions::default()
        };
        let http = Http::new(&options, ui).map_err(|source| AdminError::Unreachable {
            url: shown(&address),
            source: Box::new(source),
        })?;
        Ok(Self { address, http })
    }

    /// Reads something.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<T, AdminError> {
        let call = Call::get(self.at(path));
        let call = query.iter().fold(call, |call, (name, value)| call.query(name, value));
        self.ask(call).await
    }

    /// Reads something that is told with status 503 too.
    pub(crate) async fn get_in_any_state<T: DeserializeOwned>(&self, path: &str) -> Result<T, AdminError> {
        let answer = self.send(Call::get(self.at(path))).await?;
        if answer.status == 503
            && let Ok(document) = answer.json()
            && let Ok(told) = serde_json::from_value(document)
        {
            return Ok(told);
        }
        self.read(&answer)
    }

    /// Reads a text.
    pub(crate) async fn text(&self, path: &str) -> Result<String, AdminError> {
        let answer = self.send(Call::get(self.at(path))).await?;
        match String::from_utf8(answer.body) {
            Ok(text) if (200..300).contains(&answer.status) => Ok(text),
            _ => Err(AdminError::SomebodyElse {
                url: shown(&self.address),
            }),
        }
    }

    /// Changes something.
    pub(crate) async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T, AdminError> {
        let bytes = body.to_string().into_bytes();
        self.ask(Call::post(self.at(path), "application/json", bytes)).await
    }

    /// Removes something.
    pub(crate) async fn delete<T: DeserializeOwned>(&self, path: &str) -> Result<T, AdminError> {
        self.ask(Call {
            method: reqwest::Method::DELETE,
            ..Call::get(self.at(path))
        })
        .await
    }

    fn at(&self, path: &str) -> Url {
        let mut url = self.address.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}{path}"));
        url
    }

    async fn ask<T: DeserializeOwned>(&self, call: Call) -> Result<T, AdminError> {
        let answer = self.send(call).await?;
        self.read(&answer)
    }

    async fn send(&self, call: Call) -> Result<Answer, AdminError> {
        // Whoever asks is there to ask again.
        let call = Call {
            repeat: Repeat::Never,
            ..call
        };
        let answer = self.http.send(&call).await;
        answer.map_err(|source| AdminError::Unreachable {
            url: shown(&self.address),
            source: Box::new(source),
        })
    }

    fn read<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, AdminError> {
        let somebody_else = || AdminError::SomebodyElse {
            url: shown(&self.address),
        };
        let document = answer.json().map_err(|_| somebody_else())?;
        if answer.is_success() {
            return serde_json::from_value(document).map_err(|_| somebody_else());
        }
        let said = document.get("error").is_some_and(Value::is_string);
        if said {
            return Err(AdminError::Refused {
                status: answer.status,
                reason: error_text(&answer.body),
            });
        }
        // What the admin listener says about paths that mean nothing to it.
        let unknown = answer.status == 404 && document.as_object().is_some_and(serde_json::Map::is_empty);
        Err(if unknown {
            AdminError::Unknown {
                url: shown(&self.address),
                path: answer.request.path.clone(),
            }
        } else {
            somebody_else()
        })
    }
}

fn shown(address: &Url) -> String {
    address.as_str().trim_end_matches('/').to_owned()
}
