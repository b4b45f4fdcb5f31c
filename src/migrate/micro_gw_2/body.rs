//! What the code of a resource does beside what micro-gw has every resource do: find the path, call a backend of the
//! service and pass its answer on.

use super::tokens::{Placed, Token};
use crate::yaml::Span;
use std::collections::HashSet;

/// Words, variables and members of generated code.
const KNOWN: [&str; 42] = [
    "any",
    "attributes",
    "boolean",
    "but",
    "cause",
    "clientResponse",
    "e",
    "else",
    "err",
    "error",
    "false",
    "forward",
    "hasPrefix",
    "http:HttpConnectorError",
    "http:HttpTimeoutError",
    "http:Request",
    "http:Response",
    "if",
    "int",
    "json",
    "match",
    "message",
    "new",
    "null",
    "outboundEp",
    "rawPath",
    "replace",
    "req",
    "res",
    "respond",
    "runtime:getInvocationContext",
    "setContentType",
    "setJsonPayload",
    "setPayload",
    "setTextPayload",
    "statusCode",
    "string",
    "time",
    "true",
    "untaint",
    "urlPostfix",
    "var",
];
/// Modules of which generated code may call anything.
const MODULES: [&str; 3] = ["gateway:", "log:", "time:"];
/// The attribute that generated code compares, and with what.
const KEY_TYPE: &str = "KEY_TYPE";
const KEY_TYPES: [&str; 2] = ["PRODUCTION", "SANDBOX"];
/// Most names that are told.
const MAX_NAMES: usize = 5;

/// Code that somebody wrote.
#[derive(Debug, PartialEq)]
pub(super) struct Foreign {
    /// Where it begins.
    pub(super) span: Span,
    /// What it names, each once; texts may be secrets, and are not among it.
    pub(super) names: Vec<String>,
}

/// What of a resource of the service is no generated code; `parameters` are what stands in its parentheses.
pub(super) fn foreign(service: &str, parameters: &[Placed], body: &[Placed]) -> Option<Foreign> {
    let mut known: HashSet<&str> = KNOWN.into();
    let names = |tokens: &'_ [Placed], at: usize| match tokens.get(at) {
        Some(Placed {
            token: Token::Name(name),
            ..
        }) => Some(name.clone()),
        _ => None,
    };
    let own: HashSet<String> = (0..parameters.len())
        .filter_map(|at| names(parameters, at))
        .chain(["prod", "sand"].map(|side| format!("{service}_{side}")))
        .chain(
            (0..body.len())
                .filter(|at| is_assigned(body, *at))
                .filter_map(|at| names(body, at)),
        )
        .collect();
    known.extend(own.iter().map(String::as_str));
    let mut found: Option<Foreign> = None;
    for (at, placed) in body.iter().enumerate() {
        let name = match &placed.token {
            Token::Name(name)
                if known.contains(name.as_str()) || MODULES.iter().any(|module| name.starts_with(module)) =>
            {
                continue;
            }
            Token::Name(name) => Some(name),
            Token::Text(text) if is_usual(text, body, at) => continue,
            Token::Text(_) | Token::Mark('@') => None,
            Token::Number(_) | Token::Mark(_) => continue,
        };
        let foreign = found.get_or_insert_with(|| Foreign {
            span: placed.span,
            names: Vec::new(),
        });
        if let Some(name) = name
            && foreign.names.len() < MAX_NAMES
            && !foreign.names.contains(name)
        {
            foreign.names.push(name.clone());
        }
    }
    found
}

fn is_mark(tokens: &[Placed], at: Option<usize>, mark: char) -> bool {
    at.and_then(|at| tokens.get(at))
        .is_some_and(|placed| placed.token == Token::Mark(mark))
}

/// Whether a variable gets its value there: `x = …`, or `error x => …`.
fn is_assigned(body: &[Placed], at: usize) -> bool {
    is_mark(body, Some(at + 1), '=') && !is_mark(body, Some(at + 2), '=') && !is_mark(body, at.checked_sub(1), '.')
}

/// Whether two marks make a comparison.
fn is_comparison(body: &[Placed], at: Option<usize>) -> bool {
    (is_mark(body, at, '=') || is_mark(body, at, '!')) && is_mark(body, at.map(|at| at + 1), '=')
}

/// Texts are paths, messages and names of attributes; what is decided by one is the kind of key.
fn is_usual(text: &str, body: &[Placed], at: usize) -> bool {
    if is_mark(body, Some(at + 1), ']') && is_comparison(body, Some(at + 2)) {
        return text == KEY_TYPE;
    }
    let is_compared = is_comparison(body, at.checked_sub(2)) || is_comparison(body, Some(at + 1));
    !is_compared || KEY_TYPES.contains(&text)
}

