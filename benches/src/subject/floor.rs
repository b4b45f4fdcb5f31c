//! The byte-splice floor: this program in another role.

use super::{Subject, Surroundings};
use crate::failure::Failure;
use crate::process::Launch;
use crate::scenario::{Scenario, SubjectKind};

pub(super) async fn start(around: &Surroundings<'_>) -> Result<Subject, Failure> {
    let launch = Launch {
        name: "byte splice",
        program: around.program,
        arguments: vec![
            "role".into(),
            "splice".into(),
            format!("--backend={}", around.backend).into(),
        ],
        environment: Vec::new(),
        processor: around.processor(),
        logs: around.folder,
    };
    let (running, address) = launch.start_role().await?;
    Ok(Subject {
        kind: SubjectKind::Floor,
        running,
        addresses: vec![(Scenario::Plain, address)],
    })
}
