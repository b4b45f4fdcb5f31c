//! `mgw test`

mod endpoint;
mod told;

use super::members::{self, Done, MemberArgs, Pace};
use super::report_file::{self, Report};
use super::{findings, run as serving};
use crate::compile::{compile_project, pack};
use crate::context::Context;
use crate::diagnostics::{Diagnostics, Severity};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::local_issuer::LocalIssuer;
use crate::project::Layout;
use crate::serve::{BundleSource, GatewaySettings, free_ports, load_settings, trust_local_issuer};
use crate::stop::Stop;
use crate::suite::{Caller, Case, Client, Target, generate, read_folder, run as run_cases};
use crate::tls;
use crate::working_folder::WorkingFolder;
use mgw_bundle::Bundle;
use mgw_bundle::config::Target as Backend;
use mgw_fixtures::backend::Backend as Echo;
use mgw_runtime::RunningGateway;
use mgw_runtime::config::EndpointOverrides;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

/// An access token of somebody else's.
const TOKEN: &str = "MGW_TEST_TOKEN";

/// Arguments of `mgw test`.
#[derive(Debug, Clone, clap::Args)]
pub struct TestArgs {
    /// The project folder. Its tests are the files tests/*.yaml.
    #[arg(value_name = "DIR", default_value = ".")]
    pub project: PathBuf,
    /// Of a workspace.
    #[command(flatten)]
    pub members: MemberArgs,
    /// Also make cases from the definitions: without credentials, without scopes, with methods that are not there, and with the
    /// examples.
    #[arg(long)]
    pub generate: bool,
    /// Answer in the place of every backend, with 200 and what was asked.
    #[arg(long, conflicts_with = "endpoint")]
    pub echo: bool,
    /// A gateway that runs already, in place of one of its own on free ports. Tokens are those of `mgw token`, which it has to
    /// trust (--local-issuer), or the one in MGW_TEST_TOKEN
    #[arg(long, value_name = "URL")]
    pub endpoint: Option<String>,
    /// How long an answer may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=3600))]
    pub timeout: u16,
    /// Only cases whose name holds this text.
    #[arg(long, value_name = "TEXT")]
    pub only: Option<String>,
    /// Gateway settings in the format of micro-gw.conf [default: conf/micro-gw.conf of the project]
    #[arg(long, value_name = "FILE", conflicts_with = "endpoint")]
    pub config: Option<PathBuf>,
    /// How many files of tests are worked on at a time.
    #[arg(long, value_name = "NUMBER", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: u16,
    /// Also write how it went in JUnit's XML, for build servers.
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
}

/// Makes the requests of a project's tests, and tells which answers are not as expected.
pub fn run(args: TestArgs, context: &Context) -> Result<ExitCode, Failure> {
    let Some(members) = members::of(&args.project, &args.members)? else {
        return one(args, context);
    };
    if args.endpoint.is_some() {
        return Err(members::only_of_one("--endpoint"));
    }
    members::each(&members, context, Pace::InTurn, |member, context| {
        let of_member = TestArgs {
            project: member.path.clone(),
            junit: args.junit.as_ref().map(|path| members::report_of(path, member)),
            ..args.clone()
        };
        one(of_member, context).map(Done::from)
    })
}

