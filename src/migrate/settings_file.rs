//! Settings files of micro-gw, key by key: where each stands, and what is left of the text when some of them go.

use crate::micro_gw_file::SettingsFile;
use crate::yaml::{Node, Source, Span, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Largest file, in bytes.
pub(super) const MAX_FILE: u64 = 1 << 20;

/// A key with a value that is no table.
#[derive(Debug, Clone)]
pub(super) struct Leaf<'a> {
    /// Dotted name, without the numbers of tables in lists.
    pub(super) name: String,
    /// Its parts: the names of users may have dots in them.
    pub(super) path: Vec<&'a str>,
    /// Whether it stands in one of several tables of a list.
    pub(super) in_list: bool,
    /// Where the last part of the name stands.
    pub(super) key: Span,
    /// The value.
    pub(super) node: &'a Node,
    /// What takes whole lines: this key, or the one whose table or list on one line this key stands in.
    statement: Statement<'a>,
}

/// A key at the start of a line, and its value.
#[derive(Debug, Clone, Copy)]
struct Statement<'a> {
    key: Span,
    value: &'a Node,
}

impl Leaf<'_> {
    /// The text, where it says something.
    pub(super) fn text(&self) -> Option<&str> {
        self.node.as_str().filter(|text| !text.trim().is_empty())
    }

    /// The last part of the name.
    pub(super) fn last(&self) -> &str {
        self.path.last().copied().unwrap_or_default()
    }

    /// Whether it has a value of its own, and not one that the environment gives.
    pub(super) fn is_set(&self) -> bool {
        self.node
            .as_str()
            .is_none_or(|text| !text.is_empty() && !text.starts_with("$env{"))
    }
}

/// The keys of a file, in its order.
pub(super) fn leaves(file: &SettingsFile) -> Vec<Leaf<'_>> {
    let mut collector = Collector {
        source: &file.source,
        leaves: Vec::new(),
    };
    collector.table(&file.document, &[], false, None);
    let mut leaves = collector.leaves;
    leaves.sort_by_key(|leaf| leaf.key.start);
    leaves
}

struct Collector<'a> {
    source: &'a Source,
    leaves: Vec<Leaf<'a>>,
}

impl<'a> Collector<'a> {
    fn table(&mut self, table: &'a Node, above: &[&'a str], in_list: bool, within: Option<Statement<'a>>) {
        for (key, member) in table.as_object().into_iter().flatten() {
            let path = [above, &[key]].concat();
            let own = Statement {
                key: member.key,
                value: &member.node,
            };
            match &member.node.value {
                // A header without keys says nothing.
                Value::Object(members) if !members.is_empty() || !self.is_on_line(&member.node) => {
                    let within = within.or_else(|| self.is_on_line(&member.node).then_some(own));
                    self.table(&member.node, &path, in_list, within);
                }
                Value::Array(items) if is_list_of_tables(items) => {
                    let within = within.or_else(|| self.is_on_line(&items[0]).then_some(own));
                    for item in items {
                        self.table(item, &path, true, within);
                    }
                }
                _ => self.leaves.push(Leaf {
                    name: path.join("."),
                    path,
                    in_list,
                    key: member.key,
                    node: &member.node,
                    statement: within.unwrap_or(own),
                }),
            }
        }
    }

    /// Whether a table is written in braces.
    fn is_on_line(&self, table: &Node) -> bool {
        self.source.slice(table.span).starts_with('{')
    }
}

fn is_list_of_tables(items: &[Node]) -> bool {
    !items.is_empty() && items.iter().all(|item| item.as_object().is_some())
}

