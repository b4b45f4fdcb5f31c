//! The block lists of the control plane and of operators, ready to be asked.

use crate::auth::{Caller, CallerKeyType};
use crate::operator_blocks::OperatorBlock;
use mgw_bundle::config::{Api, Block};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

/// The tenant that names without a tenant belong to.
const SUPER_TENANT: &str = "@carbon.super";

/// The moment at which a block ends, in milliseconds since the epoch.
type Until = u64;

/// For blocks that do not end by themselves.
const FOREVER: Until = u64::MAX;

/// Which requests are blocked. Immutable; asked for every request.
#[derive(Debug, Clone, Default)]
pub struct Blocks {
    subjects: Arc<Subjects>,
    is_empty: bool,
    /// By number of the API; 0 where it is not blocked.
    apis: Vec<Until>,
    /// Names by owner.
    applications: HashMap<String, HashMap<String, Until>>,
    users: HashMap<String, Until>,
    addresses: Vec<BlockedAddresses>,
    /// By number of the API.
    subscriptions: HashMap<u32, Vec<BlockedSubscription>>,
}

/// What the blocks of one bundle are about.
#[derive(Debug, Default)]
struct Subjects {
    /// The bundle's own blocks.
    blocks: Vec<Block>,
    /// Base path and version by number of the API.
    apis: Vec<(String, String)>,
}

#[derive(Debug, Clone, Copy)]
struct BlockedAddresses {
    first: IpAddr,
    last: IpAddr,
    inverted: bool,
    until: Until,
}

#[derive(Debug, Clone)]
struct BlockedSubscription {
    /// `owner-application` as the control plane writes it: hyphens in either part leave open where one ends.
    caller: String,
    key_type: Option<String>,
    until: Until,
}

impl Blocks {
    /// Resolves the entries of a bundle against its APIs.
    pub fn new(blocks: &[Block], apis: &[Api]) -> Self {
        let subjects = Subjects {
            blocks: blocks.to_vec(),
            apis: apis
                .iter()
                .map(|api| (api.base_path.clone(), api.version.clone()))
                .collect(),
        };
        Self::of(Arc::new(subjects), &[])
    }

    /// Returns the same with these blocks of operators in the place of earlier ones.
    pub(crate) fn with(&self, operators: &[OperatorBlock]) -> Self {
        Self::of(Arc::clone(&self.subjects), operators)
    }

    /// The bundle's own blocks.
    pub(crate) fn of_bundle(&self) -> &[Block] {
        &self.subjects.blocks
    }

    /// Returns whether an API is known under this context.
    pub(crate) fn knows_context(&self, context: &str) -> bool {
        let mut apis = self.subjects.apis.iter();
        apis.any(|(base_path, version)| is_context(base_path, version, context))
    }

    fn of(subjects: Arc<Subjects>, operators: &[OperatorBlock]) -> Self {
        let mut resolved = Self {
            is_empty: subjects.blocks.is_empty() && operators.is_empty(),
            apis: vec![0; subjects.apis.len()],
            ..Self::default()
        };
        for block in &subjects.blocks {
            resolved.add(block, FOREVER, &subjects.apis);
        }
        for operator in operators {
            resolved.add(&operator.block, operator.until_ms(), &subjects.apis);
        }
        resolved.subjects = subjects;
        resolved
    }

    fn add(&mut self, block: &Block, until: Until, apis: &[(String, String)]) {
        // Of several blocks of one thing, the last to end counts.
        let extend = |known: &mut Until| *known = until.max(*known);
        match block {
            Block::Api { context } => {
                for (known, (base_path, version)) in self.apis.iter_mut().zip(apis) {
                    if is_context(base_path, version, context) {
                        extend(known);
                    }
                }
            }
            Block::Application { owner, name } => {
                let names = self.applications.entry(plain(owner).to_owned()).or_default();
                extend(names.entry(name.clone()).or_default());
            }
            Block::User { name } => extend(self.users.entry(plain(name).to_owned()).or_default()),
            Block::Address { first, last, inverted } => self.addresses.push(BlockedAddresses {
                first: first.to_canonical(),
                last: last.to_canonical(),
                inverted: *inverted,
                until,
            }),
            Block::Subscription {
                context,
                owner,
                application,
                key_type,
            } => {
                let numbered = (0_u32..).zip(apis);
                for (number, _) in numbered.filter(|(_, (base_path, version))| is_context(base_path, version, context))
                {
                    let list = self.subscriptions.entry(number).or_default();
                    list.push(BlockedSubscription {
                        caller: format!("{owner}-{application}"),
                        key_type: key_type.clone(),
                        until,
                    });
                }
            }
        }
    }

