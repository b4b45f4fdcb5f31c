//! Containers and Kubernetes: what `mgw build` and `mgw generate` write beside the bundle.

use crate::compile::Compiled;
use crate::context::{Context, Environment};
use crate::deployment::{
    BASE_IMAGE, Deployment, Facts, Gateway, Ports, Program, Wanted, Written, decide, is_image, object_name,
};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::micro_gw_file::SettingsFile;
use crate::project::{Layout, shown};
use crate::public_file;
use crate::shell;
use crate::ui::count::Counted;
use crate::ui::{Prompt, Ui};
use crate::whole_file::read_public;
use mgw_runtime::config::{RuntimeConfig, Sources};
use std::path::{Path, PathBuf};

/// The largest `micro-gw.conf` that goes into an image.
const LARGEST_SETTINGS: u64 = 1 << 20;

/// What is written of containers beside the bundle.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct DeploymentArgs {
    /// Container and Kubernetes settings in the format of micro-gw; they are copied to conf/deployment-config.toml of the
    /// project, and what is enabled in them is written
    #[arg(long, short = 'd', value_name = "FILE")]
    pub deployment_config: Option<PathBuf>,
    /// Also write a folder from which an image is built, whatever the settings say
    #[arg(long)]
    pub docker: bool,
    /// What the image is called; as --docker [default: of the settings, with --docker PROJECT:v1]
    #[arg(long, value_name = "NAME:TAG", env = "MGW_DOCKER_IMAGE")]
    pub docker_image: Option<String>,
    /// What the image is built on; as --docker
    #[arg(long, value_name = "IMAGE", env = "MGW_DOCKER_BASE_IMAGE")]
    pub docker_base_image: Option<String>,
    /// mgw for Linux, which goes into the image [default: this program, on Linux]
    #[arg(long, value_name = "FILE", env = "MGW_LINUX_PROGRAM")]
    pub program: Option<PathBuf>,
}

impl DeploymentArgs {
    /// What the flags ask for; somebody at a terminal is asked what they leave open, as micro-gw did.
    pub(super) fn wanted(&self, project: &str, context: &Context) -> Result<Wanted, Failure> {
        let image = self.docker || self.docker_image.is_some() || self.docker_base_image.is_some();
        if !image {
            return Ok(Wanted::default());
        }
        let ui = &context.ui;
        let default = format!("{}:v1", object_name(project));
        let asks = self.docker && ui.is_interactive();
        let name = match &self.docker_image {
            Some(name) => Some(name.clone()),
            None if asks => Some(ask(
                ui,
                "Name of the image",
                ("--docker-image", "MGW_DOCKER_IMAGE"),
                &default,
            )?),
            None if self.docker => Some(default),
            None => None,
        };
        let base = match &self.docker_base_image {
            Some(base) => Some(base.clone()),
            None if asks => Some(ask(
                ui,
                "Image to build on",
                ("--docker-base-image", "MGW_DOCKER_BASE_IMAGE"),
                BASE_IMAGE,
            )?),
            None => None,
        };
        for (flag, value) in [("--docker-image", &name), ("--docker-base-image", &base)] {
            image_name(flag, value.as_deref())?;
        }
        Ok(Wanted {
            image,
            objects: false,
            name,
            base,
        })
    }

    /// The settings that a flag names, which are known to be TOML.
    pub(super) fn settings(&self, ui: &Ui) -> Result<Option<(&Path, Vec<u8>)>, Failure> {
        let path = self.deployment_config.as_deref();
        path.map(|path| Ok((path, checked(path, ui)?))).transpose()
    }
}

/// Copies settings that can be used into the project.
pub(super) fn take_over(layout: &Layout, path: &Path, bytes: &[u8], ui: &Ui) -> Result<(), Failure> {
    let target = layout.deployment_config();
    let folder = crate::folder::folder_of(&target);
    std::fs::create_dir_all(folder).map_err(|error| Failure::file("create", folder, error))?;
    if read_public(&target, LARGEST_SETTINGS).is_ok_and(|known| known == bytes) {
        return Ok(());
    }
    public_file::replace(&target, bytes).map_err(|error| Failure::file("write", &target, error))?;
    ui.status("Copied", format_args!("{} to {}", shown(path), shown(&target)));
    Ok(())
}

