//! `mgw inspect blocks`

use crate::admin::{AdminArgs, AdminClient, OperatorBlock, describe_block};
use crate::commands::interrupt::interruptible;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::ui::{table, visible};
use mgw_bundle::config::Block;
use serde::{Deserialize, Serialize};

/// Arguments of `mgw inspect blocks`.
#[derive(Debug, clap::Args)]
pub struct BlocksArgs {
    /// Which gateway.
    #[command(flatten)]
    pub admin: AdminArgs,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Blocks {
    operators: Vec<OperatorBlock>,
    bundle: Vec<Block>,
    bundle_total: usize,
}

/// Shows what a running gateway blocks.
pub fn run(args: BlocksArgs, context: &Context) -> Result<ExitCode, Failure> {
    let client = AdminClient::new(&args.admin, &context.ui)?;
    let asked = async { Ok(client.get::<Blocks>("/blocks", &[]).await?) };
    let blocks = context.block_on(interruptible(asked))?;
    context.ui.result(text(&blocks), &blocks);
    Ok(ExitCode::Success)
}

fn text(blocks: &Blocks) -> String {
    if blocks.operators.is_empty() && blocks.bundle.is_empty() {
        return "nothing is blocked".to_owned();
    }
    let head = ["id", "blocked", "until", "reason"].map(str::to_owned);
    let operators = blocks.operators.iter().map(|block| {
        [
            block.id.to_string(),
            describe_block(&block.block),
            block.end(),
            visible(block.reason.as_deref().unwrap_or_default()),
        ]
    });
    let bundle = blocks.bundle.iter().map(|block| {
        let until = "the next bundle without it".to_owned();
        ["-".to_owned(), describe_block(block), until, String::new()]
    });
    let rows = std::iter::once(head).chain(operators).chain(bundle);
    let mut text = table(rows, [true, false, false, false]);
    let more = blocks.bundle_total.saturating_sub(blocks.bundle.len());
    if more > 0 {
        text.push_str(&format!("\nand {more} more of the bundle"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_blocks_are_told_with_their_ends() {
        let operator = |id, block, expires_at_ms, reason: Option<&str>| OperatorBlock {
            id,
            block,
            since_ms: 0,
            expires_at_ms,
            reason: reason.map(str::to_owned),
        };
        let range = |last: &str, inverted| Block::Address {
            first: "10.0.0.1".parse().unwrap(),
            last: last.parse().unwrap(),
            inverted,
        };
        let application = Block::Application {
            owner: "ana".into(),
            name: "Till\u{1b}[2J".into(),
        };
        let subscription = Block::Subscription {
            context: "/shop/1.0.0".into(),
            owner: "ana".into(),
            application: "Till".into(),
            key_type: Some("SANDBOX".into()),
        };
        let blocks = Blocks {
            operators: vec![
                operator(3, range("10.0.0.9", false), Some(1_700_000_040_000), Some("scans")),
                operator(12, application, None, None),
            ],
            bundle: vec![
                range("10.0.0.1", true),
                subscription,
                Block::Api {
                    context: "/shop/1.0.0".into(),
                },
                Block::User { name: "eve".into() },
            ],
            bundle_total: 5,
        };
        insta::assert_snapshot!(text(&blocks), @r"
        id  blocked                                                   until                       reason
         3  address 10.0.0.1 to 10.0.0.9                              2023-11-14T22:14:00Z        scans
        12  application Till\u{1b}[2J of ana                          removed
         -  all addresses but 10.0.0.1                                the next bundle without it
         -  application Till of ana at API /shop/1.0.0, SANDBOX keys  the next bundle without it
         -  API /shop/1.0.0                                           the next bundle without it
         -  user eve                                                  the next bundle without it
        and 1 more of the bundle
        ");
    }
}
