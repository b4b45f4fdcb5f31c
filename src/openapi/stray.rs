//! Extensions of the gateway in places where nobody reads any.

use super::extension_name::is_gateway_extension;
use super::operations::METHODS;
use super::place::{Kind, Place};
use crate::yaml::{Node, Span, Value};
use std::collections::HashMap;

/// An extension that stands neither at the top of a definition nor in a path or an operation.
#[derive(Debug)]
pub(crate) struct Stray<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// Where that stands.
    pub(crate) key: Span,
    /// What it stands in: "`info`", "a parameter".
    pub(crate) owner: String,
    /// The operation that it stands in: "GET /items".
    pub(crate) operation: Option<String>,
}

/// All of them. Examples, values of schemas, other extensions and what has names of somebody's own are not looked at.
pub(crate) fn strays(document: &Node) -> Vec<Stray<'_>> {
    let mut walk = Walk::default();
    let top = Surroundings {
        place: Place::DOCUMENT,
        key: "",
        path: None,
        method: None,
    };
    top.look(document, &mut walk);
    walk.found
}

#[derive(Debug, Default)]
struct Walk<'a> {
    found: Vec<Stray<'a>>,
    /// Whether a name is one for the gateway. The same few stand everywhere in a definition.
    names: HashMap<&'a str, bool>,
}

impl<'a> Walk<'a> {
    fn is_extension(&mut self, key: &'a str) -> bool {
        let begins = key.starts_with(['x', 'X']);
        begins && *self.names.entry(key).or_insert_with(|| is_gateway_extension(key))
    }
}

/// Where a node stands.
#[derive(Debug, Clone, Copy)]
struct Surroundings<'a> {
    place: Place,
    /// The key that leads there.
    key: &'a str,
    path: Option<&'a str>,
    method: Option<&'a str>,
}

