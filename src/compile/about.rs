//! Which API, and which of its operations, the findings in a definition are about.

use crate::diagnostics::{About, Diagnostics};
use crate::openapi::{Definition, Operation};
use crate::yaml::{Node, Value};
use std::collections::{BTreeSet, HashMap};

/// Says of each finding in a definition what it is about, where that is not known yet: an operation that it stands in, else the
/// API. Several operations stand in one place where several paths refer to it.
pub(super) fn tell(definition: &Definition, diagnostics: &mut Diagnostics) {
    if diagnostics.iter().all(|finding| !finding.about.is_empty()) {
        return;
    }
    // Not all maps and lists are known to their ends, so that a place is looked for among those of what they hold.
    let mut operations: HashMap<u32, Vec<Operation<'_>>> = HashMap::new();
    for operation in definition.operations() {
        let mut places = BTreeSet::from([operation.method_span.start]);
        let method = operation.method.as_str().to_ascii_lowercase();
        let written = definition.document.at(["paths", operation.path, method.as_str()]);
        for node in std::iter::once(operation.node).chain(written) {
            add_places(node, &mut places);
        }
        for place in places {
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

fn add_places(node: &Node, places: &mut BTreeSet<u32>) {
    places.insert(node.span.start);
    match &node.value {
        Value::Object(members) => {
            for member in members.values() {
                places.insert(member.key.start);
                add_places(&member.node, places);
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| add_places(element, places)),
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
