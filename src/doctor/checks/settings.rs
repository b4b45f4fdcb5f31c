//! The gateway's settings, as `run` would read them.

use crate::doctor::{Finding, Sight};
use crate::serve::ReadSettings;

pub(in crate::doctor) fn look(sight: &Sight) -> Vec<Finding> {
    let shown = match &sight.options.settings.file {
        Some(path) => path.display().to_string(),
        None => "the defaults".to_owned(),
    };
    match &sight.config {
        Ok(read) if read.diagnostics.iter().next().is_none() => vec![Finding::ok(shown)],
        Ok(ReadSettings {
            diagnostics: warnings, ..
        }) => {
            let remedy = "Correct or remove it; mgw help gateway-configuration lists every key.";
            let told = warnings
                .iter()
                .map(|warning| Finding::warning(warning.to_string(), remedy));
            told.collect()
        }
        // Each mistake for itself.
        Err(failure) => Finding::each_of(failure),
    }
}
