//! Ballerina code as micro-gw 2.6 generates it, token by token.

use crate::migrate::settings_file::span;
use crate::yaml::{Source, Span};

/// Most tokens that are looked at.
const MAX_TOKENS: usize = 1_000_000;

/// A token.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name, with what stands before its colon: `http:Client`.
    Name(String),
    /// A text, without its quotes.
    Text(String),
    /// A number, as it is written.
    Number(String),
    /// Anything else, a character each.
    Mark(char),
}

/// A token and its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) span: Span,
}

/// The tokens of a file, without comments. A file that never ends a text has that text to its end.
pub(super) fn tokens(source: &Source) -> Vec<Placed> {
    let text = source.text();
    let mut found = Vec::new();
    let mut rest = text.char_indices().peekable();
    while let Some((start, c)) = rest.next() {
        if found.len() == MAX_TOKENS {
            break;
        }
        let token = if c.is_whitespace() {
            continue;
        } else if c == '/' && text.get(start..).is_some_and(|text| text.starts_with("//")) {
            while rest.next_if(|(_, c)| *c != '\n').is_some() {}
            continue;
        } else if c == '"' {
            let mut value = String::new();
            while let Some((_, c)) = rest.next() {
                match c {
                    '"' => break,
                    '\\' => value.extend(rest.next().map(|(_, c)| match c {
                        'n' => '\n',
                        't' => '\t',
                        other => other,
                    })),
                    other => value.push(other),
                }
            }
            Token::Text(value)
        } else if c.is_alphabetic() || c == '_' {
            let mut name = String::from(c);
            loop {
                while let Some((_, c)) = rest.next_if(|(_, c)| c.is_alphanumeric() || *c == '_') {
                    name.push(c);
                }
                // `http:Client` is one name, `url: x` is not.
                let mut ahead = rest.clone();
                let is_qualified = !name.contains(':')
                    && ahead.next().is_some_and(|(_, c)| c == ':')
                    && ahead.next().is_some_and(|(_, c)| c.is_alphabetic());
                if !is_qualified {
                    break;
                }
                name.extend(rest.next().map(|(_, c)| c));
            }
            Token::Name(name)
        } else if c.is_ascii_digit() {
            let mut number = String::from(c);
            while let Some((_, c)) = rest.next_if(|(_, c)| c.is_ascii_alphanumeric() || *c == '.' || *c == '_') {
                number.push(c);
            }
            Token::Number(number)
        } else {
            Token::Mark(c)
        };
        let end = rest.peek().map_or(text.len(), |(at, _)| *at);
        found.push(Placed {
            token,
            span: span(start..end),
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_cut_into_tokens() {
        let source = Source::new(
            "x.bal",
            "@http:ServiceConfig { // no\n path:\"/a\\\"b\", x:true, n: 60000 }".into(),
        )
        .unwrap();
        let found = tokens(&source);
        let shown: Vec<String> = found.iter().map(|placed| format!("{:?}", placed.token)).collect();
        assert_eq!(
            shown,
            [
                "Mark('@')",
                "Name(\"http:ServiceConfig\")",
                "Mark('{')",
                "Name(\"path\")",
                "Mark(':')",
                "Text(\"/a\\\"b\")",
                "Mark(',')",
                "Name(\"x:true\")",
                "Mark(',')",
                "Name(\"n\")",
                "Mark(':')",
                "Number(\"60000\")",
                "Mark('}')"
            ]
        );
        assert_eq!(source.position(found[3].span).line, 2);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_cut(text in "\\PC{0,80}") {
            if let Ok(source) = Source::new("x", text.into_bytes()) {
                let _ = tokens(&source);
            }
        }
    }
}
