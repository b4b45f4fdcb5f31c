//! Whether the bundle is whole, and up to date.

use crate::commands::bundle_file;
use crate::doctor::{Finding, Sight};
use mgw_bundle::Digest;
use std::path::PathBuf;

pub(in crate::doctor) fn look(sight: &Sight) -> Vec<Finding> {
    let Some(path) = path(sight) else {
        return vec![Finding::skipped("none has been built")];
    };
    let bundle = match bundle_file::read(&path) {
        Ok(bundle) => bundle,
        Err(failure) => return vec![Finding::of(&failure)],
    };
    let built = bundle.digest;
    let now = sight.built_now().map(|own| own.digest(|digest| *digest == built));
    vec![decide(&path.display().to_string(), built, now)]
}

/// The bundle that was named, or the project's latest build.
pub(in crate::doctor) fn path(sight: &Sight) -> Option<PathBuf> {
    match sight.bundle_file() {
        Some(path) => Some(path.to_owned()),
        None => bundle_file::locate(&sight.options.source).ok(),
    }
}

fn decide(path: &str, built: Digest, now: Option<Digest>) -> Finding {
    match now {
        Some(now) if now != built => Finding::warning(
            format!("{path} is older than the project: a build now gives another bundle"),
            "Run mgw build.",
        ),
        Some(_) => Finding::ok(format!("{path} is what a build gives now")),
        None => Finding::ok(format!("{path} is whole")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn an_old_bundle_is_told() {
        let (one, other) = (Digest::of(b"one"), Digest::of(b"other"));
        assert_eq!(decide("a.zip", one, None).verdict, Verdict::Ok);
        assert_eq!(decide("a.zip", one, Some(one)).verdict, Verdict::Ok);
        assert_eq!(decide("a.zip", one, Some(other)).verdict, Verdict::Warning);
    }
}
