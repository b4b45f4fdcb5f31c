//! Tells descriptions that are no OpenAPI by what they are, so that they are refused for that.

use crate::diagnostics::{Code, Diagnostic};
use crate::yaml::{Node, Source, Span, SyntaxError};

/// A kind of file that people take for a definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kind {
    /// What it is, with its article.
    is: &'static str,
    /// What to do about it.
    remedy: &'static str,
}

const EXPORT: &str = "Export the API as OpenAPI 3 there, or write an OpenAPI definition of it.";
const SIGN_IN: &str =
    "A server may have answered with a page for people: download the definition anew, signed in, and look at it.";
const ELSEWHERE: &str = "It belongs elsewhere in the project; see `mgw help project`.";

/// Keys at the top of a document, and what they give away. The first that fits is taken.
const KEYS: [(&str, Kind); 17] = [
    (
        "asyncapi",
        Kind {
            is: "an AsyncAPI document",
            remedy: "The gateway serves requests and answers; describe those with OpenAPI.",
        },
    ),
    (
        "swaggerVersion",
        Kind {
            is: "a Swagger 1 document",
            remedy: "Convert it to Swagger 2.0 or OpenAPI 3.",
        },
    ),
    (
        "_postman_id",
        Kind {
            is: "a Postman collection",
            remedy: EXPORT,
        },
    ),
    (
        "item",
        Kind {
            is: "a Postman collection",
            remedy: EXPORT,
        },
    ),
    (
        "_type",
        Kind {
            is: "an Insomnia export",
            remedy: EXPORT,
        },
    ),
    (
        "log",
        Kind {
            is: "a recording of a browser (HAR)",
            remedy: EXPORT,
        },
    ),
    (
        "arazzo",
        Kind {
            is: "an Arazzo document, which describes workflows",
            remedy: "Name the OpenAPI definitions that it is about.",
        },
    ),
    (
        "overlay",
        Kind {
            is: "an OpenAPI overlay, which changes a definition",
            remedy: "Apply it, and use the outcome.",
        },
    ),
    (
        "resourcePolicies",
        Kind {
            is: "a list of policies",
            remedy: ELSEWHERE,
        },
    ),
    (
        "subscriptionPolicies",
        Kind {
            is: "a list of policies",
            remedy: ELSEWHERE,
        },
    ),
    (
        "applicationPolicies",
        Kind {
            is: "a list of policies",
            remedy: ELSEWHERE,
        },
    ),
    (
        "tests",
        Kind {
            is: "a file of tests",
            remedy: ELSEWHERE,
        },
    ),
    (
        "_format_version",
        Kind {
            is: "a configuration of Kong (decK)",
            remedy: EXPORT,
        },
    ),
    (
        "apiVersion",
        Kind {
            is: "a Kubernetes manifest",
            remedy: "Take the definition out of it.",
        },
    ),
    (
        "$schema",
        Kind {
            is: "a JSON Schema",
            remedy: "Refer to it from an OpenAPI definition.",
        },
    ),
    (
        "discoveryVersion",
        Kind {
            is: "a Google discovery document",
            remedy: EXPORT,
        },
    ),
    (
        "openrpc",
        Kind {
            is: "an OpenRPC document",
            remedy: EXPORT,
        },
    ),
];

fn of_document(document: &Node) -> Option<Kind> {
    let members = document.as_object()?;
    let text = |key: &str| document.get(key).and_then(Node::as_str).unwrap_or_default();
    if document.at(["info", "_postman_id"]).is_some() || document.at(["info", "schema"]).is_some() {
        return Some(Kind {
            is: "a Postman collection",
            remedy: EXPORT,
        });
    }
    if text("kind").starts_with("discovery#") {
        return Some(Kind {
            is: "a Google discovery document",
            remedy: EXPORT,
        });
    }
    if text("type").eq_ignore_ascii_case("api") && members.contains_key("data") {
        return Some(Kind {
            is: "the api.yaml of an apictl project",
            remedy: "The definition lies beside it, in Definitions/.",
        });
    }
    KEYS.iter()
        .find(|(key, _)| members.contains_key(*key))
        .map(|(_, kind)| *kind)
}

