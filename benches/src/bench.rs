//! The whole run: start everything, look at the answers, measure in rounds, report.

use crate::args::{Args, Output};
use crate::failure::Failure;
use crate::load::Generator;
use crate::machine::{Machine, find_haproxy};
use crate::measure::{self, Sample};
use crate::process::Launch;
use crate::project::{Issuer, Traffic};
use crate::report::{self, Report, Row, say};
use crate::scenario::{Case, SubjectKind};
use crate::start;
use crate::subject::{Binary, Subject, Surroundings};
use std::path::Path;

/// Runs the benchmark and prints its report. Everything started lives in here and ends with it.
pub(crate) async fn run(args: &Args) -> Result<(), Failure> {
    let folder = tempfile::Builder::new()
        .prefix("mgw-bench-")
        .tempdir()
        .map_err(Failure::file("create", &std::env::temp_dir()))?;
    let folder = folder.path();
    let program = std::env::current_exe().map_err(Failure::file("find", Path::new("mgw-bench")))?;
    if cfg!(debug_assertions) {
        say("warning: built without optimisation, the figures mean nothing; use `cargo run --release -p mgw-bench`");
    }

    let mut cases = Case::selected(&args.subjects, &args.scenarios);
    let wants = |cases: &[Case], kind| cases.iter().any(|case| case.subject == kind);
    let wrk = (!args.no_wrk).then_some(Path::new("wrk"));
    let haproxy = match wants(&cases, SubjectKind::Haproxy) {
        true => find_haproxy(args.haproxy.as_deref()).await,
        false => None,
    };
    if haproxy.is_none() && wants(&cases, SubjectKind::Haproxy) {
        say("skipped: HAProxy is not installed, so there is no comparison with it");
        cases.retain(|case| case.subject != SubjectKind::Haproxy);
    }
    let machine = Machine::look(wrk, haproxy.as_deref()).await;
    let pinning = machine.pinning;
    let binary = match wants(&cases, SubjectKind::Mgw) {
        true => Some(Binary::find(args.mgw.as_deref(), &program, folder).await?),
        false => None,
    };

    let issuer = Issuer::create(folder, "issuer")?;
    let forger = Issuer::create(folder, "forger")?;
    let traffic = Traffic::create(folder, &issuer, &forger)?;
    let backend = Launch {
        name: "sample backend",
        program: &program,
        arguments: vec!["role".into(), "backend".into()],
        environment: Vec::new(),
        processor: pinning.map(|pinning| pinning.backend),
        logs: folder,
    };
    let (mut backend, backend_address) = backend.start_role().await?;
    let processor = pinning.map(|pinning| pinning.load);
    let generator = match &machine.wrk {
        Some(_) => Generator::wrk(folder, args.connections, processor)?,
        None => Generator::built_in(program.clone(), folder, args.connections, processor),
    };

    let around = Surroundings {
        folder,
        program: &program,
        backend: backend_address,
        machine: &machine,
        issuer: &issuer,
    };
    let mut subjects = Vec::new();
    if wants(&cases, SubjectKind::Floor) {
        subjects.push(around.floor().await?);
    }
    if let Some(haproxy) = &haproxy {
        subjects.push(around.haproxy(haproxy).await?);
    }
    if let Some(binary) = &binary {
        subjects.push(around.mgw(binary).await?);
    }

    let rows = rounds(args, &cases, &mut subjects, &traffic, &generator).await?;
    backend.check()?;
    for subject in subjects {
        subject.running.end().await;
    }
    let start = match &binary {
        Some(binary) => {
            say("starting the gateway with many APIs …");
            Some(start::measure(&around, binary).await?)
        }
        None => None,
    };
    backend.end().await;

    let report = Report {
        rounds: args.rounds,
        seconds: args.seconds,
        connections: args.connections,
        load: generator.name(),
        machine: machine.clone(),
        rows,
        start,
    };
    match args.output {
        Output::Text => report::data(&report.text()),
        Output::Json => report::data(&report.json()?),
    }
    Ok(())
}

/// Measures every case once per round, so that a change of the machine's mood meets all of them.
async fn rounds(
    args: &Args,
    cases: &[Case],
    subjects: &mut [Subject],
    traffic: &[Traffic],
    generator: &Generator,
) -> Result<Vec<Row>, Failure> {
    let mut samples: Vec<Vec<Sample>> = cases.iter().map(|_| Vec::new()).collect();
    for round in 0..args.rounds {
        say(&format!(
            "round {} of {}, {} cases …",
            round + 1,
            args.rounds,
            cases.len()
        ));
        for (case, samples) in cases.iter().zip(&mut samples) {
            let subject = subjects.iter_mut().find(|subject| subject.kind == case.subject);
            let traffic = traffic.iter().find(|traffic| traffic.scenario == case.scenario);
            let (Some(subject), Some(traffic)) = (subject, traffic) else {
                continue;
            };
            if round == 0 {
                measure::check(*case, subject, traffic).await?;
            }
            samples.push(measure::round(*case, subject, traffic, generator, args.seconds).await?);
        }
    }
    Ok(cases
        .iter()
        .zip(samples)
        .filter_map(|(case, samples)| Row::new(*case, samples))
        .collect())
}
