//! Asks the service to take a file.

use super::outcome::Outcome;
use super::request::multipart;
use crate::asking::Asking;
use crate::unreached::why;
use reqwest::Client;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use reqwest::redirect::Policy;
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;
use url::Url;
use uuid::Uuid;

/// For a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// For an upload as a whole: the largest file over a slow line.
const WHOLE: Duration = Duration::from_secs(300);
/// Largest part of an answer that is read.
const MAX_ANSWER: usize = 16 << 10;

/// Where files are uploaded.
#[derive(Debug, Clone)]
pub struct UploadTarget {
    /// The service.
    pub url: Url,
    /// User name.
    pub username: String,
    /// PEM certificates trusted there beside the system's.
    pub roots: Option<Vec<u8>>,
}

/// Uploads files.
#[derive(Debug)]
pub struct UploadClient {
    client: Client,
    url: Url,
    username: String,
}

impl UploadClient {
    /// Prepares the connection, without a proxy but that of the environment.
    ///
    /// # Errors
    ///
    /// What is wrong with the certificates.
    pub fn new(target: UploadTarget) -> Result<Self, String> {
        let asking = Asking::new(target.roots, None);
        Self::asking(target.url, target.username, &asking)
    }

    pub(super) fn asking(url: Url, username: String, asking: &Asking) -> Result<Self, String> {
        // The credentials go to this server and nowhere else.
        let builder = asking
            .client()?
            .redirect(Policy::none())
            .connect_timeout(CONNECT)
            .timeout(WHOLE);
        Ok(Self {
            client: builder.build().map_err(|error| error.to_string())?,
            url,
            username,
        })
    }

    /// Returns where it uploads.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// Uploads a file under its name. `token`: what the control plane knows this gateway by.
    pub async fn upload(
        &self,
        name: &str,
        archive: &[u8],
        password: &SecretString,
        token: Option<&HeaderValue>,
    ) -> Outcome {
        let (body, media_type) = multipart(name, archive, &Uuid::new_v4().simple().to_string());
        let mut request = self
            .client
            .post(self.url.clone())
            .basic_auth(&self.username, Some(password.expose_secret()))
            .header(ACCEPT, "application/json")
            .header("FileName", name)
            .header(CONTENT_TYPE, media_type)
            .body(body);
        if let Some(token) = token {
            request = request.header("Request-Token", token);
        }
        let mut response = match request.send().await {
            Ok(response) => response,
            Err(error) => {
                return Outcome::Unreached {
                    why: why(&error),
                    may_be_there: !error.is_connect(),
                };
            }
        };
        let mut answer = Vec::new();
        // An answer that breaks off has said enough: its status.
        while let Ok(Some(chunk)) = response.chunk().await {
            let room = MAX_ANSWER - answer.len();
            answer.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
            if answer.len() >= MAX_ANSWER {
                break;
            }
        }
        Outcome::of(response.status().as_u16(), &String::from_utf8_lossy(&answer))
    }
}
