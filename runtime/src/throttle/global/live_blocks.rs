//! Blocks that the control plane tells while the gateway runs, beside those of the bundle.

use crate::auth::Caller;
use crate::event_hub::BlockChange;
use crate::throttle::Blocks;
use crate::throttle::blocks::tenant_of;
use arc_swap::ArcSwap;
use mgw_bundle::config::{Api, Block};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Most blocks that are kept.
pub(super) const MAX_BLOCKS: usize = 10_000;

/// The tenant of APIs that name none.
pub(super) const SUPER_TENANT: &str = "carbon.super";

/// One block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LiveBlock {
    /// The control plane's number.
    pub(super) id: Option<i64>,
    pub(super) block: Block,
    /// Whose APIs it is about, where the block itself does not say.
    pub(super) tenant: Option<String>,
}

/// The blocks of the control plane, and the configurations that look at them.
#[derive(Debug, Default)]
pub(super) struct LiveBlocks(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    list: Vec<LiveBlock>,
    served: Vec<(Weak<ServedBlocks>, Vec<Api>)>,
}

/// The control plane's blocks, resolved against the APIs of one configuration.
#[derive(Debug, Default)]
pub(crate) struct ServedBlocks(ArcSwap<Resolved>);

#[derive(Debug, Default)]
struct Resolved {
    everywhere: Blocks,
    /// Addresses that one tenant has blocked, by number of the API.
    of_tenants: Vec<Option<Arc<Blocks>>>,
}

impl ServedBlocks {
    /// Returns whether a request is blocked, see [`Blocks::refuse`].
    pub(crate) fn refuse(&self, api: u32, client: IpAddr, caller: Option<&Caller>, now_ms: u64) -> bool {
        let resolved = self.0.load();
        let of_tenant = || {
            let blocks = resolved.of_tenants.get(usize::try_from(api).ok()?)?.as_ref()?;
            Some(blocks.refuse(api, client, None, now_ms))
        };
        resolved.everywhere.refuse(api, client, caller, now_ms) || of_tenant().unwrap_or(false)
    }
}

impl LiveBlocks {
    /// Resolves the blocks for a configuration, now and whenever they change, as long as it is there.
    pub(super) fn serve(&self, apis: &[Api]) -> Arc<ServedBlocks> {
        // Only what contexts are found by.
        let apis: Vec<Api> = apis
            .iter()
            .map(|api| Api {
                resources: Vec::new(),
                ..api.clone()
            })
            .collect();
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let served = Arc::new(ServedBlocks(ArcSwap::from_pointee(resolve(&state.list, &apis))));
        state.served.retain(|(other, _)| other.strong_count() > 0);
        state.served.push((Arc::downgrade(&served), apis));
        served
    }

    /// Takes over a list. Returns how many found no room.
    pub(super) fn replace(&self, mut list: Vec<LiveBlock>) -> usize {
        let over = list.len().saturating_sub(MAX_BLOCKS);
        list.truncate(MAX_BLOCKS);
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.list = list;
        state.resolve();
        over
    }

    /// Adds or removes a block. `false`: there is no room.
    pub(super) fn change(&self, change: &BlockChange) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = change_list(&mut state.list, change);
        state.resolve();
        found
    }

    /// Returns how many there are.
    pub(super) fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).list.len()
    }
}

impl State {
    fn resolve(&mut self) {
        let Self { list, served } = self;
        served.retain(|(served, apis)| {
            let Some(served) = served.upgrade() else { return false };
            served.0.store(Arc::new(resolve(list, apis)));
            true
        });
    }
}

/// Applies a change to a list. `false`: there is no room.
pub(super) fn change_list(list: &mut Vec<LiveBlock>, change: &BlockChange) -> bool {
    // Lists name texts without numbers, messages with them: the same text is the same block. Two ranges may be the same and
    // be of two tenants, or have changed under their number.
    let is_address = |block: &Block| matches!(block, Block::Address { .. });
    let same = |known: &LiveBlock| match (known.id, change.id) {
        (Some(known_id), Some(id)) if is_address(&known.block) && is_address(&change.block) => known_id == id,
        _ => known.block == change.block && (!is_address(&known.block) || known.tenant == change.tenant),
    };
    list.retain(|known| !same(known));
    if !change.added {
        return true;
    }
    if list.len() >= MAX_BLOCKS {
        return false;
    }
    list.push(LiveBlock {
        id: change.id,
        block: change.block.clone(),
        tenant: change.tenant.clone(),
    });
    true
}

fn resolve(list: &[LiveBlock], apis: &[Api]) -> Resolved {
    let (mut everywhere, mut of_tenants) = (Vec::new(), HashMap::<&str, Vec<Block>>::new());
    for LiveBlock { block, tenant, .. } in list {
        match (block, tenant) {
            (Block::Address { .. }, Some(tenant)) => of_tenants.entry(tenant).or_default().push(block.clone()),
            _ => everywhere.push(block.clone()),
        }
    }
    // Addresses do not look at the API.
    let of_tenants: HashMap<&str, Arc<Blocks>> = of_tenants
        .into_iter()
        .map(|(tenant, blocks)| (tenant, Arc::new(Blocks::new(&blocks, &[]))))
        .collect();
    let of_apis = apis.iter().map(|api| {
        let tenant = tenant_of(&api.base_path).0.unwrap_or(SUPER_TENANT);
        of_tenants.get(tenant).map(Arc::clone)
    });
    Resolved {
        everywhere: Blocks::new(&everywhere, apis),
        of_tenants: of_apis.collect(),
    }
}
