//! `mgw sandbox`

mod action;
mod broker;
mod clients;
mod control;
mod export;
mod ready;
mod script;
mod shown;

#[cfg(any(test, feature = "fuzzing"))]
pub use script::fuzz;

pub use action::SandboxCommand;

use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::stop::Stop;
use crate::ui::count::Counted;
use crate::working_folder::WorkingFolder;
use control::ControlFile;
use mgw_fixtures::backend::Backend;
use mgw_fixtures::issuer::{Issuer, IssuerClient, IssuerOptions};
use mgw_fixtures::seed::Seed;
use mgw_fixtures::simulator::{BrokerAddress, Fault, Options, Shape, Simulator};
use ready::Ready;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where the control plane listens when nobody says otherwise.
const USUAL_ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9443);
/// Any free port of this machine.
const FREE_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Arguments of `mgw sandbox`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct SandboxArgs {
    /// Ask a running sandbox something instead of starting one.
    #[command(subcommand)]
    pub command: Option<SandboxCommand>,
    /// Where the control plane listens; port 0 takes a free one. MGW_SANDBOX_LISTEN unless given, else 127.0.0.1:9443.
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// Which control plane to play.
    #[arg(long, value_enum, default_value_t = SandboxShape::ApiCloud)]
    pub shape: SandboxShape,
    /// Folder of seed files to use instead of the built-in ones.
    #[arg(long, value_name = "DIR")]
    pub seed: Option<PathBuf>,
    /// Write the built-in seed files to a new folder, and end.
    #[arg(long, value_name = "DIR", exclusive = true)]
    pub export_seed: Option<PathBuf>,
    /// Add this many generated APIs with the label `bulk`, to see long lists.
    #[arg(long, value_name = "COUNT", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub extra_apis: u32,
    /// Misbehave: EFFECT@PATH or EFFECT@PATH*COUNT, repeatable. EFFECT is latency:MS, hold, a status from 400 to
    /// 599, 429:SECONDS, truncate, garbage, huge, huge:BYTES, reset, expire-tokens, html, half-page, lying-total, drip:MS
    /// or clock-skew:SECONDS. Example: 503@/api/am/publisher*2
    #[arg(long, value_name = "FAULT")]
    pub fault: Vec<Fault>,
    /// Lifetime of access tokens in seconds, to see them refreshed.
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    pub token_lifetime: u32,
    /// Where the sample backend listens; a free port unless given.
    #[arg(long, value_name = "ADDRESS", default_value_t = FREE_PORT, hide_default_value = true)]
    pub backend: SocketAddr,
    /// Do not start the sample backend; endpoints name a host that does not exist.
    #[arg(long, conflicts_with = "backend")]
    pub no_backend: bool,
    /// Where to write the certificate to trust; a temporary file unless given.
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Where to write how the subcommands reach this sandbox; for its owner alone. `sandbox.json` in the folder of mgw's
    /// own files unless given.
    #[arg(long, value_name = "FILE")]
    pub control_file: Option<PathBuf>,
    /// Do what a script says: lines `after TIME COMMAND`, such as `after 10s down`; the commands are the subcommands.
    #[arg(long, value_name = "FILE")]
    pub script: Option<PathBuf>,
    /// Publish changes to this AMQP broker, as a control plane's event hub: amqp://USER@HOST:PORT/VHOST, over TLS
    /// amqps://USER@HOST:PORT/VHOST
    #[arg(long, value_name = "URL")]
    pub broker: Option<BrokerAddress>,
    /// A file with the password of the broker; MGW_SANDBOX_BROKER_PASSWORD holds it otherwise.
    #[arg(long, value_name = "FILE", requires = "broker")]
    pub broker_password_file: Option<PathBuf>,
    /// A file with certificates in PEM form that are trusted for the broker beside the system's.
    #[arg(long, value_name = "FILE", requires = "broker")]
    pub broker_ca_file: Option<PathBuf>,
}

/// Which control plane is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum SandboxShape {
    /// WSO2 API Cloud: no version segments.
    ApiCloud,
    /// API Manager 2.6.
    #[value(name = "apim-2.6")]
    Apim26,
    /// API Manager 3.0.
    #[value(name = "apim-3.0")]
    Apim30,
    /// API Manager 3.1.
    #[value(name = "apim-3.1")]
    Apim31,
    /// API Manager 3.2, with the internal data API.
    #[value(name = "apim-3.2")]
    Apim32,
    /// API Manager 4.0, with revisions.
    #[value(name = "apim-4.0")]
    Apim40,
    /// API Manager 4.1.
    #[value(name = "apim-4.1")]
    Apim41,
    /// API Manager 4.2.
    #[value(name = "apim-4.2")]
    Apim42,
    /// API Manager 4.6.
    #[value(name = "apim-4.6")]
    Apim46,
}

impl SandboxShape {
    fn title(self) -> &'static str {
        match self {
            Self::ApiCloud => "API Cloud",
            Self::Apim26 => "API Manager 2.6",
            Self::Apim30 => "API Manager 3.0",
            Self::Apim31 => "API Manager 3.1",
            Self::Apim32 => "API Manager 3.2",
            Self::Apim40 => "API Manager 4.0",
            Self::Apim41 => "API Manager 4.1",
            Self::Apim42 => "API Manager 4.2",
            Self::Apim46 => "API Manager 4.6",
        }
    }
}

