//! `mgw audit`: what is built as it was written, and should be looked at all the same.
//!
//! [`rules`] look at what the gateway would serve and at its settings, each rule for one thing; [`places`] finds the line of
//! the project behind what they found; [`suppressions`] takes out what somebody has looked at, for as long as they said.
//! [`certificates`] reads those that the settings name, as far as they are on this machine. Nothing here reads a clock or asks a
//! network.

mod certificates;
mod finding;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod places;
mod rules;
mod suppressions;

#[cfg(test)]
mod certificate_settings_tests;
#[cfg(test)]
mod tests;

pub use suppressions::{AuditSettings, Suppression};

use crate::compile::sources::Sources;
use crate::diagnostics::{Diagnostic, Diagnostics, Severity};
use crate::serve::ReadSettings;
use crate::yaml::{Node, Source};
use certificates::Certificates;
use finding::{Finding, Subject};
use jiff::civil::Date;
use mgw_bundle::GatewayConfig;
use mgw_runtime::config::RuntimeConfig;
use places::Places;
use std::collections::BTreeMap;
use std::path::Path;
use suppressions::Suppressions;

/// What is looked at.
#[derive(Debug)]
pub struct Audited<'a> {
    /// The project's folder.
    pub root: &'a Path,
    /// What the gateway would serve.
    pub config: &'a GatewayConfig,
    /// The entries of the bundle.
    pub entries: &'a BTreeMap<String, Vec<u8>>,
    /// The files behind all of it.
    pub(crate) sources: &'a Sources,
    /// What `check` found in the files.
    pub found: &'a Diagnostics,
    /// The gateway's settings.
    pub settings: &'a RuntimeConfig,
    /// What they were read from.
    pub(crate) written: &'a ReadSettings,
    /// What somebody has looked at.
    pub suppressions: &'a [Suppression],
    /// `mgw.toml`, where they stand.
    pub project_file: Option<&'a (Source, Node)>,
    /// The day that suppressions are judged by.
    pub today: Date,
}

/// What was found.
#[derive(Debug)]
pub struct Audit {
    /// Everything that nobody has looked at yet.
    pub diagnostics: Diagnostics,
    /// How many findings are suppressed.
    pub suppressed: usize,
    /// Files with certificates that could not be looked into, and why.
    pub unread: Vec<String>,
}

/// Applies every rule.
pub fn audit(audited: &Audited<'_>) -> Audit {
    let mut suppressions = Suppressions::new(audited.suppressions, audited.today);
    let mut places = Places::new(audited.root);
    let mut diagnostics = Diagnostics::default();
    let mut suppressed = 0;
    for diagnostic in audited.found.iter() {
        // What cannot be built cannot be agreed to.
        let is_suppressed =
            diagnostic.severity != Severity::Error && suppressions.cover(diagnostic.code, &diagnostic.about);
        if is_suppressed {
            suppressed += 1;
        } else {
            diagnostics.push(diagnostic.clone());
        }
    }
    let certificates = Certificates::of(audited);
    let mut findings = rules::of_apis(audited.config);
    rules::credentials_in_the_clear(audited.config, audited.settings, &mut findings);
    findings.extend(rules::of_backends(audited));
    findings.extend(rules::of_settings(audited.settings, audited.config));
    findings.extend(rules::of_certificates(&certificates.seen, audited.today));
    findings.retain(|finding| {
        let is_covered = suppressions.cover(finding.code, finding.about().as_slice());
        suppressed += usize::from(is_covered);
        !is_covered
    });
    rules::open_as_a_whole(&mut findings);
    for finding in &findings {
        diagnostics.push(diagnostic(finding, audited.written, &mut places));
    }
    let file = crate::compile::shown(audited.root, "mgw.toml");
    for told in suppressions.leftovers(&file, audited.project_file) {
        diagnostics.push(told);
    }
    diagnostics.sort();
    Audit {
        diagnostics,
        suppressed,
        unread: certificates.unread,
    }
}

fn diagnostic(finding: &Finding<'_>, written: &ReadSettings, places: &mut Places) -> Diagnostic {
    let (code, message) = (finding.code, &finding.message);
    let mut of_api = |api, resource| {
        let (file, place) = places.find(api, resource);
        let diagnostic = Diagnostic::file(code, file, message);
        Diagnostic { place, ..diagnostic }
    };
    let mut diagnostic = match finding.subject {
        Subject::Api(api) => of_api(api, None),
        Subject::Operation(api, resource) => of_api(api, Some(resource)),
        Subject::Setting { origin, .. } => written.finding(code, origin, message),
        Subject::File { file, .. } => Diagnostic::file(code, file, message),
    };
    diagnostic.severity = finding.severity;
    diagnostic.remedy(finding.remedy.clone())
}
