//! `cmd`: what the container runs.

use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::micro_gw_file::Section;

/// What follows `mgw run BUNDLE`, as far as a `cmd` says it; `None` where there is none.
pub(super) fn arguments(section: Section<'_>, diagnostics: &mut Diagnostics) -> Option<Vec<String>> {
    let written = section.text("cmd")?;
    match parse(&written) {
        Ok(arguments) => Some(arguments),
        Err(reason) => {
            let text = format!("`cmd` cannot be carried over: {reason}");
            let finding = Diagnostic::error(Code::DeploymentConfig, section.source(), section.span("cmd"), text);
            diagnostics.push(finding.remedy(
                "Write `CMD gateway ${APP}` with settings behind it as `--listenerConfig.httpPort=9190`, or `CMD mgw run ${APP}` with options of `mgw run`.",
            ));
            None
        }
    }
}

/// The settings among the arguments.
pub(super) fn sets(arguments: &[String]) -> Vec<(String, String)> {
    let pairs = arguments.windows(2).filter(|pair| pair[0] == "--set");
    pairs
        .filter_map(|pair| {
            let (key, value) = pair[1].split_once('=')?;
            Some((key.to_owned(), value.to_owned()))
        })
        .collect()
}

fn parse(written: &str) -> Result<Vec<String>, String> {
    let rest = written.trim();
    let rest = match rest.get(..3) {
        Some(head) if head.eq_ignore_ascii_case("cmd") && !rest[3..].starts_with(char::is_alphanumeric) => &rest[3..],
        _ => rest,
    };
    let rest = rest.trim();
    let words: Vec<String> = if rest.starts_with('[') {
        serde_json::from_str(rest).map_err(|_| "it is no list of texts".to_owned())?
    } else {
        rest.split_whitespace().map(str::to_owned).collect()
    };
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let is_bundle = |word: &str| matches!(word, "${APP}" | "$APP");
    let words = match words.as_slice() {
        ["gateway", app, rest @ ..] if is_bundle(app) => {
            let mut arguments = Vec::new();
            for word in rest {
                let setting = word
                    .strip_prefix("--")
                    .filter(|word| word.contains('.') && word.contains('='));
                let setting = setting.ok_or_else(|| format!("the launcher's `{word}` has no like here"))?;
                arguments.extend(["--set".to_owned(), setting.to_owned()]);
            }
            arguments
        }
        ["mgw", "run", app, rest @ ..] if is_bundle(app) => rest.iter().map(|word| (*word).to_owned()).collect(),
        [first, ..] => return Err(format!("the image runs `mgw run ${{APP}}`, not `{first}`")),
        [] => return Err("it is empty".to_owned()),
    };
    // They stand in a list of texts, where no shell looks at them.
    match words
        .iter()
        .find(|word| word.contains(['$', '`', '"', '\'', ';', '|', '&', '>', '<']))
    {
        Some(word) => Err(format!("`{word}` needs a shell, and there is none")),
        None => Ok(words),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn the_launchers_words_are_those_of_mgw_run() {
        let table: [(&str, Result<&[&str], &str>); 11] = [
            ("CMD gateway ${APP}", Ok(&[])),
            ("gateway ${APP}", Ok(&[])),
            (
                "CMD gateway ${APP} --listenerConfig.httpPort=9190 --b7a.log.level=DEBUG",
                Ok(&["--set", "listenerConfig.httpPort=9190", "--set", "b7a.log.level=DEBUG"]),
            ),
            ("cmd [\"gateway\", \"${APP}\"]", Ok(&[])),
            ("CMD mgw run ${APP} --connected", Ok(&["--connected"])),
            ("CMD gateway ${APP} --debug 5005", Err("the launcher's `--debug`")),
            ("CMD sh start.sh", Err("not `sh`")),
            ("CMD mgw version", Err("not `mgw`")),
            ("CMD mgw run ${APP} --set a=$(id)", Err("needs a shell")),
            ("CMD [gateway]", Err("no list")),
            ("CMD", Err("empty")),
        ];
        for (written, expected) in table {
            match (parse(written), expected) {
                (Ok(words), Ok(expected)) => assert_eq!(words, expected, "{written}"),
                (Err(reason), Err(expected)) => assert!(reason.contains(expected), "{written}: {reason}"),
                (other, _) => panic!("{written}: {other:?}"),
            }
        }
    }
}
