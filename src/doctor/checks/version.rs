//! Whether this version of mgw is new enough for what is here.

use crate::commands::bundle_file;
use crate::diagnostics::{Code, Diagnostic};
use crate::doctor::checks::bundle_path;
use crate::doctor::{Finding, Sight};
use crate::lock::{LockError, LockFile, NEWER};
use crate::project::{Settings, SettingsError};
use crate::remote::{RemoteLock, RemoteLockError};
use mgw_bundle::{Bundle, Limits, ReadError};

pub(in crate::doctor) fn look(sight: &Sight) -> Vec<Finding> {
    let lock = LockFile::load(&sight.layout.lock());
    let newer = of_newer_formats(sight, lock.as_ref().err());
    if !newer.is_empty() {
        return newer.into_iter().map(|text| Finding::problem(text, NEWER)).collect();
    }
    let own = env!("CARGO_PKG_VERSION");
    let lock = lock.ok().flatten();
    vec![decide(own, lock.as_ref().and_then(LockFile::program))]
}

/// The files in a format that only newer versions read. What else is wrong with them is for other checks.
fn of_newer_formats(sight: &Sight, lock: Option<&LockError>) -> Vec<String> {
    let layout = &sight.layout;
    let mut told = Vec::new();
    let mut tell = |finding: &Diagnostic| {
        if finding.code == Code::NewerFormat {
            told.push(finding.message.clone());
        }
    };
    if let Err(SettingsError::Invalid { findings, .. }) = Settings::load(&layout.settings()) {
        findings.iter().for_each(&mut tell);
    }
    if let Err(RemoteLockError::Unusable(finding)) = RemoteLock::load(&layout.remote_lock()) {
        tell(&finding);
    }
    if let Some(error @ LockError::Format { .. }) = lock {
        told.push(error.to_string());
    }
    let bundle = bundle_path(sight).and_then(|path| {
        let bytes = bundle_file::bytes(&path).ok()?;
        Some((path, Bundle::read(&bytes, &Limits::default()).err()?))
    });
    if let Some((path, error @ ReadError::Format { found, supported, .. })) = &bundle
        && *found > u64::from(*supported)
    {
        told.push(format!("{}: {error}", path.display()));
    }
    told
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
