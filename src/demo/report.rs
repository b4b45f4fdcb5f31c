//! What the demo tells at its end.

use super::calls::{Answer, Calls};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::ui::Ui;
use serde::Serialize;
use std::time::Duration;

/// Shows what to try while the gateway is up. The `curl` lines are data: they can be piped into a shell.
pub(super) fn invite(calls: &Calls<'_>, ui: &Ui) {
    let url = calls.url();
    ui.line("\nTry it. With a token:");
    ui.data(format_args!("curl -i -H 'Authorization: Bearer {}' {url}", calls.token));
    ui.line("\nWithout a token, answered 401:");
    ui.data(format_args!("curl -i {url}"));
    ui.line("\nFive requests per minute are in this application's plan; the last answers are 429:");
    ui.data(format_args!(
        "for i in 1 2 3 4 5 6 7; do curl -s -o /dev/null -w '%{{http_code}}\\n' -H 'Authorization: Bearer {}' {url}; done",
        calls.limited_token
    ));
    ui.line("\nThe gateway's state and figures:");
    ui.data(format_args!("curl {}/ready", calls.admin));
    ui.data(format_args!("curl {}/metrics", calls.admin));
    ui.line("\nCtrl-C stops everything.");
}

#[derive(Serialize)]
struct Step<'a> {
    step: &'a str,
    milliseconds: u128,
}

#[derive(Serialize)]
struct Results<'a> {
    steps: Vec<Step<'a>>,
    calls: &'a [Answer],
}

/// Shows how each call was answered; one that is not answered as it should be is a failure.
pub(super) fn results(timings: &[(String, Duration)], answers: &[Answer], ui: &Ui) -> Result<ExitCode, Failure> {
    let mut lines = Vec::new();
    for (step, elapsed) in timings {
        lines.push(format!("{step:<18} {:>6} ms", elapsed.as_millis()));
    }
    for answer in answers {
        let verdict = if answer.status == answer.expected {
            "as expected"
        } else {
            "UNEXPECTED"
        };
        lines.push(format!("{:<18} {:>6} {verdict}", answer.call, answer.status));
    }
    ui.line("");
    ui.result(
        lines.join("\n"),
        &Results {
            steps: timings
                .iter()
                .map(|(step, elapsed)| Step {
                    step,
                    milliseconds: elapsed.as_millis(),
                })
                .collect(),
            calls: answers,
        },
    );
    match answers.iter().find(|answer| answer.status != answer.expected) {
        None => Ok(ExitCode::Success),
        Some(answer) => Err(Failure::new(
            ExitCode::Internal,
            format!(
                "the call {} was answered {} instead of {}",
                answer.call, answer.status, answer.expected
            ),
        )),
    }
}
