//! Instructions that whole requests cost the gateway: `mgw run` itself is counted, outside the kernel.

use super::instructions::{Cost, difference};
use super::valgrind::Valgrind;
use crate::answer::Conversation;
use crate::failure::Failure;
use crate::load::read_requests;
use crate::machine::Machine;
use crate::process::Launch;
use crate::project::{self, Issuer, Traffic};
use crate::report::say;
use crate::scenario::{Scenario, SubjectKind};
use crate::subject::{Binary, Surroundings};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What the threads run that write usage records and compress them.
const WRITERS: [&str; 3] = ["usage::format::", "usage::values::", "::deflate::"];

/// What a request costs while usage records are kept.
#[derive(Debug, Serialize)]
pub(super) struct Recorded {
    pub(super) of: Scenario,
    /// All threads but those that write.
    pub(super) instructions: f64,
    /// The threads that make a line of the record, write and compress it.
    pub(super) writer: f64,
}

/// What was counted of requests.
#[derive(Debug)]
pub(super) struct Requests {
    pub(super) plain: Vec<Cost<Scenario>>,
    pub(super) recorded: Vec<Recorded>,
}

/// As many as there are distinct requests: each token has been verified once by then.
const FEW: usize = 1_000;
const MANY: usize = 5_000;

/// Counts one request of every scenario.
pub(super) async fn count(
    valgrind: &Valgrind,
    program: &Path,
    folder: &Path,
    mgw: Option<&Path>,
) -> Result<Requests, Failure> {
    let binary = Binary::find(mgw, program, folder).await?;
    let issuer = Issuer::create(folder, "issuer")?;
    let traffic = Traffic::create(folder, &issuer, &Issuer::create(folder, "forger")?)?;
    let machine = Machine::look(None, None).await;
    let backend = Launch {
        name: "sample backend",
        program,
        arguments: vec!["role".into(), "backend".into()],
        environment: Vec::new(),
        processor: machine.pinning.map(|pinning| pinning.backend),
        logs: folder,
    };
    let (mut backend, address) = backend.start_role().await?;
    let around = Surroundings {
        folder,
        program,
        backend: address,
        machine: &machine,
        issuer: &issuer,
    };
    let bundle = binary.build(&project::write_for_load(folder, address)?, folder).await?;
    let times = [FEW as u64, MANY as u64];
    let (mut plain, mut recorded) = (Vec::new(), Vec::new());
    for traffic in &traffic {
        let name = traffic.scenario.name();
        say(&format!("counting whole requests: {name} …"));
        let counted = async |times| {
            serve(valgrind, &around, &binary, bundle.clone(), traffic, times, false).await?;
            valgrind.counted()
        };
        plain.push(Cost {
            of: traffic.scenario,
            instructions: difference(times, [counted(FEW).await?, counted(MANY).await?]),
        });
        backend.check()?;
        // Whoever shows no credentials that count leaves no record.
        if traffic.scenario == Scenario::BadToken {
            continue;
        }
        say(&format!("counting whole requests with usage records: {name} …"));
        let counted = async |times| {
            serve(valgrind, &around, &binary, bundle.clone(), traffic, times, true).await?;
            valgrind.counted_by_thread(&WRITERS)
        };
        let ([few_writer, few], [many_writer, many]) = (counted(FEW).await?, counted(MANY).await?);
        recorded.push(Recorded {
            of: traffic.scenario,
            instructions: difference(times, [few, many]),
            writer: difference(times, [few_writer, many_writer]),
        });
        backend.check()?;
    }
    backend.end().await;
    Ok(Requests { plain, recorded })
}

/// Has a gateway counted that answers so many requests, one after the other over one connection, and ends.
async fn serve(
    valgrind: &Valgrind,
    around: &Surroundings<'_>,
    binary: &Binary,
    bundle: PathBuf,
    traffic: &Traffic,
    times: usize,
    usage: bool,
) -> Result<(), Failure> {
    let gateway = around.gateway(binary, bundle, usage)?;
    let mut running = gateway.start_counted(valgrind, usage, around.processor())?;
    gateway.wait(&mut running).await?;
    let requests = read_requests(&traffic.file)?;
    let failed = |found: String| Failure::Answer {
        subject: SubjectKind::Mgw.name(),
        scenario: traffic.scenario.name(),
        expected: traffic.scenario.status(),
        found,
        said: String::new(),
    };
    let mut conversation = Conversation::open(gateway.address())
        .await
        .map_err(|error| failed(error.to_string()))?;
    let mut others = 0;
    for request in requests.iter().cycle().take(times) {
        let status = conversation
            .status(request)
            .await
            .map_err(|error| failed(error.to_string()))?;
        // A quota has to be used up before it refuses.
        others += usize::from(status != traffic.scenario.status());
    }
    if others * 100 > times {
        return Err(failed(format!("{others} other answers among {times}")));
    }
    drop(conversation);
    running.stop().await?;
    Ok(())
}
