//! The request that is asked about.

use super::body::Body;
use super::shown;
use super::target::{TargetForm, user_info, without_user_info};
use crate::access_log::{is_secret_parameter, push_query};
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TE, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use std::net::IpAddr;

/// A request as it would come over HTTP/1.1, 1.0 or 2. Of a body only the length plays a part.
#[derive(Debug, Clone)]
pub struct AskedRequest {
    method: Method,
    target: String,
    form: TargetForm,
    headers: Vec<(HeaderName, HeaderValue)>,
    tls: bool,
    client: IpAddr,
    body: u64,
    is_http10: bool,
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
    /// No target in any form, or one with a blank or a control character in it. What may be secret in it is not repeated.
    #[error("{0:?} is no target of a request: a path starts with `/`, and there are no blanks in it")]
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
    /// HTTP/2 knows where a body ends, and takes no other word for it.
    #[error("over HTTP/2 `Content-Length` is there once and says how long the body is, and CONNECT has none")]
    Http2Length,
    /// No certificate in what should be a chain of them.
    #[error("it holds no certificate in PEM")]
    Certificate,
}

impl AskedRequest {
    /// A request from `client` at the plain or the TLS listener. `target`: a path, with its query where it has one; or `*`, a
    /// whole URL as for a proxy, or `host:port` of CONNECT, which are sent as they are.
    ///
    /// # Errors
    ///
    /// See [`AskedError`].
    pub fn new(method: &str, target: &str, tls: bool, client: IpAddr) -> Result<Self, AskedError> {
        let method = Method::from_bytes(method.as_bytes()).map_err(|_| AskedError::Method(method.to_owned()))?;
        let form = TargetForm::of(&method, target).ok_or_else(|| {
            let path = target.split('?').next().unwrap_or_default();
            AskedError::Target(without_user_info(path, shown::HIDDEN))
        })?;
        Ok(Self {
            method,
            target: target.to_owned(),
            form,
            headers: Vec::new(),
            tls,
            client,
            body: 0,
            is_http10: false,
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

    /// Has it come over HTTP/1.0.
    pub fn over_http10(&mut self) {
        self.is_http10 = true;
    }

    /// Has it come over HTTP/2, with prior knowledge at the plain listener. To be said when it has all its headers; those that
    /// HTTP/2 has not are left out.
    ///
    /// # Errors
    ///
    /// [`AskedError::Http2`] and [`AskedError::Http2Length`].
    pub fn over_http2(&mut self) -> Result<(), AskedError> {
        let mut hosts = self.headers.iter().filter(|(name, _)| *name == HOST);
        let host = hosts.next().map_or(Ok("localhost"), |(_, host)| host.to_str());
        let host = host.ok().filter(|host| !host.is_empty() && hosts.next().is_none());
        let uri = host.and_then(|host| self.form.over_http2(&self.method, &self.target, host, self.tls));
        self.http2 = Some(uri.ok_or(AskedError::Http2)?);
        let mut lengths = self.headers.iter().filter(|(name, _)| *name == CONTENT_LENGTH);
        let is_length = |value: &HeaderValue| value.to_str().is_ok_and(|text| text.parse() == Ok(self.body));
        let fits = lengths.next().is_none_or(|(_, value)| is_length(value)) && lengths.next().is_none();
        if !fits || (self.method == Method::CONNECT && self.body > 0) {
            return Err(AskedError::Http2Length);
        }
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

    /// What in the target carries credentials: the values of query parameters of these names, and of others whose names tell,
    /// and what stands before a host.
    pub fn target_secrets(&self, names: &[String]) -> Vec<String> {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let secret = pairs.filter(|(name, _)| is_secret_parameter(name, names));
        let values = secret.map(|(_, value)| value);
        values.chain(user_info(&self.target)).map(str::to_owned).collect()
    }

    /// The target, with `***` for those values.
    pub fn shown(&self, names: &[String]) -> String {
        let (path, query) = match self.target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (self.target.as_str(), None),
        };
        let mut line = without_user_info(path, shown::HIDDEN).into_bytes();
        if let Some(query) = query {
            push_query(&mut line, query, names);
        }
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

    /// What a client would send over HTTP/2; `None` where it speaks another version.
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

    /// What a client would send over HTTP/1.1 or 1.0, up to the body.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let version = if self.is_http10 { "1.0" } else { "1.1" };
        let mut bytes = format!("{} {} HTTP/{version}\r\n", self.method, self.target).into_bytes();
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
            ("OPTIONS", "*", true),
            ("GET", "http://shop.test/a", true),
            ("CONNECT", "shop.test:80", true),
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
    fn what_is_secret_in_a_target_is_not_shown() {
        let names = ["mine".to_owned()];
        for (method, target, shown, secrets) in [
            (
                "GET",
                "/a?x=1&mine=s&token=t",
                "/a?x=1&mine=***&token=***",
                &["s", "t"][..],
            ),
            ("GET", "http://u:p@h/a?mine=s", "http://***@h/a?mine=***", &["s", "u:p"]),
            ("CONNECT", "u:p@h:80", "***@h:80", &["u:p"]),
            ("OPTIONS", "*", "*", &[]),
        ] {
            let request = asked(method, target).expect("a request");
            assert_eq!(request.shown(&names), shown);
            assert_eq!(request.target_secrets(&names), secrets, "{target}");
        }
        for (target, told) in [("a?token=t", "a"), ("u:p@h/a", "***@h/a")] {
            let error = asked("GET", target).expect_err("it is no target");
            assert_eq!(error, AskedError::Target(told.to_owned()));
        }
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
        for (method, target, hosts, uri) in [
            ("OPTIONS", "*", &["shop.test"][..], Ok("http://shop.test*")),
            ("CONNECT", "shop.test:80", &["gateway"], Ok("shop.test:80")),
            ("CONNECT", "/a", &["gateway"], Err(AskedError::Http2)),
            ("CONNECT", "*", &["gateway"], Err(AskedError::Http2)),
            ("GET", "http://shop.test/", &["shop.test"], Err(AskedError::Http2)),
            ("GET", "/", &[""], Err(AskedError::Http2)),
            ("GET", "/", &["a b"], Err(AskedError::Http2)),
            ("GET", "/", &["u\u{e4}"], Err(AskedError::Http2)),
            ("GET", "/", &["a", "a"], Err(AskedError::Http2)),
        ] {
            let mut request = asked(method, target).expect("a request");
            for host in hosts {
                request.header("host", host).expect("a header");
            }
            let said = request
                .over_http2()
                .map(|()| request.over_streams().map(|sent| sent.uri().clone()));
            let said = said.map(|uri| uri.map(|uri| uri.to_string()).unwrap_or_default());
            assert_eq!(said, uri.map(str::to_owned), "{method} {target} {hosts:?}");
        }
        for (method, target, lengths, body, fits) in [
            ("POST", "/", &[][..], 5, true),
            ("POST", "/", &["5"], 5, true),
            ("POST", "/", &["3"], 5, false),
            ("POST", "/", &["5"], 0, false),
            ("POST", "/", &["5", "5"], 5, false),
            ("CONNECT", "a:80", &[], 5, false),
        ] {
            let mut request = asked(method, target).expect("a request");
            for length in lengths {
                request.header("content-length", length).expect("a header");
            }
            if body > 0 {
                request.carry(body);
            }
            let said = request.over_http2();
            assert_eq!(said.is_ok(), fits, "{method} {lengths:?} {body}");
        }
    }

    #[test]
    fn http_1_0_says_so() {
        let mut request = asked("GET", "/").expect("a request");
        request.over_http10();
        assert_eq!(request.bytes(), b"GET / HTTP/1.0\r\n\r\n");
    }
}
