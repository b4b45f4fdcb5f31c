//! What libraries say of a document that does not fit, in the words of the person who wrote it. Values are left out: they
//! may be secrets.

use crate::diagnostics::nearest;

/// Most names that are listed where none is near.
const MOST: usize = 8;

/// A library's message in plain words; messages that need none stay as they are.
pub(crate) fn plain(message: &str) -> String {
    // Where a library's words stand inside of a sentence of ours, the rest of it stays.
    let message = of_the_system(&message.replace("stream did not contain valid UTF-8", "it is no text in UTF-8"));
    let (said, place) = split_place(message.trim());
    match meaning(said) {
        Some(meaning) => meaning + &place,
        None => format!("{said}{place}"),
    }
}

/// What the operating system says of files and addresses, and what is meant.
const SYSTEM: [(&str, &str); 10] = [
    ("No such file or directory", "there is no such file or folder"),
    ("entity not found", "there is no such file or folder"),
    ("entity already exists", "there is a file of that name already"),
    ("Is a directory", "it is a folder, not a file"),
    ("is a directory", "it is a folder, not a file"),
    ("Not a directory", "a part of its path is a file, not a folder"),
    ("Permission denied", "permission is denied"),
    ("Address already in use", "the address is in use already"),
    ("Connection refused", "the connection was refused"),
    ("Connection reset by peer", "the other side broke the connection off"),
];

/// A message in which the operating system speaks, without its numbers and without the names of temporary files, which nobody has
/// given.
fn of_the_system(message: &str) -> String {
    let mut plain = message.to_owned();
    if plain.ends_with('"')
        && let Some(start) = plain.rfind(" at path \"")
    {
        plain.truncate(start);
    }
    while let Some(start) = plain.find(" (os error ")
        && let Some(length) = plain.get(start..).and_then(|rest| rest.find(')'))
    {
        plain.replace_range(start..=start + length, "");
    }
    for (said, meant) in SYSTEM {
        let is_all = plain == said || plain.ends_with(&format!(": {said}"));
        if is_all {
            plain.truncate(plain.len() - said.len());
            plain.push_str(meant);
        }
    }
    plain
}

/// `… at line 3 column 5` without its end, and that as it is read.
fn split_place(message: &str) -> (&str, String) {
    let place = message.rsplit_once(" at line ").and_then(|(said, place)| {
        let (line, column) = place.split_once(" column ")?;
        let (line, column): (u64, u64) = (line.parse().ok()?, column.parse().ok()?);
        // Values that came out of another document have no place of their own.
        let place = if line == 0 {
            String::new()
        } else {
            format!(", line {line}, column {column}")
        };
        Some((said, place))
    });
    place.unwrap_or_else(|| (message, String::new()))
}

fn meaning(said: &str) -> Option<String> {
    if let Some(name) = said.strip_prefix("missing field ") {
        return Some(format!("{name} is missing"));
    }
    if let Some(name) = said.strip_prefix("duplicate field ") {
        return Some(format!("{name} stands there twice"));
    }
    for (start, is) in [
        ("unknown field ", "is not known there"),
        ("unknown variant ", "is not possible there"),
    ] {
        if let Some(rest) = said.strip_prefix(start) {
            let (name, known) = rest.split_once(", ").unwrap_or((rest, ""));
            return Some(format!("{name} {is}{}", instead(name, known)));
        }
    }
    for start in ["invalid type: ", "invalid value: ", "invalid length "] {
        if let Some(rest) = said.strip_prefix(start) {
            let (found, expected) = rest.rsplit_once(", expected ").unwrap_or((rest, ""));
            return Some(match start {
                "invalid type: " => format!("{} should stand there, found {}", wanted(expected), kind(found)),
                "invalid value: " => format!("this value is not possible there: {} should be", wanted(expected)),
                _ => format!(
                    "there are too many elements or too few: {} should stand there",
                    wanted(expected)
                ),
            });
        }
    }
    let fixed = match said {
        "expected 64 lower-case hex digits" => "64 lower-case hex digits should stand there",
        "expected value" | "expected ident" => "it is no JSON",
        "trailing characters" => "something follows its end",
        "trailing comma" => "a comma has nothing after it",
        "key must be a string" => "a key does not stand in double quotes",
        "recursion limit exceeded" => "it is nested too deep",
        _ if said.starts_with("EOF while parsing") => "it ends too early",
        "no items found" => {
            "it holds no PEM block of the kind that belongs there: `BEGIN CERTIFICATE`, or for a key `BEGIN PRIVATE KEY` \
             without a password"
        }
        _ if said.starts_with("missing section end marker") => "a PEM block in it has no end: the file was cut off",
        _ if said.starts_with("base64 decode error") => {
            "a PEM block in it holds something else than base64; keys with a password are not read"
        }
        "keys may not be consistent: KeyMismatch" => "the key belongs to another certificate",
        _ if said.contains("failed to parse private key as") => "the key is none of RSA, ECDSA or Ed25519",
        _ if said.starts_with("invalid Zip archive") => "it was cut off, or is something else",
        _ if said.starts_with("invalid utf-8") => "it is no text in UTF-8",
        "builder error" => "one of its settings or certificates cannot be used",
        "tunnel error: proxy authorization required" => "the proxy wants a user and a password",
        "tunnel error: unsuccessful" => "the proxy does not let it through",
        "invalid certificate encoding" => "a PEM block in it is damaged",
        _ if said.contains("did not match any variant") => "it has none of the forms that are possible there",
        _ if said.starts_with("control character") => "a control character stands in a text",
        _ => return None,
    };
    Some(fixed.to_owned())
}

