//! The gateway's settings, as `run` would read them.

use crate::doctor::{Finding, Sight};

pub(in crate::doctor) fn look(sight: &Sight) -> Vec<Finding> {
    let shown = match &sight.options.settings.file {
        Some(path) => path.display().to_string(),
        None => "the defaults".to_owned(),
    };
    match &sight.config {
        Ok((_, warnings)) if warnings.is_empty() => vec![Finding::ok(shown)],
        Ok((_, warnings)) => {
            let remedy = "Correct or remove it; mgw help gateway-configuration lists every key.";
            let told = warnings
                .iter()
                .map(|warning| Finding::warning(warning.to_string(), remedy));
            told.collect()
        }
        Err(failure) if failure.details.is_empty() => vec![Finding::of(failure)],
        // Each mistake for itself.
        Err(failure) => failure.details.iter().map(|detail| of_json(&detail.json)).collect(),
    }
}

fn of_json(problem: &serde_json::Value) -> Finding {
    let text = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
    let remedy = Some(text("remedy")).filter(|remedy| !remedy.is_empty());
    let remedy = remedy.unwrap_or_else(|| "mgw help gateway-configuration describes every key.".to_owned());
    Finding::problem(text("message"), remedy)
}
