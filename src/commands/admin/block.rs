//! `mgw admin block`

use crate::admin::{AdminArgs, AdminClient, OperatorBlock, describe_block};
use crate::commands::interrupt::changing;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use ipnet::IpNet;
use jiff::Timestamp;
use mgw_bundle::config::Block;
use serde_json::json;
use std::net::IpAddr;

/// Arguments of `mgw admin block`.
#[derive(Debug, clap::Args)]
pub struct BlockArgs {
    /// Whose requests.
    #[command(subcommand)]
    pub whose: Whose,
}

/// Whose requests are refused.
#[derive(Debug, clap::Subcommand)]
pub enum Whose {
    /// All requests to an API.
    Api {
        /// The API's base path with version.
        context: String,
        /// How it is set.
        #[command(flatten)]
        setting: Setting,
    },
    /// The requests of an application.
    Application {
        /// Who owns it.
        owner: String,
        /// Its name.
        name: String,
        /// How it is set.
        #[command(flatten)]
        setting: Setting,
    },
    /// The requests of a user.
    User {
        /// The user's name.
        name: String,
        /// How it is set.
        #[command(flatten)]
        setting: Setting,
    },
    /// The requests of clients by address.
    Address {
        /// An address, a network like 10.0.0.0/8, or both ends of a range like 10.0.0.1-10.0.0.9.
        #[arg(value_parser = addresses)]
        addresses: Addresses,
        /// Those of all other clients instead.
        #[arg(long)]
        inverted: bool,
        /// How it is set.
        #[command(flatten)]
        setting: Setting,
    },
    /// The requests of an application to an API.
    Subscription {
        /// The API's base path with version.
        context: String,
        /// Who owns the application.
        owner: String,
        /// The application's name.
        application: String,
        /// Only those with keys of this type.
        #[arg(long, value_parser = ["PRODUCTION", "SANDBOX"])]
        key_type: Option<String>,
        /// How it is set.
        #[command(flatten)]
        setting: Setting,
    },
}

/// How a block is set.
#[derive(Debug, clap::Args)]
pub struct Setting {
    /// For how long, like 90s, 15m, 12h or 7d; until it is removed when left out.
    #[arg(long = "for", value_name = "TIME", value_parser = seconds, conflicts_with = "until")]
    pub seconds: Option<u64>,
    /// Until when, like 2026-01-31T18:00:00Z.
    #[arg(long, value_name = "MOMENT")]
    pub until: Option<Timestamp>,
    /// Why; `mgw inspect blocks` shows it.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Which gateway.
    #[command(flatten)]
    pub admin: AdminArgs,
}

/// Both ends of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    first: IpAddr,
    last: IpAddr,
}

/// Sets a block.
pub fn run(args: BlockArgs, context: &Context) -> Result<ExitCode, Failure> {
    let (block, setting) = args.whose.block();
    let client = AdminClient::new(&setting.admin, &context.ui)?;
    let mut body = json!({ "block": block });
    if let Some(members) = body.as_object_mut() {
        members.extend(setting.seconds.map(|seconds| ("seconds".to_owned(), seconds.into())));
        members.extend(
            setting
                .until
                .map(|moment| ("expires".to_owned(), moment.to_string().into())),
        );
        members.extend(setting.reason.map(|reason| ("reason".to_owned(), reason.into())));
    }
    let asked = client.post::<OperatorBlock>("/blocks", &body);
    let set = context
        .block_on(changing(asked, "`mgw inspect blocks` shows what is blocked."))?
        .map_err(|error| match &block {
            Block::Api { context } | Block::Subscription { context, .. } => error.with_hint(&hint(context)),
            _ => error.into(),
        })?;
    let text = format!(
        "{} is blocked until {} (block {})",
        describe_block(&set.block),
        set.end(),
        set.id
    );
    context.ui.result(text, &set);
    Ok(ExitCode::Success)
}

