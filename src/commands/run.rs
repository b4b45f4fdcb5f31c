//! `mgw run`

use super::broker;
use super::credentials::{CredentialArgs, SessionArgs};
use super::findings;
use super::login::MethodArgs;
use super::signing_keys;
use crate::compile::compile_project;
use crate::connected::{self, ConnectedOptions};
use crate::context::{Context, Environment};
use crate::diagnostics::Diagnostics;
use crate::exit::ExitCode;
use crate::failure::{Failure, not_started};
use crate::gateway_status::StatusKeeper;
use crate::serve::{
    BundleSource, GatewaySettings, HangUp, ReadSettings, WatchedSource, advise, left_aside, read_settings, supervise,
    trust_local_issuer, unusable,
};
use crate::signing::{KeyReference, TrustedKeys};
use crate::ui::Ui;
use crate::ui::count::Counted;
use mgw_bundle::Bundle;
use mgw_runtime::config::RuntimeConfig;
use mgw_runtime::{Gateway, GatewayOptions, RunningGateway};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Arguments of `mgw run`.
#[derive(Debug, clap::Args)]
pub struct RunArgs {
    /// Project folder, which is compiled first, or bundle file.
    #[arg(value_name = "DIR|BUNDLE", default_value = ".")]
    pub source: PathBuf,
    /// Gateway settings in the format of micro-gw.conf [default: conf/micro-gw.conf of MGW_CONF_DIR or the project]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Override a setting, such as listenerConfig.httpPort=8080 (repeatable).
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_and_value)]
    pub sets: Vec<(String, String)>,
    /// Answer as another gateway did where mgw differs.
    #[arg(long, value_name = "GATEWAY", value_parser = ["micro-gw-3.2"])]
    pub compat: Option<String>,
    /// Trust the tokens of `mgw token`. For trying things out: never on a gateway that others can reach.
    #[arg(long)]
    pub local_issuer: bool,
    /// Where the gateway keeps what it makes itself, such as its certificate [default: in the user's configuration]
    #[arg(long, value_name = "DIR", env = "MGW_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// Serve only what this key signed, or another that is named so: its name, or a PEM file (repeatable, or with
    /// commas between them) [default: those of MGW_VERIFY_KEY, else bundle.trustedKeys of the settings]
    #[arg(long = "verify-key", value_name = "KEY", value_delimiter = ',')]
    pub verify_keys: Vec<KeyReference>,
    /// Following the control plane.
    #[command(flatten)]
    pub connected: ConnectedArgs,
}

/// How a control plane is followed while the gateway serves.
#[derive(Debug, clap::Args)]
pub struct ConnectedArgs {
    /// Follow the control plane that the project pulls from: changes of APIs, policies, certificates and subscriptions are
    /// served as they come. While it is away, what it said last is served.
    #[arg(long)]
    pub connected: bool,
    /// Where good bundles are kept for the next start, one gateway each [default: connected/PROJECT@CONTROL-PLANE in the data folder]
    #[arg(long, value_name = "DIR", env = "MGW_STATE_DIR")]
    pub state: Option<PathBuf>,
    /// Seconds between two pulls [default: connected.pollInterval of the settings, else 60, or 600 with API Cloud]
    #[arg(long, value_name = "SECONDS", requires = "connected", value_parser = clap::value_parser!(u64).range(1..=31_536_000))]
    pub poll: Option<u64>,
    /// Broker of the control plane's event hub, so that its changes are served at once: amqp[s]://USER@HOST:PORT/carbon. The
    /// password comes from MGW_BROKER_PASSWORD or the file that MGW_BROKER_PASSWORD_FILE names
    #[arg(long, value_name = "URL", env = "MGW_BROKER")]
    pub broker: Option<String>,
    /// Signs in without a person, and opens the control plane's data for gateways.
    #[command(flatten)]
    pub credentials: CredentialArgs,
    /// Which session.
    #[command(flatten)]
    pub session: SessionArgs,
}

impl ConnectedArgs {
    /// Without `--connected`, flags that count with it alone are a mistake. Their variables are not: a container has them
    /// for everything that it runs.
    fn check(&self, environment: &Environment) -> Result<(), Failure> {
        let state = self.state.as_deref().and_then(Path::to_str);
        let given = [
            ("--state", state, "MGW_STATE_DIR"),
            ("--broker", self.broker.as_deref(), "MGW_BROKER"),
        ];
        let is_flag = |value: Option<&str>, variable| {
            value.is_some_and(|value| !value.is_empty()) && value != environment.get(variable)
        };
        let flag = given.iter().find(|(_, value, variable)| is_flag(*value, variable));
        match flag {
            Some((name, ..)) if !self.connected => Err(Failure::new(
                ExitCode::Usage,
                format!("{name} counts with --connected alone"),
            )
            .hint(format!("Add --connected, or leave {name} out."))),
            _ => Ok(()),
        }
    }
}

