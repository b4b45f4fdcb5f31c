//! The gateway: the built `mgw`, a bundle made by it, and `mgw run`.

use crate::counting::Valgrind;
use crate::failure::Failure;
use crate::process::{Launch, Running, wait_for_listener};
use crate::project::{self, Listeners};
use crate::report;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What building the program may take, on a slow machine that builds it for the first time.
const COMPILATION: Duration = Duration::from_secs(3600);

/// What building a bundle may take.
const BUNDLING: Duration = Duration::from_secs(60);

/// The `mgw` program.
#[derive(Debug, Clone)]
pub(crate) struct Binary {
    program: PathBuf,
}

impl Binary {
    /// Finds the program: the given one, else the one that cargo builds now, in the profile of this program (when
    /// started by `cargo run`), else the one beside this program.
    pub(crate) async fn find(given: Option<&Path>, this: &Path, logs: &Path) -> Result<Self, Failure> {
        if let Some(program) = given {
            return Ok(Self {
                program: program.to_owned(),
            });
        }
        if let (Some(cargo), Some(package)) = (std::env::var_os("CARGO"), std::env::var_os("CARGO_MANIFEST_DIR")) {
            report::say("building mgw …");
            let mut arguments = vec![
                "build".into(),
                "--quiet".into(),
                "--package=mgw".into(),
                "--manifest-path".into(),
                Path::new(&package).join("Cargo.toml").into(),
            ];
            if !cfg!(debug_assertions) {
                arguments.push("--release".into());
            }
            let build = Launch {
                name: "cargo build",
                program: Path::new(&cargo),
                arguments,
                environment: Vec::new(),
                processor: None,
                logs,
            };
            build.output(COMPILATION).await?;
        }
        Ok(Self {
            program: this.with_file_name("mgw"),
        })
    }

    /// Its path.
    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    /// Builds a project and returns the path of its bundle.
    pub(crate) async fn build(&self, project: &Path, logs: &Path) -> Result<PathBuf, Failure> {
        let build = Launch {
            name: "mgw build",
            program: &self.program,
            arguments: vec!["build".into(), project.into()],
            environment: Vec::new(),
            processor: None,
            logs,
        };
        build.output(BUNDLING).await?;
        Ok(project.join("target").join(format!("{}.zip", project::NAME)))
    }
}

/// A gateway that can be started.
#[derive(Debug)]
pub(crate) struct Mgw {
    binary: Binary,
    bundle: PathBuf,
    config: PathBuf,
    listeners: Listeners,
    logs: PathBuf,
}

impl Mgw {
    /// A gateway for `bundle` with the runtime configuration `config`, which names `listeners`.
    pub(crate) fn new(binary: Binary, bundle: PathBuf, config: PathBuf, listeners: Listeners, logs: PathBuf) -> Self {
        Self {
            binary,
            bundle,
            config,
            listeners,
            logs,
        }
    }

    /// Where it serves plain HTTP.
    pub(crate) fn address(&self) -> SocketAddr {
        self.listeners.http
    }

    /// Starts it; it may not listen yet.
    pub(crate) fn start(&self, processor: Option<usize>) -> Result<Running, Failure> {
        self.launch(processor).start()
    }

    /// The same with its instructions counted; `by_thread`: those of each thread.
    pub(crate) fn start_counted(
        &self,
        valgrind: &Valgrind,
        by_thread: bool,
        processor: Option<usize>,
    ) -> Result<Running, Failure> {
        let launch = self.launch(processor);
        match by_thread {
            true => valgrind.around_by_thread(launch)?.start(),
            false => valgrind.around(launch).start(),
        }
    }

    fn launch(&self, processor: Option<usize>) -> Launch<'_> {
        Launch {
            name: "mgw run",
            program: &self.binary.program,
            arguments: vec![
                "run".into(),
                self.bundle.clone().into(),
                "--data-dir".into(),
                self.logs.clone().into(),
                "--config".into(),
                self.config.clone().into(),
            ],
            environment: Vec::new(),
            processor,
            logs: &self.logs,
        }
    }

    /// Waits until it listens.
    pub(crate) async fn wait(&self, running: &mut Running) -> Result<(), Failure> {
        wait_for_listener(running, self.listeners.http).await
    }
}
