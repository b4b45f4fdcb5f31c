//! The lists of key templates and blocks that the control plane keeps, for the start and for what was missed.

use super::live_blocks::LiveBlock;
use crate::asking::Asking;
use crate::config::ThrottleLists;
use crate::control_plane::{ControlPlane, NoAnswer};
use crate::event_hub::{block_condition, block_of_shape};
use crate::kept_answer::KeptAnswer;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Largest list, in bytes.
const MAX_LIST: usize = 16 << 20;
/// How long one list may take.
const DEADLINE: Duration = Duration::from_secs(30);
/// Longest name of a tenant.
const MAX_TENANT: usize = 256;
/// Largest file with both.
const MAX_KEPT: u64 = 4 * MAX_LIST as u64;

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
    kept: Option<Arc<KeptAnswer>>,
}

/// Both lists as the control plane wrote them, for the next start.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Kept {
    key_templates: Value,
    block: Value,
}

impl ListClient {
    /// Prepares the connection; the last lists are kept in `data_dir`.
    pub(super) fn new(settings: &ThrottleLists, asking: &Asking, data_dir: Option<&Path>) -> Result<Self, String> {
        let kept = data_dir.map(|folder| KeptAnswer::new(folder, &settings.url, &settings.username, MAX_KEPT));
        Ok(Self {
            plane: ControlPlane::new(&settings.url, &settings.username, &settings.password, asking)?,
            base: settings.url.clone(),
            kept: kept.map(Arc::new),
        })
    }

    /// Returns what an earlier gateway fetched last.
    pub(super) fn kept(&self) -> Option<Lists> {
        let Kept { key_templates, block } = self.kept.as_ref()?.read()?;
        lists(key_templates, block).ok()
    }

    /// Fetches both lists, or none: whoever is told half of them cannot know what is missing.
    pub(super) async fn fetch(&self) -> Result<Lists, NoAnswer> {
        let (key_templates, block) = (self.get("keyTemplates").await?, self.get("block").await?);
        let lists = lists(key_templates.clone(), block.clone())?;
        if let Some(kept) = self.kept.clone() {
            let written = Kept { key_templates, block };
            // Whether it ends well is told where it is written.
            let _ = tokio::task::spawn_blocking(move || kept.write(written)).await;
        }
        Ok(lists)
    }

    /// What is no JSON is null, and no list.
    async fn get(&self, list: &str) -> Result<Value, NoAnswer> {
        let mut url = self.base.clone();
        let path = format!("{}/{list}", url.path().trim_end_matches('/'));
        url.set_path(&path);
        let body = self.plane.answer(url, |request| request, MAX_LIST, DEADLINE).await?;
        Ok(serde_json::from_slice(&body).unwrap_or_default())
    }
}

/// Reads both lists.
fn lists(key_templates: Value, block: Value) -> Result<Lists, NoAnswer> {
    let (templates, malformed) =
        templates(key_templates).ok_or(NoAnswer::Unusable("the answer is no list of key templates"))?;
    let (blocks, more) = blocks(block).ok_or(NoAnswer::Unusable("the answer is no list of blocks"))?;
    Ok(Lists {
        templates,
        blocks,
        malformed: malformed + more,
    })
}

/// Reads `["$userId:$apiContext", …]`.
pub(super) fn templates(list: Value) -> Option<(Vec<String>, usize)> {
    let Value::Array(list) = list else { return None };
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
pub(super) fn blocks(lists: Value) -> Option<(Vec<LiveBlock>, usize)> {
    let Value::Object(lists) = lists else { return None };
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
