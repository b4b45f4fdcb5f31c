//! Alternatives: `oneOf` and `anyOf`.

use super::discriminator::{self, Discriminator, last_step};
use super::finding::{At, short, some};
use super::view::{Choice, Rest, Together, View, flattened};
use super::{Compared, Schemas, is_same, values};
use crate::diff::contract::direction::{Direction, Effect};
use crate::diff::contract::document::Document;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// Most alternatives that are looked at for those that belong together; beyond, only the same ones do.
const MOST_MATCHED: usize = 256;

/// An alternative on one side.
struct Branch<'a> {
    schemas: Together<'a>,
    /// The name of the schema that it is a reference to.
    reference: Option<&'a str>,
    /// How it is called in what is told: by the reference or its title.
    name: Option<&'a str>,
    types: Option<BTreeSet<&'a str>>,
}

impl<'a> Schemas<'a> {
    /// Compares alternatives; `true`: they are all that the schemas say.
    pub(super) fn choices(
        &mut self,
        old: (&View<'a>, &Together<'a>),
        new: (&View<'a>, &Together<'a>),
        direction: Direction,
        path: &str,
        out: &mut Compared,
    ) -> bool {
        let single = |choice: &Choice<'a>| -> (bool, Vec<Together<'a>>) {
            let branches = choice.branches.iter().map(|branch| vec![*branch]).collect();
            (choice.is_exclusive, branches)
        };
        match (&old.0.choices[..], &new.0.choices[..]) {
            ([], []) => false,
            ([], [choice]) if new.0.is_bare() && !old.0.is_bare() => {
                let (was, is) = (of_whole(old), of_branches(self.after, choice));
                let nullable = (old.0.is_nullable, new.0.is_nullable || is.has_null);
                tell_null(nullable, direction, path, out);
                let was = ((choice.is_exclusive, was.all), None);
                let is = ((choice.is_exclusive, is.all), new.0.discriminator);
                self.alternatives(was, is, direction, path, out);
                true
            }
            ([choice], []) if old.0.is_bare() && !new.0.is_bare() => {
                let (was, is) = (of_branches(self.before, choice), of_whole(new));
                let nullable = (old.0.is_nullable || was.has_null, new.0.is_nullable);
                tell_null(nullable, direction, path, out);
                let was = ((choice.is_exclusive, was.all), None);
                let is = ((choice.is_exclusive, is.all), None);
                self.alternatives(was, is, direction, path, out);
                true
            }
            (was, is) if was.len() == is.len() => {
                for (was, is) in was.iter().zip(is) {
                    let discriminators = (old.0.discriminator, new.0.discriminator);
                    let old = (single(was), discriminators.0);
                    self.alternatives(old, (single(is), discriminators.1), direction, path, out);
                }
                false
            }
            (was, is) => {
                let mut at = At {
                    direction,
                    path,
                    found: &mut out.findings,
                };
                match (was.is_empty(), is.is_empty()) {
                    (true, _) => at.tell(Effect::Narrower, "has to be one of several alternatives"),
                    (_, true) => at.tell(Effect::Wider, "need not be one of several alternatives"),
                    _ => at.tell(
                        Effect::Unclear("which values both admit is not known"),
                        "has other alternatives",
                    ),
                }
                false
            }
        }
    }

    fn alternatives(
        &mut self,
        ((was_exclusive, old), old_discriminator): ((bool, Vec<Together<'a>>), Option<Discriminator<'a>>),
        ((is_exclusive, new), discriminator): ((bool, Vec<Together<'a>>), Option<Discriminator<'a>>),
        direction: Direction,
        path: &str,
        out: &mut Compared,
    ) {
        const TWICE: &str = "what is one of them and another one too is refused";
        if !self.budget.take(old.len() + new.len()) {
            return;
        }
        let both_several = old.len() > 1 && new.len() > 1;
        let old: Vec<Branch<'a>> = old.into_iter().map(|schemas| branch(self.before, schemas)).collect();
        let new: Vec<Branch<'a>> = new.into_iter().map(|schemas| branch(self.after, schemas)).collect();
        let (pairs, gone, added) = self.matched(&old, &new);
        let mut at = At {
            direction,
            path,
            found: &mut out.findings,
        };
        if both_several && was_exclusive != is_exclusive {
            match is_exclusive {
                true => at.tell(Effect::Narrower, "is exactly one of its alternatives, not any"),
                false => at.tell(Effect::Wider, "is any of its alternatives, not exactly one"),
            }
        }
        let both = old_discriminator.zip(discriminator);
        if let Some((was, is)) = both.filter(|(was, is)| was.property != is.property) {
            let (was, is) = (short(was.property), short(is.property));
            at.tell(
                Effect::Other,
                format!("has alternatives that {is} tells apart, not {was}"),
            );
        } else if let Some((was, is)) = both {
            for (one, other) in &pairs {
                if let (Some(one), Some(other)) = (old[*one].reference, new[*other].reference) {
                    discriminator::compare((was, one), (is, other), &mut at);
                }
            }
        }
        if !gone.is_empty() {
            let names = gone.iter().map(|index| label(&old[*index], *index)).collect::<Vec<_>>();
            at.tell(
                Effect::Narrower,
                format!("has no alternative {} any more", joined(&names)),
            );
        }
        if !added.is_empty() {
            let names = added
                .iter()
                .map(|index| label(&new[*index], *index))
                .collect::<Vec<_>>();
            let is_apart = |index: &usize| {
                let others = new.iter().enumerate().filter(|(other, _)| other != index);
                let mut others = others.map(|(_, other)| other);
                others.all(|other| are_disjoint(other, &new[*index]))
            };
            let is_certain = !is_exclusive
                || discriminator.is_some()
                || direction != Direction::Sent
                || added.len() <= MOST_MATCHED && added.iter().all(is_apart);
            let effect = if is_certain {
                Effect::Wider
            } else {
                Effect::Unclear(TWICE)
            };
            at.tell(effect, format!("has the new alternative {}", joined(&names)));
        }
        for (was, is) in pairs {
            let step = match new[is].name {
                Some(name) => format!("{path}({})", short(name)),
                None => path.to_owned(),
            };
            self.walk(&old[was].schemas, &new[is].schemas, direction, &step, out);
        }
    }

    /// The alternatives that belong together, by their indices, and those that are gone and new.
    fn matched(&mut self, old: &[Branch<'a>], new: &[Branch<'a>]) -> (Vec<(usize, usize)>, Vec<usize>, Vec<usize>) {
        let mut pairs = Vec::new();
        let (mut gone, mut added): (Vec<usize>, Vec<usize>) = ((0..old.len()).collect(), (0..new.len()).collect());
        let mut pair_by = |budget: &mut super::Budget, belong: &dyn Fn(&Branch<'a>, &Branch<'a>) -> bool| {
            if gone.len() > MOST_MATCHED || added.len() > MOST_MATCHED || !budget.take(gone.len() * added.len()) {
                return (gone.clone(), added.clone());
            }
            gone.retain(|was| {
                let mut fitting = added.iter().enumerate();
                let found = fitting.find(|(_, is)| belong(&old[*was], &new[**is])).map(|(at, _)| at);
                if let Some(at) = found {
                    pairs.push((*was, added.remove(at)));
                }
                found.is_none()
            });
            (gone.clone(), added.clone())
        };
        let same_name = |one: &Branch<'a>, other: &Branch<'a>| one.name.is_some() && one.name == other.name;
        let same = |one: &Branch<'a>, other: &Branch<'a>| match (&one.schemas[..], &other.schemas[..]) {
            ([one], others) | (others, [one]) => others.iter().any(|other| is_same(one, other)),
            _ => false,
        };
        let (before, after) = (self.before, self.after);
        pair_by(&mut self.budget, &same_name);
        pair_by(&mut self.budget, &|one, other| {
            refers_to(before, other, one) || refers_to(after, one, other)
        });
        let (left, new_left) = pair_by(&mut self.budget, &same);
        let is_alone = |branch: &Branch<'a>, all: &[Branch<'a>], left: &[usize]| {
            let alike = left.iter().filter(|index| all[**index].types == branch.types);
            branch.types.is_some() && alike.count() == 1
        };
        pair_by(&mut self.budget, &|one, other| {
            one.types == other.types && is_alone(one, old, &left) && is_alone(other, new, &new_left)
        });
        // What is left on both sides in the same number stands in the same order.
        if gone.len() == added.len() {
            pairs.extend(gone.drain(..).zip(added.drain(..)));
        }
        pairs.sort_unstable();
        (pairs, gone, added)
    }
}

