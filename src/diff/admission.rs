//! Who is admitted, as sets.
//!
//! What admits a caller is written as the smallest sets of things to show: showing more never hurts. So one rule admits
//! somebody whom another does not exactly when one of its smallest sets is not enough for the other.

use std::collections::BTreeSet;

/// The smallest sets that admit; the empty set admits everybody, no set nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Admission(pub(super) Vec<BTreeSet<String>>);

impl Admission {
    /// Admits everybody.
    pub(super) fn everybody() -> Self {
        Self(vec![BTreeSet::new()])
    }

    fn admits(&self, shown: &BTreeSet<String>) -> bool {
        self.0.iter().any(|needed| needed.is_subset(shown))
    }

    /// Whether somebody is admitted here who is not by `other`.
    pub(super) fn admits_more_than(&self, other: &Self) -> bool {
        self.0.iter().any(|shown| !other.admits(shown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(sets: &[&[&str]]) -> Admission {
        let set = |names: &&[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Admission(sets.iter().map(set).collect())
    }

    #[test]
    fn more_is_admitted_by_smaller_and_by_other_sets() {
        let everybody = Admission::everybody();
        for (a, b, more, less) in [
            (rule(&[&["a"]]), rule(&[&["a"]]), false, false),
            (everybody.clone(), rule(&[&["a"]]), true, false),
            (rule(&[&["a"], &["b"]]), rule(&[&["a"]]), true, false),
            (rule(&[&["a", "b"]]), rule(&[&["a"]]), false, true),
            (rule(&[&["a"]]), rule(&[&["b"]]), true, true),
            (rule(&[&["a"], &["a", "b"]]), rule(&[&["a"]]), false, false),
            (rule(&[]), everybody, false, true),
        ] {
            assert_eq!(a.admits_more_than(&b), more, "{a:?} {b:?}");
            assert_eq!(b.admits_more_than(&a), less, "{a:?} {b:?}");
        }
    }
}