fn one(args: TestArgs, context: &Context) -> Result<ExitCode, Failure> {
    let ui = &context.ui;
    let elsewhere = args.endpoint.as_deref().map(endpoint::parse).transpose()?;
    let layout = Layout::new(&args.project);
    report_file::refuse(&[(Report::Junit, args.junit.as_deref())], &layout)?;
    let compiled = compile_project(&layout)?;
    if compiled.diagnostics.has_errors() {
        if let Some(path) = &args.junit {
            findings::write_junit(path, "mgw test", &compiled.name, &compiled.diagnostics, Severity::Error)?;
        }
        return Err(findings::refused(ui, &compiled.name, &compiled.diagnostics));
    }
    findings::show(ui, &compiled.diagnostics);
    let mut bundle = pack(&compiled, super::version::TOOL)?.bundle;
    let (groups, skipped) = cases(&args, &layout, &bundle, context)?;
    for reason in &skipped {
        ui.detail(format_args!("no case made: {reason}"));
    }
    // A key of its own: nothing of this run is worth anything afterwards.
    let folder = WorkingFolder::new()
        .map_err(|error| Failure::new(ExitCode::Environment, "cannot make a temporary folder").because(error))?;
    let run = match &elsewhere {
        Some(url) => {
            let issuer = LocalIssuer::open(&context.environment.config_dir()?)?;
            let base = url.as_str().trim_end_matches('/').to_owned();
            let target = Target {
                http: Some(base),
                https: None,
            };
            let client = Client::new(tls::trusting_the_system().map_err(unprepared)?, true);
            let auth_header = "authorization".to_owned();
            let caller = caller(&args, &bundle, &issuer, target, client, auth_header, context);
            context.block_on(async {
                let mut stop = Stop::new()?;
                Ok::<_, Failure>(run_cases(&caller, &groups, args.jobs, true, stop.requested()).await)
            })?
        }
        None => {
            let issuer = LocalIssuer::open(folder.path())?;
            context.block_on(async {
                // From now on, so that the keys of the run go away with everything else.
                let mut stop = Stop::new()?;
                let echo = match args.echo {
                    true => Some(echo_everything(&mut bundle).await?),
                    false => None,
                };
                // Starting waits for threads of the gateway's own.
                let (gateway, auth_header) =
                    tokio::task::block_in_place(|| start(&args, &bundle, &layout, folder.path(), context))?;
                let addresses = gateway.addresses();
                let url = |scheme: &str, address: Option<SocketAddr>| {
                    address.map(|address| serving::reachable(scheme, address))
                };
                let target = Target {
                    http: url("http", addresses.http),
                    https: url("https", addresses.https),
                };
                // The gateway is our own, on this machine, with a certificate that it made a moment ago.
                let client = Client::new(tls::trusting_anybody().map_err(unprepared)?, false);
                let caller = caller(&args, &bundle, &issuer, target, client, auth_header, context);
                let run = run_cases(&caller, &groups, args.jobs, false, stop.requested()).await;
                drop(caller);
                tokio::task::spawn_blocking(move || gateway.drain(Duration::ZERO))
                    .await
                    .ok();
                if let Some(echo) = echo {
                    echo.shutdown().await;
                }
                Ok::<_, Failure>(run)
            })?
        }
    };
    let told = told::Told {
        project: &compiled.name,
        run: &run,
        skipped: &skipped,
        endpoint: elsewhere.as_ref(),
    };
    told.tell(args.junit.as_deref(), ui)
}

/// Where no case at all can be made, that many reasons are told.
const MOST_REASONS: usize = 5;

