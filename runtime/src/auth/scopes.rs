//! Scopes as bits: a bundle names few, so that a check is a handful of machine words.

use mgw_bundle::config::{ScopeMatch, Scopes};
use std::collections::HashMap;

/// The scope names of a bundle.
#[derive(Debug, Clone, Default)]
pub(super) struct ScopeNames {
    bits: HashMap<String, usize>,
}

/// A set of scopes of one bundle.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ScopeSet(Box<[u64]>);

/// What a resource asks for.
#[derive(Debug, Clone)]
pub(super) struct RequiredScopes {
    rule: ScopeMatch,
    set: ScopeSet,
}

impl ScopeNames {
    /// Resolves the scopes of a resource; new names are added.
    pub(super) fn require(&mut self, scopes: &Scopes) -> Option<RequiredScopes> {
        if scopes.names.is_empty() {
            return None;
        }
        for name in &scopes.names {
            let next = self.bits.len();
            self.bits.entry(name.clone()).or_insert(next);
        }
        Some(RequiredScopes {
            rule: scopes.rule,
            set: self.set(&scopes.names),
        })
    }

    /// Returns the set of those names that the bundle knows.
    pub(super) fn set(&self, names: &[String]) -> ScopeSet {
        let mut words = vec![0_u64; self.bits.len().div_ceil(64)];
        for bit in names.iter().filter_map(|name| self.bits.get(name)) {
            if let Some(word) = words.get_mut(bit / 64) {
                *word |= 1 << (bit % 64);
            }
        }
        ScopeSet(words.into())
    }
}

impl RequiredScopes {
    /// Returns whether a caller with `held` scopes passes.
    pub(super) fn admit(&self, held: &ScopeSet) -> bool {
        // Sets of resources that were resolved early may be shorter; what they lack is zero.
        let mut pairs = self.set.0.iter().enumerate().map(|(index, wanted)| {
            let held = held.0.get(index).copied().unwrap_or(0);
            (*wanted, held)
        });
        match self.rule {
            ScopeMatch::Any => pairs.any(|(wanted, held)| wanted & held != 0),
            ScopeMatch::All => pairs.all(|(wanted, held)| wanted & held == wanted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_and_all() {
        let mut names = ScopeNames::default();
        let of = |rule, wanted: &[&str]| Scopes {
            rule,
            names: wanted.iter().map(|name| (*name).to_owned()).collect(),
        };
        let many: Vec<String> = (0..130).map(|number| format!("s{number}")).collect();
        let any = names
            .require(&of(ScopeMatch::Any, &["a", "b"]))
            .expect("scopes are asked for");
        names.require(&Scopes {
            rule: ScopeMatch::Any,
            names: many.clone(),
        });
        let all = names
            .require(&of(ScopeMatch::All, &["b", "s129"]))
            .expect("scopes are asked for");
        let held = |list: &[&str]| names.set(&list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert!(any.admit(&held(&["b"])) && any.admit(&held(&["a", "x"])));
        assert!(!any.admit(&held(&["s129"])) && !any.admit(&held(&[])) && !any.admit(&held(&["A"])));
        assert!(all.admit(&held(&["s129", "b", "a"])));
        assert!(!all.admit(&held(&["b"])) && !all.admit(&held(&["s129"])) && !all.admit(&held(&[])));
        assert!(names.require(&Scopes::default()).is_none());
    }
}
