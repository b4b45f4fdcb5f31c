//! The commands against the simulator: the same code a user runs, without the terminal.

mod choosing;
mod comparing;
mod conformance;
mod faults;
mod gateway_blocks;
mod generations;
mod grants;
mod keeping;
mod old_gateway;
mod pull;
mod session;
mod sign_in;
mod unchanged;

use crate::cli::Cli;
use crate::context::{Context, Environment};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::lock::tests::contents;
use clap::Parser;
use mgw_fixtures::seed::Seed;
use mgw_fixtures::simulator::{Options, Shape, Simulator};
use std::path::{Path, PathBuf};

/// An administrator, a developer without administrator scopes, a subscriber; see the simulator's seed.
const ADMIN: &str = "dev@meridian.example";
const DEVELOPER: &str = "ben@meridian.example";
const SUBSCRIBER: &str = "shopper@meridian.example";

/// A simulator, a configuration folder and a project.
struct Bench {
    simulator: Simulator,
    folder: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
}

impl Bench {
    fn start(shape: Shape) -> Self {
        Self::start_with(shape, Seed::embedded())
    }

    fn start_with(shape: Shape, seed: Seed) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let simulator = runtime
            .block_on(Simulator::start(Options {
                shape,
                seed,
                ..Options::default()
            }))
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), simulator.ca_pem()).unwrap();
        std::fs::create_dir(folder.path().join("shop")).unwrap();
        Self {
            simulator,
            folder,
            runtime,
        }
    }

    /// With somebody signed in.
    fn signed_in(shape: Shape, email: &str) -> Self {
        let bench = Self::start(shape);
        assert_eq!(bench.login(email).unwrap(), ExitCode::Success);
        bench.simulator.clear_requests();
        bench
    }

    fn login(&self, email: &str) -> Result<ExitCode, Failure> {
        self.run(&[
            "login",
            "--url",
            self.simulator.url(),
            "--email",
            email,
            "--org",
            "meridian",
        ])
    }

    fn pull(&self, arguments: &[&str]) -> Result<ExitCode, Failure> {
        let project = self.project().display().to_string();
        let mut words = vec!["pull", project.as_str()];
        words.extend(arguments);
        self.run(&words)
    }

    fn run(&self, words: &[&str]) -> Result<ExitCode, Failure> {
        self.run_with(words, &[])
    }

    /// Runs a command; the password of whoever signs in is in the environment.
    fn run_with(&self, words: &[&str], more: &[(&str, &str)]) -> Result<ExitCode, Failure> {
        let cli = Cli::try_parse_from(["mgw", "--quiet", "--no-input"].iter().chain(words)).unwrap();
        let folder = self.folder.path().join("config").display().to_string();
        let ca = self.folder.path().join("ca.pem").display().to_string();
        let password = match words {
            words if words.contains(&DEVELOPER) => "demo-password-ben",
            words if words.contains(&SUBSCRIBER) => "demo-password-shopper",
            _ => "demo-password",
        };
        let mut variables = vec![("MGW_CONFIG_DIR", folder.as_str()), ("MGW_CA_FILE", ca.as_str())];
        if words.first() == Some(&"login") {
            variables.push(("MGW_PASSWORD", password));
        }
        variables.extend(more);
        let environment: Environment = variables.into_iter().collect();
        crate::commands::run(cli.command, &Context::new(cli.global, environment))
    }

    fn project(&self) -> PathBuf {
        self.folder.path().join("shop")
    }

    fn session_file(&self) -> PathBuf {
        self.folder.path().join("config/sessions/default.json")
    }

    /// Names of the requests so far, `METHOD path`.
    fn asked(&self) -> Vec<String> {
        let requests = self.simulator.requests();
        requests
            .iter()
            .map(|request| format!("{} {}", request.method, request.path()))
            .collect()
    }
}

fn code(result: Result<ExitCode, Failure>) -> ExitCode {
    match result {
        Ok(code) => code,
        Err(failure) => failure.code,
    }
}
