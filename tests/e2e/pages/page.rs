//! The blocks of a page.

use super::block::{Block, block};

#[derive(Debug)]
pub struct Page {
    pub blocks: Vec<Block>,
}

impl Page {
    /// Finds what is to be executed; a mistake ends the test with its place.
    pub fn of(name: &str, text: &str) -> Self {
        let mut blocks = Vec::new();
        let mut lines = text.lines().enumerate();
        while let Some((index, line)) = lines.next() {
            let Some(info) = line.trim_start().strip_prefix("```") else {
                continue;
            };
            let indent = line.len() - line.trim_start().len();
            let body: Vec<&str> = lines
                .by_ref()
                .map(|(_, line)| line.get(indent..).unwrap_or_default().trim_end())
                .take_while(|line| !line.starts_with("```"))
                .collect();
            match block(index + 1, info, &body) {
                Ok(found) => blocks.extend(found),
                Err(problem) => panic!("{name}:{}: {problem}", index + 1),
            }
        }
        Self { blocks }
    }
}

#[test]
fn blocks_are_found_in_lists_as_well() {
    let page = Page::of(
        "page.md",
        "# A\n\n- first\n\n  ```console\n  $ true\n    more\n  ```\n\n```toml\n```\n\n```console\n$ false\n```\n",
    );
    let lines: Vec<usize> = page.blocks.iter().map(|block| block.line).collect();
    assert_eq!(lines, [5, 13]);
    let super::block::Kind::Console { steps, .. } = &page.blocks[0].kind else {
        panic!("{page:?}")
    };
    assert_eq!(steps[0].shown(), ["  more"]);
}
