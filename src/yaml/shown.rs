//! What of a file with settings may be shown to people: the values that are known to be no secrets.

use super::{Source, Span};

impl Source {
    /// The same file, which is in TOML, of whose values only those at `values` may be shown. The others may be secrets.
    #[must_use]
    pub(crate) fn showing_only(mut self, values: impl IntoIterator<Item = Span>) -> Self {
        self.shown = Some(values.into_iter().collect());
        self
    }

    /// Whether the file says which of its values may be shown.
    pub(crate) fn is_masked(&self) -> bool {
        self.shown.is_some()
    }

    /// How much of a line, which starts at `start`, may be shown; `None`: nothing of it.
    pub(crate) fn presentable(&self, line: &str, start: usize) -> Option<usize> {
        let Some(shown) = &self.shown else {
            return Some(line.len());
        };
        let before = self.text().get(..start).unwrap_or_default();
        let is_inside = ["\"\"\"", "'''"]
            .iter()
            .any(|quotes| before.matches(quotes).count() % 2 == 1);
        if is_inside {
            return None;
        }
        let is_key = |c: char| c.is_ascii_alphanumeric() || "_-. ".contains(c);
        if let Some(header) = line.trim().strip_prefix('[') {
            let name = header.trim_matches(['[', ']']);
            return (header.ends_with(']') && name.chars().all(is_key)).then_some(line.len());
        }
        let equals = line.find('=')?;
        if !line.get(..equals)?.trim().trim_matches('"').chars().all(is_key) {
            return None;
        }
        let rest = line.get(equals + 1..)?;
        let value = start + equals + 1 + (rest.len() - rest.trim_start().len());
        let value = shown.iter().find(|span| span.start as usize == value);
        Some(value.map_or(equals + 1, |span| (span.end as usize - start).min(line.len())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_values_are_shown() {
        let text = "a = 1 # c4nary\nb = \"c4nary\"\n[a.b]\n[[c]]\nc4nary\n\"c4nary\n[\"c4nary\"]\nc4n!ry = 1\nlist = [\n  1]\n\
                    x = \"\"\"\nc4nary = \n";
        let at = |part: &str| text.find(part).unwrap();
        let list = Span::new(at("[\n"), at("\nx ="));
        let source = Source::new("a.toml", text.into())
            .unwrap()
            .showing_only([Span::new(4, 5), list]);
        let mut start = 0;
        let mut shown = Vec::new();
        for line in text.lines() {
            shown.push(source.presentable(line, start).map(|end| &line[..end]));
            start += line.len() + 1;
        }
        assert_eq!(
            shown,
            [
                Some("a = 1"),
                Some("b ="),
                Some("[a.b]"),
                Some("[[c]]"),
                None,
                None,
                None,
                None,
                Some("list = ["),
                None,
                Some("x ="),
                None
            ]
        );
    }
}
