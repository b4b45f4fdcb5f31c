//! Reads the cases that somebody wrote: `tests/*.yaml` of a project.

use super::case::{Case, Expectation, HeaderExpectation, Request, Token, TokenClaims};
use super::target::{Unsendable, escaped, unsendable};
use crate::compile::shown;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::project::Layout;
use crate::whole_file;
use crate::yaml::{Format, Node, Source, Span, limits, parse};
use std::ops::RangeInclusive;

/// Where they are.
const FOLDER: &str = "tests";
/// Bounds on what one project asks for.
const MOST_FILES: usize = 1_000;
const MOST_CASES: usize = 10_000;
const MOST_TIMES: u64 = 10_000;

const CASE: &[&str] = &["name", "request", "times", "token", "headers", "body", "json", "expect"];
const TOKEN: &[&str] = &[
    "scopes",
    "apis",
    "subject",
    "application",
    "application-policy",
    "subscription-policy",
    "sandbox",
];
const EXPECT: &[&str] = &["status", "code", "headers", "contains", "body", "json"];
const METHODS: &[&str] = &["GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE"];

/// Headers, and a body.
type Content = (Vec<(String, String)>, Option<Vec<u8>>);

/// The cases of one file, in its order.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) cases: Vec<Case>,
}

/// Reads every file of the folder, sorted by name; a project without the folder has none. What is wrong is added to the
/// diagnostics, and those cases are left out.
///
/// # Errors
///
/// When the folder or a file cannot be read.
pub(crate) fn read_folder(layout: &Layout, diagnostics: &mut Diagnostics) -> std::io::Result<Vec<File>> {
    let folder = layout.root().join(FOLDER);
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for entry in entries {
        let Ok(name) = entry?.file_name().into_string() else {
            continue;
        };
        // The tests of micro-gw projects are programs in the same folder.
        names.extend(Format::of_name(&name).map(|format| (name, format)));
    }
    names.sort_by(|a, b| a.0.cmp(&b.0));
    if names.len() > MOST_FILES {
        return Err(std::io::Error::other(format!(
            "there are more than {MOST_FILES} files in {FOLDER}/"
        )));
    }
    let mut files = Vec::new();
    for (name, format) in names {
        let shown = shown(layout.root(), &format!("{FOLDER}/{name}"));
        let bytes = match whole_file::read_public(&folder.join(&name), limits::MAX_FILE_BYTES) {
            Ok(bytes) => bytes,
            Err(error) => {
                let remedy = whole_file::Unfit::remedy(&error).unwrap_or("Check the file and its permissions.");
                let message = format!("this file cannot be read: {}", crate::words::plain(&error.to_string()));
                diagnostics.push(Diagnostic::file(Code::TestCase, shown, message).remedy(remedy));
                continue;
            }
        };
        files.extend(read_file(&shown, bytes, format, diagnostics));
        if files.iter().map(|file: &File| file.cases.len()).sum::<usize>() > MOST_CASES {
            return Err(std::io::Error::other(format!(
                "there are more than {MOST_CASES} cases in {FOLDER}/"
            )));
        }
    }
    Ok(files)
}

/// Reads the bytes of one file; `shown` is what messages call it.
pub(super) fn read_file(shown: &str, bytes: Vec<u8>, format: Format, diagnostics: &mut Diagnostics) -> Option<File> {
    match parse(shown, bytes, format) {
        Ok((source, document)) => Some(Reader::new(&source, diagnostics).file(&document)),
        Err(error) => {
            diagnostics.push(error.into());
            None
        }
    }
}

/// Reads one file.
struct Reader<'a> {
    source: &'a Source,
    diagnostics: &'a mut Diagnostics,
}

impl<'a> Reader<'a> {
    fn new(source: &'a Source, diagnostics: &'a mut Diagnostics) -> Self {
        Self { source, diagnostics }
    }

    fn fail(&mut self, span: Span, message: impl Into<String>, remedy: &str) {
        let diagnostic = Diagnostic::error(Code::TestCase, self.source, span, message);
        self.diagnostics.push(diagnostic.remedy(remedy));
    }

    fn expected(&mut self, node: &Node, what: &str, expected: &str) {
        self.diagnostics
            .push(Diagnostic::expected(Code::TestCase, self.source, node, what, expected));
    }

