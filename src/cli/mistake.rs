//! What is said of a command line that cannot be understood, where the parser guesses badly.

use super::old_words;
use crate::diagnostics::nearest;
use clap::error::{ContextKind, ContextValue};

/// Words that other programs have for what a command does here.
const OTHER_WORDS: [(&str, &str); 9] = [
    ("compile", "build"),
    ("create", "init"),
    ("fetch", "pull"),
    ("k8s", "kubernetes"),
    ("kube", "kubernetes"),
    ("lint", "check"),
    ("new", "init"),
    ("serve", "run"),
    ("validate", "check"),
];

/// The command that is meant by another word.
pub(crate) fn meant(word: &str) -> Option<&'static str> {
    let found = OTHER_WORDS.iter().find(|(other, _)| *other == word);
    found.map(|(_, command)| *command)
}

/// The same error with the whole usage of the command that `words` lead to, in which an argument that has a default is no required one,
/// and with a suggestion only where the word that was typed hardly differs from it, or means it elsewhere.
pub(super) fn clearer(mut error: clap::Error, words: &[String], command: clap::Command) -> clap::Error {
    let mut innermost = innermost(command, words);
    if error.get(ContextKind::Usage).is_some() {
        error.insert(ContextKind::Usage, ContextValue::StyledStr(innermost.render_usage()));
    }
    let Some(ContextValue::String(typed)) = error.get(ContextKind::InvalidSubcommand) else {
        return error;
    };
    let known: Vec<&str> = innermost.get_subcommands().map(clap::Command::get_name).collect();
    let near = meant(typed)
        .filter(|name| known.contains(name))
        .or_else(|| nearest(typed, known.iter().copied()))
        .map(str::to_owned);
    match near {
        Some(near) => {
            error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(vec![near]));
        }
        None => {
            error.remove(ContextKind::SuggestedSubcommand);
            error.remove(ContextKind::Suggested);
        }
    }
    error
}

/// The command that words lead to, the program's name first.
fn innermost(mut command: clap::Command, words: &[String]) -> clap::Command {
    command.build();
    let mut words = words.iter().skip(1);
    while let Some(word) = words.next() {
        if old_words::takes_value(word) {
            words.next();
            continue;
        }
        if word.starts_with('-') {
            continue;
        }
        match command.find_subcommand(word).cloned() {
            Some(inner) => command = inner,
            None => break,
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use crate::cli::parse;
    use crate::context::Environment;

    fn said(line: &str) -> String {
        let words = line.split(' ').map(Into::into).collect();
        parse(words, &Environment::default())
            .map(|_| String::new())
            .unwrap_or_else(|error| error.to_string())
    }

    #[test]
    fn usages_are_whole() {
        for (line, usage) in [
            (
                "mgw --output json check . --format x",
                "Usage: mgw check [OPTIONS] [DIR]\n",
            ),
            (
                "mgw usage export",
                "Usage: mgw usage export [OPTIONS] --to <FILE> [DIR]\n",
            ),
            ("mgw frob check", "Usage: mgw [OPTIONS] <COMMAND>\n"),
        ] {
            let said = said(line);
            assert!(said.contains(usage), "{line}: {said}");
        }
    }

    #[test]
    fn what_is_suggested_is_near_or_means_the_same() {
        for (line, near) in [
            ("mgw buidl", Some("'build'")),
            ("mgw serve", Some("'run'")),
            ("mgw generate k8s", Some("'kubernetes'")),
            ("mgw k8s", None),
            ("mgw frob", None),
        ] {
            let said = said(line);
            assert_eq!(
                said.contains("similar subcommand exists"),
                near.is_some(),
                "{line}: {said}"
            );
            assert!(said.contains(near.unwrap_or_default()), "{line}: {said}");
            assert!(!said.contains("\n\n\n"), "{line}: {said}");
        }
    }
}
