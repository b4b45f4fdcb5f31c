//! The request that is asked about.

use super::shown;
use crate::access_log::{is_secret_parameter, push_query};
use http::{HeaderName, HeaderValue, Method};
use std::net::IpAddr;

/// A request without a body, as it would come over HTTP/1.1.
#[derive(Debug, Clone)]
pub struct AskedRequest {
    method: Method,
    target: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    tls: bool,
    client: IpAddr,
}

/// Why something cannot be asked about: no client could write it as one request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskedError {
    /// The method is none.
    #[error("{0:?} is no method")]
    Method(String),
    /// The path does not start with `/`, or has a blank or a control character in it.
    #[error("{0:?} is no path: it has to start with `/` and have no blanks in it")]
    Target(String),
    /// The name of a header is none.
    #[error("{0:?} is no name of a header")]
    HeaderName(String),
    /// The value of a header has a line break or another control character in it; the value is not repeated.
    #[error("the value of header {0} has a line break or another control character in it")]
    HeaderValue(String),
}

impl AskedRequest {
    /// A request for a path, with its query where it has one, from `client` at the plain or the TLS listener.
    ///
    /// # Errors
    ///
    /// See [`AskedError`].
    pub fn new(method: &str, target: &str, tls: bool, client: IpAddr) -> Result<Self, AskedError> {
        let method = Method::from_bytes(method.as_bytes()).map_err(|_| AskedError::Method(method.to_owned()))?;
        let is_sound = |character: char| !character.is_whitespace() && !character.is_control();
        if !target.starts_with('/') || !target.chars().all(is_sound) {
            return Err(AskedError::Target(target.to_owned()));
        }
        Ok(Self {
            method,
            target: target.to_owned(),
            headers: Vec::new(),
            tls,
            client,
        })
    }

    /// Adds a header.
    ///
    /// # Errors
    ///
    /// See [`AskedError`].
    pub fn header(&mut self, name: &str, value: &str) -> Result<(), AskedError> {
        let sound = HeaderName::from_bytes(name.as_bytes()).map_err(|_| AskedError::HeaderName(name.to_owned()))?;
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| AskedError::HeaderValue(name.to_owned()))?;
        self.headers.push((sound, value));
        Ok(())
    }

    /// Whether there is such a header.
    pub fn has_header(&self, name: &str) -> bool {
        self.headers
            .iter()
            .any(|(own, _)| own.as_str().eq_ignore_ascii_case(name))
    }

    /// Whether a header of this name carries credentials or a session, as far as its name tells.
    pub fn is_secret_header(name: &str) -> bool {
        shown::is_secret_name(&name.to_ascii_lowercase())
    }

    /// The values of query parameters that carry credentials: those of these names, and others whose names tell.
    pub fn query_secrets(&self, names: &[String]) -> Vec<String> {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let secret = pairs.filter(|(name, _)| is_secret_parameter(name, names));
        secret.map(|(_, value)| value.to_owned()).collect()
    }

    /// Path and query, with `***` for those values.
    pub fn shown(&self, names: &[String]) -> String {
        let (path, query) = match self.target.split_once('?') {
            Some((path, query)) => (path, query),
            None => return self.target.clone(),
        };
        let mut line = path.as_bytes().to_vec();
        push_query(&mut line, query, names);
        String::from_utf8_lossy(&line).into_owned()
    }

    pub(super) fn is_tls(&self) -> bool {
        self.tls
    }

    pub(super) fn client(&self) -> IpAddr {
        self.client
    }

    /// Whether an answer to it has a body.
    pub(super) fn wants_body(&self) -> bool {
        self.method != Method::HEAD
    }

    pub(super) fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.headers
    }

    /// What a client would send.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{} {} HTTP/1.1\r\n", self.method, self.target).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(name.as_str().as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn asked(method: &str, target: &str) -> Result<AskedRequest, AskedError> {
        AskedRequest::new(method, target, false, Ipv4Addr::LOCALHOST.into())
    }

    #[test]
    fn one_request_is_one_request() {
        for (method, target, is_sound) in [
            ("GET", "/", true),
            ("PURGE", "/a%20b?c=d&e#f", true),
            ("get", "/", true),
            ("G T", "/", false),
            ("", "/", false),
            ("GET", "", false),
            ("GET", "a", false),
            ("GET", "/a b", false),
            ("GET", "/ HTTP/1.1\r\nX: y", false),
            ("GET", "/\u{7f}", false),
        ] {
            assert_eq!(asked(method, target).is_ok(), is_sound, "{method:?} {target:?}");
        }
        let mut request = asked("GET", "/").expect("a request");
        assert_eq!(
            request.header("X-Secret", "hidden\r\nY: z"),
            Err(AskedError::HeaderValue("X-Secret".to_owned()))
        );
        assert_eq!(
            request.header("X Y", "z"),
            Err(AskedError::HeaderName("X Y".to_owned()))
        );
        request.header("X-Y", "z").expect("a header");
        assert!(request.has_header("x-y") && !request.has_header("x"));
        assert_eq!(request.bytes(), b"GET / HTTP/1.1\r\nx-y: z\r\n\r\n");
    }
}
