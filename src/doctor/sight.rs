//! What checks look at, made once.

use super::checks::control_plane;
use super::checks::gateway::{self, Answered};
use super::checks::leftovers::{self, Leftover};
use crate::admin::AdminArgs;
use crate::cloud::address::Address;
use crate::cloud::http::Answer;
use crate::cloud::session::{Session, SessionStore};
use crate::commands::own_build::OwnBuild;
use crate::compile::{Compiled, compile_project};
use crate::context::Environment;
use crate::failure::Failure;
use crate::project::{Layout, Settings};
use crate::serve::{BundleSource, GatewaySettings, ReadSettings, read_settings, unusable};
use crate::ui::Ui;
use mgw_bundle::{Bundle, GatewayConfig};
use mgw_runtime::config::RuntimeConfig;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// What the user wants looked at.
#[derive(Debug, Clone)]
pub(crate) struct SightOptions {
    /// Project folder, or bundle.
    pub(crate) source: PathBuf,
    /// No connection is opened.
    pub(crate) offline: bool,
    /// Backends are connected to.
    pub(crate) backends: bool,
    /// `--config` and `--set`.
    pub(crate) settings: GatewaySettings,
    /// Where the gateway keeps what it makes itself.
    pub(crate) data_dir: Option<PathBuf>,
    /// Admin listener of a gateway that may run; `None`: where the settings have it.
    pub(crate) admin: Option<AdminArgs>,
}

/// What checks look at.
#[derive(Debug)]
pub(crate) struct Sight {
    pub(crate) options: SightOptions,
    pub(crate) environment: Environment,
    pub(crate) ui: Ui,
    pub(crate) layout: Layout,
    /// The session's file.
    pub(crate) store: Result<SessionStore, Failure>,
    /// Who is signed in.
    pub(crate) session: Result<Option<Session>, Failure>,
    /// How the control plane is spoken to.
    pub(crate) http: Result<crate::cloud::http::HttpOptions, Failure>,
    /// `mgw.toml`
    pub(crate) project: Result<Option<Settings>, Failure>,
    /// The gateway's settings as `run` would read them.
    pub(crate) config: Result<ReadSettings, Failure>,
    /// The admin listener of a gateway that may run here, or why nobody can be asked.
    pub(crate) admin: Result<AdminArgs, &'static str>,
    /// What was left behind before anything was read.
    pub(super) leftover: Option<Leftover>,
    answer: OnceLock<Result<(String, Answer), Failure>>,
    compiled: OnceLock<Result<Compiled, Failure>>,
    made: OnceLock<Option<(Option<OwnBuild>, Bundle)>>,
    ready: OnceLock<Answered>,
}

/// The settings with what may not be meant in them; a failure has everything that is wrong.
fn config(settings: &GatewaySettings, environment: &Environment, ui: &Ui) -> Result<ReadSettings, Failure> {
    let read = read_settings(settings, environment)?;
    match read.config {
        Some(_) => Ok(read),
        None => Err(unusable("the gateway's settings have", &read.diagnostics, ui)),
    }
}

impl Sight {
    /// Reads what several checks need: sessions and settings. Nothing is connected to.
    pub(crate) fn new(
        options: SightOptions,
        session: &crate::commands::SessionArgs,
        environment: &Environment,
        ui: &Ui,
    ) -> Self {
        let layout = Layout::new(&options.source);
        let loaded = session
            .store(environment)
            .and_then(|store| store.load().map_err(Failure::from));
        // First: whoever reads a project ends what was interrupted.
        let leftover = leftovers::find(layout.root());
        let config = config(&options.settings, environment, ui);
        let admin = match &options.admin {
            Some(named) => Ok(named.clone()),
            None => {
                let known = config.as_ref().ok().and_then(|read| read.config.as_ref());
                AdminArgs::of_settings(known.map(|config| &config.admin))
            }
        };
        Self {
            leftover,
            admin,
            environment: environment.clone(),
            ui: ui.clone(),
            store: session.store(environment),
            session: loaded,
            http: session.http(environment),
            project: Settings::load(&layout.settings()).map_err(Failure::from),
            config,
            layout,
            options,
            answer: OnceLock::new(),
            compiled: OnceLock::new(),
            made: OnceLock::new(),
            ready: OnceLock::new(),
        }
    }

    /// Whether the folder is a project.
    pub(crate) fn is_project(&self) -> bool {
        self.layout.settings().exists() || self.layout.definitions().is_dir()
    }

    /// The bundle file that was named instead of a project.
    pub(crate) fn bundle_file(&self) -> Option<&Path> {
        match BundleSource::at(&self.options.source) {
            BundleSource::File(_) => Some(&self.options.source),
            BundleSource::Project(_) => None,
        }
    }

    /// The project as `build` would compile it; whoever asks first compiles.
    pub(crate) fn compiled(&self) -> Result<&Compiled, &Failure> {
        let compiled = self.compiled.get_or_init(|| Ok(compile_project(&self.layout)?));
        compiled.as_ref()
    }

    /// What would be served: the project as it would be built, or the bundle; whoever asks first makes it.
    fn made(&self) -> Option<&(Option<OwnBuild>, Bundle)> {
        let made = self.made.get_or_init(|| match self.bundle_file() {
            Some(path) => Some((None, crate::commands::bundle_file::read(path).ok()?)),
            None if self.is_project() => {
                let (own, bundle) = OwnBuild::of(self.compiled().ok()?, &self.layout).ok()?;
                Some((Some(own), bundle))
            }
            None => None,
        });
        made.as_ref()
    }

    /// What would be served.
    pub(crate) fn bundle(&self) -> Option<&Bundle> {
        self.made().map(|(_, bundle)| bundle)
    }

    /// The configuration of what would be served.
    pub(crate) fn served(&self) -> Option<&GatewayConfig> {
        self.bundle().map(|bundle| &bundle.config)
    }

    /// What a build of the project gives now; `None` where it gives nothing, and where a bundle is looked at.
    pub(super) fn built_now(&self) -> Option<OwnBuild> {
        self.made().and_then(|(own, _)| *own)
    }

    /// What a gateway that may run here says of itself; whoever asks first asks it.
    pub(super) fn ready(&self) -> &Answered {
        self.ready.get_or_init(|| gateway::ask(self))
    }

    /// What the control plane answers, with its address; whoever asks first asks it.
    pub(super) fn answer(&self) -> &Result<(String, Answer), Failure> {
        self.answer.get_or_init(|| control_plane::ask(self))
    }

    /// The gateway's settings, where they are in order.
    pub(crate) fn settings(&self) -> Option<&RuntimeConfig> {
        self.config.as_ref().ok().and_then(|read| read.config.as_ref())
    }

    /// Where the control plane is, in the order in which commands look: variable, project, session, API Cloud.
    pub(crate) fn control_plane(&self) -> Result<Address, Failure> {
        if let Some(url) = self.environment.get("MGW_URL") {
            return Ok(Address::parse(url)?);
        }
        if let Ok(Some(settings)) = &self.project
            && let Some(plane) = &settings.control_plane
        {
            return Ok(Address::parse(&plane.url)?);
        }
        if let Ok(Some(session)) = &self.session {
            return Ok(session.address.clone());
        }
        Ok(Address::parse(crate::commands::API_CLOUD_URL)?)
    }

    /// The folder in which a gateway keeps what it makes itself.
    pub(crate) fn data_dir(&self) -> Result<PathBuf, Failure> {
        match &self.options.data_dir {
            Some(folder) => Ok(folder.clone()),
            None => Ok(self.environment.config_dir()?.join("gateway")),
        }
    }
}
