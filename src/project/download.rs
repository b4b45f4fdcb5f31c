//! Downloads a definition, bounded in time, size and redirects.

use super::incoming::name_from_server;
use crate::openapi::link::is_here;
use crate::yaml::limits;
use http::{HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use std::time::Duration;
use url::Url;

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest download. The largest file at a slow connection's speed fits.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Most redirects that are followed.
const MAX_REDIRECTS: usize = 5;

/// A download that failed.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// The client could not be set up.
    #[error("cannot set up the download")]
    Setup(#[source] reqwest::Error),
    /// User name or password in the address.
    #[error("the address holds credentials")]
    Credentials,
    /// No answer.
    #[error("cannot download from {host}")]
    Transport {
        /// The server.
        host: String,
        /// Cause.
        #[source]
        source: reqwest::Error,
    },
    /// The server refused.
    #[error("{address} was answered with status {status}")]
    Status {
        /// What was asked for, without what may be secret in it.
        address: String,
        /// HTTP status.
        status: u16,
    },
    /// More than a definition may have.
    #[error("{host} sent more than the limit of {} MB", limits::MAX_FILE_BYTES >> 20)]
    TooLarge {
        /// The server.
        host: String,
    },
}

/// How definitions are downloaded.
#[derive(Debug, Default)]
pub(crate) struct DownloadOptions {
    /// Certificates are not verified.
    pub(crate) insecure: bool,
    /// What every request carries. They may be secrets, and go to the server that was named alone.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
}

impl DownloadOptions {
    /// Without headers.
    pub(crate) fn insecure(insecure: bool) -> Self {
        Self {
            insecure,
            headers: Vec::new(),
        }
    }
}

/// Requests with headers of the user's follow to no other server, and none from another server to this machine.
fn redirects(url: &Url, at_home: bool) -> Policy {
    let home = url.origin();
    let from_here = is_here(url);
    Policy::custom(move |attempt| {
        if attempt.previous().len() > MAX_REDIRECTS {
            attempt.error("too many redirects")
        } else if at_home && attempt.url().origin() != home {
            attempt.error("it leads to another server, and the headers are for this one")
        } else if !from_here && is_here(attempt.url()) {
            attempt.error("it leads from another server to this machine")
        } else {
            attempt.follow()
        }
    })
}

/// What was downloaded.
#[derive(Debug)]
pub(crate) struct Downloaded {
    /// The file name that the server gives.
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    /// Where it was in the end: what references in it are relative to.
    pub(crate) url: Url,
}

/// Downloads `url`.
///
/// # Errors
///
/// Any status but success, and answers beyond the bounds of this module.
pub(crate) async fn download(url: &Url, options: &DownloadOptions) -> Result<Downloaded, DownloadError> {
    if !url.username().is_empty() || url.password().is_some() {
        return Err(DownloadError::Credentials);
    }
    let host = url[url::Position::BeforeHost..url::Position::AfterPort].to_owned();
    let client = reqwest::Client::builder()
        .user_agent(concat!("mgw/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TIMEOUT)
        .redirect(redirects(url, !options.headers.is_empty()))
        // The address before may hold a secret in its query.
        .referer(false)
        .default_headers(options.headers.iter().cloned().collect())
        .tls_danger_accept_invalid_certs(options.insecure)
        .build()
        .map_err(DownloadError::Setup)?;
    let failed = |source: reqwest::Error| DownloadError::Transport {
        host: host.clone(),
        source: source.without_url(),
    };
    let mut answer = client.get(url.clone()).send().await.map_err(failed)?;
    if !answer.status().is_success() {
        let status = answer.status().as_u16();
        let address = url[url::Position::BeforeHost..url::Position::AfterPath].to_owned();
        return Err(DownloadError::Status { address, status });
    }
    let disposition = answer.headers().get(reqwest::header::CONTENT_DISPOSITION);
    let name = name_from_server(url, disposition.and_then(|value| value.to_str().ok()));
    let found = answer.url().clone();
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(failed)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() as u64 > limits::MAX_FILE_BYTES {
            return Err(DownloadError::TooLarge { host });
        }
    }
    Ok(Downloaded {
        name,
        bytes,
        url: found,
    })
}
