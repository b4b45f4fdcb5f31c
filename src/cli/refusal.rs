//! Command lines that cannot be understood.

use super::{Cli, OutputFormat};
use crate::context::Environment;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::signing::is_key_text;
use crate::ui::{ColorChoice, Ui, UiSettings, Verbosity};
use clap::CommandFactory;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::Write;

/// A terminal of which nothing is known yet.
const PLAIN: UiSettings = UiSettings {
    format: OutputFormat::Text,
    verbosity: Verbosity::Normal,
    color: ColorChoice::Never,
    no_input: true,
    ci: true,
    no_color: true,
};

/// Ends the program as the parser wants it: with the help or version that was asked for, or with what is wrong.
/// Programs that asked for JSON get the error as a document as well.
pub fn refuse(
    error: &clap::Error,
    words: impl IntoIterator<Item = OsString>,
    environment: &Environment,
) -> std::process::ExitCode {
    let words: Vec<OsString> = words.into_iter().collect();
    if words.iter().any(|word| is_key_text(&word.to_string_lossy())) {
        // What the parser says repeats it.
        let ui = Ui::new(settings(words, environment));
        return ui.end(Err(key_text())).into();
    }
    let printed = error.print().and_then(|()| std::io::stdout().flush());
    if !error.use_stderr() {
        let ui = Ui::new(PLAIN);
        ui.written(printed);
        return ui.end(Ok(ExitCode::Success)).into();
    }
    let hint = match error.kind() {
        // Which argument it is, the parser does not say.
        clap::error::ErrorKind::InvalidUtf8 => flag_variables()
            .into_iter()
            .find(|name| environment.is_unreadable(name))
            .map(|variable| format!("The value of {variable} is not UTF-8: set another one, or unset it.")),
        _ => variable(error, &words, environment)
            .map(|variable| format!("{variable} has this value: set another one, or unset it.")),
    };
    let ui = Ui::new(settings(words, environment));
    if let Some(hint) = &hint {
        ui.hint(hint);
    }
    if ui.is_json() {
        let mut failure = failure(&error.render().to_string());
        failure.hints.extend(hint);
        ui.failure_document(&failure);
    }
    ui.end(Ok(ExitCode::Usage)).into()
}

/// A terminal for what is wrong with these words.
fn settings(words: Vec<OsString>, environment: &Environment) -> UiSettings {
    let format = match wants_json(words, environment) {
        true => OutputFormat::Json,
        false => OutputFormat::Text,
    };
    UiSettings { format, ..PLAIN }
}

/// A key where its name or its file belongs.
fn key_text() -> Failure {
    Failure::new(ExitCode::Usage, "the text of a key stands on the command line").hint(
        "A key is named, or the file that holds it: --sign NAME, --sign ./key.pem; a pipeline's key itself goes into MGW_SIGNING_KEY.",
    )
}

/// Refuses variables of ours whose value is not UTF-8, which would count as not set: a bundle that was to be checked would
/// not be. Those of flags are left to the parser, which takes any path.
///
/// # Errors
///
/// Names the first of them.
pub fn refuse_unreadable(environment: &Environment) -> Result<(), Failure> {
    let is_ours = |name: &&str| name.starts_with("MGW_") || name.starts_with("WSO2_CLOUD_");
    let mut unreadable = environment.unreadable().filter(is_ours).peekable();
    // The commands are gone through only when there is something to look for.
    if unreadable.peek().is_none() {
        return Ok(());
    }
    let of_flags = flag_variables();
    match unreadable.find(|name| !of_flags.contains(*name)) {
        Some(name) => Err(
            Failure::new(ExitCode::Usage, format!("the value of {name} is not UTF-8"))
                .hint(format!("Set {name} to a text in UTF-8, or unset it.")),
        ),
        None => Ok(()),
    }
}

/// The variables that flags take their values from.
pub(crate) fn flag_variables() -> BTreeSet<String> {
    fn collect(command: &clap::Command, found: &mut BTreeSet<String>) {
        let variables = command.get_arguments().filter_map(clap::Arg::get_env);
        found.extend(variables.map(|name| name.to_string_lossy().into_owned()));
        for inner in command.get_subcommands() {
            collect(inner, found);
        }
    }
    let mut found = BTreeSet::new();
    collect(&Cli::command(), &mut found);
    found
}

