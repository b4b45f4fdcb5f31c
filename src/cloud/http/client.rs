//! The HTTP client.

use super::proxy::Proxies;
use super::retry::{self, Outcome, TOLD_PAUSE};
use super::{Answer, Body, Call, CustomHeaders, ProxyRefusal, TlsProblem};
use crate::cloud::CloudError;
use crate::ui::Ui;
use jiff::Timestamp;
use reqwest::header::{self, HeaderValue};
use secrecy::ExposeSecret;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How requests are sent.
#[derive(Debug, Clone)]
pub(crate) struct HttpOptions {
    /// Longest wait for a connection.
    pub(crate) connect_timeout: Duration,
    /// Longest wait for a complete answer.
    pub(crate) timeout: Duration,
    /// First pause between two attempts.
    pub(crate) back_off: Duration,
    /// Certificate authorities that are trusted beside the platform's, in PEM.
    pub(crate) extra_roots: Option<String>,
    /// Headers that every request carries.
    pub(crate) headers: CustomHeaders,
    /// Past the proxies that the environment names.
    pub(crate) direct: bool,
    /// Certificates may be of another host, as long as one of `extra_roots` vouches for them.
    pub(crate) any_host: bool,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(60),
            back_off: Duration::from_secs(1),
            extra_roots: None,
            headers: CustomHeaders::default(),
            direct: false,
            any_host: false,
        }
    }
}

/// Sends requests.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    client: reqwest::Client,
    proxies: Proxies,
    back_off: Duration,
    ui: Ui,
    /// What the clocks there and here said with the last answer.
    clocks: Arc<Mutex<Option<Clocks>>>,
}

/// Two clocks at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Clocks {
    /// The server's.
    pub(crate) server: Timestamp,
    /// This machine's.
    pub(crate) here: Timestamp,
}

