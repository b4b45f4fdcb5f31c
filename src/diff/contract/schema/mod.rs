//! Compares schemas by the values that they admit.
//!
//! Schemas refer to each other, in circles too. So pairs of them that are met behind references are compared once each, and
//! [`Compared`] keeps what was found with the pairs that lie behind; where a schema is used, the pairs that can be reached
//! from there are put together. A pair that comes back to itself has nothing new to say.

mod choices;
mod discriminator;
mod finding;
mod number;
mod objects;
#[cfg(test)]
mod tests;
mod text;
mod values;
mod view;

pub(super) use finding::Finding;
pub(super) use text::admits_text;

use super::budget::Budget;
use super::direction::{Direction, Effect};
use super::document::Document;
use crate::diff::Class;
use finding::{At, fitting};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::rc::Rc;
use view::{Rest, Together, UNWEIGHED, UNWEIGHED_BY_NAME, View, flattened};

/// Most changes that are told of one place where a schema is used.
const MOST_FINDINGS: usize = 50;

/// Most pairs that are looked through for them from one such place, the nearest first.
const MOST_LOOKED_THROUGH: usize = 500;

/// The schemas of two definitions.
#[derive(Debug)]
pub(super) struct Schemas<'a> {
    before: &'a Document,
    after: &'a Document,
    pub(super) budget: Budget,
    numbers: HashMap<Key, usize>,
    pairs: Vec<Pair<'a>>,
}

/// Where both schemas stand in memory, and which way their values go.
type Key = (Vec<usize>, Vec<usize>, Direction);

#[derive(Debug)]
struct Pair<'a> {
    old: Together<'a>,
    new: Together<'a>,
    direction: Direction,
    compared: Option<Rc<Compared>>,
    /// The gravest change of it and of what lies behind it, as far as that has been looked at.
    gravest: Option<Class>,
    /// The pairs that it lies behind.
    met_in: Vec<usize>,
}

/// What was found of a pair.
#[derive(Debug, Default)]
struct Compared {
    findings: Vec<Finding>,
    /// Where other pairs are met, and which.
    further: Vec<(String, usize)>,
}

impl<'a> Schemas<'a> {
    pub(super) fn new(before: &'a Document, after: &'a Document, budget: Budget) -> Self {
        Self {
            before,
            after,
            budget,
            numbers: HashMap::new(),
            pairs: Vec::new(),
        }
    }

    /// Every change between two schemas whose values go one way; `None` admits anything.
    pub(super) fn compare(
        &mut self,
        old: Option<&'a Value>,
        new: Option<&'a Value>,
        direction: Direction,
    ) -> Vec<Finding> {
        let mut root = Compared::default();
        let (old, new): (Together<'a>, Together<'a>) = (old.into_iter().collect(), new.into_iter().collect());
        self.walk(&old, &new, direction, "", &mut root);
        self.put_together(root)
    }

    /// Whether values of one of two schemas may have parts: lists and objects.
    pub(super) fn have_parts(&self, old: Option<&'a Value>, new: Option<&'a Value>) -> bool {
        [(self.before, old), (self.after, new)]
            .into_iter()
            .any(|(document, schema)| {
                let (schemas, _) = flattened(document, schema.as_slice());
                let types = View::of(&schemas).types;
                types.is_some_and(|types| types.contains("array") || types.contains("object"))
            })
    }

    /// What was found at a place and behind it. The shortest way to a pair comes first.
    fn put_together(&mut self, root: Compared) -> Vec<Finding> {
        /// How a pair was reached: from which one, and by which path.
        struct Step {
            from: Option<usize>,
            path: String,
        }
        for (_, pair) in &root.further {
            self.explore(*pair);
        }
        let mut findings = root.findings;
        let mut steps: Vec<Step> = Vec::new();
        let mut reached = HashSet::new();
        let further = root.further.into_iter().map(|(path, pair)| (None, path, pair));
        let mut waiting: VecDeque<(Option<usize>, String, usize)> = further.collect();
        while findings.len() <= MOST_FINDINGS
            && steps.len() < MOST_LOOKED_THROUGH
            && let Some((from, path, pair)) = waiting.pop_front()
        {
            if self.gravest(pair).is_none() || !reached.insert(pair) || !self.budget.take(1) {
                continue;
            }
            let compared = self.compared(pair);
            let here = steps.len();
            steps.push(Step { from, path });
            if !compared.findings.is_empty() {
                let mut before = Vec::new();
                let mut next = Some(here);
                while let Some(step) = next.and_then(|step| steps.get(step)) {
                    before.push(step.path.as_str());
                    next = step.from;
                }
                let before = before
                    .into_iter()
                    .rev()
                    .fold(String::new(), |path, step| joined(&path, step));
                findings.extend(compared.findings.iter().map(|finding| Finding {
                    path: joined(&before, &finding.path),
                    ..finding.clone()
                }));
            }
            let dirty = compared
                .further
                .iter()
                .filter(|(_, pair)| self.gravest(*pair).is_some());
            waiting.extend(dirty.map(|(path, pair)| (Some(here), path.clone(), *pair)));
        }
        for finding in &mut findings {
            finding.path = fitting(&finding.path);
        }
        let left = waiting.iter().filter(|(_, _, pair)| !reached.contains(pair));
        let left = left.filter_map(|(_, _, pair)| self.gravest(*pair)).max();
        bounded(findings, left)
    }