/// What is known in the place of a name: the near one, or all of a few.
fn instead(name: &str, known: &str) -> String {
    let typed = name.trim_matches('`');
    let names: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
    match nearest(typed, names.iter().copied()) {
        Some(near) => format!("; did you mean `{near}`?"),
        None if names.is_empty() || names.len() > MOST => String::new(),
        None => format!("; possible are `{}`", names.join("`, `")),
    }
}

fn wanted(expected: &str) -> &str {
    let first = expected.split([' ', '<']).next().unwrap_or_default();
    match (first, expected) {
        ("u8" | "u16" | "u32" | "u64" | "usize" | "i8" | "i16" | "i32" | "i64" | "isize", _)
        | (_, "integer" | "an integer") => "a whole number",
        ("f32" | "f64", _) => "a number",
        ("struct" | "map", _) | (_, "a map" | "a table") => "a map",
        ("enum" | "variant", _) => "one of the possible values",
        (_, "a string" | "string" | "a borrowed string" | "str") => "a text",
        (_, "a boolean") => "`true` or `false`",
        (_, "a sequence" | "an array") => "a list",
        (_, "") => "something else",
        ("tuple" | "unit" | "newtype" | "option", _) => "something else",
        _ => expected,
    }
}

fn kind(found: &str) -> &'static str {
    match found.split([' ', '`']).next().unwrap_or_default() {
        "integer" | "floating" | "number" => "a number",
        "string" | "character" | "byte" | "bytes" => "a text",
        "boolean" => "a truth value",
        "sequence" | "array" => "a list",
        "map" | "table" => "a map",
        "null" | "unit" | "Option" => "nothing",
        _ => "something else",
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn the_words_of_libraries_are_put_plainly() {
        for (said, meant) in [
            (
                "missing field `name` at line 3 column 5",
                "`name` is missing, line 3, column 5",
            ),
            ("missing field `name` at line 0 column 0", "`name` is missing"),
            ("entity already exists", "there is a file of that name already"),
            (
                "No such file or directory (os error 2) at path \"/nope/.mgw-fpVIKi\"",
                "there is no such file or folder",
            ),
            (
                "unknown field `nam`, expected `name` or `version`",
                "`nam` is not known there; did you mean `name`?",
            ),
            (
                "unknown field `q`, expected one of `name`, `kind`",
                "`q` is not known there; possible are `name`, `kind`",
            ),
            ("unknown field `q`, there are no fields", "`q` is not known there"),
            (
                "unknown variant `up`, expected `a` or `b`",
                "`up` is not possible there; possible are `a`, `b`",
            ),
            (
                "invalid type: string \"hush\", expected u32",
                "a whole number should stand there, found a text",
            ),
            (
                "invalid type: sequence, expected a string",
                "a text should stand there, found a list",
            ),
            (
                "invalid type: map, expected 64 lower-case hex digits",
                "64 lower-case hex digits should stand there, found a map",
            ),
            (
                "invalid value: integer `7`, expected u8",
                "this value is not possible there: a whole number should be",
            ),
            ("expected value at line 1 column 1", "it is no JSON, line 1, column 1"),
            (
                "EOF while parsing a string at line 2 column 9",
                "it ends too early, line 2, column 9",
            ),
            (
                "data did not match any variant of untagged enum Pets",
                "it has none of the forms that are possible there",
            ),
            ("permission denied", "permission denied"),
            (
                "read a for `b`: stream did not contain valid UTF-8",
                "read a for `b`: it is no text in UTF-8",
            ),
            ("the store said: at line up", "the store said: at line up"),
            (
                "read a for `b`: No such file or directory (os error 2)",
                "read a for `b`: there is no such file or folder",
            ),
            ("is a directory", "it is a folder, not a file"),
            ("Broken pipe (os error 32)", "Broken pipe"),
        ] {
            assert_eq!(plain(said), meant);
        }
    }
}
