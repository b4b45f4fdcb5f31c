//! Ballerina code of old projects: what it declares, and whether it does anything.

use crate::yaml::{Source, Span};

/// A function that a file declares.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Function<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// Where the name stands.
    pub(super) span: Span,
}

/// The functions of a file, in order.
pub(super) fn functions(source: &Source) -> Vec<Function<'_>> {
    let mut found = Vec::new();
    let mut offset = 0;
    for line in source.text().split_inclusive('\n') {
        let code = line.split("//").next().unwrap_or_default();
        let declared = code.trim_start().strip_prefix("public ").unwrap_or(code.trim_start());
        let name = declared
            .strip_prefix("remote ")
            .unwrap_or(declared)
            .strip_prefix("function ")
            .map(str::trim_start)
            .and_then(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next())
            .filter(|name| !name.is_empty());
        if let Some(name) = name
            && let Some(at) = line.find(&format!("{name}(")).or_else(|| line.find(name))
        {
            let start = offset + at;
            found.push(Function {
                name,
                span: crate::migrate::settings_file::span(start..start + name.len()),
            });
        }
        offset += line.len();
    }
    found
}

/// What stands for nothing, or only declares something.
const RETURNS: [&str; 4] = ["", "return", "return true", "return ()"];
const DECLARES: [&str; 6] = [
    "import ",
    "public function ",
    "function ",
    "public type ",
    "type ",
    "remote function ",
];

/// Whether no function of the file does more than return: so is what micro-gw puts into each project.
pub(in crate::migrate) fn does_nothing(text: &str) -> bool {
    let mut code = without_comments(text);
    // From the inside out: a block that does nothing is as if it were not there.
    while let Some(end) = code.find('}') {
        let Some(start) = code.get(..end).and_then(|before| before.rfind('{')) else {
            return false;
        };
        if !code.get(start + 1..end).is_some_and(is_nothing) {
            return false;
        }
        code.replace_range(start..=end, " ");
    }
    !code.contains('{') && is_nothing(&code)
}

fn is_nothing(body: &str) -> bool {
    body.split(';').map(str::trim).all(|statement| {
        RETURNS.contains(&statement) || DECLARES.iter().any(|declares| statement.starts_with(declares))
    })
}

/// Comments and the documentation before functions go; what stands in quotes may go with them, which makes no code of none.
fn without_comments(text: &str) -> String {
    text.lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .filter(|line| !line.trim_start().starts_with('#'))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNTOUCHED: &str = "// Copyright {\nimport ballerina/http;\n\npublic type ExtensionFilter object {\n\n    public function filterRequest(http:Caller caller, http:Request request,\n        \
        http:FilterContext context) returns boolean {\n        // your code\n        return true;\n    }\n    # Docs {\n    public function filterResponse(http:Response response, http:FilterContext context) returns boolean {\n        \
        return true;\n    }\n};\n";

    #[test]
    fn functions_are_found_by_line() {
        let source = Source::new("x.bal", UNTOUCHED.into()).unwrap();
        let found = functions(&source);
        let names: Vec<(&str, u32)> = found
            .iter()
            .map(|function| (function.name, source.position(function.span).line))
            .collect();
        assert_eq!(names, [("filterRequest", 6), ("filterResponse", 12)]);
        let source = Source::new("x.bal", "// function no(\nfunction a () {}\nfunction\n".into()).unwrap();
        assert_eq!(functions(&source).len(), 1);
    }

    #[test]
    fn code_that_does_something_is_told_from_code_that_does_not() {
        assert!(does_nothing(UNTOUCHED));
        assert!(does_nothing("public function initStartup() {\n}\n"));
        assert!(does_nothing(""));
        for changed in [
            "log:printInfo(\"x\"); return true;",
            "return false;",
            "if (x) { return true; } return true;",
            "y = 1;",
            "check(); }",
            "{",
        ] {
            let text = UNTOUCHED.replacen("return true;", changed, 1);
            assert!(!does_nothing(&text), "{changed}");
        }
        assert!(!does_nothing("int x = start();\n"));
    }
}