    fn gravest(&self, pair: usize) -> Option<Class> {
        self.pairs.get(pair)?.gravest
    }

    /// Compares a pair and all that lies behind it, and has each know how grave the changes behind it are.
    fn explore(&mut self, pair: usize) {
        let mut waiting = vec![pair];
        while let Some(pair) = waiting.pop() {
            if self.pairs.get(pair).is_none_or(|pair| pair.compared.is_some()) {
                continue;
            }
            let compared = self.compared(pair);
            let mut gravest = compared.findings.iter().map(|finding| finding.class).max();
            for (_, next) in &compared.further {
                gravest = gravest.max(self.gravest(*next));
                if let Some(behind) = self.pairs.get_mut(*next) {
                    behind.met_in.push(pair);
                }
                waiting.push(*next);
            }
            self.raise(pair, gravest);
        }
    }

    fn raise(&mut self, pair: usize, gravest: Option<Class>) {
        let mut waiting = vec![pair];
        while let Some(pair) = waiting.pop().and_then(|pair| self.pairs.get_mut(pair)) {
            if pair.gravest < gravest {
                pair.gravest = gravest;
                waiting.extend(&pair.met_in);
            }
        }
    }

    fn compared(&mut self, pair: usize) -> Rc<Compared> {
        let Some(Pair {
            old,
            new,
            direction,
            compared,
            ..
        }) = self.pairs.get(pair)
        else {
            return Rc::default();
        };
        if let Some(compared) = compared {
            return Rc::clone(compared);
        }
        let (old, new, direction) = (old.clone(), new.clone(), *direction);
        let mut found = Compared::default();
        self.walk_flat(&old, &new, direction, "", &mut found);
        let found = Rc::new(found);
        if let Some(pair) = self.pairs.get_mut(pair) {
            pair.compared = Some(Rc::clone(&found));
        }
        found
    }

    /// Compares schemas here, or notes the pair where a reference leads to one of them.
    fn walk(&mut self, old: &[&'a Value], new: &[&'a Value], direction: Direction, path: &str, out: &mut Compared) {
        if let ([old], [new]) = (old, new)
            && is_same(old, new)
        {
            return;
        }
        let (old, old_refers) = flattened(self.before, old);
        let (new, new_refers) = flattened(self.after, new);
        if !self.budget.take(1 + old.len() + new.len()) {
            return;
        }
        if !old_refers && !new_refers {
            return self.walk_flat(&old, &new, direction, path, out);
        }
        let places = |schemas: &[&Value]| {
            schemas
                .iter()
                .map(|schema| std::ptr::from_ref(*schema).addr())
                .collect()
        };
        let key = (places(&old), places(&new), direction);
        let next = self.pairs.len();
        let number = *self.numbers.entry(key).or_insert(next);
        if number == next {
            self.pairs.push(Pair {
                old,
                new,
                direction,
                compared: None,
                gravest: None,
                met_in: Vec::new(),
            });
        }
        out.further.push((path.to_owned(), number));
    }

    fn walk_flat(
        &mut self,
        old: &Together<'a>,
        new: &Together<'a>,
        direction: Direction,
        path: &str,
        out: &mut Compared,
    ) {
        let (was, is) = (View::of(old), View::of(new));
        if !self.budget.take(was.steps + is.steps) {
            return;
        }
        if self.choices((&was, old), (&is, new), direction, path, out) {
            return;
        }
        let mut at = At {
            direction,
            path,
            found: &mut out.findings,
        };
        if !values::compare(&was, &is, &mut at) {
            return;
        }
        self.objects(&was, &is, direction, path, out);
        if !(was.items.is_empty() && is.items.is_empty()) {
            self.walk(&was.items, &is.items, direction, &format!("{path}[]"), out);
        }
        self.first_items(&was, &is, direction, path, out);
        self.unweighed(&was, &is, path, direction, out);
    }