/// How an API is named: keys of limits have the version behind a colon.
fn hint(context: &str) -> String {
    let base_path = context
        .split_once(':')
        .filter(|(base_path, _)| base_path.starts_with('/'))
        .map_or("/shop/1.0.0", |(base_path, _)| base_path);
    format!("Name an API by its base path, as in `{base_path}`; `mgw inspect` shows that of each API of a bundle.")
}

impl Whose {
    fn block(self) -> (Block, Setting) {
        match self {
            Self::Api { context, setting } => (Block::Api { context }, setting),
            Self::Application { owner, name, setting } => (Block::Application { owner, name }, setting),
            Self::User { name, setting } => (Block::User { name }, setting),
            Self::Address {
                addresses: Addresses { first, last },
                inverted,
                setting,
            } => (Block::Address { first, last, inverted }, setting),
            Self::Subscription {
                context,
                owner,
                application,
                key_type,
                setting,
            } => (
                Block::Subscription {
                    context,
                    owner,
                    application,
                    key_type,
                },
                setting,
            ),
        }
    }
}

/// Reads a span of time.
fn seconds(text: &str) -> Result<u64, String> {
    let wrong = || "write a whole number with s, m, h or d, like 15m".to_owned();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let length = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let number = text.strip_suffix(unit).unwrap_or_default();
    let number: u64 = number.parse().map_err(|_| wrong())?;
    number
        .checked_mul(length)
        .filter(|seconds| *seconds > 0)
        .ok_or_else(wrong)
}

/// Reads an address, a network or a range.
fn addresses(text: &str) -> Result<Addresses, String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(Addresses {
            first: address,
            last: address,
        });
    }
    if let Ok(network) = text.parse::<IpNet>() {
        return Ok(Addresses {
            first: network.network(),
            last: network.broadcast(),
        });
    }
    let ends = text.split_once('-');
    let ends = ends.and_then(|(first, last)| Some((first.trim().parse().ok()?, last.trim().parse().ok()?)));
    let (first, last): (IpAddr, IpAddr) = ends
        .ok_or_else(|| "write an address, a network like 10.0.0.0/8, or a range like 10.0.0.1-10.0.0.9".to_owned())?;
    if first.is_ipv4() != last.is_ipv4() || first > last {
        return Err("the first address of a range is the lower one, and of the same kind".to_owned());
    }
    Ok(Addresses { first, last })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_limits_are_no_base_paths() {
        assert!(hint("/p:1.0.0").contains("`/p`;"));
        assert!(hint("/nope").contains("`/shop/1.0.0`;"));
        // A name and a version are no base path either.
        assert!(hint("A:1.0.0").contains("`/shop/1.0.0`;"));
    }

    #[test]
    fn spans_of_time_have_a_unit() {
        for (text, expected) in [
            ("90s", Some(90)),
            ("15m", Some(900)),
            ("12h", Some(43_200)),
            ("7d", Some(604_800)),
            ("0s", None),
            ("90", None),
            ("s", None),
            ("", None),
            ("-1s", None),
            ("1.5h", None),
            ("1w", None),
            ("1ä", None),
            ("18446744073709551615d", None),
        ] {
            assert_eq!(seconds(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn addresses_come_alone_as_networks_and_as_ranges() {
        for (text, expected) in [
            ("10.0.0.7", Some(("10.0.0.7", "10.0.0.7"))),
            ("10.0.0.7/8", Some(("10.0.0.0", "10.255.255.255"))),
            ("10.0.0.1-10.0.0.9", Some(("10.0.0.1", "10.0.0.9"))),
            ("2001:db8::/127", Some(("2001:db8::", "2001:db8::1"))),
            ("10.0.0.9-10.0.0.1", None),
            ("10.0.0.1-::1", None),
            ("10.0.0.0/33", None),
            ("localhost", None),
            ("", None),
        ] {
            let expected = expected.map(|(first, last)| Addresses {
                first: first.parse().unwrap(),
                last: last.parse().unwrap(),
            });
            assert_eq!(addresses(text).ok(), expected, "{text}");
        }
    }
}
