//! `cmd`: what the container runs.

use super::names::holds_secret;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::launcher::{self, Said, is_debug};
use crate::micro_gw_file::Section;
use mgw_runtime::config::known_key;

/// What follows `mgw run BUNDLE`, as far as a `cmd` says it; `None` where there is none.
pub(super) fn arguments(section: Section<'_>, diagnostics: &mut Diagnostics) -> Option<Vec<String>> {
    let written = section.text("cmd")?;
    match parse(&written) {
        Ok(arguments) => {
            if let Some(name) = secret(&arguments) {
                let text = format!("the value of `{name}` would stand in clear text in the image");
                let finding = Diagnostic::error(Code::DeploymentSecret, section.source(), section.span("cmd"), text);
                diagnostics.push(
                    finding
                        .remedy("Leave it out of `cmd` and give it to the container in its environment.")
                        .secret(),
                );
            }
            Some(arguments)
        }
        Err(reason) => {
            let text = format!("`cmd` cannot be carried over: {reason}");
            // It may have a password in it.
            let finding =
                Diagnostic::error(Code::DeploymentConfig, section.source(), section.span("cmd"), text).secret();
            diagnostics.push(finding.remedy(
                "Write `CMD gateway ${APP}` with settings behind it as `--listenerConfig.httpPort=9190`, or `CMD mgw run ${APP}` with options of `mgw run`.",
            ));
            None
        }
    }
}

/// The settings among the arguments.
pub(super) fn sets(arguments: &[String]) -> Vec<(String, String)> {
    let mut sets = Vec::new();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let set = match word.strip_prefix("--set=") {
            Some(set) => Some(set),
            None if word == "--set" => words.next().map(String::as_str),
            None => None,
        };
        if let Some((key, value)) = set.and_then(|set| set.split_once('=')) {
            sets.push((key.to_owned(), value.to_owned()));
        }
    }
    sets
}

/// Whether the arguments name keys one of which must have signed the bundle.
pub(super) fn names_verify_key(arguments: &[String]) -> bool {
    arguments
        .iter()
        .any(|word| word == "--verify-key" || word.starts_with("--verify-key="))
}

/// The name of a setting whose value is a secret.
fn secret(arguments: &[String]) -> Option<String> {
    let mut sets = sets(arguments).into_iter();
    let is_known = |key: &str| known_key(key).is_some_and(|key| key.secret);
    sets.find(|(key, value)| holds_secret(key, is_known(key), value))
        .map(|(key, _)| key)
}

/// A word without its value, which may be a secret.
fn name(word: &str) -> &str {
    word.split('=').next().unwrap_or_default()
}

/// What follows `gateway`, in the words of `mgw run`: the bundle, before or behind what asks for a debugger, and settings.
fn launched(words: &[&str]) -> Result<Vec<String>, String> {
    let mut arguments = Vec::new();
    let mut has_bundle = false;
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        match launcher::read(word) {
            Some(Said::Setting(setting)) if has_bundle => arguments.extend(["--set".to_owned(), setting.to_owned()]),
            Some(Said::SettingsFile(file)) if has_bundle => arguments.extend(["--config".to_owned(), file.to_owned()]),
            // There is no Java to look into.
            None if is_debug(word) => {
                if !word.contains('=') {
                    words.next();
                }
            }
            None if is_bundle(word) && !has_bundle => has_bundle = true,
            _ if has_bundle => return Err(format!("the launcher's `{}` has no like here", name(word))),
            _ => break,
        }
    }
    match has_bundle {
        true => Ok(arguments),
        false => Err("`gateway` is not followed by `${APP}`".to_owned()),
    }
}

fn is_bundle(word: &str) -> bool {
    matches!(word, "${APP}" | "$APP")
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
    let words = match words.as_slice() {
        ["gateway", rest @ ..] => launched(rest)?,
        ["mgw", "run", app, rest @ ..] if is_bundle(app) => rest.iter().map(|word| (*word).to_owned()).collect(),
        [first, ..] => return Err(format!("the image runs `mgw run ${{APP}}`, not `{}`", name(first))),
        [] => return Err("it is empty".to_owned()),
    };
    // They stand in a list of texts, where no shell looks at them.
    match words
        .iter()
        .find(|word| word.contains(['$', '`', '"', '\'', ';', '|', '&', '>', '<']))
    {
        Some(word) => Err(format!("`{}` needs a shell, and there is none", name(word))),
        None => Ok(words),
    }
}

#[cfg(test)]
mod tests {
    use super::{parse, secret};

    #[test]
    fn secrets_are_found_in_either_way_to_write_a_setting() {
        for (written, expected) in [
            (
                "gateway ${APP} --keyManager.clientSecret=canary",
                Some("keyManager.clientSecret"),
            ),
            ("mgw run ${APP} --set=a.password=canary", Some("a.password")),
            ("mgw run ${APP} --set a.password=canary", Some("a.password")),
            ("gateway ${APP} --listenerConfig.keyStorePassword=ballerina", None),
            ("gateway ${APP} --b7a.log.level=DEBUG", None),
        ] {
            assert_eq!(
                secret(&parse(written).expect(written)).as_deref(),
                expected,
                "{written}"
            );
        }
        let reason = parse("gateway ${APP} --keyStorePassword=canary").expect_err("no setting");
        assert!(!reason.contains("canary"), "{reason}");
    }

    #[test]
    fn the_launchers_words_are_those_of_mgw_run() {
        let table: [(&str, Result<&[&str], &str>); 16] = [
            ("CMD gateway ${APP}", Ok(&[])),
            ("gateway ${APP}", Ok(&[])),
            (
                "CMD gateway ${APP} --listenerConfig.httpPort=9190 --b7a.log.level=DEBUG",
                Ok(&["--set", "listenerConfig.httpPort=9190", "--set", "b7a.log.level=DEBUG"]),
            ),
            ("cmd [\"gateway\", \"${APP}\"]", Ok(&[])),
            ("CMD mgw run ${APP} --connected", Ok(&["--connected"])),
            ("CMD gateway ${APP} --debug 5005", Ok(&[])),
            (
                "CMD gateway --debug 5005 ${APP} --etcdurl=http://etcd:2379",
                Ok(&["--set", "etcdurl=http://etcd:2379"]),
            ),
            (
                "CMD gateway ${APP} --b7a.config.file=/home/ballerina/conf/micro-gw.conf",
                Ok(&["--config", "/home/ballerina/conf/micro-gw.conf"]),
            ),
            ("CMD gateway ${APP} --verbose", Err("the launcher's `--verbose`")),
            ("CMD gateway --a.b=c ${APP}", Err("not followed by `${APP}`")),
            ("CMD gateway", Err("not followed by `${APP}`")),
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
