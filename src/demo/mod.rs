//! `mgw demo`: the whole way from sign-in to served traffic on one machine.
//!
//! The control plane is the simulator, the backend a sample, the issuer local. Everything else is what a user runs: each
//! step is a command line that goes through the same parser and the same functions.

mod calls;
mod folder;
mod report;
mod steps;
mod world;

use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::serve::{BundleSource, GatewaySettings, HangUp, WatchedSource, free_ports, load_settings, supervise};
use crate::signing::TrustedKeys;
use calls::Calls;
use folder::Folder;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use steps::Steps;
use world::World;

/// The label that the demo pulls.
const LABEL: &str = "dev";

/// The project that the demo creates.
const PROJECT: &str = "shop";

/// What the user chose.
#[derive(Debug)]
pub(crate) struct DemoOptions {
    /// Make the calls and end.
    pub(crate) exit: bool,
    /// Where to keep what is written.
    pub(crate) keep: Option<PathBuf>,
}

/// Runs the demo.
///
/// # Errors
///
/// Those of the commands it runs; with `exit` also when a call is not answered as it should be.
pub(crate) fn run(options: &DemoOptions, context: &Context) -> Result<ExitCode, Failure> {
    let ui = &context.ui;
    let folder = Folder::create(options.keep.as_deref())?;
    let world = World::start(&folder)?;
    ui.status(
        "Started",
        format_args!("simulated control plane at {}", world.control_plane()),
    );
    ui.status("Started", format_args!("sample backend at {}", world.backend()));
    ui.status("Started", format_args!("token issuer at {}", world.issuer()));

    let mut steps = Steps::new(context, &folder, &world);
    steps.prepare()?;
    let project = folder.path().join(PROJECT);
    std::fs::write(project.join("conf/micro-gw.conf"), world.gateway_settings())
        .map_err(|error| Failure::file("write", &project.join("conf/micro-gw.conf"), error))?;

    let bundle = project.join("target").join(format!("{PROJECT}.zip"));
    let started = Instant::now();
    let mut source = WatchedSource::new(BundleSource::File(bundle), TrustedKeys::none());
    let settings = GatewaySettings {
        file: Some(project.join("conf/micro-gw.conf")),
        sets: free_ports(),
    };
    steps.announce("run shop/target/shop.zip --config shop/conf/micro-gw.conf");
    let config = load_settings(&settings, &crate::context::Environment::default(), ui)?;
    let drain = config.listener.timeouts.drain;
    let served = source.load(ui)?;
    let data_dir = Some(folder.path().join("gateway"));
    let gateway = Arc::new(crate::commands::run::start(&served, config, data_dir, context)?);
    steps.took("run", started.elapsed());
    let timings = steps.timings();

    let calls = Calls::new(&gateway, &world)?;
    if !options.exit {
        let invite = |_: &_| report::invite(&calls, ui);
        let code = context.block_on(supervise(gateway, source, None, HangUp::Stop, drain, ui, invite));
        world.stop();
        return code;
    }
    let outcome = context.block_on(calls.make());
    gateway.drain(drain);
    world.stop();
    report::results(&timings, &outcome?, ui)
}
