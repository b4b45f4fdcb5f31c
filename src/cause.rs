//! Why a connection failed, or an answer did not come, in words: what the libraries call their own parts helps nobody.

use crate::words::plain;
use rustls::CertificateError;
use std::error::Error;
use std::io;

/// Links of a chain of errors that are looked at.
const MOST: usize = 32;

/// An error and its causes from the outside in, each once. Of what the HTTP libraries say, what happened is left.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut causes: Vec<String> = Vec::new();
    let mut next = Some(error);
    for _ in 0..MOST {
        let Some(error) = next else { break };
        // Of a file other things are meant by the same error.
        let is_bottom = is_of_http(error);
        let text = if is_bottom {
            cause(error)
        } else {
            plain(&error.to_string())
        };
        if causes.last() != Some(&text) {
            causes.push(text);
        }
        next = if is_bottom { None } else { error.source() };
    }
    causes
}

/// What happened at the bottom of an error.
pub(crate) fn cause(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    for _ in 0..MOST {
        if let Some(meaning) = meaning(cause) {
            return meaning.to_owned();
        }
        // An I/O error hides what it wraps: its own `source` is that of the wrapped one.
        let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let next = match wrapped {
            Some(wrapped) => Some(wrapped as &(dyn Error + 'static)),
            None => cause.source(),
        };
        match next {
            Some(next) => cause = next,
            None => break,
        }
    }
    plain(&cause.to_string())
}

/// Whether an error tells of a request or an answer. One of the settings of a client tells more than its bottom.
fn is_of_http(error: &(dyn Error + 'static)) -> bool {
    match error.downcast_ref::<reqwest::Error>() {
        Some(error) => !error.is_builder(),
        None => error.is::<hyper::Error>(),
    }
}

/// What the libraries say in words of their own.
fn meaning(error: &(dyn Error + 'static)) -> Option<&'static str> {
    if let Some(error) = error.downcast_ref::<hyper::Error>() {
        let is_ended = error.is_incomplete_message() || error.is_closed();
        return match (error.is_parse(), is_ended) {
            (true, _) => Some("what answers there speaks no HTTP"),
            (_, true) => Some("the connection ended before there was an answer"),
            _ => None,
        };
    }
    if let Some(error) = error.downcast_ref::<io::Error>() {
        return of_the_connection(error);
    }
    match error.downcast_ref::<rustls::Error>()? {
        rustls::Error::InvalidMessage(_) => Some("what answers there speaks no TLS"),
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            Some("nobody whom this machine trusts vouches for its certificate")
        }
        _ => None,
    }
}

fn of_the_connection(error: &io::Error) -> Option<&'static str> {
    match (error.kind(), error.to_string().as_str()) {
        (io::ErrorKind::UnexpectedEof, "tls handshake eof") => Some("the connection ended before TLS was agreed on"),
        (io::ErrorKind::UnexpectedEof, _) => Some("the answer broke off"),
        (io::ErrorKind::TimedOut, _) => Some("nobody took the connection in time"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_libraries_say_around_it_is_left_out() {
        #[derive(Debug, thiserror::Error)]
        #[error("the list is not read")]
        struct Outer(#[source] io::Error);
        let refused = || io::Error::from_raw_os_error(111);
        assert_eq!(
            chain(&Outer(refused())),
            ["the list is not read", "the connection was refused"]
        );
        assert_eq!(cause(&Outer(refused())), "the connection was refused");
        let wrapped = io::Error::other(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer));
        assert_eq!(
            cause(&wrapped),
            "nobody whom this machine trusts vouches for its certificate"
        );
        let cut = io::Error::new(io::ErrorKind::UnexpectedEof, "the archive is cut off");
        assert_eq!(chain(&Outer(cut)), ["the list is not read", "the archive is cut off"]);
    }

    #[tokio::test]
    async fn a_request_that_fails_has_one_reason() {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let url = format!("http://{}/", listener.local_addr().expect("it is bound"));
        drop(listener);
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let error = client.get(url).send().await.expect_err("nobody listens");
        assert_eq!(chain(&error), ["the connection was refused"]);
    }
}
