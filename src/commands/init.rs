//! `mgw init`

use super::credentials::API_CLOUD_URL;
use super::definitions;
use super::deploy::checked;
use super::remote::{RemoteArgs, fetch_first};
use crate::cloud::address::Address;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::download::DownloadOptions;
use crate::project::{ControlPlaneKind, ControlPlaneSettings, Layout, Scaffold, create, is_project_name};
use http::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use std::path::{Path, PathBuf};

/// Arguments of `mgw init`.
#[derive(Debug, clap::Args)]
pub struct InitArgs {
    /// Project name; the folder of that name is created. A path creates it there.
    pub name: String,
    /// An OpenAPI definition or `.proto` file to start with, a file or URL; can be given several times.
    #[arg(long = "api", short = 'a', visible_alias = "api-definition", value_name = "FILE|URL")]
    pub apis: Vec<String>,
    /// Base URL of the control plane that APIs will be pulled from, kept in mgw.toml.
    #[arg(long, short = 's', alias = "server-url", value_name = "URL")]
    pub url: Option<String>,
    /// Generation of its APIs, kept in mgw.toml; found out when left out. For API Cloud no --url is needed.
    #[arg(long, value_enum)]
    pub kind: Option<ControlPlaneKind>,
    /// Container and Kubernetes settings to start with, copied to conf/deployment-config.toml.
    #[arg(long, short = 'd', value_name = "FILE")]
    pub deployment_config: Option<PathBuf>,
    /// Replace an existing project of that name. Folders that are no project are left alone.
    #[arg(long, short)]
    pub force: bool,
    /// Do not verify certificates while downloading definitions.
    #[arg(long, short = 'k')]
    pub insecure: bool,
    /// Names of headers that downloads of definitions carry, separated by commas.
    #[arg(long, value_name = "NAMES", requires = "values")]
    pub headers: Option<String>,
    /// Their values, in the same order. Others can see them in the process list.
    #[arg(long, value_name = "VALUES", requires = "headers")]
    pub values: Option<SecretString>,
    /// Whether other servers may be asked for what definitions refer to.
    #[command(flatten)]
    pub remote: RemoteArgs,
}

/// Creates the project folder.
pub fn run(args: InitArgs, context: &Context) -> Result<ExitCode, Failure> {
    let folder = args.name.trim_end_matches(['/', '\\']);
    let name = Path::new(folder)
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    if !is_project_name(name) {
        return Err(Failure::new(
            ExitCode::Usage,
            format!("{:?} cannot be the name of a project", args.name),
        )
        .hint(match folder {
            "." | ".." => {
                "Name a folder that `mgw init` is to make, as in `mgw init shop`; move what is here into it afterwards."
            }
            _ => "Use letters, digits, `-`, `_` and `.`, starting with a letter or digit.",
        }));
    }
    let layout = Layout::new(folder);
    // Before anything is downloaded.
    create::refuse_taken(&layout, args.force)?;
    let control_plane = control_plane(args.url.as_deref(), args.kind)?;
    let options = DownloadOptions {
        insecure: args.insecure,
        headers: headers(args.headers.as_deref(), args.values.as_ref(), context)?,
    };
    let incoming = definitions::fetch(&args.apis, &options, args.remote, context)?;

    let scaffold = Scaffold {
        name,
        folder,
        control_plane: control_plane.as_ref(),
    };
    let mut files = scaffold
        .files()
        .map_err(|error| Failure::new(ExitCode::Internal, "cannot lay out the project").because(error))?;
    let mut added = Vec::new();
    for definition in incoming {
        let places = definition.places(|path, bytes| files.get(path).is_some_and(|other| other != bytes));
        for (path, bytes) in places {
            if files.insert(path.clone(), bytes.to_vec()).is_none() {
                added.push(path);
            }
        }
    }
    if let Some(path) = &args.deployment_config {
        files.insert("conf/deployment-config.toml".into(), checked(path, &context.ui)?);
    }
    create::create(&layout, &files, args.force)?;
    context.ui.status("Created", folder);
    for path in &added {
        context.ui.status("Added", path);
    }
    fetch_first(&layout, args.remote.into(), context)?;
    definitions::finish(&layout, added, context)
}

/// Pairs the names of headers with their values.
fn headers(
    names: Option<&str>,
    values: Option<&SecretString>,
    context: &Context,
) -> Result<Vec<(HeaderName, HeaderValue)>, Failure> {
    let (Some(names), Some(values)) = (names, values) else {
        return Ok(Vec::new());
    };
    context
        .ui
        .warn("header values on the command line can be seen by other users");
    let names: Vec<&str> = names.split(',').map(str::trim).collect();
    let values: Vec<&str> = values.expose_secret().split(',').map(str::trim).collect();
    if names.len() != values.len() {
        let message = format!("--headers has {} names, --values {} values", names.len(), values.len());
        return Err(Failure::new(ExitCode::Usage, message).hint("Give one value for each name, separated by commas."));
    }
    names
        .into_iter()
        .zip(values)
        .map(|(name, value)| {
            let refused = |what: String| Failure::new(ExitCode::Usage, what);
            let parsed = name
                .parse()
                .map_err(|_| refused(format!("{name:?} of --headers cannot be the name of a header")))?;
            let mut value: HeaderValue = value
                .parse()
                .map_err(|_| refused(format!("the value of {name} in --values cannot stand in a header")))?;
            value.set_sensitive(true);
            Ok((parsed, value))
        })
        .collect()
}

/// Where the project's APIs come from, as far as the command line says it.
fn control_plane(url: Option<&str>, kind: Option<ControlPlaneKind>) -> Result<Option<ControlPlaneSettings>, Failure> {
    let url = match (url, kind) {
        (Some(url), _) => url,
        (None, Some(ControlPlaneKind::ApiCloud)) => API_CLOUD_URL,
        (None, Some(_)) => {
            return Err(Failure::new(
                ExitCode::Usage,
                "--kind says nothing without the control plane's address",
            )
            .hint("Give the base URL of the control plane with --url, for example https://apim.example:9443."));
        }
        (None, None) => return Ok(None),
    };
    let url = Address::parse(url)?.to_string();
    Ok(Some(ControlPlaneSettings { url, kind }))
}
