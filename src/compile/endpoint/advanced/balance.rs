//! `loadBalance`: how a target is chosen among several.

use crate::compile::endpoint::fields::Fields;
use crate::compile::transports::is_token;
use crate::yaml::Node;
use mgw_bundle::config::{Balance, EndpointKind, HashKey};

const KEYS: [&str; 2] = ["algorithm", "hashKey"];
const ALGORITHMS: &str = "`round-robin`, `least-outstanding` or `consistent-hash`";
const HASH_KEYS: &str = "`client-address`, `path`, or one of `header: NAME`, `cookie: NAME` and `query: NAME`";
/// Longest name of a cookie or query parameter.
const MAX_NAME: usize = 256;

/// `None`: a mistake that has been reported.
pub(super) fn balance(owner: &mut Fields<'_>, kind: EndpointKind) -> Option<Balance> {
    let Some(fields) = owner.below("loadBalance", &KEYS) else {
        return Some(Balance::default());
    };
    let mut fields = fields?;
    let node = fields.node();
    if kind != EndpointKind::LoadBalance {
        let message = "`loadBalance` has no effect: the endpoint does not spread its load";
        fields.warn(
            node.span,
            message,
            "Write `type: load_balance` and several `urls`, or remove it.",
        );
    }
    let algorithm = fields.value("algorithm");
    let hash_key = fields.value("hashKey");
    let balance = match algorithm.map(Node::as_str) {
        None if hash_key.is_none() => Balance::RoundRobin,
        Some(Some("round-robin")) => Balance::RoundRobin,
        Some(Some("least-outstanding")) => Balance::LeastOutstanding,
        None | Some(Some("consistent-hash")) => match hash_key.map(read_key) {
            None => Balance::ConsistentHash(HashKey::ClientAddress),
            Some(Some(key)) => Balance::ConsistentHash(key),
            Some(None) => {
                let span = hash_key.map_or(node.span, |node| node.span);
                fields.fail(span, format!("`hashKey` should be {HASH_KEYS}"));
                Balance::default()
            }
        },
        Some(_) => {
            let span = algorithm.map_or(node.span, |node| node.span);
            fields.fail(span, format!("`algorithm` should be {ALGORITHMS}"));
            Balance::default()
        }
    };
    if let Some(key) = hash_key.filter(|_| matches!(balance, Balance::RoundRobin | Balance::LeastOutstanding)) {
        let message = "`hashKey` has no effect with this algorithm";
        fields.warn(key.span, message, "Write `algorithm: consistent-hash`, or remove it.");
    }
    fields.finish(balance)
}

fn read_key(node: &Node) -> Option<HashKey> {
    match node.as_str() {
        Some("client-address") => return Some(HashKey::ClientAddress),
        Some("path") => return Some(HashKey::Path),
        Some(_) => return None,
        None => {}
    }
    let members = node.as_object().filter(|members| members.len() == 1)?;
    let (which, member) = members.first()?;
    let name = member.node.as_str()?;
    let plain = |name: &str| {
        let sound = |byte: u8| byte.is_ascii_graphic() && !b"=&;,#\"".contains(&byte);
        !name.is_empty() && name.len() <= MAX_NAME && name.bytes().all(sound)
    };
    match which.as_str() {
        "header" if is_token(name) => Some(HashKey::Header(name.to_ascii_lowercase())),
        "cookie" if plain(name) => Some(HashKey::Cookie(name.to_owned())),
        "query" if plain(name) => Some(HashKey::Query(name.to_owned())),
        _ => None,
    }
}