impl<'a> Surroundings<'a> {
    fn look(self, node: &'a Node, walk: &mut Walk<'a>) {
        if self.place.kind == Kind::Data {
            return;
        }
        match &node.value {
            Value::Object(members) => {
                for (key, member) in members {
                    if !self.has_names() && walk.is_extension(key) {
                        if !self.is_read() {
                            walk.found.push(Stray {
                                name: key,
                                key: member.key,
                                owner: self.words(),
                                operation: self.operation(),
                            });
                        }
                    } else if self.leads_on(key) {
                        self.below(key).look(&member.node, walk);
                    }
                }
            }
            Value::Array(elements) => {
                let element = Self {
                    place: self.place.element(),
                    ..self
                };
                elements.iter().for_each(|node| element.look(node, walk));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn below(self, key: &'a str) -> Self {
        let is_path = self.place.is_map && self.place.kind == Kind::PathItem && self.key == "paths";
        // The path items of callbacks are not served.
        let is_method = self.path == Some(self.key) && METHODS.contains(&key);
        Self {
            place: self.place.child(key),
            key,
            path: if is_path { Some(key) } else { self.path },
            method: if is_method { Some(key) } else { self.method },
        }
    }

    /// Whether the keys are names that somebody has chosen: a header may be called as an extension is.
    fn has_names(self) -> bool {
        let has_extensions = match self.place.kind {
            Kind::PathItem => true,
            Kind::Response => !self.place.is_section,
            _ => false,
        };
        self.place.is_map && !has_extensions
    }

    /// Whether extensions are read here, or told of by whoever reads them.
    fn is_read(self) -> bool {
        !self.place.is_map && matches!(self.place.kind, Kind::Document | Kind::PathItem | Kind::Operation)
    }

    /// Whether what is below a key says something in the words of the specification.
    fn leads_on(self, key: &str) -> bool {
        if self.place.is_map {
            return true;
        }
        match self.place.kind {
            // What stands below a key that is not known is lost with it, which is told.
            Kind::Document | Kind::Operation if self.place.child(key).kind == Kind::Other => {
                ["info", "servers", "tags", "externalDocs"].contains(&key)
            }
            // What these have are names, and values for a request.
            Kind::Other | Kind::SecurityScheme => !["scopes", "variables"].contains(&key),
            Kind::Link => !["parameters", "requestBody"].contains(&key),
            _ => true,
        }
    }

    fn operation(self) -> Option<String> {
        Some(format!("{} {}", self.method?.to_uppercase(), self.path?))
    }

    fn words(self) -> String {
        let words = match self.place.kind {
            _ if self.place.is_map => return format!("`{}`", self.key),
            Kind::Callback => "a callback",
            Kind::Parameter => "a parameter",
            Kind::RequestBody => "a request body",
            Kind::Response => "a response",
            Kind::Header => "a header",
            Kind::MediaType => "a media type",
            Kind::Encoding => "an encoding",
            Kind::Example => "an example",
            Kind::Link => "a link",
            Kind::SecurityScheme => "a security scheme",
            Kind::Schema | Kind::Discriminator => "a schema",
            Kind::Document | Kind::Components | Kind::PathItem | Kind::Operation | Kind::Other | Kind::Data => {
                return format!("`{}`", self.key);
            }
        };
        words.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Format, parse};

    fn found(text: &str) -> Vec<String> {
        let (_, document) = parse("a.yaml", text.into(), Format::Yaml).unwrap();
        let strays = strays(&document).into_iter();
        let lines = strays.map(|stray| match stray.operation {
            Some(operation) => format!("{} in {} of {operation}", stray.name, stray.owner),
            None => format!("{} in {}", stray.name, stray.owner),
        });
        lines.collect()
    }

    #[test]
    fn extensions_where_none_is_read_are_found() {
        for (text, expected) in [
            ("info: {contact: {x-scope: a}}", "x-scope in `contact`"),
            (
                "servers: [{url: a, x-wso2-basePath: /a}]",
                "x-wso2-basePath in `servers`",
            ),
            ("paths: {x-wso2-mutual-ssl: mandatory}", "x-wso2-mutual-ssl in `paths`"),
            ("components: {x-wso2-cors: {}}", "x-wso2-cors in `components`"),
            (
                "components: {securitySchemes: {a: {x-scope: b}}}",
                "x-scope in a security scheme",
            ),
            (
                "components: {schemas: {a: {items: {x-scope: b}}}}",
                "x-scope in a schema",
            ),
            (
                "components: {schemas: {a: {properties: {b: {x-scope: b}}}}}",
                "x-scope in a schema",
            ),
            (
                "components: {parameters: {a: {schema: {x-scope: b}}}}",
                "x-scope in a schema",
            ),
            ("definitions: {a: {x-scope: b}}", "x-scope in a schema"),
            (
                "paths: {/a: {parameters: [{x-auth-type: None}]}}",
                "x-auth-type in a parameter",
            ),
            (
                "paths: {/a: {get: {responses: {x-scope: b}}}}",
                "x-scope in `responses` of GET /a",
            ),
            (
                "paths: {/a: {get: {responses: {'200': {x-scope: b}}}}}",
                "x-scope in a response of GET /a",
            ),
            (
                "paths: {/a: {get: {requestBody: {content: {a/b: {x-scope: b}}}}}}",
                "x-scope in a media type of GET /a",
            ),
            (
                "paths: {/a: {get: {servers: [{x-scope: b}]}}}",
                "x-scope in `servers` of GET /a",
            ),
        ] {
            assert_eq!(found(text), [expected], "{text}");
        }
    }

    #[test]
    fn names_data_and_places_that_are_read_are_left_alone() {
        for text in [
            "x-scope: a",
            "paths: {/a: {x-scope: a, get: {x-scope: a}}}",
            "info: {x-other: {x-scope: a}}",
            "components: {headers: {x-scope: {schema: {}}}}",
            "components: {schemas: {x-scope: {properties: {x-scope: {}}}}}",
            "components: {schemas: {a: {example: {x-scope: a}, default: {x-scope: a}, enum: [{x-scope: a}], const: {x-scope: a}}}}",
            "components: {responses: {x-scope: {}}, examples: {a: {value: {x-scope: a}}}}",
            "components: {securitySchemes: {a: {flows: {implicit: {scopes: {x-scope: a}}}}}}",
            "securityDefinitions: {a: {scopes: {x-scope: a}}}",
            "security: [{x-scope: []}]",
            "paths: {/a: {get: {security: [{x-scope: []}], post: {x-scope: a}}}}",
            "paths: {/a: {get: {responses: {'200': {links: {a: {parameters: {x-scope: a}}}}}}}}",
            "other: {x-scope: a}",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }
}
