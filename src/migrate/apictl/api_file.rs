//! `api.yaml`: the file that says what an API is.

use super::older;
use crate::diagnostics::Diagnostic;
use crate::migrate::draft::Place;
use crate::migrate::tree::{Branch, TreeError};
use crate::yaml::{self, Format, Node, Source, Span};
use serde_json::Value;

/// Its names, and where older exports have it.
pub(super) const NAMES: [&str; 6] = [
    "api.yaml",
    "api.yml",
    "api.json",
    "Meta-information/api.yaml",
    "Meta-information/api.yml",
    "Meta-information/api.json",
];

/// What the file is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// `type`, `version` and `data`, from 4.0 on.
    Current,
    /// The model of API Manager 2.6 to 3.2.
    Older,
    /// Of that `type`.
    Other(String),
    /// Nothing that describes an API.
    Unknown,
}

impl Shape {
    /// Whether it is a product, which comes with its APIs.
    pub(super) fn is_product(&self) -> bool {
        matches!(self, Self::Other(kind) if kind == "api_product")
    }
}

/// The file, read.
#[derive(Debug)]
pub(super) struct ApiFile {
    /// Its path below the API's folder.
    pub(super) path: String,
    /// Text.
    pub(super) source: Source,
    /// Tree.
    pub(super) node: Node,
    /// Kind.
    pub(super) shape: Shape,
}

/// Why there is none.
#[derive(Debug)]
pub(super) enum Unreadable {
    /// The system, or a bound.
    Tree(TreeError),
    /// A mistake in it.
    Syntax(Box<Diagnostic>),
}

/// Reads a YAML or JSON file of the branch.
pub(super) fn parse(branch: &Branch<'_>, path: &str) -> Result<(Source, Node), Unreadable> {
    let bytes = branch.read(path).map_err(Unreadable::Tree)?;
    let format = Format::of_name(path).unwrap_or(Format::Yaml);
    yaml::parse(&branch.shown(path), bytes, format)
        .map_err(|error| Unreadable::Syntax(Box::new(Diagnostic::from(error).secret())))
}

impl ApiFile {
    /// Reads the file of the API in this folder; `None` where there is none of these names.
    pub(super) fn read(branch: &Branch<'_>) -> Option<Result<Self, Unreadable>> {
        let path = branch.first(NAMES)?;
        Some(parse(branch, path).map(|(source, node)| Self {
            shape: shape(&node),
            path: path.to_owned(),
            source,
            node,
        }))
    }

    /// What describes the API: the whole file, or its `data`.
    pub(super) fn data(&self) -> &Node {
        self.node
            .get("data")
            .filter(|_| self.shape == Shape::Current)
            .unwrap_or(&self.node)
    }

    /// The same under the names of 4.x, and with an id: a project that was never in a control plane has none.
    pub(super) fn details(&self) -> Value {
        let mut details = match self.shape {
            Shape::Older => older::translate(self.data().to_json()),
            _ => self.data().to_json(),
        };
        // `1.10` is a version, whatever YAML takes it for.
        let version = match self.shape {
            Shape::Older => self.data().at(["id", "version"]),
            _ => self.data().get("version"),
        };
        if let Some(number) = version.filter(|version| matches!(version.value, yaml::Value::Number(_))) {
            details["version"] = self.source.slice(number.span).into();
        }
        if let Value::Object(members) = &mut details
            && members.get("id").is_none_or(|id| !id.is_string())
        {
            members.insert("id".into(), "file".into());
        }
        details
    }

    /// The place that keys of the details lead to, as far as the file has them.
    pub(super) fn place(&self, at: &[String]) -> Place {
        let mut node = self.data();
        let mut span = first_key(&self.node).unwrap_or(self.node.span);
        for (depth, key) in at.iter().enumerate() {
            let key = match self.shape {
                Shape::Older if depth == 0 => older::original_name(key),
                _ => key,
            };
            let Some((place, value)) = step(node, key) else { break };
            (span, node) = (place, value);
        }
        Place::At(self.source.clone(), span)
    }

