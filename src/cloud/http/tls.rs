//! Why a TLS connection did not come about, by what the user can do about it.

use crate::ui::visible;
use jiff::Timestamp;
use rustls::{CertificateError, InvalidMessage};
use rustls_pki_types::UnixTime;
use std::error::Error;

/// The most names of a certificate that are told.
const NAMES: usize = 5;

/// What the certificate library says of a server that shows the certificate of an authority.
const AUTHORITY_AS_SERVER: &str = "CaUsedAsEndEntity";

/// What the TLS library says of a connection that ends before it is agreed on.
const HANDSHAKE_END: &str = "tls handshake eof";

/// Why a TLS connection did not come about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TlsProblem {
    /// Nobody who is trusted here vouches for the certificate.
    UnknownAuthority,
    /// Somebody who is trusted here has the name of the one who vouches for the certificate, and another key.
    OtherKey,
    /// The certificate is not valid any more.
    Expired {
        /// Since when, where that is known.
        on: Option<Timestamp>,
        /// What the clock here says.
        here: Timestamp,
    },
    /// The certificate is not valid yet.
    NotYetValid {
        /// From when on, where that is known.
        from: Option<Timestamp>,
        /// What the clock here says.
        here: Timestamp,
    },
    /// The certificate is another host's.
    OtherName {
        /// Whose it is.
        names: Vec<String>,
    },
    /// The certificate is one for signing others, as `openssl req -x509` makes them unless told otherwise.
    AuthoritysOwn,
    /// Something else is wrong with the certificate.
    OtherCertificate,
    /// What answers does not speak TLS.
    NotTls,
    /// What was reached hung up instead of answering; it may do better the next time.
    HungUp,
}

