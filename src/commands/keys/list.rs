//! `mgw keys list`

use super::ShownKey;
use crate::commands::signing_keys;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use std::fmt::Write;

/// Arguments of `mgw keys list`.
#[derive(Debug, clap::Args)]
pub struct ListArgs {}

/// Lists every key: name, what it is good for, identifier.
pub(super) fn run(_args: ListArgs, context: &Context) -> Result<ExitCode, Failure> {
    let keys = signing_keys::store(&context.environment)?.list()?;
    let width = keys.iter().map(|key| key.name.as_str().len()).max().unwrap_or(0);
    let mut text = String::new();
    for key in &keys {
        let purpose = if key.private_file.is_some() { "signs " } else { "checks" };
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "{:width$}  {purpose}  {}", key.name.as_str(), key.public.id());
    }
    if keys.is_empty() {
        context.ui.hint("There are no keys; `mgw keys new NAME` makes one.");
    }
    let shown: Vec<ShownKey> = keys.iter().map(ShownKey::from).collect();
    context.ui.result(text.trim_end(), &shown);
    Ok(ExitCode::Success)
}
