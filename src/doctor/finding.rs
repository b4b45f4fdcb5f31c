//! What a check ends with.

use crate::cause::cause;
use crate::failure::Failure;
use serde::Serialize;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    /// There was nothing to look at, or nobody wanted it looked at.
    Skipped,
    /// As it should be.
    Ok,
    /// Works, and may not be what is meant, or not for long.
    Warning,
    /// Stands in the way.
    Problem,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// How grave it is.
    pub(crate) verdict: Verdict,
    /// A fragment without a full stop.
    #[serde(rename = "finding")]
    pub(crate) text: String,
    /// A whole sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) remedy: Option<String>,
}

/// A finding of a check.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Looked {
    /// Which check.
    pub(crate) id: &'static str,
    /// What it is about.
    pub(crate) subject: &'static str,
    /// What was found.
    #[serde(flatten)]
    pub(crate) finding: Finding,
}

impl Finding {
    pub(crate) fn ok(text: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Ok,
            text: text.into(),
            remedy: None,
        }
    }

    /// Nothing was looked at, for this reason.
    pub(crate) fn skipped(text: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Skipped,
            ..Self::ok(text)
        }
    }

    pub(crate) fn warning(text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Warning,
            remedy: Some(remedy.into()),
            ..Self::ok(text)
        }
    }

    pub(crate) fn problem(text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Problem,
            ..Self::warning(text, remedy)
        }
    }

    /// What a command would fail with.
    pub(crate) fn of(failure: &Failure) -> Self {
        let mut text = failure.message.clone();
        if let Some(cause) = root_cause(failure) {
            text = format!("{text}: {cause}");
        }
        Self {
            verdict: Verdict::Problem,
            text,
            remedy: failure.hints.first().cloned(),
        }
    }

    /// What failed, each mistake in a file for itself, with its place.
    pub(crate) fn each_of(failure: &Failure) -> Vec<Self> {
        if failure.details.is_empty() {
            return vec![Self::of(failure)];
        }
        let of_json = |problem: &serde_json::Value| {
            let text = |name: &str| problem[name].as_str().filter(|text| !text.is_empty());
            let place = match (text("file"), problem["line"].as_u64(), problem["column"].as_u64()) {
                (Some(file), Some(line), Some(column)) => format!("{file}:{line}:{column}: "),
                (Some(file), ..) => format!("{file}: "),
                (None, ..) => String::new(),
            };
            let message = text("message").unwrap_or_default();
            let remedy =
                text("remedy").unwrap_or("mgw help gateway-configuration and mgw help project describe every key.");
            Self::problem(format!("{place}{message}"), remedy)
        };
        failure.details.iter().map(|detail| of_json(&detail.json)).collect()
    }

    /// The same, and no reason not to go on.
    pub(crate) fn at_most_a_warning(self) -> Self {
        Self {
            verdict: self.verdict.min(Verdict::Warning),
            ..self
        }
    }
}

/// The innermost cause says most: the outer ones only say what was being done.
fn root_cause(failure: &Failure) -> Option<String> {
    let source = failure.source.as_deref();
    source.map(|error| cause(error))
}