/// The position behind the bracket that closes the one at `at`; of one that nothing closes, the end.
pub(super) fn behind_block(tokens: &[Placed], at: usize) -> usize {
    let mut depth = 0_usize;
    for (index, placed) in tokens.iter().enumerate().skip(at) {
        match placed.token {
            Token::Mark('{' | '(' | '[') => depth += 1,
            Token::Mark('}' | ')' | ']') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return index + 1;
        }
    }
    tokens.len()
}

/// The position behind the declaration at `at`: behind its semicolon, or behind its braces.
pub(super) fn behind_declaration(tokens: &[Placed], at: usize) -> usize {
    let mut index = at;
    while let Some(placed) = tokens.get(index) {
        match placed.token {
            Token::Mark(';') => return index + 1,
            Token::Mark('{') => return behind_block(tokens, index),
            Token::Mark('(' | '[') => index = behind_block(tokens, index),
            // What encloses it ends.
            Token::Mark('}') => return index.max(at + 1),
            _ => index += 1,
        }
    }
    tokens.len()
}

#[cfg(test)]
mod tests {
    use super::super::tokens::tokens;
    use super::*;
    use crate::yaml::Source;

    fn found(body: &str) -> Option<Vec<String>> {
        let source = Source::new("x", body.into()).unwrap();
        let parameters = Source::new("x", "(endpoint caller, http:Request request)".into()).unwrap();
        foreign("A__1", &tokens(&parameters), &tokens(&source)).map(|foreign| foreign.names)
    }

    #[test]
    fn generated_code_is_nobodys() {
        for body in [
            "",
            r#"string urlPostfix = untaint req.rawPath.replace("/a/1", "");
               if (!urlPostfix.hasPrefix("/")) { urlPostfix = "/" + urlPostfix; }
               http:Response|error clientResponse;
               runtime:getInvocationContext().attributes["timeStampRequestOut"] = time:currentTime().time;
               if (runtime:getInvocationContext().attributes["KEY_TYPE"] == "PRODUCTION") {
                   clientResponse = A__1_prod->forward(urlPostfix, req);
               } else {
                   http:Response res = new;
                   res.statusCode = 403;
                   string errorMessage = "no sandbox";
                   res.setPayload(errorMessage);
                   clientResponse = A__1_sand->forward(urlPostfix, request);
               }
               match clientResponse {
                   http:Response res => { caller->respond(res) but { error e => log:printError("Error", err = e) }; }
                   error problem => { res.setPayload(problem.message); }
               }"#,
        ] {
            assert_eq!(found(body), None, "{body}");
        }
    }

    #[test]
    fn what_somebody_wrote_is_found_by_its_names() {
        for (body, names) in [
            ("if (!checkIt(req)) { abort; }", &["checkIt", "abort"][..]),
            (
                "if (req.getHeader(\"X-Key\") != \"canary\") { return; }",
                &["getHeader", "return"],
            ),
            ("var x = mine:check(req);", &["mine:check"]),
            ("x = B__1_prod->forward(urlPostfix, req);", &["B__1_prod"]),
            ("req.secret = 1; req.secret = 2;", &["secret"]),
            ("if (urlPostfix == \"/canary\") { }", &[]),
            ("if (\"/canary\" == urlPostfix) { }", &[]),
            (
                "if (runtime:getInvocationContext().attributes[\"USER\"] == null) { }",
                &[],
            ),
            ("} @http:ResourceConfig { } x (", &["http:ResourceConfig", "x"]),
            ("a(b, c, d, e, f, g, h)", &["a", "b", "c", "d", "f"]),
        ] {
            let expected = names.iter().map(|&name| name.to_owned()).collect();
            assert_eq!(found(body), Some(expected), "{body}");
        }
    }

    #[test]
    fn blocks_and_declarations_end() {
        let source = Source::new("x", "a ( { } ) b ; c { [ ] } }".into()).unwrap();
        let tokens = tokens(&source);
        assert_eq!(behind_block(&tokens, 1), 5);
        assert_eq!(behind_block(&tokens, 8), 12);
        for (at, end) in [(0, 7), (5, 7), (7, 12), (12, 13), (9, 11)] {
            assert_eq!(behind_declaration(&tokens, at), end, "{at}");
        }
        assert_eq!(behind_block(&tokens[..4], 1), 4);
    }
}
