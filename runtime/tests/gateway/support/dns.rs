//! A real DNS server for tests, ended by its own process id.

use super::eventually;
use std::net::{TcpListener, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering::Relaxed};
use std::time::Duration;
use tempfile::TempDir;

/// A DNS server on the loopback interface that knows the names of a file.
pub struct DnsServer {
    process: Option<Child>,
    pub port: u16,
    folder: TempDir,
    services: Vec<String>,
}

impl DnsServer {
    /// `hosts` as in a hosts file; answers hold for a second.
    pub fn start(hosts: &str) -> Self {
        let port = free_port();
        let mut server = Self {
            process: None,
            port,
            folder: tempfile::tempdir().expect("a temporary folder"),
            services: Vec::new(),
        };
        std::fs::write(server.hosts(), hosts).expect("a writable folder");
        server.come_back();
        server
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn hosts(&self) -> PathBuf {
        self.folder.path().join("hosts")
    }

    /// Has other names known from now on.
    pub fn change(&self, hosts: &str) {
        std::fs::write(self.hosts(), hosts).expect("a writable folder");
        let process = self.process.as_ref().expect("it runs");
        let hung_up = Command::new("kill").args(["-HUP", &process.id().to_string()]).status();
        assert!(hung_up.is_ok_and(|status| status.success()));
    }

    /// Has other services known from now on, each as `NAME,HOST,PORT,PRIORITY,WEIGHT`.
    pub fn serve(&mut self, services: &[String]) {
        self.services = services.to_vec();
        self.stop();
        self.come_back();
    }

    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    pub fn come_back(&mut self) {
        let services = self.services.iter().map(|service| format!("--srv-host={service}"));
        let process = Command::new("dnsmasq")
            .args(["--keep-in-foreground", "--conf-file=/dev/null", "--log-facility=-"])
            .args(["--no-resolv", "--no-hosts", "--bind-interfaces", "--local-ttl=1"])
            .args(["--listen-address=127.0.0.1", "--local=/test/", "--user=", "--group="])
            .arg(format!("--pid-file={}", self.folder.path().join("pid").display()))
            .arg(format!("--port={}", self.port))
            .arg(format!("--addn-hosts={}", self.hosts().display()))
            .args(services)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("dnsmasq is installed (`./test` installs it)");
        self.process = Some(process);
        // A question for the address of `a.test`.
        let question = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x04test\x00\x00\x01\x00\x01";
        let socket = UdpSocket::bind(("127.0.0.1", 0)).expect("a free port");
        socket.connect(("127.0.0.1", self.port)).expect("an address");
        socket
            .set_read_timeout(Some(Duration::from_millis(50)))
            .expect("a time");
        eventually("the DNS server answers", || {
            socket.send(question).is_ok() && socket.recv(&mut [0; 512]).is_ok()
        });
    }
}

/// A port that stays free while the server is away: none that the system gives to others by itself. Servers of DNS listen
/// with both protocols.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 8000).expect("a small number");
    let ports = std::iter::repeat_with(|| 20_000 + (first + NEXT.fetch_add(1, Relaxed)) % 8000);
    let is_free =
        |port: &u16| UdpSocket::bind(("127.0.0.1", *port)).is_ok() && TcpListener::bind(("127.0.0.1", *port)).is_ok();
    ports.take(8000).find(is_free).expect("a free port")
}

impl Drop for DnsServer {
    fn drop(&mut self) {
        self.stop();
    }
}