/// A name that a flag gives has to be one that Docker takes.
pub(super) fn image_name(flag: &str, value: Option<&str>) -> Result<(), Failure> {
    match value {
        Some(value) if !is_image(value) => Err(Failure::new(
            ExitCode::Usage,
            format!("{flag}: {value:?} cannot be the name of an image"),
        )
        .hint("Use lower case letters, digits, `.`, `_`, `-` and `/`, and a tag behind `:`.")),
        _ => Ok(()),
    }
}

fn ask(ui: &Ui, label: &str, (flag, variable): (&str, &str), default: &str) -> Result<String, Failure> {
    ui.ask(Prompt {
        label,
        flag: Some(flag),
        variable,
        default: Some(default),
    })
}

/// Reads settings of containers that are to be copied; what is no TOML is refused with its place.
pub(super) fn checked(path: &Path, ui: &Ui) -> Result<Vec<u8>, Failure> {
    let bytes = read_public(path, LARGEST_SETTINGS).map_err(|error| Failure::file("read", path, error))?;
    if let Err(error) = SettingsFile::parse(&shown(path), bytes.clone()) {
        let mut diagnostics = Diagnostics::default();
        // The line may hold a password.
        diagnostics.push(Diagnostic::from(error).secret());
        super::findings::show(ui, &diagnostics);
        return Err(super::findings::invalid(&shown(path), &diagnostics).hint("Nothing was changed."));
    }
    Ok(bytes)
}

/// Decides what is written of a compiled project, and tells what is wrong with the settings: those that are named, else
/// the project's own. Secrets are read with `environment` alone, where objects that hold them are written.
pub(super) fn plan(
    layout: &Layout,
    named: Option<&Path>,
    compiled: &Compiled,
    wanted: &Wanted,
    environment: Option<&Environment>,
    diagnostics: &mut Diagnostics,
) -> Result<Deployment, Failure> {
    let path = named.map_or_else(|| layout.deployment_config(), Path::to_owned);
    let loaded = SettingsFile::load(&path).map_err(|error| Failure::file("read", &path, error))?;
    let parsed = loaded.unwrap_or_else(|| SettingsFile::parse(&shown(&path), Vec::new()));
    let file = match parsed {
        Ok(file) => file,
        Err(error) => {
            diagnostics.push(Diagnostic::from(error).secret());
            SettingsFile::parse(&shown(&path), Vec::new())
                .map_err(|error| Failure::new(ExitCode::Internal, error.to_string()))?
        }
    };
    let conf = layout.runtime_config();
    // What is not asked for reads nothing.
    let counts = wanted.image || wanted.objects || path.exists();
    let settings = match counts && conf.is_file() {
        true => Some(read_public(&conf, LARGEST_SETTINGS).map_err(|error| Failure::file("read", &conf, error))?),
        false => None,
    };
    let facts = Facts {
        project: &compiled.name,
        root: layout.root(),
        settings: settings.as_deref(),
        environment,
    };
    let apis = &compiled.config.apis;
    let served = (
        apis.iter().any(|api| api.transports.http),
        apis.iter().any(|api| api.transports.https),
    );
    let gateway = |settings: Option<&[u8]>, variables: &[(String, String)], sets: &[(String, String)]| {
        gateway(served, settings, variables, sets)
    };
    Ok(decide(&file, wanted, facts, gateway, diagnostics))
}

/// A gateway with these settings: its ports, as far as anything is served there, and whether it takes any bundle.
fn gateway(
    (http, https): (bool, bool),
    settings: Option<&[u8]>,
    variables: &[(String, String)],
    sets: &[(String, String)],
) -> Result<Gateway, String> {
    let text = settings.map(std::str::from_utf8).transpose();
    let text = text.map_err(|_| "they are no UTF-8 text".to_owned())?;
    let sources = Sources {
        file: text.map(|text| ("micro-gw.conf", text)),
        environment: variables,
        sets,
    };
    let (config, _) = RuntimeConfig::load(sources).map_err(|problems| {
        let first = problems.first().map(ToString::to_string).unwrap_or_default();
        match problems.len() {
            0 | 1 => first,
            more => format!("{first}, and {}", Counted(more - 1, "more problem", "more problems")),
        }
    })?;
    let open = |port: Option<u16>| port.filter(|port| *port != 0);
    let ports = Ports {
        http: open(config.listener.http_port).filter(|_| http),
        https: open(config.listener.https_port).filter(|_| https),
        token: open(Some(config.listener.token_port)).filter(|_| config.key_manager.server_url.is_some()),
        admin: open(Some(config.admin.port)).filter(|_| config.admin.enabled),
    };
    Ok(Gateway {
        ports,
        checks_signatures: !config.trusted_keys.is_empty(),
    })
}

