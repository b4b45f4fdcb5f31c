//! Why a server could not be asked, in words of the gateway's own: what servers say has no place in the log.

use std::error::Error;

/// Links of a chain of errors that are looked at.
const MAX_CAUSES: usize = 16;

/// Returns why a request got no answer.
pub(crate) fn why(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "the server did not answer in time"
    } else if is_distrust(error) {
        "the server's certificate is not trusted, has expired or is for another host; the CA file of this connection names authorities"
    } else {
        "the server could not be reached"
    }
}

/// Returns what an operator can do about a status, as the end of a sentence.
pub(crate) fn remedy(status: u16) -> &'static str {
    match status {
        401 | 403 => "; check the user name and password that the gateway has for it",
        _ => "",
    }
}

fn is_distrust(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    for _ in 0..MAX_CAUSES {
        let Some(error) = next else { return false };
        if let Some(rustls::Error::InvalidCertificate(_)) = error.downcast_ref() {
            return true;
        }
        // An I/O error does not count what it wraps among its sources.
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(|error| error.get_ref());
        next = match wrapped {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::thread;

    fn reason(url: &str) -> &'static str {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let error = runtime.block_on(client.get(url).send()).expect_err("nobody to talk to");
        why(&error)
    }

    #[test]
    fn a_port_without_a_server_and_a_server_without_trust_are_told_apart() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("it has one");
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
        let key = made.signing_key.serialize_der().try_into().expect("a key");
        let config =
            rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .expect("versions")
                .with_no_client_auth()
                .with_single_cert(vec![made.cert.der().clone()], key)
                .expect("they fit");
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let mut session = rustls::ServerConnection::new(Arc::new(config)).expect("a session");
            // The client breaks the handshake off.
            session.complete_io(&mut stream).is_err()
        });
        let url = format!("https://localhost:{}/", address.port());
        let distrusted = reason(&url);
        assert!(distrusted.contains("is not trusted"), "{distrusted}");
        assert!(server.join().expect("it ends"));
        // The listener is gone with its thread.
        assert_eq!(reason(&url), "the server could not be reached");
    }
}
