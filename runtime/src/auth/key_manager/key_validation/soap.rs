//! A SOAP message as a small tree, within bounds.
//!
//! What SOAP forbids is refused: document type definitions, processing instructions, and entities other than those that
//! XML itself defines. Elements are told by namespace and local name, whatever their prefixes.

use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::{LocalName, ResolveResult};
use quick_xml::reader::NsReader;

/// The namespace of SOAP 1.1.
pub(super) const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
/// The namespace of the service's operations.
pub(super) const OPERATION: &str = "http://org.apache.axis2/xsd";
/// The namespace of `nil`.
const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Deepest nesting; answers of the service use five.
const MAX_DEPTH: usize = 16;
/// Most elements.
const MAX_ELEMENTS: usize = 1024;
/// Most namespace declarations in force at the same time: each name is looked up among them.
const MAX_NAMESPACES: usize = 64;

/// An element with its children and the text directly in it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    namespace: String,
    name: String,
    /// `xsi:nil`: there is no value.
    nil: bool,
    pub(super) text: String,
    pub(super) children: Vec<Element>,
}

impl Element {
    pub(super) fn is(&self, namespace: &str, name: &str) -> bool {
        self.namespace == namespace && self.name == name
    }

    /// Returns the only child of that name; `None` where there is none, or several.
    pub(super) fn only(&self, namespace: &str, name: &str) -> Option<&Element> {
        let mut found = self.children.iter().filter(|child| child.is(namespace, name));
        found.next().filter(|_| found.next().is_none())
    }

    /// Returns how many children have that name.
    pub(super) fn count(&self, namespace: &str, name: &str) -> usize {
        self.children.iter().filter(|child| child.is(namespace, name)).count()
    }

    /// Returns the text without blanks around it; `None` where there is no value.
    pub(super) fn value(&self) -> Option<&str> {
        let text = self.text.trim();
        (!self.nil && self.children.is_empty() && !text.is_empty()).then_some(text)
    }
}

/// Reads a message and returns its root. `None`: it is no well-formed message within the bounds.
pub(super) fn read(message: &[u8]) -> Option<Element> {
    let mut reader = NsReader::from_str(std::str::from_utf8(message).ok()?);
    reader.resolver_mut().set_max_namespace_bindings(MAX_NAMESPACES);
    let mut elements = 0;
    let mut root = None;
    let mut open: Vec<Element> = Vec::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                elements += 1;
                if open.len() >= MAX_DEPTH || elements > MAX_ELEMENTS {
                    return None;
                }
                open.push(element(&reader, &start)?);
            }
            Event::Empty(start) => {
                elements += 1;
                if open.len() >= MAX_DEPTH || elements > MAX_ELEMENTS {
                    return None;
                }
                close(element(&reader, &start)?, &mut open, &mut root)?;
            }
            Event::End(_) => close(open.pop()?, &mut open, &mut root)?,
            Event::Text(text) => add(&text, &mut open)?,
            Event::CData(text) => open.last_mut()?.text.push_str(&text),
            Event::GeneralRef(reference) => open.last_mut()?.text.push_str(&resolve(&reference)?),
            Event::Comment(_) => {}
            Event::Decl(_) if elements == 0 => {}
            Event::Decl(_) | Event::PI(_) | Event::DocType(_) => return None,
            Event::Eof => return root.filter(|_| open.is_empty()),
        }
    }
}

fn element(reader: &NsReader<&[u8]>, start: &BytesStart<'_>) -> Option<Element> {
    let resolver = reader.resolver();
    let (namespace, name) = resolver.resolve_element(start.name());
    let (namespace, name) = qualified(namespace, name)?;
    let mut nil = false;
    // Two attributes of one name are an error, and found here.
    for attribute in start.attributes() {
        let attribute = attribute.ok()?;
        let (namespace, name) = resolver.resolve_attribute(attribute.key);
        let (namespace, name) = qualified(namespace, name)?;
        if namespace == INSTANCE && name == "nil" {
            nil = matches!(attribute.value.as_ref(), "true" | "1");
        }
    }
    Some(Element {
        namespace,
        name,
        nil,
        ..Element::default()
    })
}

