//! Words as a shell takes them, in commands that are shown to be copied.

use crate::project::shown;
use std::path::Path;

/// A text as one word.
pub(crate) fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./@:+,".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A path as one word, as a user would type it.
pub(crate) fn path(path: &Path) -> String {
    quoted(&shown(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_with_special_characters_are_quoted() {
        assert_eq!(quoted("/tmp/a-b/ca.pem"), "/tmp/a-b/ca.pem");
        assert_eq!(quoted("my file"), "'my file'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted(""), "''");
        assert_eq!(path(Path::new("./team's/two")), "'team'\\''s/two'");
        assert_eq!(path(Path::new(".")), ".");
    }
}
