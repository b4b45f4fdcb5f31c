//! The table for people.

use super::{Report, Row};
use crate::machine::Machine;
use crate::start::Start;

/// Bars for a start with a hundred APIs: milliseconds to the first answer, MiB when idle.
const START_TARGET: (f64, f64) = (100.0, 20.0);

const MIB: f64 = 1024.0 * 1024.0;

impl Report {
    /// The table, with what it was measured on above and what it means below.
    pub(crate) fn text(&self) -> String {
        let mut text = head(self);
        text.push_str(&layout(&self.table()));
        if let Some(start) = &self.start {
            text.push_str(&start_line(start));
        }
        text.push_str(
            "\nµs: processor time of the subject per request, user and system. Ratios are within this run: against the\n\
             byte splice's plain forwarding, against HAProxy in the same scenario. + met, ! missed; ±: largest distance\n\
             of a round from the median. Latencies are those of a saturated closed loop.\n",
        );
        text
    }

    fn table(&self) -> Vec<[String; 11]> {
        let titles = [
            "subject",
            "scenario",
            "µs",
            "user",
            "system",
            "±",
            "× splice",
            "× HAProxy",
            "p50 ms",
            "p99 ms",
            "RSS MiB",
        ];
        let mut lines = vec![titles.map(str::to_owned)];
        lines.extend(self.rows.iter().map(|row| self.line(row)));
        lines
    }

    fn line(&self, row: &Row) -> [String; 11] {
        let compared = self.compared(row);
        let Row { case, median, .. } = row;
        [
            case.subject.name().into(),
            case.scenario.name().into(),
            format!("{:.1}", median.cpu_us),
            format!("{:.1}", median.user_us),
            format!("{:.1}", median.system_us),
            format!("{:.0} %", row.spread * 100.0),
            ratio(compared.floor_ratio, compared.target.map(|target| target.floor)),
            ratio(compared.haproxy_ratio, compared.target.map(|target| target.haproxy)),
            format!("{:.2}", median.p50_us / 1e3),
            format!("{:.2}", median.p99_us / 1e3),
            format!("{:.1}", median.resident_bytes / MIB),
        ]
    }
}

/// A ratio, with its bar where it has one.
fn ratio(value: Option<f64>, target: Option<f64>) -> String {
    match (value, target) {
        (None, _) => "–".into(),
        (Some(value), None) => format!("{value:.2}"),
        (Some(value), Some(target)) => format!("{value:.2} (≤ {target}) {}", verdict(value, target)),
    }
}

fn verdict(value: f64, target: f64) -> char {
    if value <= target { '+' } else { '!' }
}

fn head(report: &Report) -> String {
    let Machine {
        processor,
        cores,
        pinning,
        load_average,
        wrk,
        haproxy,
    } = &report.machine;
    let mut text = format!("{cores} cores");
    if let Some(processor) = processor {
        text.push_str(&format!(", {processor}"));
    }
    if let Some(load) = load_average {
        text.push_str(&format!(", load average {load} before the run"));
    }
    text.push('\n');
    text.push_str(&match pinning {
        Some(pinning) => format!(
            "pinned: subjects to core {}, load to {}, sample backend to {}\n",
            pinning.gateway, pinning.load, pinning.backend
        ),
        None => "not pinned to cores\n".into(),
    });
    text.push_str(&format!(
        "load: {} connections, HTTP/1.1 keep-alive, 1 KB JSON; medians of {} interleaved rounds of {} s\n",
        report.connections, report.rounds, report.seconds
    ));
    text.push_str(&format!(
        "tools: {}; {}\n\n",
        wrk.as_deref().unwrap_or("built-in load generator"),
        haproxy.as_deref().unwrap_or("no HAProxy")
    ));
    text
}

fn start_line(start: &Start) -> String {
    let (first, idle) = (start.first_answer_ms, start.idle_resident_bytes / MIB);
    format!(
        "\nmgw run with {} APIs: first proxied 200 after {first:.0} ms (≤ {}) {}, idle RSS {idle:.1} MiB (≤ {}) {}\n",
        start.apis,
        START_TARGET.0,
        verdict(first, START_TARGET.0),
        START_TARGET.1,
        verdict(idle, START_TARGET.1),
    )
}

/// Lines up columns: text to the left, figures to the right.
pub(crate) fn layout<const N: usize>(lines: &[[String; N]]) -> String {
    let mut widths = [0; N];
    for line in lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for line in lines {
        let mut row = String::new();
        for (column, (cell, width)) in line.iter().zip(widths).enumerate() {
            if column < 2 {
                row.push_str(&format!("{cell:<width$}  "));
            } else {
                row.push_str(&format!("{cell:>width$}  "));
            }
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests;
