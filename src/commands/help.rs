//! `mgw help`

use crate::cli::{Cli, instead, meant};
use crate::context::Context;
use crate::diagnostics::nearest;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::help::{PAGES, Page, plain};
use clap::CommandFactory;
use std::fmt::Write;

/// Arguments of `mgw help`.
#[derive(Debug, clap::Args)]
pub struct HelpArgs {
    /// A command, such as pull, or a topic, such as limits; topics: list them all.
    #[arg(value_name = "COMMAND|TOPIC")]
    pub words: Vec<String>,
}

/// Other words under which a page is looked for.
const ALIASES: &[(&str, &str)] = &[
    ("authentication", "callers"),
    ("k8s", "docker-kubernetes"),
    ("kubernetes", "docker-kubernetes"),
    ("policies", "limits"),
    ("quickstart", "openapi-file"),
    ("quotas", "limits"),
    ("rate-limits", "limits"),
    ("reload", "live-changes"),
    ("security", "callers"),
    ("sighup", "live-changes"),
    ("throttling", "limits"),
    ("tutorial", "api-cloud"),
];

/// The word that lists the topics.
const TOPICS: &str = "topics";

#[derive(serde::Serialize)]
struct Shown<'a> {
    topic: &'a str,
    title: &'a str,
    text: String,
}

impl<'a> Shown<'a> {
    fn page(page: Page) -> Shown<'a> {
        Shown {
            topic: page.topic,
            title: page.title(),
            text: plain(page.text),
        }
    }
}

/// Prints the help of a command, or a page of the documentation.
pub fn run(args: HelpArgs, context: &Context) -> Result<ExitCode, Failure> {
    let words: Vec<&str> = args.words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [TOPICS] => list(context),
        [topic] if let Some(page) = page(topic).filter(|_| command(&words).is_none()) => {
            let shown = Shown::page(page);
            context.ui.result(shown.text.trim_end(), &shown);
        }
        _ => {
            let Some(mut command) = command(&words) else {
                return Err(unknown(&words));
            };
            let text = command.render_long_help().to_string();
            let title = command.get_about().map(ToString::to_string).unwrap_or_default();
            let shown = Shown {
                topic: &words.join(" "),
                title: &title,
                text: text.clone(),
            };
            context.ui.result(text.trim_end(), &shown);
            if words.is_empty() {
                context.ui.hint("`mgw help COMMAND` says more about a command, `mgw help topics` lists the pages of the documentation.");
            } else if let [word] = words[..]
                && page(word).is_some()
            {
                // Some pages are called like the command that they are about.
                context
                    .ui
                    .hint(format_args!("`mgw help {word}-page` shows the page about it."));
            }
        }
    }
    Ok(ExitCode::Success)
}

/// The page of a topic; `-page` behind it tells it from a command of the same name.
fn page(topic: &str) -> Option<Page> {
    let named = |name: &str| {
        let alias = ALIASES.iter().find(|(alias, _)| *alias == name);
        let name = alias.map_or(name, |(_, topic)| topic);
        PAGES.iter().copied().find(|page| page.topic == name)
    };
    named(topic).or_else(|| named(topic.strip_suffix("-page")?))
}

/// The command that the words lead to; none of them leads to the program itself.
fn command(words: &[&str]) -> Option<clap::Command> {
    let mut root = Cli::command();
    root.build();
    let mut command = &root;
    for word in words {
        command = command.find_subcommand(word)?;
    }
    Some(command.clone())
}

fn list(context: &Context) {
    let width = PAGES.iter().map(|page| page.topic.len()).max().unwrap_or(0);
    let mut text = String::new();
    for page in PAGES {
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "{:width$}  {}", page.topic, page.title());
    }
    let all: Vec<serde_json::Value> = PAGES
        .iter()
        .map(|page| serde_json::json!({ "topic": page.topic, "title": page.title() }))
        .collect();
    context.ui.result(text.trim_end(), &all);
}

fn unknown(words: &[&str]) -> Failure {
    let typed = words.join(" ");
    if let Some(instead) = instead(&typed) {
        return Failure::new(ExitCode::Usage, instead);
    }
    let commands: Vec<String> = Cli::command()
        .get_subcommands()
        .map(|command| command.get_name().to_owned())
        .collect();
    let aliases = ALIASES.iter().map(|(alias, _)| *alias);
    let topics = PAGES.iter().map(|page| page.topic).chain(aliases);
    let candidates = commands.iter().map(String::as_str).chain(topics);
    let failure = Failure::new(
        ExitCode::Usage,
        format!("there is neither a command nor a topic `{typed}`"),
    );
    let meant = meant(&typed).filter(|name| commands.iter().any(|command| command == name));
    match meant.or_else(|| nearest(&typed, candidates)) {
        Some(near) => failure.hint(format!("Did you mean `{near}`?")),
        None => failure.hint("`mgw help` lists the commands, `mgw help topics` the topics."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_words_lead_to_pages_and_take_no_name_away() {
        for (alias, topic) in ALIASES {
            assert_eq!(page(alias).map(|page| page.topic), Some(*topic), "{alias}");
            assert!(PAGES.iter().all(|page| page.topic != *alias), "{alias}");
            assert!(command(&[alias]).is_none(), "{alias}");
        }
        assert!(page("throtling").is_none());
    }

    #[test]
    fn words_that_are_no_commands_here_are_known() {
        assert!(unknown(&["start"]).message.contains("stays in the foreground"));
        assert_eq!(unknown(&["serve"]).hints, ["Did you mean `run`?"]);
        assert_eq!(unknown(&["buidl"]).hints, ["Did you mean `build`?"]);
        assert!(unknown(&["frob"]).hints[0].starts_with("`mgw help` lists"));
    }
}
