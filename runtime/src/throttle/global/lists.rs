//! The lists of key templates and blocks that the control plane keeps, for the start and for what was missed.

use super::live_blocks::LiveBlock;
use crate::asking::Asking;
use crate::config::ThrottleLists;
use crate::control_plane::{ControlPlane, NoAnswer, answer};
use crate::event_hub::{block_condition, block_of_shape};
use serde_json::{Map, Value};
use std::time::Duration;
use url::Url;

/// Largest list, in bytes.
const MAX_LIST: usize = 16 << 20;
/// How long one list may take.
const DEADLINE: Duration = Duration::from_secs(30);
/// Longest name of a tenant.
const MAX_TENANT: usize = 256;

/// What the control plane lists.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Lists {
    pub(super) templates: Vec<String>,
    pub(super) blocks: Vec<LiveBlock>,
    /// Entries that make no sense.
    pub(super) malformed: usize,
}

/// Where the lists are.
#[derive(Debug)]
pub(super) struct ListClient {
    plane: ControlPlane,
    base: Url,
}

impl ListClient {
    /// Prepares the connection.
    pub(super) fn new(settings: &ThrottleLists, asking: &Asking) -> Result<Self, String> {
        Ok(Self {
            plane: ControlPlane::new(&settings.username, &settings.password, asking)?,
            base: settings.url.clone(),
        })
    }

    /// Fetches both lists, or none: whoever is told half of them cannot know what is missing.
    pub(super) async fn fetch(&self) -> Result<Lists, NoAnswer> {
        let (templates, malformed) = templates(&self.get("keyTemplates").await?)
            .ok_or(NoAnswer::Unusable("the answer is no list of key templates"))?;
        let (blocks, more) =
            blocks(&self.get("block").await?).ok_or(NoAnswer::Unusable("the answer is no list of blocks"))?;
        Ok(Lists {
            templates,
            blocks,
            malformed: malformed + more,
        })
    }

    async fn get(&self, list: &str) -> Result<Vec<u8>, NoAnswer> {
        let mut url = self.base.clone();
        let path = format!("{}/{list}", url.path().trim_end_matches('/'));
        url.set_path(&path);
        answer(self.plane.ask(url), MAX_LIST, DEADLINE).await
    }
}

/// Reads `["$userId:$apiContext", …]`.
pub(super) fn templates(body: &[u8]) -> Option<(Vec<String>, usize)> {
    let list: Vec<Value> = serde_json::from_slice(body).ok()?;
    let all = list.len();
    let texts: Vec<String> = list
        .into_iter()
        .filter_map(|value| match value {
            Value::String(text) => Some(text),
            _ => None,
        })
        .collect();
    let malformed = all - texts.len();
    Some((texts, malformed))
}

/// Reads `{"api": […], "application": […], "user": […], "subscription": […], "ip": [{…}], …}`. Lists of other names hold
/// plain values too.
pub(super) fn blocks(body: &[u8]) -> Option<(Vec<LiveBlock>, usize)> {
    let lists: Map<String, Value> = serde_json::from_slice(body).ok()?;
    let (mut blocks, mut malformed) = (Vec::new(), 0);
    for (kind, list) in &lists {
        let list = match list {
            Value::Array(list) => list,
            Value::Null => continue,
            _ => {
                malformed += 1;
                continue;
            }
        };
        for value in list {
            match live_block(kind, value) {
                Some(block) => blocks.push(block),
                None => malformed += 1,
            }
        }
    }
    Some((blocks, malformed))
}

fn live_block(kind: &str, value: &Value) -> Option<LiveBlock> {
    let is_known = ["api", "application", "user", "subscription", "ip", "iprange"]
        .iter()
        .any(|known| kind.eq_ignore_ascii_case(known));
    let tenant = value.get("tenantDomain").and_then(Value::as_str);
    Some(LiveBlock {
        id: value.get("id").and_then(Value::as_i64),
        block: match is_known {
            true => block_condition(kind, value),
            false => block_of_shape(value.as_str()?),
        }?,
        tenant: match tenant {
            Some(tenant) if tenant.len() > MAX_TENANT => return None,
            tenant => tenant.filter(|tenant| !tenant.is_empty()).map(str::to_owned),
        },
    })
}