/// The cases, in groups whose cases are made in order, and what no case was made for.
fn cases(
    args: &TestArgs,
    layout: &Layout,
    bundle: &Bundle,
    context: &Context,
) -> Result<(Vec<Vec<Case>>, Vec<String>), Failure> {
    let ui = &context.ui;
    let has_token = context.environment.is_set(TOKEN);
    let mut diagnostics = Diagnostics::default();
    let files = read_folder(layout, &mut diagnostics)
        .map_err(|error| Failure::file("read", &layout.root().join("tests"), error))?;
    diagnostics.sort();
    if diagnostics.has_errors() {
        // A report of the run before would say that all is well.
        if let Some(path) = &args.junit {
            findings::write_junit(path, "mgw test", "tests", &diagnostics, Severity::Error)?;
        }
        return Err(findings::refused(ui, "tests/", &diagnostics));
    }
    findings::show(ui, &diagnostics);
    let mut groups: Vec<Vec<Case>> = files.into_iter().map(|file| file.cases).collect();
    let mut skipped = Vec::new();
    if args.generate {
        let mut generated = generate(bundle, args.echo);
        if has_token {
            // A token of somebody else's cannot be had with fewer scopes.
            let (usable, others): (Vec<Case>, Vec<Case>) = generated
                .cases
                .into_iter()
                .partition(|case| case.request.token.is_plain());
            generated.cases = usable;
            let skipped = others
                .into_iter()
                .map(|case| format!("{}: MGW_TEST_TOKEN is one token", case.name));
            generated.skipped.extend(skipped);
        }
        groups.extend(generated.cases.into_iter().map(|case| vec![case]));
        skipped = generated.skipped;
    }
    if let Some(only) = &args.only {
        for group in &mut groups {
            group.retain(|case| case.name.contains(only.as_str()));
        }
    }
    groups.retain(|group| !group.is_empty());
    if groups.is_empty() {
        let failure = Failure::new(ExitCode::Usage, "there is nothing to test");
        return Err(match &args.only {
            Some(only) => failure.hint(format!("No case has {only:?} in its name.")),
            None if args.generate => skipped
                .iter()
                .take(MOST_REASONS)
                .fold(failure, |failure, reason| {
                    failure.hint(format!("No case can be made for {reason}."))
                })
                .hint("Write cases into tests/*.yaml."),
            None => failure.hint("Write cases into tests/*.yaml, or have them made with --generate."),
        });
    }
    Ok((groups, skipped))
}

/// Puts a server that answers everything in the place of every backend.
async fn echo_everything(bundle: &mut Bundle) -> Result<Echo, Failure> {
    let echo = Echo::start_echo(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    for api in &mut bundle.config.apis {
        let own = std::iter::once(&mut api.endpoints);
        let all = own.chain(api.resources.iter_mut().map(|resource| &mut resource.endpoints));
        for endpoints in all {
            for endpoint in [&mut endpoints.production, &mut endpoints.sandbox]
                .into_iter()
                .flatten()
            {
                endpoint.targets = vec![Backend::at(format!("{}/echo", echo.url()))];
                endpoint.kind = mgw_bundle::config::EndpointKind::Single;
                // Nor does an override in the settings lead anywhere else.
                endpoint.name = None;
                endpoint.auth = None;
                endpoint.health_check = None;
            }
        }
    }
    Ok(echo)
}

/// Starts a gateway on free ports that trusts the key of this run.
fn start(
    args: &TestArgs,
    bundle: &Bundle,
    layout: &Layout,
    folder: &std::path::Path,
    context: &Context,
) -> Result<(RunningGateway, String), Failure> {
    let file = args.config.clone();
    let settings = GatewaySettings {
        file: file.or_else(|| BundleSource::Project(layout.clone()).runtime_config()),
        sets: free_ports(),
    };
    let mut config = load_settings(&settings, &context.environment, &context.ui)?;
    trust_local_issuer(&mut config, folder)?;
    // What other machines count, hear or keep is no part of a test.
    config.shared_quotas = None;
    config.global_throttling = None;
    config.event_publishing = None;
    config.event_hub = None;
    config.usage = None;
    config.gateway_status = None;
    if args.echo {
        config.overrides = EndpointOverrides::default();
    }
    let auth_header = config.authentication.header.to_string();
    let gateway = serving::start(bundle, config, Some(folder.join("gateway")), context)?;
    Ok((gateway, auth_header))
}

fn caller<'a>(
    args: &TestArgs,
    bundle: &'a Bundle,
    issuer: &'a LocalIssuer,
    target: Target,
    client: Client,
    auth_header: String,
    context: &Context,
) -> Caller<'a> {
    Caller {
        client,
        patience: Duration::from_secs(args.timeout.into()),
        target,
        apis: &bundle.config.apis,
        issuer,
        auth_header,
        token: context.environment.get(TOKEN).map(str::to_owned),
        tokens: Mutex::default(),
    }
}

fn unprepared(error: rustls::Error) -> Failure {
    Failure::new(ExitCode::Environment, "cannot prepare the connection").because(error)
}
