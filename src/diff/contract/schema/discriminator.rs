//! The property that tells alternatives apart, and by which of its values.

use super::finding::{At, short, some};
use crate::diff::contract::direction::Effect;
use serde_json::Value;
use std::collections::BTreeSet;

/// The `discriminator` of a schema.
#[derive(Debug, Clone, Copy)]
pub(super) struct Discriminator<'a> {
    /// The property.
    pub(super) property: &'a str,
    /// The values by which it names schemas, where it has other ones than their names.
    mapping: Option<&'a serde_json::Map<String, Value>>,
}

impl<'a> Discriminator<'a> {
    /// The one of a schema that has this `discriminator`. Up to 2.0 the name of the property stood there alone.
    pub(super) fn of(discriminator: &'a Value) -> Option<Self> {
        Some(Self {
            property: match discriminator.as_str() {
                Some(property) => property,
                None => discriminator.get("propertyName")?.as_str()?,
            },
            mapping: discriminator.get("mapping").and_then(Value::as_object),
        })
    }

    /// The values that name a schema: its own name where the mapping has no other.
    fn values(self, schema: &'a str) -> BTreeSet<&'a str> {
        let mapped = self.mapping.into_iter().flatten();
        let values: BTreeSet<&str> = mapped
            .filter(|(_, target)| target.as_str().is_some_and(|target| last_step(target) == schema))
            .map(|(value, _)| value.as_str())
            .collect();
        match values.is_empty() {
            true => BTreeSet::from([schema]),
            false => values,
        }
    }
}

/// The name of a schema that a reference leads to.
pub(super) fn last_step(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or(reference)
}

/// Tells by which other values an alternative is named, where both sides have it, under these names.
pub(super) fn compare<'a>(old: (Discriminator<'a>, &'a str), new: (Discriminator<'a>, &'a str), at: &mut At<'_>) {
    let ((old, was), (new, is)) = (old, new);
    let (before, after) = (old.values(was), new.values(is));
    let gone: Vec<&str> = before.difference(&after).copied().collect();
    let added: Vec<&str> = after.difference(&before).copied().collect();
    let (name, property) = (short(is), short(new.property));
    let (effect, what) = match (gone.is_empty(), added.is_empty()) {
        (true, true) => return,
        (true, false) => (Effect::Wider, format!("{} too", some(&added))),
        (false, true) => (Effect::Narrower, format!("{} no more", some(&gone))),
        (false, false) => (Effect::Other, format!("{}, not {}", some(&added), some(&gone))),
    };
    at.tell(effect, format!("has {name} for the {property} {what}"));
}
