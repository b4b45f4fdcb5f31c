//! Where definitions go in a project that has files already, and which of those they may replace.

use super::incoming::Incoming;
use crate::compile::{WrittenDefinition, apis_of};

/// A file on its way to its place in a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placed<'a> {
    /// Path below the project, with `/`.
    pub(crate) path: String,
    /// Contents.
    pub(crate) bytes: &'a [u8],
    /// Whether it was named, and is not only a part of what was.
    pub(crate) is_definition: bool,
}

/// Places definitions that come together so that none of their files takes the place of another one. `is_taken`: whether
/// a file of the project keeps its place from what has to move.
pub(crate) fn place(incoming: &[Incoming], is_taken: impl Fn(&str, &[u8]) -> bool) -> Vec<Placed<'_>> {
    let mut all: Vec<Placed<'_>> = Vec::new();
    for definition in incoming {
        let is_placed = |path: &str, bytes: &[u8]| all.iter().any(|other| other.path == path && other.bytes != bytes);
        let mut places = definition.places(|_, _| false);
        if places.iter().any(|(path, bytes)| is_placed(path, bytes)) {
            places = definition.places(|path, bytes| is_placed(path, bytes) || is_taken(path, bytes));
        }
        for (index, (path, bytes)) in places.into_iter().enumerate() {
            let is_definition = index == 0;
            match all.iter_mut().find(|other| other.path == path) {
                Some(same) => same.is_definition |= is_definition,
                None => all.push(Placed {
                    path,
                    bytes,
                    is_definition,
                }),
            }
        }
    }
    all
}

/// The API that keeps a file from being replaced, though replacing was asked for: one that it is the definition of, when
/// only a part comes in its place, or one that refers to it and is not replaced itself.
pub(crate) fn keeper<'a>(file: &Placed<'_>, all: &[Placed<'_>], written: &'a [WrittenDefinition]) -> Option<&'a str> {
    let is_replaced = |one: &WrittenDefinition| all.iter().any(|file| file.is_definition && file.path == one.path);
    let keeps = |one: &&WrittenDefinition| {
        one.path == file.path && !file.is_definition || one.parts.contains(&file.path) && !is_replaced(one)
    };
    written.iter().find(keeps)?.apis.first().map(String::as_str)
}

/// The APIs that a file of the project defines and the one in its place does not.
pub(crate) fn gone<'a>(file: &Placed<'_>, written: &'a [WrittenDefinition]) -> Vec<&'a str> {
    let new = apis_of(&file.path, file.bytes);
    let old = written.iter().filter(|one| one.path == file.path);
    let old = old.flat_map(|one| &one.apis).filter(|api| !new.contains(api));
    old.map(String::as_str).collect()
}

/// Whether a file of the project is the definition of other APIs than the one that would come in its place.
pub(crate) fn is_of_another(path: &str, bytes: &[u8], written: &[WrittenDefinition]) -> bool {
    let title = |api: &String| {
        api.rsplit_once(':')
            .map_or_else(|| api.clone(), |(title, _)| title.to_owned())
    };
    let new: Vec<_> = apis_of(path, bytes).iter().map(title).collect();
    let mut old = written.iter().filter(|one| one.path == path).flat_map(|one| &one.apis);
    old.any(|api| !new.contains(&title(api)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Neighbours;

    fn text(title: &str) -> String {
        format!("openapi: 3.0.0\ninfo: {{title: {title}, version: 1.0}}\n")
    }

    fn incoming(title: &str, part: Option<&str>) -> Incoming {
        let mut incoming = Incoming::new("x", "openapi.yaml", text(title).into_bytes()).unwrap();
        let files = part.map(|part| ("sub/p.yaml".to_owned(), part.as_bytes().to_vec()));
        incoming.beside = Neighbours {
            folder: String::new(),
            files: files.into_iter().collect(),
        };
        incoming
    }

    fn written(path: &str, api: &str, parts: &[&str]) -> WrittenDefinition {
        WrittenDefinition {
            path: path.to_owned(),
            apis: vec![api.to_owned()],
            parts: parts.iter().map(|part| (*part).to_owned()).collect(),
        }
    }

    #[test]
    fn definitions_that_come_together_all_have_a_place() {
        let paths = |incoming: &[Incoming], taken: &[&str]| {
            let placed = place(incoming, |path, _| taken.contains(&path));
            let short = placed.iter().map(|file| file.path.replacen("api_definitions/", "", 1));
            short.collect::<Vec<_>>().join(" ")
        };
        let alone = [incoming("X", None), incoming("Y", None)];
        assert_eq!(paths(&alone, &[]), "openapi.yaml openapi-2.yaml");
        // Of the place that it would have anyway it is told; another one is looked for.
        let taken = ["api_definitions/openapi.yaml", "api_definitions/openapi-2.yaml"];
        assert_eq!(paths(&alone, &taken), "openapi.yaml openapi-3.yaml");
        assert_eq!(paths(&[incoming("X", None), incoming("X", None)], &[]), "openapi.yaml");
        let parts = [incoming("X", Some("get: {}")), incoming("Y", Some("put: {}"))];
        assert_eq!(
            paths(&parts, &[]),
            "openapi.yaml sub/p.yaml openapi/openapi.yaml openapi/sub/p.yaml"
        );
    }

    #[test]
    fn files_of_other_apis_are_kept() {
        let incoming = [incoming("X", Some("get: {}"))];
        let placed = place(&incoming, |_, _| false);
        let [definition, part] = placed.as_slice() else {
            panic!("{placed:?}")
        };
        let own = written("api_definitions/openapi.yaml", "X:1.0", &["api_definitions/sub/p.yaml"]);
        let other = written("api_definitions/y.yaml", "Y:1.0", &["api_definitions/sub/p.yaml"]);
        let of_part = written("api_definitions/sub/p.yaml", "Z:1.0", &[]);
        let uses = written("api_definitions/z.yaml", "Z:1.0", &["api_definitions/openapi.yaml"]);
        for (file, written, expected) in [
            (part, vec![own.clone()], None),
            (part, vec![own.clone(), other], Some("Y:1.0")),
            (part, vec![of_part], Some("Z:1.0")),
            (definition, vec![own.clone()], None),
            (definition, vec![own, uses], Some("Z:1.0")),
        ] {
            assert_eq!(keeper(file, &placed, &written), expected, "{} {written:?}", file.path);
        }
    }

    #[test]
    fn what_goes_is_known() {
        let incoming = [incoming("X", None)];
        let placed = place(&incoming, |_, _| false);
        for (there, expected, is_another) in [
            ("X:1.0", None, false),
            ("X:2.0", Some("X:2.0"), false),
            ("Y:1.0", Some("Y:1.0"), true),
        ] {
            let written = [written("api_definitions/openapi.yaml", there, &[])];
            assert_eq!(gone(&placed[0], &written), Vec::from_iter(expected), "{there}");
            let new = (placed[0].path.as_str(), placed[0].bytes);
            assert_eq!(is_of_another(new.0, new.1, &written), is_another, "{there}");
        }
    }
}
