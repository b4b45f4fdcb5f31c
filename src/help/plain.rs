//! Markdown as a terminal shows it: links are their texts, and what only programs read is left out.

/// Returns a page for reading.
pub(crate) fn plain(page: &str) -> String {
    let mut out = String::with_capacity(page.len());
    let mut is_code = false;
    for line in page.lines().filter(|line| !line.starts_with("<!--")) {
        if let Some(fence) = line.trim_start().strip_prefix("```") {
            is_code = !is_code;
            // Behind the language of a block is how it is tested.
            let language = fence.split(' ').next().unwrap_or_default();
            let indent = &line[..line.len() - line.trim_start().len()];
            out.push_str(&format!("{indent}```{language}\n"));
        } else if is_code {
            out.push_str(line);
            out.push('\n');
        } else {
            out.push_str(&without_links(line));
            out.push('\n');
        }
    }
    out
}

/// `[text](target)` becomes `text`. Brackets without a target stay.
fn without_links(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(start) = rest.find('[') {
        let (before, link) = rest.split_at(start);
        let parts = link
            .split_once("](")
            .and_then(|(text, after)| Some((text.strip_prefix('[')?, after.split_once(')')?.1)));
        match parts {
            // A bracket within the text belongs to something else.
            Some((text, after)) if !text.contains('[') => {
                out.push_str(before);
                out.push_str(text);
                rest = after;
            }
            _ => {
                out.push_str(before);
                out.push('[');
                rest = &link[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_their_texts() {
        for (line, expected) in [
            (
                "See [limits](limits.md) and [`mgw test`](test.md#x).",
                "See limits and `mgw test`.",
            ),
            ("[1, 2] and a[0](x)", "[1, 2] and a0"),
            ("`[bundle]` stays, as does [this", "`[bundle]` stays, as does [this"),
            ("[[a](b.md)]", "[a]"),
            ("é [ü](ö) ", "é ü "),
        ] {
            assert_eq!(without_links(line), expected, "{line}");
        }
    }

    #[test]
    fn code_stays_and_loses_what_tests_need() {
        let page = "# A\n<!-- generated -->\n```console exits=6\n$ x [a](b)\n```\n[c](d)\n";
        assert_eq!(plain(page), "# A\n```console\n$ x [a](b)\n```\nc\n");
    }

    #[test]
    fn every_page_can_be_shown() {
        for page in crate::help::PAGES {
            let text = plain(page.text);
            assert!(text.starts_with("# ") && !text.contains("]("), "{}", page.topic);
            assert!(!text.contains("{{#"), "{} shows less than it has", page.topic);
        }
    }
}
