//! Which operations serve the same requests before and after. That is a function of the request: an operation can lose some
//! of its requests to one, others to another and the rest to nobody, and none of these has to change for it.
//!
//! So the gateway's own table is asked on both sides, about requests that stand for all others. A request changes hands only
//! where one of the two operations comes or goes. Then it matches the templates of both, and so does the most general
//! request that matches both: whatever else serves that one instead serves each of them.

use mgw_bundle::config::{Api, Method, Resource};
use mgw_bundle::template::Template;
use mgw_runtime::route::{HeadRule, RouteTable, samples, unused_character};
use std::collections::BTreeSet;

/// Requests that one operation served before and another serves now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moved<'a> {
    /// `None`: they were not served.
    pub(super) before: Option<&'a Resource>,
    /// `None`: they are not served any more.
    pub(super) after: Option<&'a Resource>,
}

/// All requests that change hands, one of each kind.
pub(super) fn moved<'a>(before: &'a Api, after: &'a Api) -> Vec<Moved<'a>> {
    let (was, is) = (Operations::of(before, ""), Operations::of(after, ""));
    let mut found = Search::new(&was, &is);
    for (index, gone) in was.list.iter().enumerate().filter(|(_, one)| !is.has(one)) {
        found.look(gone, &is.meetings(gone), &|(before, _), _| before == Some(index));
    }
    for (index, new) in is.list.iter().enumerate().filter(|(_, one)| !was.has(one)) {
        found.look(new, &was.meetings(new), &|(_, after), _| after == Some(index));
    }
    found.told()
}

/// The requests below a path of one of two APIs, the other one being at this path itself: which operations of both they are
/// for. An API stands with the path that it is at, below that of the other one. `has`: whether a request is meant.
pub(super) fn handed_over<'a>(
    before: (&'a Api, &str),
    after: (&'a Api, &str),
    has: &dyn Fn(&str) -> bool,
) -> Vec<Moved<'a>> {
    let (was, is) = (Operations::of(before.0, before.1), Operations::of(after.0, after.1));
    let path = format!("{}{}", before.1, after.1);
    let whole = [path.clone(), format!("{path}/*")].map(|text| Template::parse(&text));
    let whole: Vec<Template> = whole.into_iter().flatten().collect();
    let below = |operation: &Operation<'_>| -> BTreeSet<Template> {
        let parts = whole.iter().filter_map(|part| part.meet(&operation.template));
        parts.collect()
    };
    let (inner, outer) = if before.1.is_empty() { (&is, &was) } else { (&was, &is) };
    let mut found = Search::new(&was, &is);
    let is_meant = |pair: Pair, path: &str| pair != (None, None) && has(path);
    for operation in outer.list.iter() {
        found.look(operation, &below(operation), &is_meant);
    }
    for operation in &inner.list {
        found.look(operation, &outer.meetings(operation), &is_meant);
    }
    found.told()
}

/// What serves requests before and after, by requests that stand for all others.
struct Search<'o, 'a> {
    was: &'o Operations<'a>,
    is: &'o Operations<'a>,
    /// What is in the place of variables.
    value: char,
    deepest: usize,
    /// By position, so that each is there once.
    found: BTreeSet<Pair>,
}

impl<'o, 'a> Search<'o, 'a> {
    fn new(was: &'o Operations<'a>, is: &'o Operations<'a>) -> Self {
        let all = || was.list.iter().chain(&is.list);
        let lengths = all().map(|operation| operation.template.segments().len());
        Self {
            was,
            is,
            value: unused_character(all().map(|operation| &operation.resource.template)),
            deepest: lengths.max().unwrap_or(0) + 1,
            found: BTreeSet::new(),
        }
    }

    /// Looks at requests of an operation that match one of these templates.
    fn look(
        &mut self,
        operation: &Operation<'_>,
        templates: &BTreeSet<Template>,
        is_meant: &dyn Fn(Pair, &str) -> bool,
    ) {
        for template in templates {
            for path in samples(template, self.value, self.deepest) {
                for method in methods(operation.resource.method) {
                    let pair = (self.was.serving(method, &path), self.is.serving(method, &path));
                    if is_meant(pair, &path) {
                        self.found.insert(pair);
                    }
                }
            }
        }
    }

    fn told(self) -> Vec<Moved<'a>> {
        let moved = self.found.into_iter().map(|(before, after)| Moved {
            before: before.and_then(|index| self.was.resource(index)),
            after: after.and_then(|index| self.is.resource(index)),
        });
        moved.collect()
    }
}