    /// Misspelt keys would be checks that nobody makes.
    fn only(&mut self, node: &Node, what: &str, known: &[&str]) {
        for (key, member) in node.as_object().into_iter().flatten() {
            if !known.contains(&key.as_str()) {
                let message = format!("{what} has no `{key}`");
                let diagnostic = Diagnostic::error(Code::TestCase, self.source, member.key, message);
                let diagnostic = diagnostic.remedy(format!("Remove it; there are `{}`.", known.join("`, `")));
                self.diagnostics
                    .push(diagnostic.misspelt(key, member.key, known.iter().copied()));
            }
        }
    }

    fn file(mut self, document: &Node) -> File {
        self.only(document, "a file of tests", &["tests"]);
        let mut cases = Vec::new();
        match document.get("tests").map(|tests| (tests, tests.as_array())) {
            Some((_, Some(list))) if list.len() <= MOST_CASES => {
                cases.extend(list.iter().filter_map(|case| self.case(case)));
            }
            Some((node, _)) => self.expected(node, "`tests`", &format!("a list of at most {MOST_CASES} cases")),
            None => self.fail(
                document.span,
                "there is no list `tests` in this file",
                "Write `tests:` and below it one case for each request.",
            ),
        }
        File { cases }
    }

    fn case(&mut self, node: &Node) -> Option<Case> {
        if node.as_object().is_none() {
            self.expected(node, "a case", "a map with `request` and `expect`");
            return None;
        }
        self.only(node, "a case", CASE);
        let (method, target) = self.request_line(node)?;
        let (headers, body) = self.content(node)?;
        let token = match node.get("token") {
            Some(token) => self.token(token)?,
            None => Token::Absent,
        };
        let times = match node.get("times") {
            None => 1,
            Some(times) => match times.as_u64().filter(|times| (1..=MOST_TIMES).contains(times)) {
                Some(times) => u32::try_from(times).unwrap_or(u32::MAX),
                None => {
                    self.expected(times, "`times`", &format!("a whole number from 1 to {MOST_TIMES}"));
                    return None;
                }
            },
        };
        let Some(expect) = node.get("expect") else {
            self.fail(
                node.span,
                "this case expects nothing",
                "Add `expect:` with a `status`, for example `expect: {status: 200}`.",
            );
            return None;
        };
        let expect = self.expectation(expect)?;
        let name = match node.get("name") {
            Some(name) => self.text(name, "`name`")?,
            None => format!("{method} {target}"),
        };
        Some(Case {
            name,
            place: format!("{}:{}", self.source.name(), self.source.position(node.span).line),
            request: Request {
                method,
                target,
                headers,
                body,
                token,
            },
            times,
            expect,
        })
    }

    fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        let text = node.as_str().map(str::to_owned);
        if text.is_none() {
            self.expected(node, what, "a text");
        }
        text
    }

    fn request_line(&mut self, case: &Node) -> Option<(String, String)> {
        const REMEDY: &str = "Write it like `request: GET /shop/items?limit=5`.";
        let Some(node) = case.get("request") else {
            self.fail(case.span, "this case has no `request`", REMEDY);
            return None;
        };
        let text = self.text(node, "`request`")?;
        let (method, target) = text.split_once(' ').unwrap_or(("", &text));
        let target = target.trim();
        if !METHODS.contains(&method) {
            let finding = Diagnostic::error(
                Code::TestCase,
                self.source,
                node.span,
                format!("`{text}` does not begin with a method"),
            );
            let upper = method.to_ascii_uppercase();
            let is_known = METHODS.contains(&upper.as_str());
            let meant = text.replacen(method, &upper, 1);
            self.diagnostics.push(match is_known {
                true => finding.remedy(REMEDY).renaming(&text, node.span, &meant),
                false => finding.remedy(REMEDY),
            });
            return None;
        }
        if !target.starts_with('/') {
            self.fail(node.span, format!("`{target}` is not the path of a request"), REMEDY);
            return None;
        }
        if let Some(why) = unsendable(target) {
            let (message, remedy) = match why {
                Unsendable::Character(c) => (
                    format!("`{target}` cannot be sent: no path of a request holds {}", named(c)),
                    format!("Percent-encode it: `{method} {}`.", escaped(target)),
                ),
                Unsendable::Length => (
                    "this path is longer than that of a request can be".to_owned(),
                    "Shorten it to 65,000 bytes with its query.".to_owned(),
                ),
            };
            self.fail(node.span, message, &remedy);
            return None;
        }
        Some((method.to_owned(), target.to_owned()))
    }

    /// Headers and body.
    fn content(&mut self, case: &Node) -> Option<Content> {
        let mut headers = Vec::new();
        if let Some(node) = case.get("headers") {
            let Some(members) = node.as_object() else {
                self.expected(node, "`headers`", "a map of names to texts");
                return None;
            };
            for (name, member) in members {
                self.header_name(name, member.key)?;
                headers.push((name.clone(), self.header_value(&member.node)?));
            }
        }
        match (case.get("body"), case.get("json")) {
            (Some(_), Some(json)) => {
                self.fail(
                    json.span,
                    "this case has both `body` and `json`",
                    "Keep one of the two.",
                );
                None
            }
            (Some(body), None) => Some((headers, Some(self.text(body, "`body`")?.into_bytes()))),
            (None, Some(json)) => {
                let is_named = headers
                    .iter()
                    .any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
                if !is_named {
                    headers.push(("content-type".to_owned(), "application/json".to_owned()));
                }
                Some((headers, Some(json.to_json().to_string().into_bytes())))
            }
            (None, None) => Some((headers, None)),
        }
    }

    fn header_name(&mut self, name: &str, key: Span) -> Option<()> {
        if http::HeaderName::try_from(name).is_err() {
            self.fail(
                key,
                format!("`{name}` cannot be the name of a header"),
                "Use letters, digits and `-`.",
            );
            return None;
        }
        Some(())
    }

    /// Numbers are what many headers hold; nobody puts quotes around them.
    fn header_value(&mut self, node: &Node) -> Option<String> {
        let text = match node.to_json() {
            serde_json::Value::Number(number) => number.to_string(),
            _ => self.text(node, "a header")?,
        };
        if http::HeaderValue::try_from(&text).is_err() {
            // Headers carry credentials.
            self.diagnostics.push(
                Diagnostic::error(
                    Code::TestCase,
                    self.source,
                    node.span,
                    "this text cannot stand in a header",
                )
                .remedy("Leave line breaks and control characters out.")
                .secret(),
            );
            return None;
        }
        Some(text)
    }

    fn token(&mut self, node: &Node) -> Option<Token> {
        match (node.as_bool(), node.as_object()) {
            (Some(true), _) => Some(Token::Local(TokenClaims::default())),
            (Some(false), _) => Some(Token::Absent),
            (None, Some(_)) => self.claims(node).map(Token::Local),
            (None, None) => {
                // Whoever writes a token here must not find it in a build's log.
                self.diagnostics.push(
                    Diagnostic::expected(
                        Code::TestCase,
                        self.source,
                        node,
                        "`token`",
                        "`true`, `false` or a map of what it says",
                    )
                    .remedy("For a token of your own set MGW_TEST_TOKEN, and write `token: true`.")
                    .secret(),
                );
                None
            }
        }
    }

    fn claims(&mut self, node: &Node) -> Option<TokenClaims> {
        self.only(node, "a token", TOKEN);
        let mut claims = TokenClaims::default();
        for (name, place) in [("scopes", &mut claims.scopes), ("apis", &mut claims.apis)] {
            if let Some(list) = node.get(name) {
                *place = Some(self.texts(list, &format!("`{name}`"))?);
            }
        }
        for (name, place) in [
            ("subject", &mut claims.subject),
            ("application", &mut claims.application),
            ("application-policy", &mut claims.application_policy),
            ("subscription-policy", &mut claims.subscription_policy),
        ] {
            if let Some(text) = node.get(name) {
                *place = Some(self.text(text, &format!("`{name}`"))?);
            }
        }
        if let Some(sandbox) = node.get("sandbox") {
            match sandbox.as_bool() {
                Some(value) => claims.sandbox = value,
                None => {
                    self.expected(sandbox, "`sandbox`", "`true` or `false`");
                    return None;
                }
            }
        }
        Some(claims)
    }

    /// A text, or a list of them.
    fn texts(&mut self, node: &Node, what: &str) -> Option<Vec<String>> {
        if let Some(text) = node.as_str() {
            return Some(vec![text.to_owned()]);
        }
        let texts: Option<Vec<String>> = node
            .as_array()
            .and_then(|list| list.iter().map(|text| text.as_str().map(str::to_owned)).collect());
        if texts.is_none() {
            self.expected(node, what, "a text or a list of texts");
        }
        texts
    }

    fn expectation(&mut self, node: &Node) -> Option<Expectation> {
        let Some(members) = node.as_object() else {
            self.expected(node, "`expect`", "a map such as `{status: 200}`");
            return None;
        };
        self.only(node, "`expect`", EXPECT);
        if members.is_empty() {
            self.fail(
                node.span,
                "this case expects nothing",
                "Add a `status`, for example `{status: 200}`.",
            );
            return None;
        }
        let mut expect = Expectation::default();
        if let Some(status) = node.get("status") {
            expect.statuses = self.statuses(status)?;
        }
        if let Some(code) = node.get("code") {
            expect.code = code.as_u64();
            if expect.code.is_none() {
                self.expected(code, "`code`", "a number such as 900902");
                return None;
            }
        }
        if let Some(headers) = node.get("headers") {
            expect.headers = self.header_expectations(headers)?;
        }
        if let Some(contains) = node.get("contains") {
            expect.contains = self.texts(contains, "`contains`")?;
            // Every body holds nothing: such a case could not fail.
            if expect.contains.is_empty() || expect.contains.iter().any(String::is_empty) {
                self.fail(
                    contains.span,
                    "`contains` names nothing to look for",
                    "Write a text that the body is to hold, or remove `contains`.",
                );
                return None;
            }
        }
        if let Some(body) = node.get("body") {
            expect.equals = Some(self.text(body, "`body`")?);
        }
        expect.json = node.get("json").map(Node::to_json);
        Some(expect)
    }

    fn statuses(&mut self, node: &Node) -> Option<Vec<RangeInclusive<u16>>> {
        let list = node.as_array().unwrap_or(std::slice::from_ref(node));
        let statuses: Option<Vec<_>> = list.iter().map(status).collect();
        let statuses = statuses.filter(|statuses| !statuses.is_empty());
        if statuses.is_none() {
            self.expected(
                node,
                "`status`",
                "a status such as 200, a class such as `2xx`, or a list of them",
            );
        }
        statuses
    }

    fn header_expectations(&mut self, node: &Node) -> Option<Vec<(String, HeaderExpectation)>> {
        let Some(members) = node.as_object() else {
            self.expected(
                node,
                "`headers`",
                "a map of names to texts, or to nothing for a header that is not there",
            );
            return None;
        };
        if members.is_empty() {
            self.fail(
                node.span,
                "`headers` names no header to look at",
                "Name one, or remove `headers`.",
            );
            return None;
        }
        let mut headers = Vec::new();
        for (name, member) in members {
            self.header_name(name, member.key)?;
            let wanted = if member.node.is_null() {
                HeaderExpectation::Absent
            } else {
                let text = self.header_value(&member.node)?;
                match text.strip_suffix('*') {
                    Some(start) => HeaderExpectation::BeginsWith(start.to_owned()),
                    None => HeaderExpectation::Is(text),
                }
            };
            headers.push((name.clone(), wanted));
        }
        Some(headers)
    }
}

/// A character as a message shows it: of many, nothing is to be seen.
fn named(c: char) -> String {
    match c {
        ' ' => "a blank".to_owned(),
        c if c.is_whitespace() || c.is_control() => format!("the character U+{:04X}", u32::from(c)),
        c => format!("`{c}`"),
    }
}

fn status(node: &Node) -> Option<RangeInclusive<u16>> {
    if let Some(number) = node.as_u64() {
        let number = u16::try_from(number)
            .ok()
            .filter(|number| (100..=599).contains(number))?;
        return Some(number..=number);
    }
    let class = node.as_str()?.strip_suffix("xx")?.parse::<u16>().ok()?;
    (1..=5).contains(&class).then(|| class * 100..=class * 100 + 99)
}

#[cfg(test)]
mod tests;
