//! Names for what is copied into a definition.

use super::Location;
use crate::openapi::reference;
use std::collections::HashSet;

/// The names that are given in the sections of a definition.
#[derive(Debug, Default)]
pub(super) struct Names {
    taken: HashSet<(&'static str, String)>,
}

impl Names {
    /// Notes a name that the author gave.
    pub(super) fn take(&mut self, section: &'static str, name: &str) {
        self.taken.insert((section, name.to_owned()));
    }

    /// A name for what a reference leads to: the last part of the pointer, else that of the file. Whoever comes second
    /// gets a number, so that names follow from the files alone.
    pub(super) fn fresh(&mut self, section: &'static str, location: &Location, pointer: &str) -> String {
        let last = pointer.rsplit('/').next().and_then(reference::unescape);
        let last = last.filter(|last| !last.is_empty());
        let wanted = last.as_deref().unwrap_or_else(|| location.stem());
        let safe: String = wanted
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || "-_.".contains(c) {
                    c
                } else {
                    '_'
                }
            })
            .collect();
        let safe = if safe.is_empty() { "part".to_owned() } else { safe };
        let mut name = safe.clone();
        let mut number = 1_u32;
        while !self.taken.insert((section, name.clone())) {
            number += 1;
            name = format!("{safe}_{number}");
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_from_references_and_differ() {
        let mut names = Names::default();
        names.take("schemas", "Pet");
        let file = Location::File("a/pet shop.yaml".into());
        let mut fresh = |section, pointer| names.fresh(section, &file, pointer);
        assert_eq!(fresh("schemas", "/Pet"), "Pet_2");
        assert_eq!(fresh("schemas", "/x/Pet"), "Pet_3");
        assert_eq!(fresh("responses", "/Pet"), "Pet");
        assert_eq!(fresh("schemas", ""), "pet_shop");
        assert_eq!(fresh("schemas", "/a~1b%20c"), "a_b_c");
        assert_eq!(fresh("schemas", "/é"), "_");
    }
}
