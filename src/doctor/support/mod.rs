//! A file for those who help: what `mgw doctor` found, and what surrounds it.
//!
//! No secret gets into it twice over: its parts are made of what is known to be none, and every text is searched for every
//! secret that this user has here before it is written.

mod archive;
mod contents;
mod hosts;
mod redact;
mod secrets;

pub(crate) use archive::{Written, refuse_taken};

use super::{Looked, Sight};
use crate::failure::Failure;
use contents::contents;
use redact::Redactor;
use std::path::Path;

/// Takes every secret that is known out of what was found.
pub(crate) fn redact(looked: &mut [Looked], sight: &Sight) {
    let redactor = Redactor::new(secrets::known(sight), None);
    for finding in looked.iter_mut().map(|one| &mut one.finding) {
        finding.text = redactor.redact(&finding.text);
        finding.remedy = finding.remedy.take().map(|remedy| redactor.redact(&remedy));
    }
}

/// Writes the file.
///
/// # Errors
///
/// When there is one of that name and it is not to be replaced, or nothing can be written.
pub(crate) fn write(
    path: &Path,
    looked: &[Looked],
    sight: &Sight,
    hide_addresses: bool,
    force: bool,
) -> Result<Written, Failure> {
    let secrets = secrets::known(sight);
    let hosts = match hide_addresses {
        true => Some(hosts::known(sight)),
        false => None,
    };
    let redactor = Redactor::new(secrets, hosts);
    let mut parts = contents(looked, sight);
    for part in &mut parts {
        part.text = redactor.redact(&part.text);
    }
    archive::write(path, parts, force)
}
