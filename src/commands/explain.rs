//! `mgw explain`

pub mod request;

use crate::context::Context;
use crate::diagnostics::{Code, nearest};
use crate::exit::ExitCode;
use crate::failure::Failure;
use mgw_runtime::refusal::Refusal;
use std::fmt::Write;

/// Arguments of `mgw explain`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
pub struct ExplainArgs {
    /// What else can be explained.
    #[command(subcommand)]
    pub what: Option<Explainable>,
    /// The code in brackets behind `error`, `warning` or `note`, such as no-endpoint, or of an answer of the gateway, such as
    /// 900901; none: list those of findings.
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
}

/// What can be explained beside the codes of findings.
#[derive(Debug, clap::Subcommand)]
pub enum Explainable {
    /// Say what the gateway would do with a request, step by step, and where the project says so. Nothing is sent, and nobody
    /// is asked.
    Request(request::ExplainRequestArgs),
}

#[derive(serde::Serialize)]
struct Explained {
    code: Code,
    title: &'static str,
    explanation: &'static str,
}

impl From<Code> for Explained {
    fn from(code: Code) -> Self {
        Self {
            code,
            title: code.title(),
            explanation: code.body(),
        }
    }
}

/// An answer that the gateway gives itself.
#[derive(serde::Serialize)]
struct Answered {
    code: u32,
    status: u16,
    /// As metrics and the access log call it.
    reason: &'static str,
    message: &'static str,
    description: &'static str,
}

/// The answers of the gateway that have a code in their body: several, where one code stands for several reasons.
fn answers(typed: &str) -> Option<Vec<Answered>> {
    let code: u32 = typed.parse().ok()?;
    let answers: Vec<Answered> = Refusal::ALL
        .iter()
        .filter(|refusal| refusal.code(false) == code)
        .map(|refusal| {
            let (message, description) = refusal.texts(false);
            Answered {
                code,
                status: refusal.status(false).as_u16(),
                reason: refusal.label(),
                message: message.trim(),
                description: description.trim(),
            }
        })
        .collect();
    (!answers.is_empty()).then_some(answers)
}

fn answer_text(code: &str, answers: &[Answered]) -> String {
    let mut text = format!("{code}: an answer of the gateway, given in place of the backend's");
    for answer in answers {
        let said = match answer.description {
            "" => answer.message,
            description => description,
        };
        // Writing to a `String` cannot fail.
        let _ = write!(text, "\n{}  {}: {said}", answer.status, answer.reason);
    }
    text
}

/// Prints what a finding or an answer of the gateway means at run time, and what to do about it; or what would become of a request.
pub fn run(args: ExplainArgs, context: &Context) -> Result<ExitCode, Failure> {
    if let Some(Explainable::Request(args)) = args.what {
        return request::run(args, context);
    }
    let Some(typed) = args.code else {
        return list(context);
    };
    if let Some(answers) = answers(&typed) {
        context.ui.result(answer_text(&typed, &answers), &answers);
        context.ui.hint(
            "`mgw explain request METHOD PATH` says why a request gets it, `mgw help gateway-answers` has all codes.",
        );
        return Ok(ExitCode::Success);
    }
    let code = Code::named(&typed).ok_or_else(|| {
        let names = Code::ALL.iter().map(|code| code.name());
        let failure = Failure::new(ExitCode::Usage, format!("there is no finding `{typed}`"));
        match nearest(&typed, names) {
            Some(near) => failure.hint(format!("Did you mean `{near}`?")),
            None => failure.hint("`mgw explain` lists them all."),
        }
    })?;
    let explained = Explained::from(code);
    let text = format!("{}\n\n{}", explained.title, explained.explanation);
    context.ui.result(text, &explained);
    Ok(ExitCode::Success)
}

fn list(context: &Context) -> Result<ExitCode, Failure> {
    let width = Code::ALL.iter().map(|code| code.name().len()).max().unwrap_or(0);
    let mut text = String::new();
    for code in Code::ALL {
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "{:width$}  {}", code.name(), code.title());
    }
    let all: Vec<Explained> = Code::ALL.iter().copied().map(Explained::from).collect();
    context.ui.result(text.trim_end(), &all);
    Ok(ExitCode::Success)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_of_an_answer_is_told_with_each_of_its_reasons() {
        let told = answers("900901").unwrap();
        let reasons: Vec<(u16, &str)> = told.iter().map(|answer| (answer.status, answer.reason)).collect();
        assert_eq!(
            reasons,
            [
                (401, "invalid_credentials"),
                (403, "no_sandbox_endpoint"),
                (403, "no_production_endpoint")
            ]
        );
        let text = answer_text("900901", &told);
        assert!(
            text.contains("\n401  invalid_credentials: Invalid Credentials."),
            "{text}"
        );
        assert!(answers("900999").is_none() && answers("no-endpoint").is_none());
    }
}
