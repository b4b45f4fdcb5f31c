//! Where tables are named: a name may stand in several headers.

use super::{Source, Span};

/// The places of the last part of a path, such as `b` of `a.b`, in the headers of tables that are called so or lie below:
/// `[a.b]`, `[[a.b]]`, `[a.b.c]`. Parts in quotes are passed over, and so are files with texts over several lines, in which
/// what looks like a header may be none.
pub(crate) fn in_headers(source: &Source, path: &str) -> Vec<Span> {
    let text = source.text();
    if text.contains("\"\"\"") || text.contains("'''") {
        return Vec::new();
    }
    let mut places = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        places.extend(in_header(line, path).map(|(from, to)| Span::new(start + from, start + to)));
        start += line.len();
    }
    places
}

/// The same in a line.
fn in_header(line: &str, path: &str) -> Option<(usize, usize)> {
    let header = line.trim_start().strip_prefix('[')?;
    let header = header.strip_prefix('[').unwrap_or(header);
    let mut at = line.len() - header.len();
    let name = header.split(']').next()?;
    let mut written = name.split('.');
    let mut place = None;
    for part in path.split('.') {
        let found = written.next()?;
        let blanks = found.len() - found.trim_start().len();
        place = (found.trim() == part).then_some((at + blanks, at + blanks + part.len()));
        place?;
        at += found.len() + 1;
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_headers_with_a_name_are_found() {
        let text =
            "b = 1\n[a.b]\nb = [\n  [a.c]]\n  [[ a . b ]] # b\n[a.bb]\n[a.b.c]\r\n[b]\n[x.a.b]\n[\"a\".b]\n[a]\n";
        let places = |text: &str| {
            let source = Source::new("a.toml", text.into()).unwrap();
            let places = in_headers(&source, "a.b");
            assert!(places.iter().all(|place| source.slice(*place) == "b"), "{places:?}");
            places
                .iter()
                .map(|place| source.position(*place).line)
                .collect::<Vec<_>>()
        };
        assert_eq!(places(text), [2, 5, 7]);
        assert_eq!(places(&format!("{text}x = '''\n'''\n")), [0; 0]);
    }
}