/// What `--output json` prints once the gateway serves.
#[derive(Debug, Serialize)]
struct Serving {
    project: String,
    bundle: String,
    http: Option<String>,
    https: Option<String>,
    admin: Option<String>,
    apis: Vec<ServedApi>,
}

#[derive(Debug, Serialize)]
struct ServedApi {
    name: String,
    version: String,
    url: String,
    /// Where it is too, being the default version.
    #[serde(skip_serializing_if = "Option::is_none")]
    default_version_url: Option<String>,
}

pub(crate) fn key_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE".to_owned()),
    }
}

/// Serves until told to stop.
pub fn run(args: RunArgs, context: &Context) -> Result<ExitCode, Failure> {
    let (ui, _last_lines) = context.ui.in_background();
    if let Some(lines) = ui.lines() {
        lines.tell_panics();
    }
    let context = &Context {
        ui,
        environment: context.environment.clone(),
    };
    serve(args, context)
}

fn serve(args: RunArgs, context: &Context) -> Result<ExitCode, Failure> {
    let ui = &context.ui;
    args.connected.check(&context.environment)?;
    let source = BundleSource::at(&instead_of_jar(&args.source, ui)?);
    let mut config = settings(&args, &source, context)?;
    let trusted = trusted(&args, &config, context)?;
    let mut watched = WatchedSource::new(source.clone(), trusted);
    let bundle = watched.load(ui)?;
    let drain = config.listener.timeouts.drain;
    start_logging(&config, ui);
    advise(&bundle, &config, &source, ui);
    let connected = match args.connected.connected {
        true => {
            let options = connected_options(&args, context)?;
            Some(connected::prepare(&bundle, &mut config, options, ui)?)
        }
        false => None,
    };
    let data_dir = data_dir(args.data_dir, context)?;
    let status = config.gateway_status.clone();
    let keeper = status.map(|settings| {
        // Serving needs no session, so one that cannot be read is no reason not to start.
        let session = args
            .connected
            .session
            .store(&context.environment)?
            .load()
            .ok()
            .flatten();
        StatusKeeper::new(settings, &data_dir, session, &context.environment, ui)
    });
    let keeper = keeper.transpose()?;
    let (gateway, serving, connected) = start_best(&bundle, connected, config, Some(data_dir), context)?;
    let announce = |gateway: &RunningGateway| show(&serving, gateway, ui);
    context.block_on(async {
        if let Some(keeper) = keeper {
            tokio::spawn(keeper.run(Arc::downgrade(&gateway)));
        }
        let following = connected.map(|connected| connected.start(Arc::clone(&gateway)));
        let following = following.transpose()?;
        let following = following.as_ref();
        supervise(gateway, watched, following, HangUp::Reload, drain, ui, announce).await
    })
}

/// What whoever names an archive of micro-gw can run.
const BUILD: &str =
    "Build the project with `mgw build PROJECT` and run target/PROJECT.zip, or run the project's folder.";

/// Scripts for micro-gw's launcher name the archive that micro-gw built. A build of today puts the bundle beside it.
fn instead_of_jar(path: &Path, ui: &Ui) -> Result<PathBuf, Failure> {
    if path.extension().is_none_or(|ending| ending != "jar") || path.is_dir() {
        return Ok(path.to_owned());
    }
    let bundle = path.with_extension("zip");
    if bundle.is_file() {
        ui.warn(format_args!(
            "{} is what micro-gw builds; {} is served",
            path.display(),
            bundle.display()
        ));
        return Ok(bundle);
    }
    if !path.exists() {
        let message = format!("there is neither {} nor {}", path.display(), bundle.display());
        return Err(Failure::new(ExitCode::Environment, message).hint(BUILD));
    }
    let message = format!("{} is what micro-gw builds, and only micro-gw can run", path.display());
    Err(Failure::new(ExitCode::Invalid, message).hint(BUILD))
}