/// Each of these types alone.
static TYPES: LazyLock<BTreeMap<&str, Value>> = LazyLock::new(|| {
    let types = ["array", "boolean", "integer", "number", "object", "string"];
    types.map(|name| (name, json!({"type": name}))).into()
});

/// Alternatives without `null`, which is weighed by itself.
#[derive(Default)]
struct Parts<'a> {
    all: Vec<Together<'a>>,
    has_null: bool,
}

impl<'a> Parts<'a> {
    /// Takes schemas as one alternative for each of their types: a list of types is one way to write alternatives.
    fn take(&mut self, view: &View<'a>, schemas: Together<'a>) {
        self.has_null |= view.is_nullable;
        let types = view.types.iter().flatten();
        let types: Option<Vec<&'a Value>> = types.map(|name| TYPES.get(name)).collect();
        match types {
            Some(types) if types.len() > 1 || types.len() == 1 && view.is_nullable => {
                let parts = types.into_iter().map(|only| [&schemas[..], &[only]].concat());
                self.all.extend(parts);
            }
            _ => self.all.push(schemas),
        }
    }
}

/// What a schema without alternatives is beside one that has nothing else.
fn of_whole<'a>((view, schemas): (&View<'a>, &Together<'a>)) -> Parts<'a> {
    // The only alternative of a list is there by itself, and `null` beside it is weighed apart.
    let says_nothing = |schema: &Value| {
        let view = View::of(&[schema]);
        schema.is_object()
            && view.is_bare()
            && view.choices.is_empty()
            && view.rest == Rest::Open
            && view.default.is_none()
    };
    let mut parts = Parts::default();
    let schemas = schemas.iter().copied().filter(|schema| !says_nothing(schema));
    parts.take(view, schemas.collect());
    parts
}

