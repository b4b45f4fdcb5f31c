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
    /// Why it failed; absent where it passed.
    pub(crate) failure: Option<JunitFailure>,
    /// Whatever else is to be told of it.
    pub(crate) output: String,
}

/// Why a case failed.
#[derive(Debug, Clone, Default)]
pub(crate) struct JunitFailure {
    /// The kind of failure, for grouping.
    pub(crate) kind: String,
    /// In short.
    pub(crate) message: String,
    /// All of it.
    pub(crate) text: String,
}

/// Writes a test suite.
///
/// # Errors
///
/// None in practice: the document is written to memory.
pub(crate) fn write(suite: &str, cases: &[JunitCase]) -> io::Result<Vec<u8>> {
    let failures = cases.iter().filter(|case| case.failure.is_some()).count();
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let counts = [
        ("tests", cases.len().to_string()),
        ("failures", failures.to_string()),
        ("errors", "0".to_owned()),
    ];
    let mut all = BytesStart::new("testsuites");
    let mut one = BytesStart::new("testsuite");
    one.push_attribute(("name", clean(suite).as_str()));
    for (name, value) in &counts {
        all.push_attribute((*name, value.as_str()));
        one.push_attribute((*name, value.as_str()));
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
    if case.failure.is_none() && case.output.is_empty() {
        return xml.write_event(Event::Empty(element));
    }
    xml.write_event(Event::Start(element))?;
    if let Some(failure) = &case.failure {
        let mut element = BytesStart::new("failure");
        element.push_attribute(("type", clean(&failure.kind).as_str()));
        element.push_attribute(("message", clean(&failure.message).as_str()));
        write_text(xml, element, &failure.text)?;
    }
    if !case.output.is_empty() {
        write_text(xml, BytesStart::new("system-out"), &case.output)?;
    }
    xml.write_event(Event::End(BytesEnd::new("testcase")))
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
                failure: Some(JunitFailure {
                    kind: text.clone(),
                    message: text.clone(),
                    text: text.clone(),
                }),
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
