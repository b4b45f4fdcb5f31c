//! `mgw keys list`

use super::ShownKey;
use crate::commands::signing_keys;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::signing::Listed;
use std::fmt::Write;

/// Arguments of `mgw keys list`.
#[derive(Debug, clap::Args)]
pub struct ListArgs {}

/// Lists every key: name, what it is good for, identifier. A file that is none hides no others.
pub(super) fn run(_args: ListArgs, context: &Context) -> Result<ExitCode, Failure> {
    let Listed { keys, unusable } = signing_keys::store(&context.environment)?.list()?;
    let width = keys.iter().map(|key| key.name.as_str().len()).max().unwrap_or(0);
    let mut text = String::new();
    for key in &keys {
        let purpose = if key.private_file.is_some() { "signs " } else { "checks" };
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "{:width$}  {purpose}  {}", key.name.as_str(), key.public.id());
    }
    if keys.is_empty() && unusable.is_empty() {
        context.ui.hint("There are no keys; `mgw keys new NAME` makes one.");
    }
    let shown: Vec<ShownKey> = keys.iter().map(ShownKey::from).collect();
    context.ui.result(text.trim_end(), &shown);
    let failures = unusable.into_iter().map(Failure::from);
    let codes = failures.map(|mut failure| {
        failure.reported = true;
        context.ui.failure(&failure);
        failure.code
    });
    Ok(ExitCode::gravest(codes))
}
