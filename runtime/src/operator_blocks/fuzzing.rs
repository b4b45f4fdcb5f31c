//! Entry point of the fuzz target into blocks that operators set.

use super::{BlockList, new_block};

const NOW_MS: u64 = 1_800_000_000_000;

/// Reads a file of blocks and what an operator asks for. A list that was read is written as what is read again, also with
/// another block in it, which has an id of its own.
pub fn operator_blocks(bytes: &[u8]) {
    let asked = new_block(bytes, NOW_MS).ok();
    let lists = [Some(BlockList::default()), BlockList::parse(bytes).ok()];
    for list in lists.into_iter().flatten() {
        assert_eq!(BlockList::parse(&list.to_bytes()).as_ref(), Ok(&list));
        let example = br#"{"block": {"api": "/a"}, "seconds": 60}"#;
        let block = asked.clone().or_else(|| new_block(example, NOW_MS).ok());
        if let Some(block) = block
            && let Ok((longer, added)) = list.with(block, NOW_MS)
        {
            assert_eq!(BlockList::parse(&longer.to_bytes()).as_ref(), Ok(&longer));
            assert!(!list.in_force(NOW_MS).any(|other| other.id == added.id));
        }
    }
}
