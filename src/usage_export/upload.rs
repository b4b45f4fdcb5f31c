//! Uploading one file of an export, whoever else has uploaded it or one of its name.

use super::manifest::Entry;
use super::progress::{Progress, Step};
use crate::failure::Failure;
use mgw_runtime::usage::{Archive, Outcome, Service};

/// How often a file is renamed because others have its name.
const MAX_RENAMES: u64 = 16;

/// What a file is that was never sent, as far as anybody knows, and whose name the service has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum SameName {
    /// They are these: the export was imported before, or its gateway has uploaded them.
    There,
    /// They are another gateway's: these are uploaded under other names.
    Another,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It was there already.
    Known,
    /// The service has a file of its name, and nobody has said which that is.
    Doubtful,
    /// The service answered, or did not.
    Answered(Outcome),
}

/// Uploads a file with `send`, which is given its name. Every step is noted before it is taken, so that whoever is killed knows
/// afterwards what may have been sent.
pub(crate) async fn upload(
    entry: &Entry,
    progress: &mut Progress,
    same_name: Option<SameName>,
    send: impl AsyncFn(&str) -> Outcome,
) -> Result<Fate, Failure> {
    let first = progress.of(entry);
    if first.is_done {
        return Ok(Fate::Known);
    }
    for attempt in 0..=MAX_RENAMES {
        let known = progress.of(entry);
        let is_renamed = known.name.is_some();
        let name = known.name.unwrap_or_else(|| entry.name.clone());
        let may_be_there = known.is_tried || entry.tried && !is_renamed || Archive::is_unique_name(&name);
        if !known.is_tried {
            progress.note(entry, Step::Trying)?;
        }
        let outcome = send(&name).await.at(Service::ApiCloud);
        match outcome {
            Outcome::Duplicate if may_be_there => {}
            Outcome::Duplicate => {
                progress.note(entry, Step::NotSent)?;
                let same_name = if is_renamed { Some(SameName::Another) } else { same_name };
                match same_name {
                    Some(SameName::There) => {}
                    Some(SameName::Another) => {
                        let Some(another) = Archive::another_name(&entry.name, seed(entry, attempt)) else {
                            return Ok(Fate::Doubtful);
                        };
                        progress.note(entry, Step::Named(&another))?;
                        continue;
                    }
                    None => return Ok(Fate::Doubtful),
                }
            }
            outcome if !outcome.may_be_there() && !known.is_tried => progress.note(entry, Step::NotSent)?,
            _ => {}
        }
        if outcome.is_done() {
            progress.note(entry, Step::Done)?;
        }
        return Ok(Fate::Answered(outcome));
    }
    Ok(Fate::Doubtful)
}

/// A number that files with other contents have not, and other attempts neither.
fn seed(entry: &Entry, attempt: u64) -> u64 {
    let digest = mgw_bundle::Digest::of(format!("{} {attempt}", entry.sha256).as_bytes()).to_string();
    let hexadecimal = digest.bytes().filter_map(|byte| char::from(byte).to_digit(16));
    hexadecimal.take(16).fold(0, |seed, digit| seed << 4 | u64::from(digit))
}

#[cfg(test)]
mod tests;
