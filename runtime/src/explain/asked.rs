//! The request that is asked about.

use super::body::Body;
use super::shown;
use crate::access_log::{is_secret_parameter, push_query};
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TE, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use std::net::IpAddr;

/// A request as it would come over HTTP/1.1, or HTTP/2. Of a body only the length plays a part.
#[derive(Debug, Clone)]
pub struct AskedRequest {
    method: Method,
    target: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    tls: bool,
    client: IpAddr,
    body: u64,
    /// What HTTP/2 has in the place of a target and `Host`.
    http2: Option<Uri>,
    certificates: Vec<CertificateDer<'static>>,
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
    /// HTTP/2 has no way to say it.
    #[error("no request of HTTP/2 can have this target and this `Host`")]
    Http2,
    /// No certificate in what should be a chain of them.
    #[error("it holds no certificate in PEM")]
    Certificate,
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
            body: 0,
            http2: None,
            certificates: Vec::new(),
        })
    }

    /// Has it carry a body of `length` bytes, and say so unless its headers say something else. To be said when it has all of
    /// these.
    pub fn carry(&mut self, length: u64) {
        self.body = length;
        let says = [CONTENT_LENGTH, TRANSFER_ENCODING];
        if !says.iter().any(|name| self.has_header(name.as_str())) {
            self.headers.push((CONTENT_LENGTH, length.into()));
        }
    }

    /// Has it come over HTTP/2, with prior knowledge at the plain listener. To be said when it has all its headers.
    ///
    /// # Errors
    ///
    /// [`AskedError::Http2`].
    pub fn over_http2(&mut self) -> Result<(), AskedError> {
        let host = self.headers.iter().find(|(name, _)| *name == HOST);
        let host = host.map_or(Ok("localhost"), |(_, host)| host.to_str());
        let scheme = if self.tls { "https" } else { "http" };
        let uri = host.ok().filter(|host| !host.is_empty());
        let uri = uri.and_then(|host| format!("{scheme}://{host}{}", self.target).parse().ok());
        self.http2 = Some(uri.ok_or(AskedError::Http2)?);
        self.headers.retain(|(name, value)| {
            ![HOST, CONNECTION, TRANSFER_ENCODING, UPGRADE].contains(name)
                && !["keep-alive", "proxy-connection"].contains(&name.as_str())
                && (*name != TE || *value == "trailers")
        });
        Ok(())
    }

    /// Has the client show certificates in the handshake: its own first, as `pem` has them. That it has the key is taken for
    /// granted.
    ///
    /// # Errors
    ///
    /// [`AskedError::Certificate`].
    pub fn show(&mut self, pem: &[u8]) -> Result<(), AskedError> {
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        self.certificates = found
            .ok()
            .filter(|found| !found.is_empty())
            .ok_or(AskedError::Certificate)?;
        Ok(())
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

    pub(super) fn certificates(&self) -> &[CertificateDer<'static>] {
        &self.certificates
    }

    /// How many bytes its body has, as the body itself says it, in chunks: headers say nothing of them.
    pub(super) fn unsaid_body(&self) -> u64 {
        match self.has_header(TRANSFER_ENCODING.as_str()) {
            true => self.body,
            false => 0,
        }
    }

    /// What a client would send over HTTP/2; `None` where it speaks HTTP/1.1.
    pub(super) fn over_streams(&self) -> Option<Request<Body>> {
        let uri = self.http2.clone()?;
        let mut request = Request::new(Body::of(self.body));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = uri;
        *request.version_mut() = http::Version::HTTP_2;
        for (name, value) in &self.headers {
            request.headers_mut().append(name, value.clone());
        }
        Some(request)
    }

    /// What a client would send over HTTP/1.1, up to the body.
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
        request.carry(5);
        assert_eq!(
            request.bytes(),
            b"GET / HTTP/1.1\r\nx-y: z\r\ncontent-length: 5\r\n\r\n"
        );
        assert_eq!(request.unsaid_body(), 0);
        let mut request = asked("POST", "/").expect("a request");
        request.header("transfer-encoding", "chunked").expect("a header");
        request.carry(5);
        assert_eq!(
            request.bytes(),
            b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n"
        );
        assert_eq!(request.unsaid_body(), 5);
        assert_eq!(request.show(b"no certificate"), Err(AskedError::Certificate));
    }

    #[test]
    fn http2_has_its_own_way_to_say_it() {
        let mut request = asked("GET", "/a//b?c").expect("a request");
        for (name, value) in [
            ("host", "shop.test:90"),
            ("connection", "x"),
            ("te", "gzip"),
            ("x-y", "z"),
        ] {
            request.header(name, value).expect("a header");
        }
        request.over_http2().expect("HTTP/2 can say it");
        let sent = request.over_streams().expect("it is of HTTP/2");
        assert_eq!(sent.uri(), "http://shop.test:90/a//b?c");
        assert_eq!(sent.headers().len(), 1);
        for host in ["", "a b", "u\u{e4}"] {
            let mut request = asked("GET", "/").expect("a request");
            request.header("host", host).expect("a header");
            assert_eq!(request.over_http2(), Err(AskedError::Http2), "{host:?}");
        }
    }
}
