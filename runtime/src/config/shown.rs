//! Which values of a configuration file may be shown to people.

use super::catalogue::{Key, Kind, all};
use super::key_names::is_section;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Longest value that a message repeats, in characters. Whatever may be written where a word or an address is asked for is
/// shorter.
const LONGEST_VALUE: usize = 100;

/// A value as a message repeats it. What is long or has several lines is not: where a quotation mark is misplaced, it is the
/// file from there on, with its secrets.
pub(super) fn quoted(text: &str) -> String {
    let length = text.chars().count();
    match length > LONGEST_VALUE || text.contains('\n') {
        true => format!("a text of {length} characters"),
        false => format!("`{}`", text.escape_debug()),
    }
}

/// Returns where the values stand that may be shown: those of keys that somebody knows and that hold no secret. Everything
/// else behind a key may be one, be it that its name is misspelt.
pub fn shown_values(text: &str) -> Vec<Range<usize>> {
    let (table, _) = DeTable::parse_recoverable(text);
    let mut shown = Vec::new();
    let keys: Vec<&'static Key> = all().collect();
    of_table(table.get_ref(), "", &keys, &mut shown);
    shown.sort_by_key(|range| range.start);
    shown
}

fn of_table(table: &DeTable<'_>, prefix: &str, keys: &[&'static Key], shown: &mut Vec<Range<usize>>) {
    for (name, value) in table {
        let path = format!("{prefix}{}", name.get_ref());
        if let Some(key) = keys.iter().find(|key| key.is_named(&path)) {
            of_value(key.kind, value, shown);
        } else if let Some(inner) = value.get_ref().as_table()
            && is_section(keys, &path)
        {
            of_table(inner, &format!("{path}."), keys, shown);
        }
    }
}

fn of_value(kind: Kind, value: &Spanned<DeValue<'_>>, shown: &mut Vec<Range<usize>>) {
    match (kind, value.get_ref()) {
        (Kind::Secret, _) => {}
        (Kind::Tables(keys), DeValue::Table(table)) => of_element(keys, table, shown),
        (Kind::Tables(keys), DeValue::Array(array)) => {
            for item in array.iter() {
                if let Some(table) = item.get_ref().as_table() {
                    of_element(keys, table, shown);
                }
            }
        }
        (Kind::Named(keys), DeValue::Table(table)) => {
            for inner in table.values() {
                if let Some(table) = inner.get_ref().as_table() {
                    of_element(keys, table, shown);
                }
            }
        }
        (Kind::Tables(_) | Kind::Named(_), _) => {}
        (_, plain) if may_be_shown(plain) => shown.push(value.span()),
        _ => {}
    }
}

fn of_element(keys: &'static [Key], table: &DeTable<'_>, shown: &mut Vec<Range<usize>>) {
    let keys: Vec<&'static Key> = keys.iter().collect();
    of_table(table, "", &keys, shown);
}

/// A URL may have a password before its host, and keys in its query.
fn may_be_shown(value: &DeValue<'_>) -> bool {
    match value {
        DeValue::String(text) => !(text.contains('@') || text.contains("://") && text.contains('?')),
        DeValue::Array(array) => array.iter().all(|item| may_be_shown(item.get_ref())),
        DeValue::Table(_) => false,
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_what_nobody_knows_are_not_shown() {
        let text = "keystorePass = \"s1\"\ncompat = \"none\"\nx_prod_basic_password = \"s2\"\n\
                    [listenerConfig]\nhttpPort = 9090\nkeyStorePassword = \"s3\"\n\
                    [[jwtTokenConfig]]\nissuer = \"https://idp\"\njwksURL = \"https://u:s4@idp\"\naudience = \"https://idp/?key=s8\"\nclaims = [{remoteClaim = \"r\"}]\n\
                    [b7a.users.admin]\npassword = \"s5\"\n[b7a.logs]\nlevel = \"s6\"\nrest = [\"s7\n";
        let shown: Vec<&str> = shown_values(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(shown, ["\"none\"", "9090", "\"https://idp\"", "\"r\""]);
    }
}
