//! The npm package `oidc-provider`, a certified identity provider, as a process of its own.
//!
//! Its folder below `target/` is installed on first use, from the lock file beside the script.

use crate::running::Running;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/e2e/oidc-provider");
const FILES: [&str; 3] = ["package.json", "package-lock.json", "provider.mjs"];

/// A running provider; its process is ended when dropped.
pub struct OidcProvider {
    process: Running,
    pub url: String,
    client: reqwest::Client,
}

impl OidcProvider {
    pub fn start() -> Self {
        let mut command = Command::new("node");
        // The script ends with its standard input, so also when the test dies.
        command
            .arg("provider.mjs")
            .current_dir(installed())
            .stdin(Stdio::piped());
        let mut process = Running::of(command);
        let ready = process.json_line();
        Self {
            process,
            url: ready["url"].as_str().expect("the script prints its URL").to_owned(),
            client: reqwest::Client::new(),
        }
    }

    /// Asks for a token of the client `till` by client credentials.
    pub async fn token(&self, resource: &str, scope: &str) -> String {
        let form = [
            ("grant_type", "client_credentials"),
            ("resource", resource),
            ("scope", scope),
        ];
        let request = self.client.post(format!("{}/oauth2/token", self.url)).form(&form);
        let answer: serde_json::Value = json(request.basic_auth("till", Some("till-secret"))).await;
        let token = answer["access_token"].as_str();
        token.unwrap_or_else(|| panic!("no token: {answer}")).to_owned()
    }

    pub async fn revoke(&self, token: &str) {
        let request = self.client.post(format!("{}/oauth2/revoke", self.url));
        let request = request
            .basic_auth("till", Some("till-secret"))
            .form(&[("token", token)]);
        let answer = request.send().await.expect("the provider answers");
        assert_eq!(answer.status().as_u16(), 200);
    }

    /// Makes new signing keys; the former ones leave the key set unless `keep_old`.
    pub async fn rotate(&self, keep_old: bool) {
        let keep = if keep_old { "?keep=old" } else { "" };
        json(self.client.post(format!("{}/control/rotate{keep}", self.url))).await;
    }

    /// How often a path was asked for.
    pub async fn count(&self, path: &str) -> u64 {
        let counts = json(self.client.get(format!("{}/control/counts", self.url))).await;
        counts[path].as_u64().unwrap_or(0)
    }

    /// Ends the process and waits until it is gone.
    pub fn stop(self) {
        self.process.signal("TERM");
        self.process.end();
    }
}

async fn json(request: reqwest::RequestBuilder) -> serde_json::Value {
    let answer = request.send().await.expect("the provider answers");
    answer.json().await.expect("the provider answers with JSON")
}

/// The folder with the script and its packages.
fn installed() -> PathBuf {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("oidc-provider");
    let lock = |folder: &Path| std::fs::read(folder.join("package-lock.json")).ok();
    // npm writes this file last.
    let complete = folder.join("node_modules/.package-lock.json").exists();
    let fresh = complete && lock(&folder) == lock(Path::new(SOURCE));
    std::fs::create_dir_all(&folder).expect("target/ is writable");
    for file in FILES {
        std::fs::copy(Path::new(SOURCE).join(file), folder.join(file)).expect("target/ is writable");
    }
    if !fresh {
        let installed = Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
            .current_dir(&folder)
            .stdin(Stdio::null())
            .output()
            .expect("node and npm are there; ./test installs them");
        let said = String::from_utf8_lossy(&installed.stderr);
        assert!(installed.status.success(), "npm ci failed:\n{said}");
    }
    folder
}