/// The program that goes into the image, where there is one: looked for before anything is written.
pub(super) fn program(deployment: &Deployment, parts: Parts, named: Option<&Path>) -> Result<Option<Program>, Failure> {
    let is_needed = parts.image && deployment.has_image();
    is_needed.then(|| Program::find(named)).transpose()
}

/// What of a deployment is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts {
    pub(super) image: bool,
    pub(super) manifest: bool,
    pub(super) chart: bool,
}

impl Parts {
    /// Whether objects are among them, which hold secrets.
    pub(super) fn has_objects(self) -> bool {
        self.manifest || self.chart
    }
}

/// Where files for containers are.
fn place(layout: &Layout) -> PathBuf {
    layout.target().join("gen/target")
}

/// What an earlier command has written for containers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Former {
    image: bool,
    objects: bool,
}

const IMAGES: &str = "docker";
const OBJECTS: &str = "kubernetes";

impl Former {
    /// Looks, before the bundle is replaced with everything around it.
    pub(super) fn at(layout: &Layout) -> Self {
        let place = place(layout);
        Self {
            image: place.join(IMAGES).exists(),
            objects: place.join(OBJECTS).exists(),
        }
    }

    /// Removes what this build was not asked for: it has another bundle, or is of settings that are gone, and would be taken
    /// for what this build is.
    pub(super) fn remove_unwanted(self, layout: &Layout, deployment: &Deployment, ui: &Ui) -> Result<(), Failure> {
        for (name, was_there, is_wanted) in [
            (IMAGES, self.image, deployment.has_image()),
            (OBJECTS, self.objects, deployment.has_objects()),
        ] {
            let folder = place(layout).join(name);
            if !was_there || is_wanted {
                continue;
            }
            match std::fs::remove_dir_all(&folder) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Failure::file("remove", &folder, error));
                }
                _ => ui.status(
                    "Removed",
                    format_args!(
                        "{}: this build was asked for none; `mgw generate` writes it for the bundle of now",
                        shown(&folder)
                    ),
                ),
            }
        }
        Ok(())
    }
}

/// Writes what was decided, and tells what to do with it.
pub(super) fn write(
    layout: &Layout,
    deployment: &Deployment,
    compiled: &Compiled,
    bundle: Option<Vec<u8>>,
    parts: Parts,
    program: Option<&Program>,
    context: &Context,
) -> Result<Written, Failure> {
    let ui = &context.ui;
    let target = place(layout);
    let mut written = Written::default();
    if let (Some(bundle), Some(program)) = (bundle, program) {
        deployment
            .write_image(&target, &compiled.name, bundle, program, &mut written)
            .map_err(Failure::from)?;
    }
    if parts.has_objects() && deployment.has_objects() {
        deployment
            .write_objects(&target, &compiled.name, (parts.manifest, parts.chart), &mut written)
            .map_err(Failure::from)?;
    }
    for path in &written.paths {
        ui.status("Wrote", shown(path));
    }
    for (what, command) in &written.commands {
        ui.hint(format_args!("{what} with: {command}"));
    }
    Ok(written)
}

/// Warns of an image whose gateway would not start, because it asks for a signature and the bundle has none.
pub(super) fn tell_unsigned(layout: &Layout, deployment: &Deployment, is_signed: bool, ui: &Ui) {
    if is_signed || !deployment.wants_signature() {
        return;
    }
    let root = shell::path(layout.root());
    ui.warn("the gateway of the image asks for a signature, and its bundle has none: it will not start");
    ui.hint(format_args!(
        "Sign the bundle with `mgw sign {root} --key KEY`, and run `mgw generate docker {root}` then."
    ));
}

/// Settings of containers that mean nothing where nothing of a container is written are findings all the same.
pub(super) fn check(layout: &Layout, compiled: &Compiled, diagnostics: &mut Diagnostics) -> Result<(), Failure> {
    if layout.deployment_config().symlink_metadata().is_ok() {
        plan(layout, None, compiled, &Wanted::default(), None, diagnostics)?;
    }
    Ok(())
}