/// The text without some keys: each becomes a comment that says why. `None` where the text that comes out would say
/// something else than the keys that stay.
pub(super) fn without(file: &SettingsFile, leaves: &[Leaf<'_>], gone: &[(&Leaf<'_>, String)]) -> Option<String> {
    let text = file.source.text();
    let mut statements: BTreeMap<u32, Vec<&(&Leaf<'_>, String)>> = BTreeMap::new();
    for one in gone {
        statements.entry(one.0.statement.key.start).or_default().push(one);
    }
    let mut kept = String::with_capacity(text.len());
    let mut from = 0;
    for (at, of_statement) in &statements {
        let statement = of_statement.first()?.0.statement;
        let (start, end) = lines_of(text, statement.key, statement.value.span);
        let comments: String = of_statement
            .iter()
            .map(|(leaf, why)| format!("# {}: {why}\n", leaf.name))
            .collect();
        kept.push_str(text.get(from..start)?);
        kept.push_str(&comments);
        from = end;
        let all = leaves.iter().filter(|leaf| leaf.statement.key.start == *at).count();
        if all > of_statement.len() {
            let keys = of_statement.iter().map(|(leaf, _)| leaf.key.start).collect();
            let value = statement.value.span;
            kept.push_str(text.get(start..value.start as usize)?);
            kept.push_str(&rest(statement.value, &keys)?.to_string());
            kept.push_str(text.get(value.end as usize..end)?);
        }
    }
    kept.push_str(text.get(from..)?);
    let new = SettingsFile::parse(file.source.name(), kept.clone().into_bytes()).ok()?;
    let is_gone = |leaf: &Leaf<'_>| gone.iter().any(|(one, _)| one.key == leaf.key);
    let stay = leaves.iter().filter(|leaf| !is_gone(leaf));
    let is_same = |(old, new): (&Leaf<'_>, &Leaf<'_>)| old.name == new.name && old.node.to_json() == new.node.to_json();
    let new = self::leaves(&new);
    (stay.clone().count() == new.len() && stay.zip(&new).all(is_same)).then_some(kept)
}

/// A value without the keys that stand at these places.
fn rest(node: &Node, gone: &BTreeSet<u32>) -> Option<toml::Value> {
    Some(match &node.value {
        Value::Null => return None,
        Value::Bool(value) => (*value).into(),
        Value::Number(number) => match number.as_i64() {
            Some(number) => number.into(),
            None => number.as_f64()?.into(),
        },
        Value::String(text) => text.clone().into(),
        Value::Array(items) => toml::Value::Array(items.iter().map(|item| rest(item, gone)).collect::<Option<_>>()?),
        Value::Object(members) => {
            let mut table = toml::Table::new();
            for (name, member) in members.iter().filter(|(_, member)| !gone.contains(&member.key.start)) {
                let left = rest(&member.node, gone)?;
                let was_empty = member.node.as_object().is_none_or(indexmap::IndexMap::is_empty);
                if was_empty || left.as_table().is_none_or(|table| !table.is_empty()) {
                    table.insert(name.clone(), left);
                }
            }
            toml::Value::Table(table)
        }
    })
}

/// The whole lines that a key and its value take.
fn lines_of(text: &str, key: Span, value: Span) -> (usize, usize) {
    let (key, value) = (key.start as usize, value.end as usize);
    let before = text.get(..key).and_then(|before| before.rfind('\n'));
    let after = text.get(value..).and_then(|after| after.find('\n'));
    (
        before.map_or(0, |at| at + 1),
        after.map_or(text.len(), |at| value + at + 1),
    )
}

/// The text between the start of the line and the value: the key as it is written.
pub(super) fn written_key<'a>(file: &'a SettingsFile, leaf: &Leaf<'_>) -> (Span, &'a str) {
    let (start, _) = lines_of(file.source.text(), leaf.key, leaf.node.span);
    let span = span(start..leaf.node.span.start as usize);
    (span, file.source.slice(span))
}