impl TlsProblem {
    /// Finds the problem among the causes of an error; `None` when TLS is not to blame.
    pub(super) fn of(error: &reqwest::Error) -> Option<Self> {
        let mut cause: Option<&(dyn Error + 'static)> = error.source();
        while let Some(error) = cause {
            if let Some(error) = error.downcast_ref::<rustls::Error>() {
                return Self::of_tls(error);
            }
            let is_end = |error: &std::io::Error| error.kind() == std::io::ErrorKind::UnexpectedEof;
            if error.to_string() == HANDSHAKE_END && error.downcast_ref().is_some_and(is_end) {
                return Some(Self::HungUp);
            }
            // An I/O error hides what it wraps: its own `source` is that of the wrapped one.
            let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
            cause = match wrapped {
                Some(wrapped) => Some(wrapped),
                None => error.source(),
            };
        }
        None
    }

    fn of_tls(error: &rustls::Error) -> Option<Self> {
        match error {
            rustls::Error::InvalidCertificate(error) => Some(Self::of_certificate(error)),
            // The first byte of an answer in the clear is no type of a TLS record.
            rustls::Error::InvalidMessage(
                InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
            ) => Some(Self::NotTls),
            _ => None,
        }
    }

    fn of_certificate(error: &CertificateError) -> Self {
        let here = Timestamp::now();
        match error {
            CertificateError::UnknownIssuer => Self::UnknownAuthority,
            // Signatures are looked at last, with the key of an authority that was found by its name.
            CertificateError::BadSignature => Self::OtherKey,
            CertificateError::Expired => Self::Expired { on: None, here },
            CertificateError::ExpiredContext { time, not_after } => Self::Expired {
                on: instant(*not_after),
                here: instant(*time).unwrap_or(here),
            },
            CertificateError::NotValidYet => Self::NotYetValid { from: None, here },
            CertificateError::NotValidYetContext { time, not_before } => Self::NotYetValid {
                from: instant(*not_before),
                here: instant(*time).unwrap_or(here),
            },
            CertificateError::NotValidForName => Self::OtherName { names: Vec::new() },
            CertificateError::NotValidForNameContext { presented, .. } => Self::OtherName {
                names: presented.iter().take(NAMES).map(|name| plain(name)).collect(),
            },
            // The library hands on the error of the one below, which has no type here.
            CertificateError::Other(error) if error.0.to_string() == AUTHORITY_AS_SERVER => Self::AuthoritysOwn,
            _ => Self::OtherCertificate,
        }
    }

    /// What is wrong, as a sentence without a full stop.
    pub(crate) fn sentence(&self, host: &str) -> String {
        match self {
            Self::UnknownAuthority => {
                format!("the certificate of {host} is from an authority that is not trusted here")
            }
            Self::OtherKey => format!(
                "the certificate of {host} was signed with another key than that of the authority that is trusted here \
                 under the same name"
            ),
            Self::Expired { on: Some(on), .. } => format!("the certificate of {host} expired on {on}"),
            Self::Expired { on: None, .. } => format!("the certificate of {host} has expired"),
            Self::NotYetValid { from: Some(from), here } => {
                format!("the certificate of {host} is not valid before {from}, and the clock here says {here}")
            }
            Self::NotYetValid { from: None, here } => {
                format!("the certificate of {host} is not valid yet, as the clock here says {here}")
            }
            Self::OtherName { names } if names.is_empty() => format!("the certificate is not that of {host}"),
            Self::OtherName { names } => format!("the certificate is that of {}, not of {host}", names.join(", ")),
            Self::AuthoritysOwn => {
                format!("the certificate of {host} is that of an authority, which is no server's (CA:TRUE)")
            }
            Self::OtherCertificate => format!("the certificate of {host} is not trusted"),
            Self::NotTls => format!("{host} does not speak TLS"),
            Self::HungUp => format!("{host} hung up before TLS was agreed on"),
        }
    }

    /// What to do about it.
    pub(crate) fn hint(&self, host: &str) -> String {
        match self {
            Self::UnknownAuthority => {
                "Give that authority, or the certificate of a server that made its own, with --ca FILE \
                 or MGW_CA_FILE. A proxy that looks into TLS has an authority of its own."
                    .to_owned()
            }
            Self::OtherKey => {
                "The authority was made anew, or it is another of that name: give its certificate of now with --ca FILE \
                 or MGW_CA_FILE. mgw login keeps it with the session."
                    .to_owned()
            }
            Self::Expired { here, .. } => {
                format!("The server needs a new one, unless the clock here is wrong: it says {here}.")
            }
            Self::NotYetValid { .. } => "Set the clock of this machine right, with NTP for example.".to_owned(),
            Self::OtherName { .. } => {
                format!("Give the address by a name that the certificate has, or have one made for {host}.")
            }
            Self::AuthoritysOwn => {
                "Give the server one with `basicConstraints = CA:FALSE`, with openssl req -x509 by -addext \
                 basicConstraints=critical,CA:FALSE, or one that the authority signed."
                    .to_owned()
            }
            Self::OtherCertificate => {
                "If the server has a certificate of its own making, give its authority with --ca FILE.".to_owned()
            }
            Self::NotTls => {
                "Give the port for HTTPS; API Manager has 9443 for its APIs where nobody changed it.".to_owned()
            }
            Self::HungUp => {
                "Try again. It may not speak TLS on that port, or be a proxy that has nobody to pass us on to."
                    .to_owned()
            }
        }
    }
}

fn instant(time: UnixTime) -> Option<Timestamp> {
    Timestamp::from_second(i64::try_from(time.as_secs()).ok()?).ok()
}

/// The name in the certificate library's `DnsName("example.com")`, for people.
fn plain(presented: &str) -> String {
    let inner = presented
        .split_once('(')
        .map_or(presented, |(_, rest)| rest.trim_end_matches(')'));
    visible(inner.trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::CloudError;
    use crate::cloud::http::tests::{quick, silent};
    use crate::cloud::http::{Call, Http, HttpOptions};
    use crate::exit::ExitCode;
    use crate::failure::Failure;
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// A server that shows a certificate to whoever connects, and the authority that signed it.
    fn server(edit: impl FnOnce(&mut CertificateParams)) -> (String, String) {
        let ca_key = KeyPair::generate().unwrap();
        let mut ca = CertificateParams::new(Vec::new()).unwrap();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = ca.self_signed(&ca_key).unwrap();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        edit(&mut params);
        let certificate = params.signed_by(&key, &Issuer::new(ca, ca_key)).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                rustls_pki_types::PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            )
            .unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("https://{}/", listener.local_addr().unwrap());
        let config = Arc::new(config);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut connection = rustls::ServerConnection::new(config.clone()).unwrap();
                // Ends when the client does not like what it sees.
                while connection.is_handshaking() && connection.complete_io(&mut stream).is_ok() {}
            }
        });
        (url, authority.pem())
    }

    async fn refusal(url: &str, authority: Option<String>) -> (TlsProblem, Failure) {
        let options = HttpOptions {
            extra_roots: authority,
            direct: true,
            ..quick()
        };
        let http = Http::new(&options, &silent()).unwrap();
        let error = http.send(&Call::get(url.parse().unwrap())).await.unwrap_err();
        let CloudError::Tls { problem, .. } = &error else {
            panic!("{error:?}");
        };
        (TlsProblem::clone(problem), error.into())
    }

    #[tokio::test]
    async fn every_cause_has_its_sentence_and_remedy() {
        type Edit = fn(&mut CertificateParams);
        let table: [(Edit, bool, &str, &str); 5] = [
            (
                |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
                true,
                "is that of an authority, which is no server's",
                "CA:FALSE",
            ),
            (|_| {}, false, "from an authority that is not trusted here", "--ca FILE"),
            (
                |params| {
                    params.not_before = date_time_ymd(2020, 1, 1);
                    params.not_after = date_time_ymd(2021, 2, 3);
                },
                true,
                "expired on 2021-02-03T00:00:00Z",
                "unless the clock here is wrong: it says 2",
            ),
            (
                |params| {
                    params.not_before = date_time_ymd(2120, 1, 1);
                    params.not_after = date_time_ymd(2121, 1, 1);
                },
                true,
                "is not valid before 2120-01-01T00:00:00Z, and the clock here says 2",
                "Set the clock of this machine right",
            ),
            (
                |params| *params = CertificateParams::new(vec!["apim.example".to_owned()]).unwrap(),
                true,
                "the certificate is that of apim.example, not of 127.0.0.1:",
                "or have one made for 127.0.0.1:",
            ),
        ];
        for (edit, trusted, sentence, hint) in table {
            let (url, authority) = server(edit);
            let (_, failure) = refusal(&url, trusted.then_some(authority)).await;
            assert_eq!(failure.code, ExitCode::Unreachable);
            assert!(failure.message.contains(sentence), "{failure:?}");
            assert!(failure.hints.iter().any(|text| text.contains(hint)), "{failure:?}");
        }
    }

    #[tokio::test]
    async fn an_authority_that_was_made_anew_is_told() {
        // Both authorities have the same name.
        let ((url, _), (_, former)) = (server(|_| {}), server(|_| {}));
        let (problem, failure) = refusal(&url, Some(former)).await;
        assert_eq!(problem, TlsProblem::OtherKey);
        assert!(failure.message.contains("with another key"), "{failure:?}");
        assert!(failure.hints[0].contains("--ca FILE"), "{failure:?}");
    }

    #[tokio::test]
    async fn plain_http_on_the_port_is_told() {
        // What servers say to bytes that are no request.
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("https://{}/", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut hello = [0; 5];
                let _ = stream.read_exact(&mut hello);
                let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            }
        });
        let (problem, failure) = refusal(&url, None).await;
        assert_eq!(problem, TlsProblem::NotTls);
        assert!(failure.message.ends_with("does not speak TLS"), "{failure:?}");
        assert!(failure.hints[0].contains("the port for HTTPS"), "{failure:?}");
    }

    #[tokio::test]
    async fn hanging_up_is_tried_again_and_told() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("https://{}/", listener.local_addr().unwrap());
        let connections = Arc::new(AtomicU32::new(0));
        let count = connections.clone();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::Relaxed);
                // What is not read would reset the connection.
                let mut hello = [0; 65_536];
                let _ = stream.read(&mut hello);
            }
        });
        let (problem, failure) = refusal(&url, None).await;
        assert_eq!(problem, TlsProblem::HungUp);
        assert!(failure.hints[0].contains("may not speak TLS"), "{failure:?}");
        assert_eq!(connections.load(Ordering::Relaxed), 3);
    }

    #[test]
    fn names_are_shown_plainly() {
        assert_eq!(plain("DnsName(\"apim.example\")"), "apim.example");
        assert_eq!(plain("IpAddress(10.0.0.1)"), "10.0.0.1");
        assert_eq!(plain("other"), "other");
    }
}
