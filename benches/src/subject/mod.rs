//! What is measured: the floor, HAProxy and the gateway, each a running process with an address per scenario.

mod floor;
mod haproxy;
mod mgw;

pub(crate) use mgw::{Binary, Mgw};

use crate::failure::Failure;
use crate::machine::Machine;
use crate::process::Running;
use crate::project::{self, Issuer, Listeners};
use crate::scenario::{Scenario, SubjectKind};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// A subject that is ready for load.
#[derive(Debug)]
pub(crate) struct Subject {
    pub kind: SubjectKind,
    pub running: Running,
    addresses: Vec<(Scenario, SocketAddr)>,
}

impl Subject {
    /// Where the requests of a scenario go.
    pub(crate) fn address(&self, scenario: Scenario) -> Option<SocketAddr> {
        self.addresses
            .iter()
            .find_map(|(served, address)| (*served == scenario).then_some(*address))
    }
}

/// What the subjects have in common.
#[derive(Debug)]
pub(crate) struct Surroundings<'a> {
    /// Folder for configurations and logs.
    pub folder: &'a Path,
    /// This program.
    pub program: &'a Path,
    pub backend: SocketAddr,
    pub machine: &'a Machine,
    pub issuer: &'a Issuer,
}

impl Surroundings<'_> {
    /// The processor that subjects are bound to.
    pub(crate) fn processor(&self) -> Option<usize> {
        self.machine.pinning.map(|pinning| pinning.gateway)
    }

    /// Starts the floor.
    pub(crate) async fn floor(&self) -> Result<Subject, Failure> {
        floor::start(self).await
    }

    /// Starts HAProxy.
    pub(crate) async fn haproxy(&self, program: &Path) -> Result<Subject, Failure> {
        haproxy::start(self, program).await
    }

    /// Builds the project and starts the gateway.
    pub(crate) async fn mgw(&self, binary: &Binary) -> Result<Subject, Failure> {
        let project = project::write_for_load(self.folder, self.backend)?;
        let bundle = binary.build(&project, self.folder).await?;
        let gateway = self.gateway(binary, bundle, false)?;
        let mut running = gateway.start(self.processor())?;
        gateway.wait(&mut running).await?;
        Ok(Subject {
            kind: SubjectKind::Mgw,
            running,
            addresses: Scenario::ALL.map(|scenario| (scenario, gateway.address())).into(),
        })
    }

    /// A gateway for `bundle` with addresses of its own, not started yet; `usage`: it keeps usage records.
    pub(crate) fn gateway(&self, binary: &Binary, bundle: PathBuf, usage: bool) -> Result<Mgw, Failure> {
        let listeners = Listeners::free()?;
        let config = project::write_runtime_config(self.folder, &listeners, self.issuer, usage)?;
        Ok(Mgw::new(
            binary.clone(),
            bundle,
            config,
            listeners,
            self.folder.to_owned(),
        ))
    }
}
