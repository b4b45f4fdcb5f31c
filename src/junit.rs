//! JUnit XML, the format in which build servers show what failed.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use std::io;
use std::time::Duration;

/// One case of a test suite.
#[derive(Debug, Clone, Default)]
pub(crate) struct JunitCase {
    /// The group that build servers list it under.
    pub(crate) class: String,
    /// What it is called.
    pub(crate) name: String,
    /// The file it is from, for links.
    pub(crate) file: Option<String>,
    /// How long it took.
    pub(crate) took: Option<Duration>,
    pub(crate) result: JunitResult,
    /// Whatever else is to be told of it.
    pub(crate) output: String,
}

/// How a case went.
#[derive(Debug, Clone, Default)]
pub(crate) enum JunitResult {
    #[default]
    Passed,
    /// What was looked at is not as it should be.
    Failure(JunitText),
    /// There was nothing to look at.
    Error(JunitText),
    /// It was left out, and why.
    Skipped(String),
}

/// Why a case did not pass.
#[derive(Debug, Clone, Default)]
pub(crate) struct JunitText {
    /// The kind, for grouping.
    pub(crate) kind: String,
    /// In short.
    pub(crate) message: String,
    /// All of it.
    pub(crate) text: String,
}

impl JunitText {
    /// Where there is no more to be told than this.
    pub(crate) fn of(kind: &str, message: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            message: message.to_owned(),
            text: message.to_owned(),
        }
    }
}

/// Writes a test suite.
///
/// # Errors
///
/// None in practice: the document is written to memory.
pub(crate) fn write(suite: &str, cases: &[JunitCase]) -> io::Result<Vec<u8>> {
    let count = |is_it: fn(&JunitResult) -> bool| cases.iter().filter(|case| is_it(&case.result)).count();
    let skipped = count(|result| matches!(result, JunitResult::Skipped(_)));
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let mut counts = vec![
        ("tests", cases.len()),
        ("failures", count(|result| matches!(result, JunitResult::Failure(_)))),
        ("errors", count(|result| matches!(result, JunitResult::Error(_)))),
    ];
    if skipped > 0 {
        counts.push(("skipped", skipped));
    }
    let mut all = BytesStart::new("testsuites");
    let mut one = BytesStart::new("testsuite");
    one.push_attribute(("name", clean(suite).as_str()));
    for (name, value) in counts {
        let value = value.to_string();
        all.push_attribute((name, value.as_str()));
        one.push_attribute((name, value.as_str()));
    }
    xml.write_event(Event::Start(all))?;
    xml.write_event(Event::Start(one))?;
    for case in cases {
        write_case(&mut xml, case)?;
    }
    xml.write_event(Event::End(BytesEnd::new("testsuite")))?;
    xml.write_event(Event::End(BytesEnd::new("testsuites")))?;
    let mut bytes = xml.into_inner();
    bytes.push(b'\n');
    Ok(bytes)
}

fn write_case(xml: &mut Writer<Vec<u8>>, case: &JunitCase) -> io::Result<()> {
    let mut element = BytesStart::new("testcase");
    element.push_attribute(("classname", clean(&case.class).as_str()));
    element.push_attribute(("name", clean(&case.name).as_str()));
    if let Some(file) = &case.file {
        element.push_attribute(("file", clean(file).as_str()));
    }
    if let Some(took) = case.took {
        element.push_attribute(("time", format!("{:.3}", took.as_secs_f64()).as_str()));
    }
    if matches!(case.result, JunitResult::Passed) && case.output.is_empty() {
        return xml.write_event(Event::Empty(element));
    }
    xml.write_event(Event::Start(element))?;
    match &case.result {
        JunitResult::Passed => {}
        JunitResult::Failure(text) => write_result(xml, "failure", text)?,
        JunitResult::Error(text) => write_result(xml, "error", text)?,
        JunitResult::Skipped(message) => {
            let mut element = BytesStart::new("skipped");
            element.push_attribute(("message", clean(message).as_str()));
            xml.write_event(Event::Empty(element))?;
        }
    }
    if !case.output.is_empty() {
        write_text(xml, BytesStart::new("system-out"), &case.output)?;
    }
    xml.write_event(Event::End(BytesEnd::new("testcase")))
}

fn write_result(xml: &mut Writer<Vec<u8>>, name: &'static str, text: &JunitText) -> io::Result<()> {
    let mut element = BytesStart::new(name);
    element.push_attribute(("type", clean(&text.kind).as_str()));
    element.push_attribute(("message", clean(&text.message).as_str()));
    write_text(xml, element, &text.text)
}

fn write_text(xml: &mut Writer<Vec<u8>>, element: BytesStart<'_>, text: &str) -> io::Result<()> {
    let end = element.to_end().into_owned();
    xml.write_event(Event::Start(element))?;
    xml.write_event(Event::Text(BytesText::new(&clean(text))))?;
    xml.write_event(Event::End(end))
}

/// XML has no way to write most control characters, and what is told here quotes what users wrote and servers answered.
fn clean(text: &str) -> String {
    let is_writable = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
    let clean = |c| match c {
        '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        c if is_writable(c) => c,
        _ => '\u{fffd}',
    };
    text.chars().map(clean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever is quoted, the document stays one that can be read, with the same cases.
    #[test]
    fn any_text_can_be_quoted() {
        let characters = (0..=0x10_ffff).filter_map(char::from_u32);
        for character in characters.step_by(97).chain('\0'..='~').chain('\u{fff0}'..='\u{ffff}') {
            let text = format!("a{character}b");
            let case = JunitCase {
                name: text.clone(),
                file: Some(text.clone()),
                result: JunitResult::Failure(JunitText::of(&text, &text)),
                output: text.clone(),
                ..JunitCase::default()
            };
            let xml = write(&text, &[case]).expect("written");
            let mut reader = quick_xml::Reader::from_reader(&xml[..]);
            let mut cases = 0;
            loop {
                match reader
                    .read_event()
                    .unwrap_or_else(|error| panic!("{character:?}: {error}"))
                {
                    Event::Start(start) if start.name().as_ref() == "testcase" => {
                        assert!(start.attributes().all(|attribute| attribute.is_ok()), "{character:?}");
                        cases += 1;
                    }
                    Event::Eof => break,
                    _ => {}
                }
            }
            assert_eq!(cases, 1, "{character:?}");
        }
    }
}