/// Tells by how a text begins.
fn of_text(text: &str) -> Option<Kind> {
    let mut head = text.trim_start();
    let lower: String = head.chars().take(2000).collect::<String>().to_ascii_lowercase();
    if lower.starts_with("#%raml") {
        return Some(Kind {
            is: "a RAML document",
            remedy: EXPORT,
        });
    }
    if lower.starts_with('<') {
        return Some(if lower.starts_with("<!doctype html") || lower.contains("<html") {
            Kind {
                is: "an HTML page",
                remedy: SIGN_IN,
            }
        } else if lower.contains("wsdl") {
            Kind {
                is: "a WSDL document, which describes a SOAP service",
                remedy: EXPORT,
            }
        } else if lower.contains("wadl") {
            Kind {
                is: "a WADL document",
                remedy: EXPORT,
            }
        } else {
            Kind {
                is: "an XML document",
                remedy: EXPORT,
            }
        });
    }
    if lower.starts_with("format: 1a") {
        return Some(Kind {
            is: "an API Blueprint",
            remedy: EXPORT,
        });
    }
    // Comments come before the first word of the other languages.
    while head.starts_with('#') || head.starts_with("//") {
        head = head.split_once('\n').map_or("", |(_, rest)| rest).trim_start();
    }
    let first = head.lines().next().unwrap_or_default();
    if first.starts_with("syntax") && first.contains("proto") {
        return Some(Kind {
            is: "a gRPC definition",
            remedy: "Name it .proto and put it into grpc_definitions/.",
        });
    }
    let opens = |word: &str| first.starts_with(word) && first.trim_end().ends_with('{');
    if ["type ", "schema ", "schema{", "query ", "interface ", "extend type "]
        .into_iter()
        .any(opens)
    {
        return Some(Kind {
            is: "a GraphQL schema",
            remedy: EXPORT,
        });
    }
    None
}

impl Kind {
    fn finding(self, source: &Source) -> Diagnostic {
        let message = format!("this is {}, not an OpenAPI definition", self.is);
        Diagnostic::error(Code::Dialect, source, Span::default(), message).remedy(self.remedy)
    }
}

/// The finding about a document that is known to be something else.
pub(super) fn tell(source: &Source, document: &Node) -> Option<Diagnostic> {
    of_document(document)
        .or_else(|| of_text(source.text()))
        .map(|kind| kind.finding(source))
}

/// What a text is, when it is known to be something else than a definition: "an HTML page".
pub(crate) fn known_text(text: &str) -> Option<&'static str> {
    of_text(text).map(|kind| kind.is)
}

/// The finding about a file that cannot be read: that it is something else, or why not.
pub(crate) fn unreadable(error: SyntaxError) -> Diagnostic {
    let other = error
        .place
        .as_ref()
        .and_then(|(source, _)| Some(of_text(source.text())?.finding(source)));
    other.unwrap_or_else(|| error.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Format, parse};

    #[test]
    fn other_descriptions_are_known() {
        for (text, is) in [
            ("asyncapi: 2.6.0\n", "AsyncAPI"),
            ("{\"info\": {\"_postman_id\": 1}}", "Postman"),
            ("#%RAML 1.0\ntitle: a\n", "RAML"),
            ("<?xml version='1.0'?><wsdl:definitions/>", "WSDL"),
            ("\n<!DOCTYPE html>", "HTML"),
            ("# all\ntype Query {\n  a: Int\n}\n", "GraphQL"),
            ("// a\nsyntax = \"proto3\";\n", "gRPC"),
            ("type: api\ndata: {}\n", "apictl"),
        ] {
            let found = match parse("a", text.into(), Format::Yaml) {
                Ok((source, document)) => tell(&source, &document),
                Err(error) => Some(unreadable(error)),
            };
            let message = found.map(|found| found.message).unwrap_or_default();
            assert!(message.contains(is), "{text}: {message}");
        }
        for text in ["title: a\n", "type: a\n", "", "42\n"] {
            let (source, document) = parse("a", text.into(), Format::Yaml).expect("YAML");
            assert!(tell(&source, &document).is_none(), "{text}");
        }
    }
}