fn of_branches<'a>(document: &'a Document, choice: &Choice<'a>) -> Parts<'a> {
    let mut parts = Parts::default();
    for branch in &choice.branches {
        let (all, _) = flattened(document, &[*branch]);
        parts.take(&View::of(&all), vec![*branch]);
    }
    parts
}

fn tell_null((was, is): (bool, bool), direction: Direction, path: &str, out: &mut Compared) {
    let found = &mut out.findings;
    values::nullable(was, is, &mut At { direction, path, found });
}

/// Whether an alternative is a reference to what another one is, which stands in this document.
fn refers_to(document: &Document, reference: &Branch<'_>, other: &Branch<'_>) -> bool {
    let [schema] = &reference.schemas[..] else {
        return false;
    };
    let target = document.target(schema);
    target.is_some_and(|target| other.schemas.iter().any(|one| std::ptr::eq(*one, target)))
}

fn branch<'a>(document: &'a Document, schemas: Together<'a>) -> Branch<'a> {
    let (all, _) = flattened(document, &schemas);
    let text = |key: &str| match &schemas[..] {
        [schema] => schema.get(key).and_then(Value::as_str),
        _ => None,
    };
    let reference = text("$ref").map(last_step);
    let name = reference.or_else(|| text("title"));
    let types = View::of(&all).types;
    Branch {
        schemas,
        reference,
        name,
        types,
    }
}

/// Whether no value is one of both, as far as types tell.
fn are_disjoint(one: &Branch<'_>, other: &Branch<'_>) -> bool {
    let numbers = |types: &BTreeSet<&str>| types.contains("integer") || types.contains("number");
    match (&one.types, &other.types) {
        (Some(one), Some(other)) => one.is_disjoint(other) && !(numbers(one) && numbers(other)),
        _ => false,
    }
}

fn label(branch: &Branch<'_>, index: usize) -> String {
    match (branch.name, &branch.types) {
        (Some(name), _) => name.to_owned(),
        (None, Some(types)) if !types.is_empty() => types.iter().copied().collect::<Vec<_>>().join(" or "),
        _ => format!("number {}", index + 1),
    }
}

fn joined(names: &[String]) -> String {
    some(&names.iter().map(String::as_str).collect::<Vec<_>>())
}
