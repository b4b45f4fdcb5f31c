//! Fetches a file that a definition refers to, bounded in time, size and redirects.

use crate::openapi::link::is_here;
use crate::yaml::limits;
use std::time::Duration;
use url::Url;

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

/// A file that was fetched.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) bytes: Vec<u8>,
    /// Where it was in the end, when that is not where it was asked for. Queries are left out, as they may be secrets: of an
    /// address with one there is the folder.
    pub(crate) base: Option<Url>,
}

/// Fetches `url`.
///
/// # Errors
///
/// Any status but success, and answers beyond the bounds of this module.
pub(crate) async fn fetch(url: &Url) -> Result<Fetched, FetchError> {
    let shown = shown(url);
    if !url.username().is_empty() || url.password().is_some() {
        return Err(FetchError::Credentials(host(url)));
    }
    if !is_allowed(url, is_here(url)) {
        return Err(FetchError::InTheClear(shown));
    }
    let from_here = is_here(url);
    let redirects = reqwest::redirect::Policy::custom(move |attempt| {
        if attempt.previous().len() > MAX_REDIRECTS {
            attempt.error("there are too many redirects")
        } else if is_allowed(attempt.url(), from_here) {
            attempt.follow()
        } else if is_here(attempt.url()) {
            attempt.error("it redirects from another server to this machine")
        } else {
            attempt.error("it redirects to an address that is not `https:`")
        }
    });
    let client = reqwest::Client::builder()
        .user_agent(concat!("mgw/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TIMEOUT)
        .redirect(redirects)
        // The address before may hold a secret in its query.
        .referer(false)
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
    let base = redirected(url, answer.url());
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(failed)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() as u64 > limits::MAX_FILE_BYTES {
            return Err(FetchError::TooLarge { url: shown });
        }
    }
    Ok(Fetched { bytes, base })
}

/// What references are relative to in a file that was asked for at `asked` and found at `found`.
fn redirected(asked: &Url, found: &Url) -> Option<Url> {
    let mut base = found.clone();
    base.set_fragment(None);
    if base == *asked {
        return None;
    }
    if base.query().is_some() {
        base.set_query(None);
        base = base.join(".").ok()?;
    }
    // Neither can fail for an address that was fetched.
    let _ = base.set_username("");
    let _ = base.set_password(None);
    Some(base)
}

/// Encrypted, or not leaving this machine. `from_here`: so did what led there; nobody elsewhere sends requests to what
/// listens here.
pub(super) fn is_allowed(url: &Url, from_here: bool) -> bool {
    match is_here(url) {
        true => from_here && matches!(url.scheme(), "http" | "https"),
        false => url.scheme() == "https",
    }
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
    fn references_are_relative_to_where_a_file_was_found() {
        let url = |text: &str| Url::parse(text).unwrap();
        for (asked, found, base) in [
            ("https://h/a.yaml?x", "https://h/a.yaml?x", None),
            (
                "https://h/a.yaml",
                "https://h/v2/a.yaml#top",
                Some("https://h/v2/a.yaml"),
            ),
            (
                "https://h/a.yaml",
                "https://u:p@s/v2/a.yaml",
                Some("https://s/v2/a.yaml"),
            ),
            (
                "https://h/a.yaml",
                "https://s/v2/a.yaml?signature=x",
                Some("https://s/v2/"),
            ),
            ("https://h/a.yaml?x", "https://h/a.yaml", Some("https://h/a.yaml")),
        ] {
            let expected = base.map(url);
            assert_eq!(redirected(&url(asked), &url(found)), expected, "{asked} {found}");
        }
    }

    #[test]
    fn only_what_is_encrypted_or_local_is_fetched() {
        for (url, from_elsewhere, from_here) in [
            ("https://h.example/a", true, true),
            ("http://h.example/a", false, false),
            ("http://localhost:1/a", false, true),
            ("https://localhost/a", false, true),
            ("http://127.0.0.1/a", false, true),
            ("http://[::1]/a", false, true),
            ("http://127.0.0.1.h.example/a", false, false),
            ("ftp://localhost/a", false, false),
        ] {
            let url = Url::parse(url).unwrap();
            let found = (is_allowed(&url, false), is_allowed(&url, true));
            assert_eq!(found, (from_elsewhere, from_here), "{url}");
        }
    }
}
