//! The list.

use mgw_bundle::config::Block;
use serde::{Deserialize, Serialize};

/// Most blocks.
const MAX_BLOCKS: usize = 10_000;

/// The version of the file format.
const FORMAT: u32 = 1;

/// A block that an operator has set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct OperatorBlock {
    /// Identifies it; never used again.
    pub id: u64,
    /// What is blocked.
    pub block: Block,
    /// When it was set, in milliseconds since the epoch.
    pub since_ms: u64,
    /// When it ends, in milliseconds since the epoch; `None`: when it is removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at_ms: Option<u64>,
    /// Why, in the operator's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl OperatorBlock {
    /// When it ends; the end of time for those that only end when they are removed.
    pub(crate) fn until_ms(&self) -> u64 {
        self.expires_at_ms.unwrap_or(u64::MAX)
    }
}

/// A block to set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewBlock {
    pub(crate) block: Block,
    pub(crate) expires_at_ms: Option<u64>,
    pub(crate) reason: Option<String>,
}

/// Why a block is not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AddError {
    #[error("there are {MAX_BLOCKS} blocks already")]
    Full,
    #[error("it would have ended already")]
    Ended,
}

/// All blocks that operators have set, as they stand in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct BlockList {
    format: u32,
    next_id: u64,
    blocks: Vec<OperatorBlock>,
}

impl Default for BlockList {
    fn default() -> Self {
        Self {
            format: FORMAT,
            next_id: 1,
            blocks: Vec::new(),
        }
    }
}

impl BlockList {
    /// Reads what [`Self::to_bytes`] wrote; else says why it cannot be used.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let list: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if list.format != FORMAT {
            return Err(format!("it has format {}, this version reads {FORMAT}", list.format));
        }
        if list.blocks.len() > MAX_BLOCKS {
            return Err(format!("it holds more than {MAX_BLOCKS} blocks"));
        }
        // An id that could come again would have somebody remove another block than the one that is meant.
        if list.next_id == u64::MAX || list.blocks.iter().any(|block| block.id >= list.next_id) {
            return Err("its `nextId` is not above the ids of its blocks".to_owned());
        }
        Ok(list)
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        // Plain data with text keys is always JSON.
        serde_json::to_vec_pretty(self).unwrap_or_default()
    }

    /// The list with one block more, and that block. Blocks that have ended leave it.
    pub(crate) fn with(&self, new: NewBlock, now_ms: u64) -> Result<(Self, OperatorBlock), AddError> {
        if new.expires_at_ms.is_some_and(|end| end <= now_ms) {
            return Err(AddError::Ended);
        }
        let mut list = self.without_ended(now_ms);
        if list.blocks.len() >= MAX_BLOCKS {
            return Err(AddError::Full);
        }
        let block = OperatorBlock {
            id: list.next_id,
            block: new.block,
            since_ms: now_ms,
            expires_at_ms: new.expires_at_ms,
            reason: new.reason,
        };
        list.next_id += 1;
        list.blocks.push(block.clone());
        Ok((list, block))
    }

    /// The list with one block less, and that block; `None` where there is none of that id.
    pub(crate) fn without(&self, id: u64, now_ms: u64) -> Option<(Self, OperatorBlock)> {
        let mut list = self.without_ended(now_ms);
        let position = list.blocks.iter().position(|block| block.id == id)?;
        let removed = list.blocks.remove(position);
        Some((list, removed))
    }

    /// The blocks that are in force.
    pub(crate) fn in_force(&self, now_ms: u64) -> impl Iterator<Item = &OperatorBlock> {
        self.blocks.iter().filter(move |block| now_ms < block.until_ms())
    }

    fn without_ended(&self, now_ms: u64) -> Self {
        Self {
            blocks: self.in_force(now_ms).cloned().collect(),
            ..*self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000_000;

    fn user(name: &str, expires_at_ms: Option<u64>) -> NewBlock {
        NewBlock {
            block: Block::User { name: name.into() },
            expires_at_ms,
            reason: None,
        }
    }

    #[test]
    fn blocks_come_and_go_and_ids_stay_theirs() {
        let (list, first) = BlockList::default().with(user("ana", None), NOW).unwrap();
        let (list, second) = list.with(user("bob", Some(NOW + 10)), NOW).unwrap();
        assert_eq!((first.id, second.id), (1, 2));
        assert_eq!(list.in_force(NOW + 9).count(), 2);
        assert_eq!(list.in_force(NOW + 10).count(), 1, "it ends at the moment it names");
        assert_eq!(list.without(2, NOW + 10), None);
        let (list, removed) = list.without(1, NOW + 10).unwrap();
        assert_eq!((removed.id, list.in_force(0).count()), (1, 0));
        let (list, third) = list.with(user("cyd", None), NOW).unwrap();
        assert_eq!(third.id, 3);
        assert_eq!(BlockList::parse(&list.to_bytes()), Ok(list));
    }

    #[test]
    fn a_list_is_bounded_and_what_has_ended_makes_room() {
        let mut list = BlockList::default();
        for number in 0..MAX_BLOCKS {
            list.blocks.push(OperatorBlock {
                id: number as u64 + 1,
                block: Block::User { name: "x".into() },
                since_ms: NOW,
                expires_at_ms: (number == 7).then_some(NOW + 1),
                reason: None,
            });
        }
        assert_eq!(list.with(user("y", None), NOW), Err(AddError::Full));
        assert!(list.with(user("y", None), NOW + 1).is_ok());
        assert_eq!(
            BlockList::default().with(user("y", Some(NOW)), NOW),
            Err(AddError::Ended)
        );
    }

    #[test]
    fn damaged_files_are_not_taken_for_empty_ones() {
        for (text, reason) in [
            ("", "EOF"),
            ("{}", "missing field"),
            (r#"{"format":2,"nextId":1,"blocks":[]}"#, "format 2"),
            (r#"{"format":1,"nextId":1,"blocks":[],"more":1}"#, "unknown field"),
            (r#"{"format":1,"nextId":18446744073709551615,"blocks":[]}"#, "nextId"),
            (
                r#"{"format":1,"nextId":1,"blocks":[{"id":1,"block":{"kind":"user","name":"a"},"sinceMs":1}]}"#,
                "nextId",
            ),
            (
                r#"{"format":1,"nextId":1,"blocks":[{"id":1,"block":{"kind":"planet"},"sinceMs":1}]}"#,
                "unknown variant",
            ),
        ] {
            let found = BlockList::parse(text.as_bytes()).expect_err(text);
            assert!(found.contains(reason), "{found}");
        }
    }
}
