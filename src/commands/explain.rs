//! `mgw explain`

pub mod request;

use crate::context::Context;
use crate::diagnostics::{Code, nearest};
use crate::exit::ExitCode;
use crate::failure::Failure;
use std::fmt::Write;

/// Arguments of `mgw explain`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
pub struct ExplainArgs {
    /// What else can be explained.
    #[command(subcommand)]
    pub what: Option<Explainable>,
    /// The code in brackets behind `error`, `warning` or `note`, such as no-endpoint; none: list them all.
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

/// Prints what a finding means at run time, and what to do about it; or what would become of a request.
pub fn run(args: ExplainArgs, context: &Context) -> Result<ExitCode, Failure> {
    if let Some(Explainable::Request(args)) = args.what {
        return request::run(args, context);
    }
    let Some(typed) = args.code else {
        return list(context);
    };
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
