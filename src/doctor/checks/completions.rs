//! Whether the shell completes command lines.

use crate::context::Environment;
use crate::doctor::{Finding, Sight};
use std::path::PathBuf;

pub(in crate::doctor) fn look(sight: &Sight) -> Vec<Finding> {
    vec![decide(&sight.environment, |path| {
        std::fs::read_to_string(path).is_ok_and(|text| text.contains("mgw"))
    })]
}

fn decide(environment: &Environment, mentions: impl Fn(&PathBuf) -> bool) -> Finding {
    let shell = environment.get("SHELL").and_then(|path| path.rsplit('/').next());
    let Some(shell @ ("bash" | "zsh" | "fish")) = shell else {
        return Finding::skipped("the shell is not known (SHELL)");
    };
    let home = PathBuf::from(environment.get("HOME").unwrap_or("/"));
    let data = environment
        .get("XDG_DATA_HOME")
        .map_or_else(|| home.join(".local/share"), PathBuf::from);
    let config = environment
        .get("XDG_CONFIG_HOME")
        .map_or_else(|| home.join(".config"), PathBuf::from);
    let places = match shell {
        "bash" => vec![
            data.join("bash-completion/completions/mgw"),
            "/usr/share/bash-completion/completions/mgw".into(),
            "/etc/bash_completion.d/mgw".into(),
            home.join(".bashrc"),
        ],
        "zsh" => vec![
            home.join(".zfunc/_mgw"),
            "/usr/share/zsh/site-functions/_mgw".into(),
            "/usr/local/share/zsh/site-functions/_mgw".into(),
            home.join(".zshrc"),
        ],
        _ => vec![
            config.join("fish/completions/mgw.fish"),
            "/usr/share/fish/vendor_completions.d/mgw.fish".into(),
            config.join("fish/config.fish"),
        ],
    };
    match places.into_iter().find(|place| mentions(place)) {
        Some(place) => Finding::ok(format!("{shell}: {}", place.display())),
        None => Finding {
            remedy: Some("mgw help completions shows how to install them.".to_owned()),
            ..Finding::skipped(format!("none are installed for {shell}"))
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn they_are_looked_for_where_the_shell_does() {
        let verdict = |shell: &str, there: &str| {
            let environment: Environment = [("SHELL", shell), ("HOME", "/h")].into_iter().collect();
            decide(&environment, |path| path.to_str() == Some(there)).verdict
        };
        assert_eq!(
            verdict("/bin/bash", "/h/.local/share/bash-completion/completions/mgw"),
            Verdict::Ok
        );
        assert_eq!(verdict("/bin/bash", "/h/.zshrc"), Verdict::Skipped);
        assert_eq!(verdict("/usr/bin/zsh", "/h/.zfunc/_mgw"), Verdict::Ok);
        assert_eq!(
            verdict("/usr/bin/fish", "/h/.config/fish/completions/mgw.fish"),
            Verdict::Ok
        );
        assert_eq!(verdict("/bin/dash", "/h/.bashrc"), Verdict::Skipped);
    }
}
