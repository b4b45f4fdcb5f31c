//! The control plane's block list, ready to be asked.

use crate::auth::{Caller, CallerKeyType};
use mgw_bundle::config::{Api, Block};
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

/// The tenant that names without a tenant belong to.
const SUPER_TENANT: &str = "@carbon.super";

/// Which requests are blocked. Immutable; asked for every request.
#[derive(Debug, Clone, Default)]
pub struct Blocks {
    is_empty: bool,
    /// By number of the API.
    apis: Vec<bool>,
    /// Names by owner.
    applications: HashMap<String, HashSet<String>>,
    users: HashSet<String>,
    addresses: Vec<(IpAddr, IpAddr, bool)>,
    /// By number of the API.
    subscriptions: HashMap<u32, Vec<BlockedSubscription>>,
}

#[derive(Debug, Clone)]
struct BlockedSubscription {
    /// `owner-application` as the control plane writes it: hyphens in either part leave open where one ends.
    caller: String,
    key_type: Option<String>,
}

impl Blocks {
    /// Resolves the entries against the APIs of a bundle.
    pub fn new(blocks: &[Block], apis: &[Api]) -> Self {
        let mut resolved = Self {
            is_empty: blocks.is_empty(),
            apis: vec![false; apis.len()],
            ..Self::default()
        };
        for block in blocks {
            match block {
                Block::Api { context } => {
                    for (flag, api) in resolved.apis.iter_mut().zip(apis) {
                        *flag |= is_context(api, context);
                    }
                }
                Block::Application { owner, name } => {
                    let names = resolved.applications.entry(plain(owner).to_owned()).or_default();
                    names.insert(name.clone());
                }
                Block::User { name } => {
                    resolved.users.insert(plain(name).to_owned());
                }
                Block::Address { first, last, inverted } => resolved.addresses.push((*first, *last, *inverted)),
                Block::Subscription {
                    context,
                    owner,
                    application,
                    key_type,
                } => {
                    let numbered = (0_u32..).zip(apis);
                    for (number, _) in numbered.filter(|(_, api)| is_context(api, context)) {
                        let list = resolved.subscriptions.entry(number).or_default();
                        list.push(BlockedSubscription {
                            caller: format!("{owner}-{application}"),
                            key_type: key_type.clone(),
                        });
                    }
                }
            }
        }
        resolved
    }

    /// Returns whether a request is blocked: one to API number `api`, from a client's address, by a caller if one was
    /// asked for credentials.
    pub fn refuse(&self, api: u32, client: IpAddr, caller: Option<&Caller>) -> bool {
        if self.is_empty {
            return false;
        }
        let number = usize::try_from(api).ok();
        number
            .and_then(|number| self.apis.get(number))
            .is_some_and(|blocked| *blocked)
            || self.blocks_address(client)
            || caller.is_some_and(|caller| self.blocks_caller(api, caller))
    }

    fn blocks_address(&self, client: IpAddr) -> bool {
        let client = client.to_canonical();
        let mut ranges = self.addresses.iter();
        ranges.any(|(first, last, inverted)| super::condition::within(client, *first, *last) != *inverted)
    }

    fn blocks_caller(&self, api: u32, caller: &Caller) -> bool {
        let grant = &caller.grant;
        let (owner, name) = (plain(&grant.subscriber), &grant.application_name);
        self.users.contains(plain(&caller.identity.user))
            || self.applications.get(owner).is_some_and(|names| names.contains(name))
            || self.subscriptions.get(&api).is_some_and(|blocked| {
                blocked.iter().any(|blocked| {
                    is_caller(&blocked.caller, owner, name)
                        && blocked
                            .key_type
                            .as_deref()
                            .is_none_or(|kind| kind == key_type(grant.key_type))
                })
            })
    }
}

/// The control plane writes the super tenant in some places and leaves it out in others.
fn plain(name: &str) -> &str {
    name.strip_suffix(SUPER_TENANT).unwrap_or(name)
}

/// Returns whether `owner-application` can mean the application of that owner, who is given without the super tenant.
fn is_caller(text: &str, owner: &str, application: &str) -> bool {
    let rest = text.strip_prefix(owner);
    let rest = rest.map(|rest| rest.strip_prefix(SUPER_TENANT).unwrap_or(rest));
    rest.and_then(|rest| rest.strip_prefix('-')) == Some(application)
}

