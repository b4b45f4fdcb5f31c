//! What `operationRef` of a link leads to once the files of a definition are one.

use super::Location;
use super::files::{Files, Target};
use super::pointer::{canonical, escape, found, only_reference};
use std::collections::HashMap;

/// What becomes of an `operationRef`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Led {
    /// It stays as it is: it leads into the definition already, or to another server.
    Stays,
    /// It leads to this pointer in the definition.
    To(String),
    /// It leads to nothing that the definition has.
    Nowhere,
}

/// What is in files, all paths or single ones, and where the definition has it.
pub(super) type Places = HashMap<Target, String>;

/// Looks for them; `paths`: where the definition has its paths.
pub(super) fn places(files: &mut Files<'_>, paths: Option<(usize, String)>) -> Places {
    let mut places = Places::new();
    let Some((file, pointer)) = paths else {
        return places;
    };
    let document = files.document(file);
    let members = document
        .as_ref()
        .and_then(|document| found(&document.node, &pointer)?.as_object());
    for (name, member) in members.into_iter().flatten() {
        let target = only_reference(&member.node).and_then(|reference| files.target(file, reference).ok());
        if let Some(target) = target {
            places
                .entry(target)
                .or_insert_with(|| format!("/paths/{}", escape(name)));
        }
    }
    places.insert(Target { file, pointer }, "/paths".to_owned());
    places
}

/// Follows an `operationRef` that stands in a file.
pub(super) fn follow(files: &Files<'_>, places: &Places, from: usize, reference: &str) -> Led {
    let (path, fragment) = reference.split_once('#').unwrap_or((reference, ""));
    if path.is_empty() && from == 0 || matches!(Location::File(String::new()).join(path), Ok(Location::Url(_))) {
        return Led::Stays;
    }
    let Some(file) = files.known(from, path) else {
        return Led::Nowhere;
    };
    let pointer = canonical(fragment);
    if file == 0 {
        return Led::To(pointer);
    }
    // The operation is in the innermost of what contains it.
    for (at, _) in pointer.rmatch_indices('/') {
        let (above, rest) = pointer.split_at(at);
        let target = Target {
            file,
            pointer: above.to_owned(),
        };
        if let Some(place) = places.get(&target) {
            return Led::To(format!("{place}{rest}"));
        }
    }
    Led::Nowhere
}
