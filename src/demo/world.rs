//! The servers around the gateway: control plane, backend, token issuer, each on a free port.

use super::folder::Folder;
use crate::exit::ExitCode;
use crate::failure::Failure;
use mgw_fixtures::backend::Backend;
use mgw_fixtures::issuer::{Issuer, IssuerClient, IssuerOptions};
use mgw_fixtures::keys::Claims;
use mgw_fixtures::seed::{Account, Seed};
use mgw_fixtures::simulator::{Options, Simulator};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;
use tokio::runtime::Runtime;

const FREE_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// How long the tokens of the demo are valid.
const TOKEN_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// The servers, on threads of their own.
pub(super) struct World {
    runtime: Runtime,
    simulator: Simulator,
    backend: Backend,
    issuer: Issuer,
    account: Account,
    ca_file: PathBuf,
}

impl World {
    /// Starts everything and writes the control plane's certificate authority into the folder.
    pub(super) fn start(folder: &Folder) -> Result<Self, Failure> {
        let failed = |what: &'static str| {
            move |error: mgw_fixtures::StartError| {
                Failure::new(ExitCode::Environment, format!("cannot start the {what}")).because(error)
            }
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|error| Failure::new(ExitCode::Environment, "cannot start the servers").because(error))?;
        let seed = Seed::embedded();
        let account = seed
            .accounts()
            .into_iter()
            .next()
            .ok_or_else(|| Failure::new(ExitCode::Internal, "the seed has no account"))?;
        let backend = runtime.block_on(Backend::start(FREE_PORT)).map_err(failed("backend"))?;
        let issuer = runtime
            .block_on(Issuer::start(IssuerOptions {
                listen: FREE_PORT,
                clients: IssuerClient::of_seed(&seed),
                ..IssuerOptions::default()
            }))
            .map_err(failed("token issuer"))?;
        let simulator = runtime
            .block_on(Simulator::start(Options {
                listen: FREE_PORT,
                seed,
                backend_url: backend.url(),
                ..Options::default()
            }))
            .map_err(failed("simulated control plane"))?;
        let ca_file = folder.path().join("control-plane-ca.pem");
        std::fs::write(&ca_file, simulator.ca_pem()).map_err(|error| Failure::file("write", &ca_file, error))?;
        Ok(Self {
            runtime,
            simulator,
            backend,
            issuer,
            account,
            ca_file,
        })
    }

    pub(super) fn control_plane(&self) -> &str {
        self.simulator.url()
    }

    pub(super) fn backend(&self) -> String {
        self.backend.url()
    }

    pub(super) fn issuer(&self) -> String {
        self.issuer.url()
    }

    pub(super) fn account(&self) -> &Account {
        &self.account
    }

    pub(super) fn organisation(&self) -> &str {
        self.simulator.seed().organisation_key()
    }

    pub(super) fn ca_file(&self) -> &std::path::Path {
        &self.ca_file
    }

    /// The gateway's settings: whose tokens it trusts.
    pub(super) fn gateway_settings(&self) -> String {
        format!(
            "# Whose tokens the gateway accepts.\n[[jwtTokenConfig]]\nissuer = \"{}\"\njwksURL = \"{}\"\n",
            self.issuer.issuer(),
            self.issuer.jwks_url()
        )
    }

    /// A token of an application's production key.
    pub(super) fn token(&self, application: &str) -> Result<String, Failure> {
        let key = self
            .simulator
            .seed()
            .application_key(application, "PRODUCTION")
            .ok_or_else(|| Failure::new(ExitCode::Internal, format!("the seed has no application {application}")))?;
        let claims = Claims::new(self.issuer.issuer(), key.consumer_key, TOKEN_LIFETIME);
        self.issuer
            .mint(&claims)
            .map_err(|error| Failure::new(ExitCode::Internal, "cannot sign a token").because(error))
    }

    /// Requests that reached the backend.
    pub(super) fn backend_requests(&self) -> u64 {
        self.backend.request_count()
    }

    /// Stops every server.
    pub(super) fn stop(self) {
        self.runtime.block_on(async {
            self.simulator.shutdown().await;
            self.issuer.shutdown().await;
            self.backend.shutdown().await;
        });
    }
}
