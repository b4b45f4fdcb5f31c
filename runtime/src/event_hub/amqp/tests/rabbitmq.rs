//! A real RabbitMQ server, and something to publish with.

use crate::config::Brokers;
use crate::event_hub::amqp::frame::{FrameKind, encode};
use crate::event_hub::amqp::method;
use crate::event_hub::amqp::sign_in::Signed;
use crate::event_hub::amqp::wire::Output;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::fmt::Write;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;

/// Longest time that a server may take to be ready: machines that run tests are busy.
const START: Duration = Duration::from_secs(180);

/// A server with folder, node name, ports and name service of its own; it can be ended and started again.
pub(crate) struct RabbitMq {
    folder: TempDir,
    names: Child,
    names_port: u16,
    node: Option<Child>,
    distribution_port: u16,
    pub(crate) port: u16,
    pub(crate) tls_port: u16,
}

impl RabbitMq {
    pub(crate) const USER: &str = "admin";
    pub(crate) const PASSWORD: &str = "canary";

    /// Prepares a server that is not started yet.
    pub(crate) fn prepare() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let names_port = free_port();
        let mut names = Command::new("epmd");
        names.args(["-address", "127.0.0.1", "-port", &names_port.to_string()]);
        let server = Self {
            names: names
                .spawn()
                .expect("epmd is installed with rabbitmq-server (`./test` installs it)"),
            names_port,
            node: None,
            distribution_port: free_port(),
            port: free_port(),
            tls_port: free_port(),
            folder,
        };
        server.write_certificates();
        server.write_configuration();
        let deadline = Instant::now() + START;
        while TcpStream::connect(("127.0.0.1", names_port)).is_err() {
            assert!(Instant::now() < deadline, "epmd listens");
            std::thread::yield_now();
        }
        server
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The authority that signed the server's certificate, PEM.
    pub(crate) fn authority(&self) -> PathBuf {
        self.path("ca.pem")
    }

    fn write_certificates(&self) {
        let ca_key = KeyPair::generate().expect("a key");
        let mut ca = CertificateParams::new(Vec::new()).expect("parameters");
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = ca.self_signed(&ca_key).expect("a certificate").pem();
        let issuer = Issuer::new(ca, ca_key);
        let key = KeyPair::generate().expect("a key");
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let leaf = CertificateParams::new(names).and_then(|leaf| leaf.signed_by(&key, &issuer));
        for (name, pem) in [
            ("ca.pem", authority),
            ("server.pem", leaf.expect("a certificate").pem()),
            ("server.key", key.serialize_pem()),
        ] {
            std::fs::write(self.path(name), pem).expect("writes");
        }
    }

    fn write_configuration(&self) {
        let mut text = String::new();
        for (name, value) in [
            ("listeners.tcp.1", format!("127.0.0.1:{}", self.port)),
            ("listeners.ssl.1", format!("127.0.0.1:{}", self.tls_port)),
            ("ssl_options.cacertfile", self.path("ca.pem").display().to_string()),
            ("ssl_options.certfile", self.path("server.pem").display().to_string()),
            ("ssl_options.keyfile", self.path("server.key").display().to_string()),
            ("default_user", Self::USER.to_owned()),
            ("default_pass", Self::PASSWORD.to_owned()),
            ("default_vhost", "carbon".to_owned()),
            // A small disk is no reason to take no messages.
            ("disk_free_limit.absolute", "1MB".to_owned()),
            ("log.file", "false".to_owned()),
            ("log.console", "true".to_owned()),
        ] {
            writeln!(text, "{name} = {value}").expect("a string");
        }
        std::fs::write(self.path("rabbitmq.conf"), text).expect("writes");
        std::fs::create_dir(self.path("home")).expect("a folder");
    }

