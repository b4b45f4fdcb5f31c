//! Waits on the loopback interface for the browser to come back.

use super::answer::{Arrival, PATH, Refused, read};
use secrecy::SecretString;
use std::net::Ipv4Addr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// The longest head of a request that is read, in bytes.
const LONGEST_HEAD: usize = 16 * 1024;

/// How long a connection may take to send its request, and to take the answer.
const CONNECTION_PATIENCE: Duration = Duration::from_secs(10);

/// The most connections that are looked at. A browser makes a handful.
const MOST_CONNECTIONS: usize = 64;

/// A port on the loopback interface.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: TcpListener,
    port: u16,
}

impl Listener {
    /// Takes a port; 0 takes a free one.
    pub(crate) async fn bind(port: u16) -> std::io::Result<Self> {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let port = socket.local_addr()?.port();
        Ok(Self { socket, port })
    }

    /// Where the browser is to come back to.
    pub(crate) fn redirect_uri(&self) -> String {
        format!("http://127.0.0.1:{}{PATH}", self.port)
    }

    /// Waits for the answer that repeats `state`; everything else is turned away. Connections are looked at side by side,
    /// because browsers open some that they do not use.
    ///
    /// # Errors
    ///
    /// The inner one tells of a refusal; `None` when too many connections came without an answer.
    pub(crate) async fn wait(self, state: &str) -> Option<Result<SecretString, Refused>> {
        let (sender, mut receiver) = mpsc::channel(1);
        let accept = async {
            for _ in 0..MOST_CONNECTIONS {
                let Ok((stream, _)) = self.socket.accept().await else {
                    continue;
                };
                let (sender, state) = (sender.clone(), state.to_owned());
                tokio::spawn(async move {
                    let answered = timeout(CONNECTION_PATIENCE, serve(stream, &state)).await;
                    if let Ok(Some(result)) = answered {
                        // A second answer finds nobody waiting.
                        let _ = sender.try_send(result);
                    }
                });
            }
            drop(sender);
        };
        let receive = receiver.recv();
        tokio::pin!(accept, receive);
        tokio::select! {
            biased;
            found = &mut receive => found,
            () = &mut accept => receive.await,
        }
    }
}

/// Answers one request; returns what it brought.
async fn serve(mut stream: TcpStream, state: &str) -> Option<Result<SecretString, Refused>> {
    let head = read_head(&mut stream).await;
    let line = head.as_deref().and_then(|head| head.lines().next()).unwrap_or_default();
    let (status, text, result) = match read(line, state) {
        Arrival::Code(code) => (
            "200 OK",
            "You are signed in. You may close this page and return to the terminal.",
            Some(Ok(code)),
        ),
        Arrival::Refused(refused) => (
            "200 OK",
            "You are not signed in; the terminal tells why. You may close this page.",
            Some(Err(refused)),
        ),
        Arrival::Foreign => (
            "400 Bad Request",
            "This is not the answer to a sign-in that is under way. Start again in the terminal.",
            None,
        ),
        Arrival::Elsewhere => ("404 Not Found", "There is nothing here.", None),
        Arrival::Malformed => ("400 Bad Request", "This request is not understood.", None),
    };
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\
         Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n\r\n{text}\n",
        text.len() + 1
    );
    // The browser may be gone; what it brought counts all the same.
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
    result
}

/// The head of a request, when it is of reasonable length and complete.
async fn read_head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    let mut buffer = [0; 2048];
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        let count = stream.read(&mut buffer).await.ok()?;
        if count == 0 || head.len() + count > LONGEST_HEAD {
            return None;
        }
        head.extend_from_slice(buffer.get(..count)?);
    }
    String::from_utf8(head).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    async fn ask(uri: &str, target: &str) -> String {
        let place = uri.strip_prefix("http://").unwrap().strip_suffix(PATH).unwrap();
        let mut stream = TcpStream::connect(place).await.unwrap();
        let request = format!("GET {target} HTTP/1.1\r\nHost: {place}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn the_code_is_taken_in_the_midst_of_noise() {
        let listener = Listener::bind(0).await.unwrap();
        let uri = listener.redirect_uri();
        let place = uri
            .strip_prefix("http://")
            .unwrap()
            .strip_suffix(PATH)
            .unwrap()
            .to_owned();
        let waiting = tokio::spawn(async move { listener.wait("s1").await });
        // A connection that the browser opens and does not use, and one that sends without end.
        let _idle = TcpStream::connect(&place).await.unwrap();
        let mut endless = TcpStream::connect(&place).await.unwrap();
        let _ = endless.write_all(&[b'a'; LONGEST_HEAD + 1]).await;
        assert!(ask(&uri, "/favicon.ico").await.starts_with("HTTP/1.1 404"));
        assert!(
            ask(&uri, "/callback?code=canary&state=wrong")
                .await
                .starts_with("HTTP/1.1 400")
        );
        let answer = ask(&uri, "/callback?code=c1&state=s1").await;
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.contains("close this page"),
            "{answer}"
        );
        assert!(!answer.contains("c1") && !answer.contains("s1"), "{answer}");
        let code = waiting.await.unwrap().unwrap().unwrap();
        assert_eq!(code.expose_secret(), "c1");
        assert!(TcpStream::connect(&place).await.is_err(), "the port is given back");
    }

    #[tokio::test]
    async fn a_refusal_ends_the_wait() {
        let listener = Listener::bind(0).await.unwrap();
        let uri = listener.redirect_uri();
        let waiting = tokio::spawn(async move { listener.wait("s1").await });
        ask(&uri, "/callback?error=access_denied&state=s1").await;
        let refused = waiting.await.unwrap().unwrap().unwrap_err();
        assert_eq!(refused.error, "access_denied");
    }

    #[tokio::test]
    async fn noise_without_end_ends_the_wait() {
        let listener = Listener::bind(0).await.unwrap();
        let uri = listener.redirect_uri();
        let waiting = tokio::spawn(async move { listener.wait("s1").await });
        for _ in 0..MOST_CONNECTIONS {
            ask(&uri, "/").await;
        }
        assert!(waiting.await.unwrap().is_none());
    }
}
