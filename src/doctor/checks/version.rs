//! Whether this version of mgw is new enough for what is here.

use crate::doctor::{Finding, Sight};
use crate::lock::LockFile;

pub(in crate::doctor) fn look(sight: &Sight) -> Vec<Finding> {
    let own = env!("CARGO_PKG_VERSION");
    let lock = LockFile::load(&sight.layout.lock()).ok().flatten();
    vec![decide(own, lock.as_ref().and_then(LockFile::program))]
}

fn decide(own: &str, wrote_the_lock: Option<&str>) -> Finding {
    let own_numbers = numbers(own);
    match wrote_the_lock.filter(|other| numbers(other) > own_numbers) {
        Some(newer) => Finding::warning(
            format!("mgw {own}; mgw.lock was written by {newer}, which is newer"),
            "Install that version or a newer one, so that everybody's pulls agree.",
        ),
        None => Finding::ok(format!("mgw {own}")),
    }
}

/// The numbers of a version, in order; what follows them counts for nothing.
fn numbers(version: &str) -> Vec<u64> {
    let plain = version
        .trim_start_matches("mgw ")
        .split(['-', '+'])
        .next()
        .unwrap_or_default();
    plain.split('.').map_while(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn only_a_newer_version_is_told() {
        for (own, other, verdict) in [
            ("0.1.0", None, Verdict::Ok),
            ("0.1.0", Some("0.1.0"), Verdict::Ok),
            ("0.10.0", Some("0.9.9"), Verdict::Ok),
            ("0.1.0", Some("0.2.0"), Verdict::Warning),
            ("0.9.0", Some("0.10.0"), Verdict::Warning),
            ("0.1.0", Some("mgw 1.0.0-rc.1"), Verdict::Warning),
            ("0.1.0", Some("unknown"), Verdict::Ok),
        ] {
            assert_eq!(decide(own, other).verdict, verdict, "{own} {other:?}");
        }
    }
}