    fn first_items(&mut self, old: &View<'a>, new: &View<'a>, direction: Direction, path: &str, out: &mut Compared) {
        for (index, (was, is)) in old.first_items.iter().zip(&new.first_items).enumerate() {
            self.walk(&[*was], &[*is], direction, &format!("{path}[{index}]"), out);
        }
        if old.first_items.len() != new.first_items.len() {
            let mut at = At {
                direction,
                path,
                found: &mut out.findings,
            };
            let what = format!(
                "has {} first items, not {}",
                new.first_items.len(),
                old.first_items.len()
            );
            at.tell(
                Effect::Unclear("what stood at their places followed other schemas"),
                what,
            );
        }
    }

    /// Keywords that cannot be weighed: any change inside of them may go either way.
    fn unweighed(&mut self, old: &View<'a>, new: &View<'a>, path: &str, direction: Direction, out: &mut Compared) {
        for keyword in UNWEIGHED.iter().chain(&UNWEIGHED_BY_NAME) {
            let values = |view: &View<'a>| view.others.get(keyword).cloned().unwrap_or_default();
            let (was, is) = (values(old), values(new));
            let mut at = At {
                direction,
                path,
                found: &mut out.findings,
            };
            // Where other properties are none, or follow a schema, these are let out of it.
            let lets_out = *keyword == "patternProperties" && (old.rest != Rest::Open || new.rest != Rest::Open);
            match (&was[..], &is[..]) {
                ([], []) => {}
                ([], _) | (_, []) if lets_out => at.tell(
                    Effect::Unclear("properties of such names followed what is said of all others"),
                    format!("has {keyword}, or has it no more"),
                ),
                ([], _) => at.tell(Effect::Narrower, format!("has {keyword}, which is new")),
                (_, []) => at.tell(Effect::Wider, format!("has {keyword} no more")),
                (was, is) if was.len() != is.len() => at.tell(
                    Effect::Unclear("which values both admit is not known"),
                    format!("has another {keyword}"),
                ),
                (was, is) => {
                    for (was, is) in was.iter().zip(is) {
                        let step = format!("{path}({keyword})");
                        if UNWEIGHED_BY_NAME.contains(keyword) {
                            self.by_name(was, is, &step, out);
                        } else {
                            self.walk(&[*was], &[*is], Direction::Either, &step, out);
                        }
                    }
                }
            }
        }
    }

    fn by_name(&mut self, old: &'a Value, new: &'a Value, path: &str, out: &mut Compared) {
        let entries = |value: &'a Value| -> BTreeMap<&'a str, &'a Value> {
            let entries = value.as_object().into_iter().flatten();
            entries.map(|(name, schema)| (name.as_str(), schema)).collect()
        };
        let (old, new) = (entries(old), entries(new));
        let names: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
        for name in names {
            let place = finding::property(path, name);
            let (was, is): (Together<'a>, Together<'a>) = (
                old.get(name).copied().into_iter().collect(),
                new.get(name).copied().into_iter().collect(),
            );
            self.walk(&was, &is, Direction::Either, &place, out);
        }
    }
}

/// The path of what is below another one.
fn joined(path: &str, step: &str) -> String {
    let separator = if path.is_empty() || step.is_empty() || step.starts_with(['[', '(']) {
        ""
    } else {
        "."
    };
    format!("{path}{separator}{step}")
}

/// So many findings that somebody reads them, the gravest of all, and a word on the others, as grave as they are. `left`:
/// what was not looked through.
fn bounded(mut findings: Vec<Finding>, left: Option<Class>) -> Vec<Finding> {
    if findings.len() > MOST_FINDINGS {
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.class));
    }
    let others = findings.split_off(findings.len().min(MOST_FINDINGS));
    let gravest = others.iter().map(|finding| finding.class).max().max(left);
    findings.extend(gravest.map(|class| Finding {
        class,
        path: String::new(),
        what: "changes in more ways than are told here".to_owned(),
    }));
    findings
}

/// Whether two schemas are the same without looking anything up.
fn is_same(one: &Value, other: &Value) -> bool {
    fn refers(value: &Value) -> bool {
        match value {
            Value::Object(members) => members.contains_key("$ref") || members.values().any(refers),
            Value::Array(elements) => elements.iter().any(refers),
            _ => false,
        }
    }
    one == other && !refers(one)
}