/// Whom the operator trusts to sign what is served.
fn trusted(args: &RunArgs, config: &RuntimeConfig, context: &Context) -> Result<TrustedKeys, Failure> {
    let of_settings = config.trusted_keys.iter().cloned().map(KeyReference::File);
    let mut references = signing_keys::named_for_checking(&args.verify_keys, &context.environment)?;
    if references.is_empty() {
        references.extend(of_settings);
    }
    if !references.is_empty() && args.connected.connected {
        return Err(Failure::new(
            ExitCode::Usage,
            "a gateway that follows a control plane makes bundles of its own, and nobody signs those",
        )
        .hint("Leave --connected out and hand the gateway signed bundles, or leave the keys out and trust the control plane."));
    }
    signing_keys::trusted(references, &context.environment)
}

fn connected_options(args: &RunArgs, context: &Context) -> Result<ConnectedOptions, Failure> {
    let environment = &context.environment;
    let connected = &args.connected;
    Ok(ConnectedOptions {
        state: connected.state.clone(),
        data_dir: data_dir(args.data_dir.clone(), context)?,
        poll: connected.poll.map(Duration::from_secs),
        store: connected.session.store(environment)?,
        http: connected.session.http(environment)?,
        user: connected.credentials.given_user(environment)?,
        password: connected.credentials.given_password(context)?,
        password_file: connected.credentials.password_file(environment),
        client: MethodArgs::pipeline_client(environment)?,
        client_secret_file: environment.get("MGW_CLIENT_SECRET_FILE").map(PathBuf::from),
    })
}

/// Serves what an earlier process took over from the control plane; where that cannot be served, the gateway's own bundle.
fn start_best(
    bundle: &Bundle,
    mut connected: Option<connected::Prepared>,
    config: RuntimeConfig,
    data_dir: Option<PathBuf>,
    context: &Context,
) -> Result<(Arc<RunningGateway>, Serving, Option<connected::Prepared>), Failure> {
    if let Some(prepared) = &mut connected
        && let Some(restored) = prepared.restored()
    {
        match start(restored, config.clone(), data_dir.clone(), context) {
            Ok(gateway) => {
                let serving = describe(&gateway, restored);
                return Ok((Arc::new(gateway), serving, connected));
            }
            Err(failure) => {
                context.ui.warn(format_args!(
                    "what was taken over from the control plane last cannot be served: {}",
                    failure.message
                ));
                prepared.forget_restored();
            }
        }
    }
    let gateway = start(bundle, config, data_dir, context)?;
    let serving = describe(&gateway, bundle);
    Ok((Arc::new(gateway), serving, connected))
}

fn settings(args: &RunArgs, source: &BundleSource, context: &Context) -> Result<RuntimeConfig, Failure> {
    let mut settings = GatewaySettings::of(args.config.as_deref(), &context.environment, source);
    settings.sets.clone_from(&args.sets);
    if let Some(compat) = &args.compat {
        settings.sets.push(("compat".to_owned(), compat.clone()));
    }
    if let Some(broker) = args.connected.broker.as_ref().filter(|_| args.connected.connected) {
        settings.sets.push(broker::setting(broker, &context.environment)?);
    }
    let ReadSettings {
        config,
        mut diagnostics,
        ..
    } = read_settings(&settings, &context.environment)?;
    if let Some(finding) = left_aside(args.config.as_deref(), &context.environment, source) {
        diagnostics.push(finding);
    }
    let Some(mut config) = config else {
        return Err(all_unusable(source, diagnostics, &context.ui));
    };
    findings::show(&context.ui, &diagnostics);
    // What goes to standard output is of one kind.
    config.access_log.json |= context.ui.is_json();
    if args.local_issuer {
        trust_local_issuer(&mut config, &context.environment.config_dir()?)?;
    }
    Ok(config)
}

/// The settings are wrong; what is wrong with the project, if anything, is told along with that.
fn all_unusable(source: &BundleSource, mut diagnostics: Diagnostics, ui: &Ui) -> Failure {
    let mut who = "the gateway's settings have".to_owned();
    if let BundleSource::Project(layout) = source
        && let Ok(compiled) = compile_project(layout)
        && compiled.diagnostics.has_errors()
    {
        who = format!("the gateway's settings and {} have", compiled.name);
        diagnostics.extend(compiled.diagnostics);
        diagnostics.sort();
    }
    unusable(&who, &diagnostics, ui)
}

/// Starts a gateway; nothing is bound or left running when it fails.
pub(crate) fn start(
    bundle: &Bundle,
    config: RuntimeConfig,
    data_dir: Option<PathBuf>,
    context: &Context,
) -> Result<RunningGateway, Failure> {
    let data_dir = self::data_dir(data_dir, context)?;
    let lost_log_lines = context.ui.lines().map(|lines| Arc::clone(lines.lost()));
    let options = GatewayOptions {
        cores: None,
        data_dir,
        lost_log_lines: lost_log_lines.unwrap_or_default(),
    };
    let places = config.places.clone();
    Gateway::start(bundle, config, &options).map_err(|error| not_started(error, &places))
}

