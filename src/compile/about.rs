//! Which API, and which of its operations, the findings in a definition are about.

use crate::diagnostics::{About, Diagnostics};
use crate::openapi::{Definition, Operation};
use crate::yaml::{Node, Value};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Says of each finding in a definition what it is about, where that is not known yet: an operation that it stands in, else the
/// API. Several operations stand in one place where several paths refer to it.
pub(super) fn tell(definition: &Definition, diagnostics: &mut Diagnostics) {
    if diagnostics.iter().all(|finding| !finding.about.is_empty()) {
        return;
    }
    let unknown = diagnostics.iter().filter(|finding| finding.about.is_empty());
    let places = unknown.filter_map(|finding| finding.place.as_ref());
    let wanted: HashSet<u32> = places.map(|(_, place)| place.start).collect();
    // Not all maps and lists are known to their ends, so that a place is looked for among those of what they hold.
    let mut operations: HashMap<u32, Vec<Operation<'_>>> = HashMap::new();
    for operation in definition.operations() {
        let mut found = BTreeSet::new();
        found.extend(wanted.get(&operation.method_span.start));
        let method = operation.method.as_str().to_ascii_lowercase();
        let written = definition.document.at(["paths", operation.path, method.as_str()]);
        for node in std::iter::once(operation.node).chain(written) {
            add_places(node, &wanted, &mut found);
        }
        for place in found {
            operations.entry(place).or_default().push(operation);
        }
    }
    diagnostics.tell(|finding| {
        let place = finding.place.as_ref().map(|(_, place)| place.start);
        match place.and_then(|place| operations.get(&place)) {
            Some(operations) => operations
                .iter()
                .map(|operation| of_operation(definition, *operation))
                .collect(),
            None => vec![of_api(definition)],
        }
    });
}

/// Adds those of the places that are wanted at which something in a node begins.
fn add_places(node: &Node, wanted: &HashSet<u32>, found: &mut BTreeSet<u32>) {
    found.extend(wanted.get(&node.span.start));
    match &node.value {
        Value::Object(members) => {
            for member in members.values() {
                found.extend(wanted.get(&member.key.start));
                add_places(&member.node, wanted, found);
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| add_places(element, wanted, found)),
        _ => {}
    }
}

fn of_api(definition: &Definition) -> About {
    About {
        api: definition.name(),
        operation: None,
    }
}

/// An operation of a definition.
pub(super) fn of_operation(definition: &Definition, operation: Operation<'_>) -> About {
    About {
        operation: Some((operation.method, operation.path.to_owned())),
        ..of_api(definition)
    }
}