    /// The place of a key of the details.
    pub(super) fn key(&self, key: &str) -> Place {
        self.place(&[key.to_owned()])
    }
}

/// One key or index further: where it stands, and its value.
pub(super) fn step<'a>(node: &'a Node, key: &str) -> Option<(Span, &'a Node)> {
    if let Some(member) = node.member(key) {
        return Some((member.key, &member.node));
    }
    let element = key
        .parse::<usize>()
        .ok()
        .and_then(|index| node.as_array()?.get(index))?;
    Some((element.span, element))
}

/// A whole file is pointed at by its first key.
fn first_key(node: &Node) -> Option<Span> {
    node.as_object()?.values().next().map(|member| member.key)
}

fn shape(node: &Node) -> Shape {
    let is_map = |key: &str| node.get(key).is_some_and(|value| value.as_object().is_some());
    match node.get("type").and_then(Node::as_str) {
        Some("api") if is_map("data") => Shape::Current,
        Some(kind) if is_map("data") => Shape::Other(kind.to_owned()),
        None if is_map("data") && node.at(["data", "name"]).is_some() => Shape::Current,
        _ if is_map("id") && node.at(["id", "apiName"]).is_some() => Shape::Older,
        _ => Shape::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::tree::tests::tree;

    #[test]
    fn shapes_are_told_apart() {
        for (text, expected) in [
            ("type: api\nversion: v4.2.0\ndata: {name: A}\n", Shape::Current),
            ("data: {name: A}\n", Shape::Current),
            (
                "type: api_product\nversion: v4.2.0\ndata: {name: A}\n",
                Shape::Other("api_product".into()),
            ),
            (
                "id: {providerName: a, apiName: A, version: '1'}\ncontext: /a/1\n",
                Shape::Older,
            ),
            ("openapi: 3.0.0\n", Shape::Unknown),
            ("[1]\n", Shape::Unknown),
        ] {
            let tree = tree(&[("api.yaml", text)]);
            let file = ApiFile::read(&tree.root()).unwrap().unwrap();
            assert_eq!(file.shape, expected, "{text}");
        }
        let tree = tree(&[("other.yaml", "")]);
        assert!(ApiFile::read(&tree.root()).is_none());
    }

    #[test]
    fn versions_stay_as_they_are_written() {
        for text in [
            "type: api\ndata: {name: A, version: 1.10}\n",
            "id: {apiName: A, version: 1.10}\ncontext: /a/1.10\n",
        ] {
            let tree = tree(&[("api.yaml", text)]);
            let details = ApiFile::read(&tree.root()).unwrap().unwrap().details();
            assert_eq!((&details["version"], &details["name"]), (&"1.10".into(), &"A".into()));
        }
    }

    #[test]
    fn places_are_as_near_as_the_file_lets_them_be() {
        let text = "type: api\nversion: v4.2.0\ndata:\n  name: A\n  operations:\n    - {target: /a, operationPolicies: {request: [{policyName: x}]}}\n  \
                    endpointConfig:\n    production_endpoints: {url: 'https://a'}\n";
        let tree = tree(&[("api.yaml", text)]);
        let file = ApiFile::read(&tree.root()).unwrap().unwrap();
        for (at, expected) in [
            (&["endpointConfig", "production_endpoints"][..], (8, 5)),
            (&["endpointConfig", "endpoint_security", "production"], (7, 3)),
            (&["operations", "0", "operationPolicies", "request", "0"], (6, 50)),
            (&["maxTps"], (1, 1)),
            (&[], (1, 1)),
        ] {
            let at: Vec<String> = at.iter().map(|&key| key.to_owned()).collect();
            let Place::At(source, span) = file.place(&at) else {
                panic!()
            };
            let position = source.position(span);
            assert_eq!((position.line, position.column), expected, "{at:?}");
        }
    }
}