/// A prefix that nobody declared is an error.
fn qualified(namespace: ResolveResult<'_>, name: LocalName<'_>) -> Option<(String, String)> {
    let namespace = match namespace {
        ResolveResult::Bound(namespace) => namespace.0.to_owned(),
        ResolveResult::Unbound => String::new(),
        ResolveResult::Unknown(_) => return None,
    };
    Some((namespace, name.as_ref().to_owned()))
}

/// Puts a finished element where it belongs. `None`: a second root.
fn close(element: Element, open: &mut [Element], root: &mut Option<Element>) -> Option<()> {
    match open.last_mut() {
        Some(parent) => parent.children.push(element),
        None if root.is_none() => *root = Some(element),
        None => return None,
    }
    Some(())
}

/// Outside the root there may be blanks and nothing else.
fn add(text: &str, open: &mut [Element]) -> Option<()> {
    match open.last_mut() {
        Some(parent) => parent.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return None,
    }
    Some(())
}

fn resolve(reference: &BytesRef<'_>) -> Option<String> {
    match reference.resolve_char_ref().ok()? {
        Some(character) => Some(character.to_string()),
        None => resolve_xml_entity(reference).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use quick_xml::escape::escape;

    #[test]
    fn names_are_told_by_namespace() {
        let read = read(b"<?xml version='1.0'?><a:x xmlns:a='urn:1' xmlns='urn:2'><y/><b:y xmlns:b='urn:1'> 1&#x20;&lt; <!-- --><![CDATA[<]]></b:y></a:x>\n");
        let root = read.expect("well-formed");
        assert!(root.is("urn:1", "x") && !root.is("urn:2", "x"));
        assert_eq!(root.only("urn:1", "y").and_then(Element::value), Some("1 < <"));
        assert_eq!(root.only("urn:2", "y").map(|element| element.value()), Some(None));
        assert_eq!(root.only("", "y"), None);
    }

    #[test]
    fn what_is_no_plain_message_is_refused() {
        let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
        let wide = |count: usize| format!("<a>{}</a>", "<b/>".repeat(count - 1));
        let declared = |count: usize| {
            let declarations: String = (0..count).map(|number| format!(" xmlns:n{number}='u'")).collect();
            format!("<a{declarations}/>")
        };
        for good in [nested(MAX_DEPTH), wide(MAX_ELEMENTS), declared(MAX_NAMESPACES)] {
            assert!(read(good.as_bytes()).is_some(), "{good}");
        }
        for bad in [
            nested(MAX_DEPTH + 1),
            wide(MAX_ELEMENTS + 1),
            declared(MAX_NAMESPACES + 1),
            "<!DOCTYPE a><a/>".into(),
            "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>".into(),
            "<a>&b;</a>".into(),
            "<a>&#0;</a>".into(),
            "<a>&#xd800;</a>".into(),
            "<?run it?><a/>".into(),
            "<a><?xml version='1.0'?></a>".into(),
            "<a/><b/>".into(),
            "<a/>x".into(),
            "x<a/>".into(),
            "<a></b>".into(),
            "<a>".into(),
            "</a>".into(),
            "<p:a/>".into(),
            "<a p:b='1'/>".into(),
            "<a b='1' b='2'/>".into(),
            "<a b=1/>".into(),
            "".into(),
            "{}".into(),
        ] {
            assert_eq!(read(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(read(b"<a>\xff</a>"), None);
    }

    #[test]
    fn nil_is_no_value() {
        let message = format!("<a xmlns:i='{INSTANCE}'><b i:nil='true'>x</b><b nil='true'>x</b></a>");
        let root = read(message.as_bytes()).expect("well-formed");
        let values: Vec<_> = root.children.iter().map(Element::value).collect();
        assert_eq!(values, [None, Some("x")]);
    }

    proptest! {
        #[test]
        fn escaped_text_is_read_back(text in "[ -~\u{a0}-\u{2fff}]{0,40}") {
            let message = format!("<a>{}</a>", escape(text.as_str()));
            prop_assert_eq!(read(message.as_bytes()).map(|root| root.text), Some(text));
        }

        #[test]
        fn any_text_is_taken(text in "(<[ab/!?\\[]|>|[ab:='\" ]|xmlns|&[a#x0-9]{0,3};|\\]\\]>|--|.){0,60}") {
            let _ = read(text.as_bytes());
        }
    }
}
