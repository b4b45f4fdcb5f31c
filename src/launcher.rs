//! What the words mean that follow the bundle at micro-gw's launcher, wherever they stand: on a command line, or in `cmd` of
//! `deployment-config.toml`.

use mgw_runtime::config::known_key;

/// What `--key=value` says to `mgw run`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said<'a> {
    /// `--set key=value`.
    Setting(&'a str),
    /// `--config FILE`.
    SettingsFile(&'a str),
}

/// Reads one word; `None` where it is no setting. No flag has a dot, and none but `--compat` has the name of a setting.
pub(crate) fn read(word: &str) -> Option<Said<'_>> {
    let setting = word.strip_prefix("--")?;
    let (key, value) = setting.split_once('=')?;
    match key {
        // It names the file of the others.
        "b7a.config.file" => Some(Said::SettingsFile(value)),
        "java.debug" | "compat" => None,
        _ if key.contains('.') || known_key(key).is_some() => Some(Said::Setting(setting)),
        _ => None,
    }
}

/// Whether a word asks for a debugger of Java, with its port behind `=` or in the next word.
pub(crate) fn is_debug(word: &str) -> bool {
    let rest = word
        .strip_prefix("--debug")
        .or_else(|| word.strip_prefix("--java.debug"));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::CommandFactory;

    #[test]
    fn settings_are_told_from_flags() {
        for (word, said) in [
            (
                "--listenerConfig.httpPort=1",
                Some(Said::Setting("listenerConfig.httpPort=1")),
            ),
            (
                "--etcdurl=http://127.0.0.1:2379",
                Some(Said::Setting("etcdurl=http://127.0.0.1:2379")),
            ),
            (
                "--shop_prod_endpoint_0=http://a",
                Some(Said::Setting("shop_prod_endpoint_0=http://a")),
            ),
            ("--b7a.config.file=old.conf", Some(Said::SettingsFile("old.conf"))),
            ("--java.debug=5005", None),
            ("--config=a.conf", None),
            ("--etcdurl", None),
            ("etcdurl=x", None),
        ] {
            assert_eq!(read(word), said, "{word}");
        }
        assert!(is_debug("--debug=1") && is_debug("--java.debug") && !is_debug("--debugger"));
    }

    #[test]
    fn flags_stay_flags() {
        let command = Cli::command();
        let run = command.find_subcommand("run").expect("it is a command");
        for flag in run
            .get_arguments()
            .chain(command.get_arguments())
            .filter_map(|flag| flag.get_long())
        {
            assert_eq!(read(&format!("--{flag}=1")), None, "{flag}");
        }
    }
}
