//! `mgw test`

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
use crate::suite::{Caller, Case, Outcome, Target, Verdict, generate, junit, read_folder};
use crate::ui::count::Counted;
use crate::ui::{Ui, visible};
use futures_util::StreamExt;
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
    pub endpoint: Option<url::Url>,
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

#[derive(serde::Serialize)]
struct Tested<'a> {
    project: &'a str,
    passed: usize,
    failed: usize,
    skipped: &'a [String],
    cases: Vec<Verdict<'a>>,
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
    let folder = tempfile::tempdir()
        .map_err(|error| Failure::new(ExitCode::Environment, "cannot make a temporary folder").because(error))?;
    let outcomes = match &args.endpoint {
        Some(url) => {
            let issuer = LocalIssuer::open(&context.environment.config_dir()?)?;
            let base = url.as_str().trim_end_matches('/').to_owned();
            let target = Target {
                http: Some(base),
                https: None,
            };
            let client = reqwest::Client::builder();
            let caller = caller(&bundle, &issuer, target, client, "authorization".to_owned(), context)?;
            context.block_on(async { Ok(call(&caller, &groups, args.jobs).await) })?
        }
        None => {
            let issuer = LocalIssuer::open(folder.path())?;
            context.block_on(async {
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
                let client = reqwest::Client::builder()
                    .no_proxy()
                    .tls_danger_accept_invalid_certs(true);
                let caller = caller(&bundle, &issuer, target, client, auth_header, context)?;
                let outcomes = call(&caller, &groups, args.jobs).await;
                drop(caller);
                tokio::task::spawn_blocking(move || gateway.drain(Duration::ZERO))
                    .await
                    .ok();
                if let Some(echo) = echo {
                    echo.shutdown().await;
                }
                Ok(outcomes)
            })?
        }
    };
    report(&compiled.name, &outcomes, &skipped, args.junit.as_deref(), ui)
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
    let echo = Echo::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
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
    bundle: &'a Bundle,
    issuer: &'a LocalIssuer,
    target: Target,
    client: reqwest::ClientBuilder,
    auth_header: String,
    context: &Context,
) -> Result<Caller<'a>, Failure> {
    let client = client
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| Failure::new(ExitCode::Environment, "cannot prepare the connection").because(error))?;
    Ok(Caller {
        client,
        target,
        apis: &bundle.config.apis,
        issuer,
        auth_header,
        token: context.environment.get(TOKEN).map(str::to_owned),
        tokens: Mutex::default(),
    })
}

/// Makes the requests: groups beside each other, the cases of a group in their order.
async fn call(caller: &Caller<'_>, groups: &[Vec<Case>], jobs: u16) -> Vec<Outcome> {
    let group = async |cases: &Vec<Case>| {
        let mut outcomes = Vec::with_capacity(cases.len());
        for case in cases {
            outcomes.push(caller.run(case).await);
        }
        outcomes
    };
    let runs = futures_util::stream::iter(groups.iter().map(group));
    let outcomes: Vec<Vec<Outcome>> = runs.buffered(jobs.into()).collect().await;
    outcomes.into_iter().flatten().collect()
}

fn report(
    project: &str,
    outcomes: &[Outcome],
    skipped: &[String],
    file: Option<&std::path::Path>,
    ui: &Ui,
) -> Result<ExitCode, Failure> {
    let mut failed = 0;
    for outcome in outcomes {
        if outcome.passed() {
            ui.detail(format_args!("passed: {}", visible(&outcome.name)));
            continue;
        }
        failed += 1;
        let mut text = format!("failed: {} ({})", visible(&outcome.name), outcome.place);
        for difference in &outcome.differences {
            text.push_str("\n  ");
            text.push_str(difference);
        }
        ui.block(text);
    }
    let passed = outcomes.len() - failed;
    let tested = Tested {
        project,
        passed,
        failed,
        skipped,
        cases: outcomes.iter().map(Outcome::verdict).collect(),
    };
    ui.result("", &tested);
    if let Some(path) = file {
        let bytes = junit(project, outcomes).map_err(|error| Failure::file("write", path, error))?;
        Report::Junit.write(path, &bytes)?;
    }
    let without = match skipped.len() {
        0 => String::new(),
        count => format!(
            "; {} without a case (-v says why)",
            Counted(count, "operation", "operations")
        ),
    };
    if failed > 0 {
        let of = Counted(outcomes.len(), "case", "cases");
        let mut failure = Failure::new(ExitCode::Tests, format!("{failed} of {of} failed{without}"));
        failure.reported = true;
        return Err(failure);
    }
    ui.status("Passed", format_args!("{}{without}", Counted(passed, "case", "cases")));
    Ok(ExitCode::Success)
}
