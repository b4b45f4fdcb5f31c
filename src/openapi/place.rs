//! What stands where in a definition: which `$ref` is a reference, what it refers to, and where a copy of that belongs.
//!
//! A `$ref` in an example or in somebody's extension is data, and one below `properties` may be the name of a property.
//! So references are looked for by what the specification says of a place, not by their looks.

use crate::yaml::Node;

/// What a place of a definition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Kind {
    Document,
    Components,
    PathItem,
    Operation,
    Callback,
    Parameter,
    RequestBody,
    Response,
    Header,
    MediaType,
    Encoding,
    Example,
    Link,
    SecurityScheme,
    Schema,
    Discriminator,
    /// Something else of the specification, such as `info`.
    Other,
    /// Nothing that the specification reads: examples, defaults, extensions.
    Data,
}

/// A place: one thing of a kind, or a map (or list) of such things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) kind: Kind,
    /// The keys are names, and each value is of the kind.
    pub(super) is_map: bool,
    /// It is where a definition keeps what is used in several places.
    pub(super) is_section: bool,
}

pub(super) const fn one(kind: Kind) -> Place {
    Place {
        kind,
        is_map: false,
        is_section: false,
    }
}

pub(super) const fn each(kind: Kind) -> Place {
    Place {
        kind,
        is_map: true,
        is_section: false,
    }
}

impl Place {
    /// Of the whole definition.
    pub(super) const DOCUMENT: Self = one(Kind::Document);

    /// Of the value of a key below this place.
    pub(super) fn child(self, key: &str) -> Self {
        let is_section = matches!(self.kind, Kind::Document | Kind::Components) && !self.is_map;
        let child = self.below(key);
        Self {
            is_section: is_section && child.is_map,
            ..child
        }
    }

    /// Whether a key here is that of a section, or of what has the sections.
    pub(super) fn has_section(self, key: &str) -> bool {
        let child = self.child(key);
        child.is_section || !self.is_map && child == one(Kind::Components)
    }

    fn below(self, key: &str) -> Self {
        use Kind::*;
        if self.is_map {
            let is_extension = self.kind == PathItem && key.starts_with("x-");
            return one(if is_extension { Data } else { self.kind });
        }
        if self.kind == Data || key.starts_with("x-") {
            return one(Data);
        }
        match (self.kind, key) {
            (Document, "paths" | "webhooks") => each(PathItem),
            (Document, "components") => one(Components),
            (Document, "definitions") | (Components, "schemas") => each(Schema),
            (Document | Components | PathItem | Operation, "parameters") => each(Parameter),
            (Document | Components | Operation, "responses") => each(Response),
            (Document, "securityDefinitions") | (Components, "securitySchemes") => each(SecurityScheme),
            (Components | Parameter | Header | MediaType, "examples") => each(Example),
            (Components, "requestBodies") => each(RequestBody),
            (Components | Response | Encoding, "headers") => each(Header),
            (Components | Response, "links") => each(Link),
            (Components | Operation, "callbacks") => each(Callback),
            (Components, "pathItems") => each(PathItem),
            (Components, "mediaTypes") => each(MediaType),
            (PathItem, "servers" | "summary" | "description") => one(Other),
            (PathItem, "additionalOperations") => each(Operation),
            (PathItem, _) => one(Operation),
            (Operation, "requestBody") => one(RequestBody),
            (Callback, _) => one(PathItem),
            (Parameter | Header | MediaType | Response, "schema")
            | (MediaType, "itemSchema")
            | (Parameter | Header, "items") => one(Schema),
            (Parameter | Header | RequestBody | Response, "content") => each(MediaType),
            (MediaType, "encoding") => each(Encoding),
            (Parameter | Header | MediaType, "example" | "default" | "enum")
            | (Response, "examples")
            | (Example, "value") => one(Data),
            (Schema, "properties" | "patternProperties" | "definitions" | "$defs" | "dependentSchemas") => each(Schema),
            (Schema, "example" | "examples" | "default" | "enum" | "const" | "required" | "xml") => one(Data),
            (Schema, "discriminator") => one(Discriminator),
            (Discriminator, "mapping") => each(Discriminator),
            (Schema, _) => one(Schema),
            _ => one(Other),
        }
    }