/// The variable that a value comes from which is refused, where no word of the line gives it.
fn variable(error: &clap::Error, words: &[OsString], environment: &Environment) -> Option<String> {
    // That of the innermost command which has such a flag: several commands have flags of one name.
    fn of<'w>(command: &clap::Command, mut words: impl Iterator<Item = &'w str>, long: &str) -> Option<String> {
        let inner = words.find_map(|word| command.find_subcommand(word));
        inner
            .and_then(|inner| of(inner, words.collect::<Vec<_>>().into_iter(), long))
            .or_else(|| {
                let mut arguments = command.get_arguments();
                let found = arguments.find(|argument| argument.get_long() == Some(long))?;
                Some(found.get_env()?.to_string_lossy().into_owned())
            })
    }
    let Some(clap::error::ContextValue::String(argument)) = error.get(clap::error::ContextKind::InvalidArg) else {
        return None;
    };
    let long = argument.strip_prefix("--")?.split([' ', '=']).next()?;
    let flag = format!("--{long}");
    let is_given = words.iter().any(|word| {
        let word = word.to_string_lossy();
        word == flag || word.starts_with(&format!("{flag}="))
    });
    let texts: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
    let variable = of(&Cli::command(), texts.into_iter().skip(1), long)?;
    let is_set = environment.is_set(&variable) || environment.is_unreadable(&variable);
    (!is_given && is_set).then_some(variable)
}

/// The line cannot be parsed, so its words are looked at by themselves.
fn wants_json(words: impl IntoIterator<Item = OsString>, environment: &Environment) -> bool {
    let mut given = None;
    let mut is_value = false;
    for word in words {
        let word = word.to_string_lossy();
        if is_value {
            given = Some(word == "json");
        } else if let Some(value) = word.strip_prefix("--output=") {
            given = Some(value == "json");
        }
        is_value = !is_value && word == "--output";
    }
    given.unwrap_or_else(|| environment.get("MGW_OUTPUT") == Some("json"))
}

/// The parser's text: its first paragraph is the message, its tips are hints.
fn failure(text: &str) -> Failure {
    let paragraph: Vec<&str> = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.is_empty())
        .collect();
    let message = paragraph.join(" ");
    let mut failure = Failure::new(ExitCode::Usage, message.strip_prefix("error: ").unwrap_or(&message));
    let tips = text.lines().filter_map(|line| line.trim().strip_prefix("tip: "));
    failure.hints.extend(tips.map(str::to_owned));
    let name = Cli::command().get_name().to_owned();
    failure.hint(format!("Run `{name} help` to see what there is."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    fn wants(words: &[&str], variable: &str) -> bool {
        let environment = Environment::from_iter([("MGW_OUTPUT", variable)]);
        wants_json(words.iter().map(OsString::from), &environment)
    }

    #[test]
    fn the_format_is_found_on_a_broken_line() {
        assert!(wants(&["mgw", "--output", "json", "--bogus"], ""));
        assert!(wants(&["mgw", "--bogus", "--output=json"], "text"));
        assert!(wants(&["mgw", "--bogus"], "json"));
        assert!(!wants(&["mgw", "--bogus", "--output", "text"], "json"));
        assert!(!wants(&["mgw", "json", "--output"], ""));
    }

    #[cfg(unix)]
    #[test]
    fn variables_of_ours_are_texts() {
        use std::os::unix::ffi::OsStringExt;
        let refused = |name: &str| {
            let value = OsString::from_vec(b"\xffcanary".to_vec());
            let environment = Environment::of(std::iter::once((OsString::from(name), value)));
            refuse_unreadable(&environment).err().map(|failure| {
                assert!(!format!("{failure:?}").contains("canary"), "{failure:?}");
                (failure.code, failure.message)
            })
        };
        let told = |name: &str| Some((ExitCode::Usage, format!("the value of {name} is not UTF-8")));
        assert_eq!(refused("MGW_VERIFY_KEY"), told("MGW_VERIFY_KEY"));
        assert_eq!(refused("WSO2_CLOUD_PASSWORD"), told("WSO2_CLOUD_PASSWORD"));
        // A path may be anything.
        assert_eq!((refused("MGW_DATA_DIR"), refused("PATH")), (None, None));
    }

    #[test]
    fn the_message_and_the_tips_are_kept() {
        let error = Cli::try_parse_from(["mgw", "add", "shop"]).unwrap_err();
        let told = failure(&error.render().to_string());
        assert_eq!(
            told.message,
            "the following required arguments were not provided: <FILE|URL>..."
        );
        let error = Cli::try_parse_from(["mgw", "buidl"]).unwrap_err();
        let told = failure(&error.render().to_string());
        assert_eq!(told.message, "unrecognized subcommand 'buidl'");
        assert!(told.hints[0].contains("'build'"), "{:?}", told.hints);
        assert_eq!(told.code, ExitCode::Usage);
    }
}
