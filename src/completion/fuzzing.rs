//! Entry point of the fuzz targets into the completion of command lines.

use super::{Completed, complete};
use crate::context::Environment;

/// Completes a line of words, one a line. Each proposal continues what was typed, and is one line.
pub fn completion_line(bytes: &[u8]) -> String {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return String::new();
    };
    let words: Vec<String> = text.split('\n').take(64).map(str::to_owned).collect();
    // Paths that somebody types lead to files of this machine.
    if words.iter().any(|word| word.contains('/')) {
        return String::new();
    }
    let typed = words.last().map_or("", String::as_str);
    match complete(&words, &Environment::default()) {
        Completed::Files => String::new(),
        Completed::Words(proposed) => {
            for word in &proposed {
                assert!(
                    word.text.starts_with(typed),
                    "{:?} does not continue {typed:?}",
                    word.text
                );
                assert!(!word.about.contains(char::is_control));
            }
            String::new()
        }
    }
}
