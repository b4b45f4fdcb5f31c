//! The report: a table for people, a document for programs. Nothing else in this program prints its results.

mod row;
mod table;

pub(crate) use row::Row;
pub(crate) use table::layout;

use crate::failure::Failure;
use crate::machine::Machine;
use crate::scenario::{Case, Scenario, SubjectKind, Target};
use crate::start::Start;
use serde::Serialize;
use std::io::Write;

/// Everything that a run found out.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub rounds: u32,
    pub seconds: u32,
    pub connections: u32,
    /// The load generator.
    pub load: &'static str,
    pub machine: Machine,
    /// One row per case, in order.
    pub rows: Vec<Row>,
    /// How the gateway starts, when it was measured.
    pub start: Option<Start>,
}

/// A row of the JSON document: the medians, the ratios and the bars for them.
#[derive(Debug, Serialize)]
struct Compared<'a> {
    #[serde(flatten)]
    row: &'a Row,
    /// Against the floor's plain forwarding.
    floor_ratio: Option<f64>,
    /// Against HAProxy in the same scenario.
    haproxy_ratio: Option<f64>,
    /// The bars for the ratios; only the gateway has them.
    target: Option<Target>,
}

impl Report {
    /// The document for programs.
    pub(crate) fn json(&self) -> Result<String, Failure> {
        #[derive(Serialize)]
        struct Document<'a> {
            format: u32,
            rounds: u32,
            seconds: u32,
            connections: u32,
            load: &'static str,
            machine: &'a Machine,
            cases: Vec<Compared<'a>>,
            start: Option<Start>,
        }
        Ok(serde_json::to_string_pretty(&Document {
            format: 1,
            rounds: self.rounds,
            seconds: self.seconds,
            connections: self.connections,
            load: self.load,
            machine: &self.machine,
            cases: self.rows.iter().map(|row| self.compared(row)).collect(),
            start: self.start,
        })?)
    }

    fn compared<'a>(&self, row: &'a Row) -> Compared<'a> {
        let gateway = row.case.subject == SubjectKind::Mgw;
        Compared {
            row,
            floor_ratio: self.ratio(row, SubjectKind::Floor, Scenario::Plain),
            haproxy_ratio: self.ratio(row, SubjectKind::Haproxy, row.case.scenario),
            target: gateway.then(|| row.case.scenario.target()),
        }
    }

    /// The processor time of a row against another subject's; `None` when that one was not measured.
    fn ratio(&self, row: &Row, subject: SubjectKind, scenario: Scenario) -> Option<f64> {
        let base = Case { subject, scenario };
        let base = self.rows.iter().find(|row| row.case == base)?;
        (base.median.cpu_us > 0.0).then(|| row.median.cpu_us / base.median.cpu_us)
    }
}

/// Writes the report to standard output. A closed pipe ends it quietly.
pub(crate) fn data(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush());
}

/// Tells on standard error what is going on.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