    /// Returns whether a request is blocked at this moment: one to API number `api`, from a client's address, by a caller if
    /// one was asked for credentials.
    pub fn refuse(&self, api: u32, client: IpAddr, caller: Option<&Caller>, now_ms: u64) -> bool {
        if self.is_empty {
            return false;
        }
        let number = usize::try_from(api).ok();
        number
            .and_then(|number| self.apis.get(number))
            .is_some_and(|until| now_ms < *until)
            || self.blocks_address(client, now_ms)
            || caller.is_some_and(|caller| self.blocks_caller(api, caller, now_ms))
    }

    fn blocks_address(&self, client: IpAddr, now_ms: u64) -> bool {
        let client = client.to_canonical();
        self.addresses.iter().any(|blocked| {
            now_ms < blocked.until && super::condition::within(client, blocked.first, blocked.last) != blocked.inverted
        })
    }

    fn blocks_caller(&self, api: u32, caller: &Caller, now_ms: u64) -> bool {
        let grant = &caller.grant;
        let (owner, name) = (plain(&grant.subscriber), &grant.application_name);
        let application = self.applications.get(owner).and_then(|names| names.get(name));
        let user = self.users.get(plain(&caller.identity.user));
        let holds = |until: Option<&Until>| until.is_some_and(|until| now_ms < *until);
        holds(user)
            || holds(application)
            || self.subscriptions.get(&api).is_some_and(|blocked| {
                blocked.iter().any(|blocked| {
                    now_ms < blocked.until
                        && is_caller(&blocked.caller, owner, name)
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

/// Returns whether the control plane knows the API with this base path and version under this context. Its contexts carry the tenant and the version; base
/// paths of projects may lack either.
fn is_context(base_path: &str, version: &str, context: &str) -> bool {
    let ((tenant, context), (own_tenant, base)) = (tenant_of(context), tenant_of(base_path));
    // Another tenant's API may have the same name.
    if own_tenant.is_some() && own_tenant != tenant {
        return false;
    }
    let rest = context.strip_prefix(base.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.strip_prefix('/') == Some(version))
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
            assert_eq!(is_context(base, "2.1.0", context), same, "{base} {context}");
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
        assert!(!Blocks::new(&[], &[]).refuse(0, outside, None, 0));
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
                Blocks::new(&[range(false)], &[]).refuse(0, client, None, 0),
                inside,
                "{client}"
            );
            assert_eq!(
                Blocks::new(&[range(true)], &[]).refuse(0, client, None, 0),
                !inside,
                "{client}"
            );
        }
    }

    #[test]
    fn blocks_of_operators_end_and_the_last_to_end_counts() {
        let operator = |block: Block, expires_at_ms| OperatorBlock {
            id: 1,
            block,
            since_ms: 0,
            expires_at_ms,
            reason: None,
        };
        let address = |number: u8| Block::Address {
            first: IpAddr::from([10, 0, 0, number]),
            last: IpAddr::from([10, 0, 0, number]),
            inverted: false,
        };
        let blocks = Blocks::new(&[address(1)], &[]).with(&[
            operator(address(2), Some(1000)),
            operator(address(2), Some(2000)),
            operator(address(3), None),
        ]);
        let refused = |number: u8, now_ms| blocks.refuse(0, IpAddr::from([10, 0, 0, number]), None, now_ms);
        for (number, now_ms, expected) in [
            (1, u64::MAX - 1, true),
            (2, 1999, true),
            (3, u64::MAX - 1, true),
            (2, 2000, false),
            (4, 0, false),
        ] {
            assert_eq!(refused(number, now_ms), expected, "{number} {now_ms}");
        }
        let short = blocks.with(&[operator(address(9), Some(1000))]);
        assert!(short.refuse(0, IpAddr::from([10, 0, 0, 9]), None, 999));
        assert!(!short.refuse(0, IpAddr::from([10, 0, 0, 9]), None, 1000));
        assert!(
            !short.refuse(0, IpAddr::from([10, 0, 0, 3]), None, 0),
            "those of before are gone"
        );
        assert!(
            short.refuse(0, IpAddr::from([10, 0, 0, 1]), None, 0),
            "those of the bundle stay"
        );
    }
}