    /// Starts the server and waits until it takes connections.
    pub(crate) fn start(&mut self) {
        let debian = Path::new("/usr/lib/rabbitmq/bin/rabbitmq-server");
        let mut node = Command::new(if debian.exists() {
            debian
        } else {
            Path::new("rabbitmq-server")
        });
        let names_port = self.names_port.to_string();
        node.env("HOME", self.path("home"))
            .env("ERL_EPMD_PORT", names_port)
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODENAME", format!("mgw-{}@localhost", self.port))
            .env("RABBITMQ_DIST_PORT", self.distribution_port.to_string())
            .env(
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
                "-start_epmd false +S 1:1 +sbwt none",
            );
        for (name, file) in [
            ("RABBITMQ_CONFIG_FILE", "rabbitmq.conf"),
            ("RABBITMQ_CONF_ENV_FILE", "environment"),
            ("RABBITMQ_ENABLED_PLUGINS_FILE", "plugins"),
            ("RABBITMQ_MNESIA_BASE", "data"),
            ("RABBITMQ_LOG_BASE", "log"),
            ("RABBITMQ_SCHEMA_DIR", "schema"),
            ("RABBITMQ_GENERATED_CONFIG_DIR", "generated"),
            ("RABBITMQ_FEATURE_FLAGS_FILE", "flags"),
            ("RABBITMQ_PID_FILE", "pid"),
        ] {
            node.env(name, self.path(file));
        }
        // The script starts other processes; the group ends them all.
        let node = node
            .process_group(0)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let node = self
            .node
            .insert(node.expect("rabbitmq-server is installed (`./test` installs it)"));
        let output = node.stdout.take().expect("it is a pipe");
        let (ready, waiting) = mpsc::channel();
        std::thread::spawn(move || {
            // What it says later must not fill the pipe.
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if line.contains("Server startup complete") {
                    let _ = ready.send(());
                }
            }
        });
        waiting.recv_timeout(START).expect("the server says that it is ready");
    }

    /// Ends the server at once.
    pub(crate) fn kill(&mut self) {
        if let Some(mut node) = self.node.take() {
            let group = format!("-{}", node.id());
            let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
            let _ = node.wait();
        }
    }

    /// How to sign in.
    pub(crate) fn brokers(&self) -> Brokers {
        self.brokers_with(Self::PASSWORD)
    }

    pub(crate) fn brokers_with(&self, password: &str) -> Brokers {
        Brokers {
            user: Self::USER.to_owned(),
            password: password.into(),
            virtual_host: "carbon".to_owned(),
            addresses: vec![crate::config::ServerAddress {
                host: "127.0.0.1".to_owned(),
                port: self.port,
                tls: false,
            }],
        }
    }

    /// Publishes messages in their order: topic, content type, body.
    pub(crate) fn publish(&self, messages: &[(&str, &str, &[u8])]) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let stream = tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await;
            let stream = stream.expect("the server runs");
            let mut signed = Signed::sign_in(stream, &self.brokers()).await.expect("signed in");
            signed
                .writer
                .write_all(&method::channel_open(1))
                .await
                .expect("written");
            signed.answer(1).await.expect("opened");
            for (topic, content_type, body) in messages {
                signed
                    .writer
                    .write_all(&published(topic, content_type, body))
                    .await
                    .expect("written");
            }
            // The answer comes when everything before was taken.
            signed.writer.write_all(&method::qos(1, 1)).await.expect("written");
            signed.answer(1).await.expect("all was taken");
        });
    }
}

impl Drop for RabbitMq {
    fn drop(&mut self) {
        self.kill();
        let _ = self.names.kill();
        let _ = self.names.wait();
    }
}

/// The frames of a message.
fn published(topic: &str, content_type: &str, body: &[u8]) -> Vec<u8> {
    const CONTENT_TYPE: u16 = 1 << 15;
    let publish = Output::default().short(60).short(40).short(0);
    let publish = publish.short_text("amq.topic").short_text(topic).octet(0);
    let header = Output::default().short(60).short(0).long_long(body.len() as u64);
    let header = match content_type {
        "" => header.short(0),
        content_type => header.short(CONTENT_TYPE).short_text(content_type),
    };
    let mut frames = encode(FrameKind::Method, 1, &publish.0);
    frames.extend(encode(FrameKind::Header, 1, &header.0));
    for part in body.chunks(100_000) {
        frames.extend(encode(FrameKind::Body, 1, part));
    }
    frames
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("bound").port()
}
