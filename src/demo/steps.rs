//! The commands of the demo, each shown as a user would type it, then run by the same code.

use super::folder::Folder;
use super::world::World;
use super::{LABEL, PROJECT};
use crate::cli::Cli;
use crate::commands;
use crate::context::{Context, Environment};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::ui::Ui;
use clap::Parser;
use std::time::{Duration, Instant};

/// Runs commands one after the other and remembers how long each took.
pub(super) struct Steps<'a> {
    inner: Context,
    ui: &'a Ui,
    folder: &'a Folder,
    world: &'a World,
    timings: Vec<(String, Duration)>,
}

impl<'a> Steps<'a> {
    pub(super) fn new(context: &'a Context, folder: &'a Folder, world: &'a World) -> Self {
        let config_dir = folder.path().join("config");
        let inner = Context {
            ui: context.ui.narrating(),
            // The password goes through the environment, as it does in a pipeline, never through the arguments.
            environment: Environment::from_iter([
                ("MGW_CONFIG_DIR", config_dir.to_string_lossy().as_ref()),
                ("MGW_PASSWORD", world.account().password.as_str()),
            ]),
        };
        Self {
            inner,
            ui: &context.ui,
            folder,
            world,
            timings: Vec::new(),
        }
    }

    /// From sign-in to a verified bundle.
    pub(super) fn prepare(&mut self) -> Result<(), Failure> {
        let project = self.folder.path().join(PROJECT);
        let project = project.to_string_lossy();
        let bundle = format!("{project}/target/{PROJECT}.zip");
        let ca = self.world.ca_file().to_string_lossy();
        let account = self.world.account();
        self.run(&[
            "login",
            "--url",
            self.world.control_plane(),
            "--ca",
            &ca,
            "--email",
            &account.email,
            "--org",
            self.world.organisation(),
        ])?;
        self.run(&["init", &project])?;
        self.run(&["pull", &project, "--label", LABEL])?;
        self.run(&["check", &project])?;
        self.run(&["build", &project])?;
        self.run(&["verify", &bundle])
    }

    /// Runs one command line; anything but success ends the demo.
    fn run(&mut self, arguments: &[&str]) -> Result<(), Failure> {
        let shown = arguments.join(" ").replace(&*self.folder.path().to_string_lossy(), "");
        let shown = shown.replace(" /", " ");
        self.announce(&shown);
        let started = Instant::now();
        let cli = Cli::try_parse_from(std::iter::once("mgw").chain(arguments.iter().copied())).map_err(|error| {
            Failure::new(ExitCode::Internal, "the demo uses a command line that does not exist").because(error)
        })?;
        match commands::run(cli.command, &self.inner)? {
            ExitCode::Success => {}
            code => return Err(Failure::new(code, format!("mgw {shown} did not succeed"))),
        }
        self.took(arguments.first().copied().unwrap_or_default(), started.elapsed());
        Ok(())
    }

    /// Shows a command line.
    pub(super) fn announce(&self, arguments: &str) {
        self.ui.line(format_args!("\n$ mgw {arguments}"));
    }

    /// Notes how long a step took.
    pub(super) fn took(&mut self, step: &str, elapsed: Duration) {
        self.ui.line(format_args!("  {step} took {} ms", elapsed.as_millis()));
        self.timings.push((step.to_owned(), elapsed));
    }

    /// Ends the steps and returns how long each took.
    pub(super) fn timings(self) -> Vec<(String, Duration)> {
        self.timings
    }
}
