//! `mgw admin unblock`

use crate::admin::{AdminArgs, AdminClient, OperatorBlock, describe_block};
use crate::commands::interrupt::changing;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use serde::{Deserialize, Serialize};

/// Arguments of `mgw admin unblock`.
#[derive(Debug, clap::Args)]
pub struct UnblockArgs {
    /// The block's number, as `mgw inspect blocks` shows it.
    #[arg(value_name = "ID", value_parser = number)]
    pub id: u64,
    /// Which gateway.
    #[command(flatten)]
    pub admin: AdminArgs,
}

#[derive(Debug, Deserialize, Serialize)]
struct Unblocked {
    removed: OperatorBlock,
}

/// Reads the number of a block.
fn number(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| "write the number that `mgw inspect blocks` shows".to_owned())
}

/// Removes a block.
pub fn run(args: UnblockArgs, context: &Context) -> Result<ExitCode, Failure> {
    let client = AdminClient::new(&args.admin, &context.ui)?;
    let path = format!("/blocks/{}", args.id);
    let asked = client.delete::<Unblocked>(&path);
    let unblocked = context.block_on(changing(asked, "`mgw inspect blocks` shows what is blocked."))?;
    let unblocked = unblocked.map_err(|error| error.with_hint("`mgw inspect blocks` shows those that there are."))?;
    let text = format!(
        "{} is no longer blocked by {}",
        describe_block(&unblocked.removed.block),
        args.id
    );
    context.ui.result(text, &unblocked);
    Ok(ExitCode::Success)
}