impl Http {
    /// Prepares a client.
    pub(crate) fn new(options: &HttpOptions, ui: &Ui) -> Result<Self, CloudError> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("mgw/", env!("CARGO_PKG_VERSION")))
            .default_headers(options.headers.to_map())
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(options.connect_timeout)
            .timeout(options.timeout)
            .tls_version_min(reqwest::tls::Version::TLS_1_2);
        if options.direct {
            builder = builder.no_proxy();
        }
        if let Some(pem) = &options.extra_roots {
            let roots = reqwest::Certificate::from_pem_bundle(pem.as_bytes())
                .map_err(|error| CloudError::Setup(Box::new(error)))?;
            builder = match options.any_host {
                // Without the platform's authorities: any of them vouches for any host.
                true => builder.tls_certs_only(roots).tls_danger_accept_invalid_hostnames(true),
                false => builder.tls_certs_merge(roots),
            };
        }
        Ok(Self {
            client: builder.build().map_err(|error| CloudError::Setup(Box::new(error)))?,
            proxies: Proxies::of_environment(options.direct),
            back_off: options.back_off,
            ui: ui.clone(),
            clocks: Arc::default(),
        })
    }

    /// What the clocks said with the last answer that told; `None`: there was none.
    pub(crate) fn clocks(&self) -> Option<Clocks> {
        *self.clocks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a request, again where that is allowed and may help.
    ///
    /// Every complete answer is returned, whatever its status.
    pub(crate) async fn send(&self, call: &Call) -> Result<Answer, CloudError> {
        if let Some(variable) = self.proxies.unusable_towards(&call.url) {
            let host = call.name().host;
            return Err(CloudError::UnusableProxy { variable, host });
        }
        let mut attempt = 1;
        loop {
            let started = Instant::now();
            let result = self.attempt(call).await;
            let name = call.name();
            let took = started.elapsed().as_millis();
            let outcome = match &result {
                Ok(answer) => {
                    self.ui.detail(format_args!("{name} {} {took} ms", answer.status));
                    Outcome::Answered(answer.status, answer.retry_after)
                }
                Err(error) => {
                    self.ui.detail(format_args!("{name} failed after {took} ms: {error}"));
                    match error {
                        // Attempts with a wrong password may lock the account.
                        CloudError::Unreachable { source, .. }
                            if ProxyRefusal::of(source) == Some(ProxyRefusal::Password) =>
                        {
                            return result;
                        }
                        CloudError::Unreachable { source, .. } if source.is_connect() => Outcome::NotConnected,
                        CloudError::Tls { problem, .. } if **problem == TlsProblem::HungUp => Outcome::NotConnected,
                        CloudError::Unreachable { .. } | CloudError::TimedOut { .. } => Outcome::Broken,
                        _ => return result,
                    }
                }
            };
            let Some(pause) = retry::pause(call.repeat, attempt, outcome, self.back_off, jitter()) else {
                return result;
            };
            self.ui
                .detail(format_args!("sending {name} again in {} ms", pause.as_millis()));
            // A gateway goes on meanwhile, and nobody waits for it.
            if pause >= TOLD_PAUSE && self.ui.lines().is_none() {
                let seconds = pause.as_secs();
                self.ui
                    .status("Waiting", format_args!("{seconds} s, then {name} is sent again"));
            }
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }

    async fn attempt(&self, call: &Call) -> Result<Answer, CloudError> {
        let mut request = self
            .client
            .request(call.method.clone(), call.url.clone())
            .header(header::ACCEPT, call.accept);
        if let Some(authorization) = &call.authorization {
            let mut value = HeaderValue::from_str(authorization.expose_secret())
                .map_err(|error| CloudError::Setup(Box::new(error)))?;
            value.set_sensitive(true);
            request = request.header(header::AUTHORIZATION, value);
        }
        if let Some(etag) = &call.unless {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        if let Some(token) = &call.request_token {
            request = request.header("Request-Token", token);
        }
        if let Body::Bytes(media_type, bytes) = &call.body {
            request = request.header(header::CONTENT_TYPE, *media_type).body(bytes.0.to_vec());
        }
        let mut response = request
            .send()
            .await
            .map_err(|error| failed(call, error, &self.proxies))?;
        let text = |name: header::HeaderName| {
            let value = response.headers().get(name)?.to_str().ok()?;
            Some(value.to_owned())
        };
        let mut answer = Answer {
            request: call.name(),
            status: response.status().as_u16(),
            media_type: text(header::CONTENT_TYPE),
            etag: text(header::ETAG),
            location: text(header::LOCATION).map(|location| place(call, &location)),
            retry_after: text(header::RETRY_AFTER)
                .and_then(|seconds| seconds.trim().parse().ok())
                .map(Duration::from_secs),
            date: text(header::DATE)
                .and_then(|date| jiff::fmt::rfc2822::parse(&date).ok())
                .map(|date| date.timestamp()),
            body: Vec::new(),
        };
        if let Some(server) = answer.date {
            let here = Timestamp::now();
            *self.clocks.lock().unwrap_or_else(PoisonError::into_inner) = Some(Clocks { server, here });
        }
        let broken = |error| failed(call, error, &self.proxies);
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            if answer.body.len() + chunk.len() > call.limit.0 {
                return Err(answer.unreadable(format!("more than {}", call.limit)));
            }
            answer.body.extend_from_slice(&chunk);
        }
        Ok(answer)
    }
}

/// Scheme and host that a redirect leads to; its query may hold secrets.
fn place(call: &Call, location: &str) -> String {
    call.url.join(location).map_or_else(
        |_| "an unreadable address".to_owned(),
        |url| url.origin().ascii_serialization(),
    )
}

fn failed(call: &Call, error: reqwest::Error, proxies: &Proxies) -> CloudError {
    let request = call.name();
    let proxy = proxies.towards(&call.url);
    // The URL may hold a query; the request's name says enough.
    let source = error.without_url();
    if source.is_timeout() {
        CloudError::TimedOut { request, proxy }
    } else if source.is_builder() {
        CloudError::Setup(Box::new(source))
    } else if let Some(problem) = TlsProblem::of(&source) {
        CloudError::Tls {
            request,
            problem: Box::new(problem),
            source,
        }
    } else {
        CloudError::Unreachable { request, proxy, source }
    }
}

/// Spreads the attempts of several clients; without randomness they merely coincide.
fn jitter() -> f64 {
    let mut byte = [128u8];
    let _ = aws_lc_rs::rand::fill(&mut byte);
    f64::from(byte[0]) / 255.0
}