impl From<SandboxShape> for Shape {
    fn from(shape: SandboxShape) -> Self {
        match shape {
            SandboxShape::ApiCloud => Self::ApiCloud,
            SandboxShape::Apim26 => Self::Apim26,
            SandboxShape::Apim30 => Self::Apim30,
            SandboxShape::Apim31 => Self::Apim31,
            SandboxShape::Apim32 => Self::Apim32,
            SandboxShape::Apim40 => Self::Apim40,
            SandboxShape::Apim41 => Self::Apim41,
            SandboxShape::Apim42 => Self::Apim42,
            SandboxShape::Apim46 => Self::Apim46,
        }
    }
}

/// Runs the simulated control plane, the sample backend and the token issuer until it is told to stop.
pub fn run(mut args: SandboxArgs, context: &Context) -> Result<ExitCode, Failure> {
    if let Some(command) = args.command.take() {
        return control::ask(command, context);
    }
    if let Some(folder) = &args.export_seed {
        return export::run(folder, context);
    }
    let seed = match &args.seed {
        Some(folder) => Seed::load(folder)?,
        None => Seed::embedded(),
    };
    let seed = seed.with_extra_apis(usize::try_from(args.extra_apis).unwrap_or(usize::MAX));
    let temporary =
        WorkingFolder::new().map_err(|error| Failure::file("create a folder in", &std::env::temp_dir(), error))?;
    let ca_file = match &args.ca_file {
        Some(path) => path.clone(),
        None => temporary.path().join("ca.pem"),
    };
    let script = args
        .script
        .as_deref()
        .map(|path| script::read(path, &context.environment))
        .transpose()?
        .unwrap_or_default();
    let broker = broker::address(args.broker.take(), args.broker_password_file.as_deref(), context)?;
    let broker = broker::trusting(broker, args.broker_ca_file.as_deref())?;
    let options = Options {
        listen: listen(args.listen, context)?,
        shape: args.shape.into(),
        seed,
        access_token_lifetime: Duration::from_secs(u64::from(args.token_lifetime)),
        broker,
        ..Options::default()
    };
    context.block_on(serve(args, options, script, &ca_file, temporary.path(), context))
}

/// The address of the flag, else of the variable. Not left to the parser: to it, a variable that is set would be a flag that
/// the subcommands do not take.
fn listen(flag: Option<SocketAddr>, context: &Context) -> Result<SocketAddr, Failure> {
    match (flag, context.environment.get("MGW_SANDBOX_LISTEN")) {
        (Some(address), _) => Ok(address),
        (None, None) => Ok(USUAL_ADDRESS),
        (None, Some(text)) => text.parse().map_err(|_| {
            Failure::new(ExitCode::Usage, format!("MGW_SANDBOX_LISTEN is `{text}`"))
                .hint("Set it to an address with a port, such as 127.0.0.1:9443.")
        }),
    }
}

async fn serve(
    args: SandboxArgs,
    mut options: Options,
    script: Vec<script::Step>,
    ca_file: &Path,
    temporary: &Path,
    context: &Context,
) -> Result<ExitCode, Failure> {
    // Before anything is printed: whoever reads that it is ready may stop it at once.
    let mut stop = Stop::with_terminal()?;
    let backend = match args.no_backend {
        true => None,
        false => Some(Backend::start(args.backend).await?),
    };
    let issuer = Issuer::start(IssuerOptions {
        listen: FREE_PORT,
        clients: IssuerClient::of_seed(&options.seed),
        ..IssuerOptions::default()
    })
    .await?;
    if let Some(backend) = &backend {
        options.backend_url = backend.url();
    }
    let simulator = Simulator::start(options).await?;
    for fault in args.fault {
        simulator.set_fault(fault);
    }
    write(ca_file, simulator.ca_pem())?;
    let clients = clients::write_all(temporary, simulator.client_identities())?;
    let control = simulator.control().await?;
    let control_file = match args.control_file {
        Some(path) => path,
        None => control::default_file(context)?,
    };
    let control_file = ControlFile::write(control_file, &control, &context.ui).await?;

    // Ends with the simulator.
    if let Some(state) = simulator.broker_state() {
        tokio::spawn(broker::tell(state, context.ui.clone()));
    }
    let own_seed = args.seed.is_some();
    let ready = Ready::new(
        &simulator,
        args.shape,
        ca_file,
        clients,
        backend.as_ref(),
        &issuer,
        own_seed,
    );
    if context.ui.is_json() {
        context.ui.data(ready.json_line());
    } else {
        context.ui.data(ready.text());
    }
    context.ui.status("Ready", "press Ctrl-C to stop");
    tokio::select! {
        () = stop.requested() => {}
        () = script::play(script, &simulator, context) => stop.requested().await,
    }

    control_file.remove().await;
    control.shutdown().await;
    let count = simulator.requests().len();
    simulator.shutdown().await;
    issuer.shutdown().await;
    if let Some(backend) = backend {
        backend.shutdown().await;
    }
    context.ui.status(
        "Stopped",
        format_args!("after {}", Counted(count, "request", "requests")),
    );
    Ok(ExitCode::Success)
}

/// The whole file or none: a reader must never see half of it. For its owner alone.
fn write(path: &Path, pem: &str) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let attempt = || {
        let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
        file.write_all(pem.as_bytes())?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    attempt().map_err(|error| Failure::file("write", path, error))
}
