//! The names of keys: what lies below a table, what belongs elsewhere, and which name a misspelt one is near to.

use super::catalogue::{Key, Kind, all};
use std::collections::BTreeSet;

/// Returns whether some key lies below `path`.
pub(super) fn is_section(keys: &[&'static Key], path: &str) -> bool {
    names(keys).any(|name| name.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
}

fn names(keys: &[&'static Key]) -> impl Iterator<Item = &'static str> {
    keys.iter().flat_map(|key| key.names())
}

/// What can stand behind `prefix` in the names of keys, up to their next dot.
pub(super) fn parts(keys: &[&'static Key], prefix: &str) -> BTreeSet<&'static str> {
    let rest = |name: &'static str| match prefix {
        "" => Some(name),
        _ => name.strip_prefix(prefix)?.strip_prefix('.'),
    };
    names(keys)
        .filter_map(rest)
        .filter_map(|rest| rest.split('.').next())
        .collect()
}

/// Keys with free parts that micro-gw hands to its own platform.
pub(super) fn passes_through(path: &str) -> bool {
    path.starts_with("analytics.")
        || path.starts_with("b7a.log.") && path.ends_with(".level")
        || path.starts_with("b7a.http.tracelog.")
        || path.starts_with("b7a.observability.tracing.")
}

/// The table that a key belongs to, where there is one such key alone.
pub(super) fn elsewhere(part: &str, keys: &[&'static Key]) -> Option<&'static str> {
    let is_inner = |key: &&'static Key| match key.kind {
        Kind::Tables(inner) | Kind::Named(inner) => inner.iter().any(|key| key.name.eq_ignore_ascii_case(part)),
        _ => false,
    };
    if keys.iter().any(is_inner) {
        return None;
    }
    let mut tables = names(keys).filter_map(|name| {
        let (table, last) = name.rsplit_once('.')?;
        last.eq_ignore_ascii_case(part).then_some(table)
    });
    let table = tables.next()?;
    tables.next().is_none().then_some(table)
}

/// Whether a variable that names no setting looks as if it were to: with the one that is near, if there is one. A
/// section that is a plain word, such as `server`, may be that of anybody's variable.
pub(super) fn misspelt(variable: &str) -> Option<Option<String>> {
    let (section, rest) = variable.split_once('_')?;
    let of_section = |name: &str| name.split('.').next() == Some(section);
    let mut near = BTreeSet::new();
    for key in all().filter(|key| key.names().any(of_section)) {
        let inner = match key.kind {
            Kind::Tables(keys) => keys,
            // Anything may stand between the name and the keys of these.
            Kind::Named(_) if variable.starts_with(&format!("{}_", key.name.replace('.', "_"))) => return None,
            _ => &[],
        };
        near.extend(key.names().map(|name| name.replace('.', "_")));
        near.extend(
            inner
                .iter()
                .map(|inner| format!("{}.{}", key.name, inner.name).replace('.', "_")),
        );
    }
    if near.is_empty() || passes_through(&variable.replace('_', ".")) {
        return None;
    }
    let is_ours = section.bytes().any(|byte| byte.is_ascii_uppercase());
    let own = format!("{section}_");
    match nearest(rest, near.iter().filter_map(|name| name.strip_prefix(&own))) {
        Some(near) => Some(Some(format!("{own}{near}"))),
        None => is_ours.then_some(None),
    }
}

/// Returns the known name closest to `path`, when it is close enough to be a slip.
pub(super) fn nearest<'a>(path: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    /// Longer texts are no misspelt names, and comparing them costs time.
    const LONGEST: usize = 128;
    if path.len() > LONGEST {
        return None;
    }
    let lower = path.to_ascii_lowercase();
    names
        .map(|name| (strsim::jaro_winkler(&lower, &name.to_ascii_lowercase()), name))
        .filter(|(similarity, _)| *similarity > 0.88)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, name)| name)
}