/// Positions of what serves a request before and after.
type Pair = (Option<usize>, Option<usize>);

/// The methods of the requests that an operation may serve: HEAD follows GET.
fn methods(method: Method) -> impl Iterator<Item = Method> {
    let follows = (method == Method::Get).then_some(Method::Head);
    std::iter::once(method).chain(follows)
}

#[derive(Debug)]
struct Operation<'a> {
    template: Template,
    resource: &'a Resource,
}

/// The operations of an API that can be routed.
#[derive(Debug)]
struct Operations<'a> {
    list: Vec<Operation<'a>>,
    places: BTreeSet<(Template, Method)>,
    table: Option<RouteTable>,
}

impl<'a> Operations<'a> {
    /// `path`: where the API is, without a slash at the end.
    fn of(api: &'a Api, path: &str) -> Self {
        let parsed = api.resources.iter().filter_map(|resource| {
            let template = Template::parse(&format!("{path}{}", resource.template)).ok()?;
            Some(Operation { template, resource })
        });
        let list: Vec<_> = parsed.collect();
        let routed = Api {
            resources: list.iter().map(|operation| operation.resource.clone()).collect(),
            ..Api::plain(&api.name, &api.version, &format!("{path}/"))
        };
        let places = list.iter().map(|one| (one.template.clone(), one.resource.method));
        Self {
            places: places.collect(),
            table: RouteTable::build(&[routed], HeadRule::LikeGet).ok(),
            list,
        }
    }

    fn has(&self, operation: &Operation<'_>) -> bool {
        let key = (operation.template.clone(), operation.resource.method);
        self.places.contains(&key)
    }

    fn resource(&self, index: usize) -> Option<&'a Resource> {
        self.list.get(index).map(|operation| operation.resource)
    }

    fn serving(&self, method: Method, path: &str) -> Option<usize> {
        let (_, resource) = self.table.as_ref()?.resource_at(method, path)?;
        Some(resource)
    }

    /// The requests of an operation, and those that it has in common with each of these.
    fn meetings(&self, operation: &Operation<'_>) -> BTreeSet<Template> {
        let asks = |method| methods(operation.resource.method).any(|asked| asked == method);
        let others = self
            .list
            .iter()
            .filter(|other| methods(other.resource.method).any(asks))
            .filter_map(|other| other.template.meet(&operation.template));
        std::iter::once(operation.template.clone()).chain(others).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn api(operations: &BTreeSet<(String, Method)>) -> Api {
        let resources = operations
            .iter()
            .map(|(template, method)| Resource::open(template, *method));
        Api {
            resources: resources.collect(),
            ..Api::plain("Shop", "1", "/")
        }
    }

    fn operations() -> impl Strategy<Value = BTreeSet<(String, Method)>> {
        let segment = prop_oneof![Just("a"), Just("b"), Just("{x}"), Just("a{x}")];
        let template = (proptest::collection::vec(segment, 0..4), any::<bool>()).prop_map(|(segments, has_star)| {
            let star = has_star.then_some("*");
            format!("/{}", segments.into_iter().chain(star).collect::<Vec<_>>().join("/"))
        });
        let method = prop_oneof![3 => Just(Method::Get), 1 => Just(Method::Head)];
        proptest::collection::btree_set((template, method), 0..7)
    }

    /// Every path of up to four of these parts.
    fn paths() -> Vec<String> {
        let mut paths = vec![String::new()];
        let mut start = 0;
        for _ in 0..4 {
            let end = paths.len();
            for position in start..end {
                for part in ["a", "b", "c", "ac"] {
                    paths.push(format!("{}/{part}", paths[position]));
                }
            }
            start = end;
        }
        paths[0].push('/');
        paths
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn whatever_changes_hands_is_found(before in operations(), after in operations()) {
            let (before, after) = (api(&before), api(&after));
            let name = |resource: Option<&Resource>| resource.map(|one| (one.template.clone(), one.method));
            let found: BTreeSet<_> = moved(&before, &after).iter().map(|one| (name(one.before), name(one.after))).collect();
            let (was, is) = (Operations::of(&before, ""), Operations::of(&after, ""));
            let mut expected = BTreeSet::new();
            for path in paths() {
                for method in [Method::Get, Method::Head] {
                    let pair = (
                        was.serving(method, &path).and_then(|index| was.resource(index)),
                        is.serving(method, &path).and_then(|index| is.resource(index)),
                    );
                    if name(pair.0) != name(pair.1) {
                        expected.insert((name(pair.0), name(pair.1)));
                    }
                }
            }
            prop_assert_eq!(found, expected);
        }
    }
}