/// Where the gateway keeps what it makes itself.
pub(crate) fn data_dir(given: Option<PathBuf>, context: &Context) -> Result<PathBuf, Failure> {
    match given {
        Some(folder) => Ok(folder),
        None => Ok(context.environment.config_dir()?.join("gateway")),
    }
}

/// What is written at a level: below INFO the libraries tell of every frame, which hides what the gateway has to say.
fn filter_of(level: &str) -> String {
    match level {
        "debug" | "trace" => format!("info,mgw={level},mgw_runtime={level}"),
        _ => level.to_owned(),
    }
}

/// The gateway's own log goes where conversation goes.
fn start_logging(config: &RuntimeConfig, ui: &Ui) {
    let level = if ui.is_quiet() { "error" } else { &config.logging.level };
    let filter = tracing_subscriber::EnvFilter::try_new(filter_of(level)).unwrap_or_default();
    let logger = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(ui.has_color());
    // A second gateway in the same process keeps the first one's logger.
    let _ = match ui.lines().cloned() {
        Some(lines) => logger.with_writer(move || lines.clone()).try_init(),
        None => logger.with_writer(std::io::stderr).try_init(),
    };
}

fn describe(gateway: &RunningGateway, bundle: &Bundle) -> Serving {
    let addresses = gateway.addresses();
    let url = |scheme: &str, address: Option<std::net::SocketAddr>| address.map(|address| reachable(scheme, address));
    let http = url("http", addresses.http);
    let https = url("https", addresses.https);
    let apis = bundle
        .config
        .apis
        .iter()
        .map(|api| {
            let base = if api.transports.http { &http } else { &https };
            let base = base.as_ref().or(https.as_ref()).cloned().unwrap_or_default();
            ServedApi {
                name: api.name.clone(),
                version: api.version.clone(),
                url: format!("{base}{}", api.base_path),
                default_version_url: api.default_version_path.as_ref().map(|path| format!("{base}{path}")),
            }
        })
        .collect();
    Serving {
        project: bundle.config.project.clone(),
        bundle: bundle.digest.to_string(),
        http,
        https,
        admin: url("http", addresses.admin),
        apis,
    }
}

/// The URL under which this machine reaches a listener, also one on all interfaces.
pub(crate) fn reachable(scheme: &str, address: std::net::SocketAddr) -> String {
    if address.ip().is_unspecified() {
        format!("{scheme}://localhost:{}", address.port())
    } else {
        format!("{scheme}://{address}")
    }
}

fn show(serving: &Serving, gateway: &RunningGateway, ui: &Ui) {
    for api in &serving.apis {
        let also = api.default_version_url.as_ref();
        let also = also.map_or(String::new(), |url| format!(" and {url}"));
        ui.status(
            "Serving",
            format_args!("{} {} at {}{also}", api.name, api.version, api.url),
        );
    }
    if let Some(origin) = gateway.certificate() {
        ui.detail(format_args!("certificate: {origin:?}"));
    }
    if let Some(admin) = &serving.admin {
        ui.status("Admin", format_args!("{admin}/ready {admin}/metrics"));
    }
    let blocks = gateway.operator_blocks();
    if blocks > 0 {
        let holds = Counted(blocks, "block of operators holds", "blocks of operators hold");
        ui.status(
            "Blocking",
            format_args!("{holds}; `mgw inspect blocks` shows what is refused"),
        );
    }
    ui.status("Ready", format_args!("bundle {}; Ctrl-C stops", serving.bundle));
    // One line: whoever starts the gateway reads it and goes on while the gateway stays.
    ui.event(serving);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_needs_a_key() {
        assert_eq!(key_and_value("a.b=c=d"), Ok(("a.b".to_owned(), "c=d".to_owned())));
        assert_eq!(key_and_value("a.b="), Ok(("a.b".to_owned(), String::new())));
        assert!(key_and_value("a.b").is_err());
        assert!(key_and_value("=c").is_err());
    }

    #[test]
    fn a_listener_on_all_interfaces_is_reached_by_name() {
        let all = "0.0.0.0:9090".parse().unwrap();
        let one = "127.0.0.1:9797".parse().unwrap();
        assert_eq!(reachable("http", all), "http://localhost:9090");
        assert_eq!(reachable("http", one), "http://127.0.0.1:9797");
    }
}
