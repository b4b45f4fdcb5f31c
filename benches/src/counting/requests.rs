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
use std::path::{Path, PathBuf};

/// As many as there are distinct requests: each token has been verified once by then.
const FEW: usize = 1_000;
const MANY: usize = 5_000;

/// Counts one request of every scenario.
pub(super) async fn count(
    valgrind: &Valgrind,
    program: &Path,
    folder: &Path,
    mgw: Option<&Path>,
) -> Result<Vec<Cost<Scenario>>, Failure> {
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
    let mut costs = Vec::new();
    for traffic in &traffic {
        say(&format!("counting whole requests: {} …", traffic.scenario.name()));
        let counted = async |times| counted(valgrind, &around, &binary, bundle.clone(), traffic, times).await;
        costs.push(Cost {
            of: traffic.scenario,
            instructions: difference([FEW as u64, MANY as u64], [counted(FEW).await?, counted(MANY).await?]),
        });
        backend.check()?;
    }
    backend.end().await;
    Ok(costs)
}

/// Counts a gateway that answers so many requests, one after the other over one connection.
async fn counted(
    valgrind: &Valgrind,
    around: &Surroundings<'_>,
    binary: &Binary,
    bundle: PathBuf,
    traffic: &Traffic,
    times: usize,
) -> Result<u64, Failure> {
    let gateway = around.gateway(binary, bundle)?;
    let mut running = gateway.start_counted(valgrind, around.processor())?;
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
    valgrind.counted()
}