const fn key_type(key_type: CallerKeyType) -> &'static str {
    match key_type {
        CallerKeyType::Production => "PRODUCTION",
        CallerKeyType::Sandbox => "SANDBOX",
        CallerKeyType::Other => "",
    }
}

/// Returns whether the control plane knows `api` under this context. Its contexts carry the tenant and the version; base
/// paths of projects may lack either.
fn is_context(api: &Api, context: &str) -> bool {
    let ((tenant, context), (own_tenant, base)) = (tenant_of(context), tenant_of(&api.base_path));
    // Another tenant's API may have the same name.
    if own_tenant.is_some() && own_tenant != tenant {
        return false;
    }
    let rest = context.strip_prefix(base.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.strip_prefix('/') == Some(&api.version))
}

/// Returns the tenant that a context names, and the rest of the context.
pub(super) fn tenant_of(context: &str) -> (Option<&str>, &str) {
    let named = context
        .strip_prefix("/t/")
        .and_then(|rest| rest.find('/').map(|slash| rest.split_at(slash)));
    named.map_or((None, context), |(tenant, rest)| (Some(tenant), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_are_those_of_the_api() {
        let api = |base_path: &str| {
            let text = serde_json::json!({
                "id": "x", "name": "Ledger", "version": "2.1.0", "base_path": base_path, "state": "published",
                "transports": {"http": true, "https": true}, "endpoints": {}, "resources": [], "definition": "", "source": ""
            });
            serde_json::from_value::<Api>(text).expect("the API is complete")
        };
        for (base, context, same) in [
            ("/ledger/2.1.0", "/ledger/2.1.0", true),
            ("/ledger/2.1.0", "/t/meridian/ledger/2.1.0", true),
            ("/t/meridian/ledger/2.1.0", "/t/meridian/ledger/2.1.0", true),
            ("/ledger", "/t/meridian/ledger/2.1.0", true),
            ("/t/meridian/ledger", "/t/other/ledger/2.1.0", false),
            ("/t/meridian/ledger", "/ledger/2.1.0", false),
            ("/ledger", "/ledger/2.2.0", false),
            ("/ledger/2.1.0", "/ledger", false),
            ("/ledg", "/ledger/2.1.0", false),
            ("/ledger/2.1.0", "/other/2.1.0", false),
            ("/", "/2.1.0", true),
            ("/ledger/2.1.0", "/t/meridian", false),
        ] {
            assert_eq!(is_context(&api(base), context), same, "{base} {context}");
        }
    }

    #[test]
    fn owners_and_applications_may_have_hyphens() {
        for (text, owner, application, same) in [
            ("ana-Till", "ana", "Till", true),
            ("ana@carbon.super-Till", "ana", "Till", true),
            ("ana@meridian-Till", "ana@meridian", "Till", true),
            ("ana-maria-Till", "ana-maria", "Till", true),
            ("ana-maria@carbon.super-Till-2", "ana-maria", "Till-2", true),
            ("ana-Till", "ana", "Tillage", false),
            ("ana-Tillage", "ana", "Till", false),
            ("ana@meridian-Till", "ana", "Till", false),
            ("anabel-Till", "ana", "Till", false),
            ("ana-Till", "", "Till", false),
        ] {
            assert_eq!(
                is_caller(text, owner, application),
                same,
                "{text} {owner} {application}"
            );
        }
    }

    #[test]
    fn nothing_is_blocked_by_an_empty_list_and_inverted_ranges_block_the_rest() {
        let outside = IpAddr::from([192, 0, 2, 1]);
        assert!(!Blocks::new(&[], &[]).refuse(0, outside, None));
        let range = |inverted| Block::Address {
            first: IpAddr::from([10, 0, 0, 1]),
            last: IpAddr::from([10, 0, 0, 9]),
            inverted,
        };
        for (client, inside) in [
            ("10.0.0.1", true),
            ("::ffff:10.0.0.9", true),
            ("10.0.0.10", false),
            ("::1", false),
        ] {
            let client = client.parse().expect("an address");
            assert_eq!(
                Blocks::new(&[range(false)], &[]).refuse(0, client, None),
                inside,
                "{client}"
            );
            assert_eq!(
                Blocks::new(&[range(true)], &[]).refuse(0, client, None),
                !inside,
                "{client}"
            );
        }
    }
}