    /// Of an element of a list here.
    pub(super) fn element(self) -> Self {
        one(self.kind)
    }

    /// The `mapping` of a discriminator: its values are references, or names of schemas.
    pub(super) fn is_mapping(self) -> bool {
        self.kind == Kind::Discriminator && self.is_map
    }

    /// Whether a member of what is here refers to an operation.
    pub(super) fn is_operation_ref(self, key: &str) -> bool {
        self.kind == Kind::Link && !self.is_map && key == "operationRef"
    }

    /// Whether the gateway needs what a reference here refers to.
    pub(super) fn is_needed(self) -> bool {
        self.is_map
            || matches!(
                self.kind,
                Kind::Document | Kind::Components | Kind::PathItem | Kind::SecurityScheme | Kind::Other
            )
    }

    /// The part of a definition that what is referred to from here is copied to; `None`: it is copied to this very place.
    pub(super) fn section(self, sections: Sections) -> Option<&'static str> {
        if self.is_map {
            return None;
        }
        sections
            .names()
            .iter()
            .find(|(kind, _)| *kind == self.kind)
            .map(|(_, name)| *name)
    }
}

/// Where a definition keeps what is used in several places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sections {
    /// At the top: 2.0.
    Top,
    /// Below `components`: 3.x.
    Components,
}

impl Sections {
    /// Where this definition keeps it.
    pub(super) fn of(definition: &Node) -> Self {
        // Where both are there, `openapi` counts.
        match (definition.get("openapi"), definition.get("swagger")) {
            (None, Some(_)) => Self::Top,
            _ => Self::Components,
        }
    }

    /// The keys from the top of a definition to a section.
    pub(super) fn path(self, section: &'static str) -> Vec<&'static str> {
        match self {
            Self::Top => vec![section],
            Self::Components => vec!["components", section],
        }
    }

    /// The sections with what each of them holds.
    pub(super) fn names(self) -> &'static [(Kind, &'static str)] {
        match self {
            Self::Top => &[
                (Kind::Schema, "definitions"),
                (Kind::Parameter, "parameters"),
                (Kind::Response, "responses"),
            ],
            Self::Components => &[
                (Kind::Schema, "schemas"),
                (Kind::Parameter, "parameters"),
                (Kind::Response, "responses"),
                (Kind::Example, "examples"),
                (Kind::RequestBody, "requestBodies"),
                (Kind::Header, "headers"),
                (Kind::Link, "links"),
                (Kind::Callback, "callbacks"),
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_place_holds_follows_from_the_way_there() {
        let at = |path: &str| path.split(' ').fold(Place::DOCUMENT, Place::below);
        for (path, expected) in [
            ("paths /a", one(Kind::PathItem)),
            ("paths x-a", one(Kind::Data)),
            ("paths /a get", one(Kind::Operation)),
            ("paths /a query", one(Kind::Operation)),
            ("paths /a get parameters", each(Kind::Parameter)),
            (
                "paths /a get responses 200 content application/json schema",
                one(Kind::Schema),
            ),
            (
                "paths /a get responses 200 content application/json example",
                one(Kind::Data),
            ),
            ("paths /a get callbacks done {$url}", one(Kind::PathItem)),
            ("components schemas example", one(Kind::Schema)),
            ("components schemas Pet example", one(Kind::Data)),
            ("components schemas Pet properties", each(Kind::Schema)),
            ("components schemas Pet properties example", one(Kind::Schema)),
            ("components schemas Pet properties properties", one(Kind::Schema)),
            ("components schemas Pet x-thing allOf", one(Kind::Data)),
            ("components examples a value", one(Kind::Data)),
            ("definitions Pet items", one(Kind::Schema)),
            ("responses Gone schema", one(Kind::Schema)),
            ("info license", one(Kind::Other)),
        ] {
            assert_eq!(at(path), expected, "{path}");
        }
        assert_eq!(at("paths /a get parameters").element(), one(Kind::Parameter));
        assert_eq!(at("definitions Pet").section(Sections::Top), Some("definitions"));
        assert_eq!(at("components links a").section(Sections::Components), Some("links"));
        assert_eq!(at("components links a").section(Sections::Top), None);
        assert_eq!(at("definitions").section(Sections::Top), None);
    }
}