/// A span of bytes.
pub(super) fn span(range: std::ops::Range<usize>) -> Span {
    let clamp = |offset| u32::try_from(offset).unwrap_or(u32::MAX);
    Span {
        start: clamp(range.start),
        end: clamp(range.end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> SettingsFile {
        SettingsFile::parse("x.toml", text.into()).unwrap()
    }

    #[test]
    fn keys_are_found_with_their_places() {
        let file =
            parsed("a = true\n[b]\n  c.d = \"x\"\n[[e]]\nf = [\"1\", \"2\"]\n[[e]]\nf = 5\ng = [{h = 1}]\ni = {}\n");
        let leaves = leaves(&file);
        let found: Vec<(&str, bool, &str)> = leaves
            .iter()
            .map(|leaf| (leaf.name.as_str(), leaf.in_list, file.source.slice(leaf.node.span)))
            .collect();
        assert_eq!(
            found,
            [
                ("a", false, "true"),
                ("b.c.d", false, "\"x\""),
                ("e.f", true, "[\"1\", \"2\"]"),
                ("e.f", true, "5"),
                ("e.g.h", true, "1"),
                ("e.i", true, "{}"),
            ]
        );
        assert_eq!(written_key(&file, &leaves[1]).1, "  c.d = ");
    }

    /// The text without the keys of these names.
    fn cut(text: &str, names: &[&str]) -> Option<String> {
        let file = parsed(text);
        let leaves = leaves(&file);
        let gone: Vec<(&Leaf<'_>, String)> = leaves
            .iter()
            .filter(|leaf| names.contains(&leaf.name.as_str()))
            .map(|leaf| (leaf, "gone".to_owned()))
            .collect();
        without(&file, &leaves, &gone)
    }

    #[test]
    fn keys_become_comments_and_the_rest_stays() {
        let text = "a = 1 # one\n[b]\nc = [\n  1,\n]\nd = { e = 1, f = 2 }\ng = 3\n";
        assert_eq!(
            cut(text, &["a", "b.c", "b.d.e", "b.d.f"]).unwrap(),
            "# a: gone\n[b]\n# b.c: gone\n# b.d.e: gone\n# b.d.f: gone\ng = 3\n"
        );
        assert_eq!(
            cut(text, &["b.d.e"]).unwrap(),
            text.replace("d = { e = 1, f = 2 }", "# b.d.e: gone\nd = { f = 2 }")
        );
        assert_eq!(cut(text, &[]).unwrap(), text);
    }

    #[test]
    fn lists_of_tables_go_whole_or_keep_what_stays() {
        let text = "l = [\n  { p = \"x\", u = \"a\" }, # one\n  { p = \"y\", u = \"b\" }\n]\n[t]\nk = 1\n";
        assert_eq!(
            cut(text, &["l.p"]).unwrap(),
            "# l.p: gone\n# l.p: gone\nl = [{ u = \"a\" }, { u = \"b\" }]\n[t]\nk = 1\n"
        );
        assert_eq!(
            cut(text, &["l.p", "l.u"]).unwrap(),
            "# l.p: gone\n# l.u: gone\n# l.p: gone\n# l.u: gone\n[t]\nk = 1\n"
        );
    }

    #[test]
    fn texts_over_several_lines_go_whole() {
        let text = "a = \"\"\"x\ny\"\"\" # z\r\nb = 1\n";
        assert_eq!(cut(text, &["a"]).unwrap(), "# a: gone\nb = 1\n");
    }

    proptest::proptest! {
        #[test]
        fn whatever_goes_the_rest_stays(seed in proptest::collection::vec(0_usize..12, 0..8)) {
            let text = "a.b = 1\nc = { d = 1, e = { f = 'x', g = [1, 2] } }\n[h]\ni = [ { j = 1, k = 2 },\n { j = 3, k = 4 } ]\n[[l]]\nm = \"s\"\n[[l]]\nm = 2.5\n\"n.o\" = true\n";
            let file = parsed(text);
            let leaves = leaves(&file);
            let gone: Vec<(&Leaf<'_>, String)> = leaves
                .iter()
                .enumerate()
                .filter(|(index, _)| seed.contains(index))
                .map(|(_, leaf)| (leaf, "gone".to_owned()))
                .collect();
            proptest::prop_assert!(without(&file, &leaves, &gone).is_some());
        }
    }
}
