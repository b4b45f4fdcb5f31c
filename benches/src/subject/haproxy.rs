//! HAProxy with the work of the gateway, one thread, one frontend per scenario.
//!
//! It decides what the gateway decides, in the cheapest form it has: paths by a prefix tree and one regular expression
//! for what follows, instead of an expression per template; signature, issuer and expiry of the token; a counter per
//! subscriber. It writes no log and no metrics.

use super::{Subject, Surroundings};
use crate::failure::Failure;
use crate::process::{Launch, free_address, wait_for_listener};
use crate::project::{self, ISSUER};
use crate::scenario::{Scenario, SubjectKind};
use std::net::SocketAddr;
use std::path::Path;

/// Requests per hour of the subscribers that never reach their quota.
const AMPLE: u32 = 1_000_000_000;

pub(super) async fn start(around: &Surroundings<'_>, program: &Path) -> Result<Subject, Failure> {
    let prefixes = around.folder.join("haproxy-prefixes.map");
    let map: String = project::prefixes()
        .iter()
        .map(|prefix| format!("{prefix} known\n"))
        .collect();
    write(&prefixes, &map)?;

    let (plain, ample, spent) = (free_address()?, free_address()?, free_address()?);
    let config = Config {
        plain,
        ample,
        spent,
        backend: around.backend,
        prefixes: &prefixes,
        public_key: &around.issuer.public_key,
    };
    let path = around.folder.join("haproxy.cfg");
    write(&path, &config.text())?;

    let launch = Launch {
        name: "HAProxy",
        program,
        // In the foreground and without a master process, so that the id is the one that does the work.
        arguments: vec!["-db".into(), "-f".into(), path.into()],
        environment: Vec::new(),
        processor: around.processor(),
        logs: around.folder,
    };
    let mut running = launch.start()?;
    for address in [plain, ample, spent] {
        wait_for_listener(&mut running, address).await?;
    }
    Ok(Subject {
        kind: SubjectKind::Haproxy,
        running,
        addresses: vec![
            (Scenario::Plain, plain),
            (Scenario::FullPolicy, ample),
            (Scenario::BadToken, ample),
            (Scenario::OverQuota, spent),
        ],
    })
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(Failure::file("write", path))
}

struct Config<'a> {
    plain: SocketAddr,
    /// Full policy with a quota that is never reached.
    ample: SocketAddr,
    /// Full policy with a quota of nothing.
    spent: SocketAddr,
    backend: SocketAddr,
    prefixes: &'a Path,
    public_key: &'a Path,
}

impl Config<'_> {
    fn text(&self) -> String {
        let Self {
            plain,
            ample,
            spent,
            backend,
            ..
        } = self;
        let full = |name, address, limit| self.full_policy(name, address, limit);
        format!(
            "global
    nbthread 1
    maxconn 8192

defaults
    mode http
    option http-keep-alive
    http-reuse always
    timeout connect 5s
    timeout client 60s
    timeout server 60s

frontend plain
    bind {plain}
    default_backend sample

{ample}
{spent}
backend sample
    server sample {backend}

backend quota
    stick-table type string len 64 size 100k expire 1h store http_req_rate(1h)
",
            ample = full("ample", ample, AMPLE),
            spent = full("spent", spent, 0),
        )
    }

    fn full_policy(&self, name: &str, address: &SocketAddr, limit: u32) -> String {
        let prefixes = self.prefixes.display();
        let public_key = self.public_key.display();
        let rest = project::PATH_END;
        format!(
            "frontend {name}
    bind {address}
    http-request deny deny_status 404 unless {{ path,map_beg({prefixes}) -m found }}
    http-request deny deny_status 404 unless {{ path_reg {rest} }}
    http-request set-var(txn.token) http_auth_bearer
    http-request deny deny_status 401 unless {{ var(txn.token) -m found }}
    http-request deny deny_status 401 unless {{ var(txn.token),jwt_header_query('$.alg') -m str RS256 }}
    http-request deny deny_status 401 unless {{ var(txn.token),jwt_payload_query('$.iss') -m str {ISSUER} }}
    http-request set-var(txn.now) date()
    http-request deny deny_status 401 unless {{ var(txn.token),jwt_payload_query('$.exp','int'),sub(txn.now) -m int gt 0 }}
    http-request deny deny_status 401 unless {{ var(txn.token),jwt_verify(\"RS256\",\"{public_key}\") -m int 1 }}
    http-request set-var(txn.subscriber) var(txn.token),jwt_payload_query('$.sub')
    http-request track-sc0 var(txn.subscriber) table quota
    http-request deny deny_status 429 if {{ sc_http_req_rate(0,quota) gt {limit} }}
    http-request del-header Authorization
    http-request set-header X-Subscriber %[var(txn.subscriber)]
    default_backend sample
"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frontends_differ_in_their_quota() {
        let address = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let text = Config {
            plain: address(1),
            ample: address(2),
            spent: address(3),
            backend: address(4),
            prefixes: Path::new("p.map"),
            public_key: Path::new("k.pem"),
        }
        .text();
        assert!(text.contains("bind 127.0.0.1:1\n    default_backend sample"));
        assert!(text.contains("sc_http_req_rate(0,quota) gt 1000000000 }"));
        assert!(text.contains("sc_http_req_rate(0,quota) gt 0 }"));
        assert!(text.contains("server sample 127.0.0.1:4"));
        assert_eq!(text.matches("jwt_verify(\"RS256\",\"k.pem\") -m int 1").count(), 2);
    }
}
