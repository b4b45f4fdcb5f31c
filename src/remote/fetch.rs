//! Fetches a file that a definition refers to, bounded in time, size and redirects.

use crate::yaml::limits;
use std::net::IpAddr;
use std::time::Duration;
use url::{Host, Url};

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest download of one file.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Most redirects that are followed.
const MAX_REDIRECTS: usize = 5;

/// A file that could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The client could not be set up.
    #[error("cannot set up the download")]
    Setup(#[source] reqwest::Error),
    /// User name or password in the address.
    #[error("the address of a file at {0} holds credentials")]
    Credentials(String),
    /// Neither encrypted nor on this machine.
    #[error("{0} is not fetched: only `https:` tells who answers")]
    InTheClear(String),
    /// No answer.
    #[error("cannot fetch {url}")]
    Transport {
        /// The file.
        url: String,
        /// Cause.
        #[source]
        source: reqwest::Error,
    },
    /// The server refused.
    #[error("{url} was answered with status {status}")]
    Status {
        /// The file.
        url: String,
        /// HTTP status.
        status: u16,
    },
    /// More than a definition may have.
    #[error("{url} has more than the limit of {} MB", limits::MAX_FILE_BYTES >> 20)]
    TooLarge {
        /// The file.
        url: String,
    },
}

/// Fetches `url`.
///
/// # Errors
///
/// Any status but success, and answers beyond the bounds of this module.
pub(crate) async fn fetch(url: &Url) -> Result<Vec<u8>, FetchError> {
    let shown = shown(url);
    if !url.username().is_empty() || url.password().is_some() {
        return Err(FetchError::Credentials(host(url)));
    }
    if !is_allowed(url) {
        return Err(FetchError::InTheClear(shown));
    }
    let redirects = reqwest::redirect::Policy::custom(|attempt| {
        if attempt.previous().len() > MAX_REDIRECTS {
            attempt.error("there are too many redirects")
        } else if is_allowed(attempt.url()) {
            attempt.follow()
        } else {
            attempt.error("it redirects to an address that is not `https:`")
        }
    });
    let client = reqwest::Client::builder()
        .user_agent(concat!("mgw/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TIMEOUT)
        .redirect(redirects)
        .build()
        .map_err(FetchError::Setup)?;
    let failed = |source: reqwest::Error| FetchError::Transport {
        url: shown.clone(),
        source: source.without_url(),
    };
    let mut answer = client.get(url.clone()).send().await.map_err(failed)?;
    if !answer.status().is_success() {
        let status = answer.status().as_u16();
        return Err(FetchError::Status { url: shown, status });
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(failed)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() as u64 > limits::MAX_FILE_BYTES {
            return Err(FetchError::TooLarge { url: shown });
        }
    }
    Ok(bytes)
}

/// Encrypted, or not leaving this machine.
fn is_allowed(url: &Url) -> bool {
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    };
    url.scheme() == "https" || url.scheme() == "http" && is_here
}

fn host(url: &Url) -> String {
    url[url::Position::BeforeHost..url::Position::AfterPort].to_owned()
}

/// An address without what may be secret in it.
fn shown(url: &Url) -> String {
    format!(
        "{}://{}",
        url.scheme(),
        &url[url::Position::BeforeHost..url::Position::AfterPath]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_encrypted_or_local_is_fetched() {
        for (url, expected) in [
            ("https://h.example/a", true),
            ("http://h.example/a", false),
            ("http://localhost:1/a", true),
            ("http://127.0.0.1/a", true),
            ("http://[::1]/a", true),
            ("http://127.0.0.1.h.example/a", false),
            ("ftp://localhost/a", false),
        ] {
            assert_eq!(is_allowed(&Url::parse(url).unwrap()), expected, "{url}");
        }
    }
}
