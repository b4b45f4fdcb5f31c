//! Completion in a real bash, as its line editor calls it, and in the line editors of zsh and fish where they are installed.

use crate::support::{Outcome, Place};
use std::process::Command;

/// Completes the line at its end, and returns what bash would offer.
///
/// The editor breaks a line into words at white space and at the characters of `COMP_WORDBREAKS`, those of the latter
/// being words of their own.
fn complete(place: &Place, line: &str) -> Vec<String> {
    complete_words(place, line, &broken(line))
}

fn complete_words(place: &Place, line: &str, words: &[impl AsRef<std::ffi::OsStr>]) -> Vec<String> {
    const SCRIPT: &str = r#"
        source ./completion.bash
        COMP_LINE="$1"; COMP_POINT=${#1}; shift
        COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 )); COMPREPLY=()
        _mgw
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let mut command = shell("bash", place);
    command
        .args(["--noprofile", "--norc", "-c", SCRIPT, "bash", line])
        .args(words);
    let outcome = Outcome::of(command).exits(0);
    assert_eq!(outcome.stderr, "", "{line}");
    outcome
        .stdout
        .lines()
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

/// A shell in a place, which finds `mgw`.
fn shell(name: &str, place: &Place) -> Command {
    let program = env!("CARGO_BIN_EXE_mgw");
    let folder = std::path::Path::new(program).parent().expect("a folder");
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default());
    let mut command = Command::new(name);
    command
        .current_dir(place.path())
        .env_clear()
        .env("PATH", path)
        .env("HOME", place.path())
        .env("MGW_CONFIG_DIR", place.config_dir());
    command
}

/// Types the line and a tab in a zsh on a terminal, and returns what the line is then.
fn typed_in_zsh(place: &Place, line: &str) -> String {
    const SCRIPT: &str = r#"
        zmodload zsh/zpty
        zpty shell 'zsh -f -i'
        zpty -w shell 'PS1=""; autoload -U compinit; compinit -u -D; source ./completion.zsh; bindkey "^I" complete-word
            show() { print -r -- "$BUFFER" > shown; print "SHO""WN" }; zle -N show; bindkey "^Xs" show; print "REA""DY"'
        zpty -r -m shell out '*READY*'
        zpty -w -n shell "$1"$'\t\x18s'
        zpty -r -m shell out '*SHOWN*'
        zpty -d shell
        print -r -- "$(<shown)"
    "#;
    let mut command = shell("zsh", place);
    command.args(["-f", "-c", SCRIPT, "zsh", line]);
    Outcome::of(command).exits(0).stdout.trim_end().to_owned()
}

/// What fish would offer at the end of a line.
fn offered_in_fish(place: &Place, line: &str) -> Vec<String> {
    const SCRIPT: &str = "source ./completion.fish; complete --do-complete $argv[1]";
    let mut command = shell("fish", place);
    command.args(["--no-config", "-c", SCRIPT, line]);
    let outcome = Outcome::of(command).exits(0);
    assert_eq!(outcome.stderr, "", "{line}");
    let words = outcome
        .stdout
        .lines()
        .map(|line| line.split('\t').next().unwrap_or(line));
    words.map(str::to_owned).collect()
}

fn is_installed(shell: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| folder.join(shell).is_file())
}

/// As bash breaks it.
fn broken(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut is_open = false;
    for c in line.chars() {
        let is_break = matches!(c, '=' | ':');
        if c == ' ' {
            is_open = false;
        } else if !is_open || is_break != words.last().is_some_and(|word| word.ends_with(['=', ':'])) {
            words.push(c.to_string());
            is_open = true;
        } else if let Some(word) = words.last_mut() {
            word.push(c);
        }
    }
    if line.ends_with(' ') {
        words.push(String::new());
    }
    words
}

fn place() -> Place {
    let place = Place::new();
    place.write(
        "shop/mgw.toml",
        "format = 1\nname = \"shop\"\n[pull]\nlabels = [\"dev\", \"production\"]\napis = [\"Shop:1.0.0\", \"Shop:2.0.0\"]\n",
    );
    place.write("shop.zip", "");
    place.write("notes.txt", "");
    for shell in ["bash", "zsh", "fish"] {
        let script = place.mgw(&["completions", shell]).exits(0).stdout;
        place.write(&format!("completion.{shell}"), &script);
    }
    place
}

#[test]
fn bash_completes_what_there_is() {
    let place = place();
    for (line, expected) in [
        ("mgw bui", &["build"][..]),
        ("mgw keys n", &["new"]),
        ("mgw explain no-endp", &["no-endpoint"]),
        ("mgw help sign-b", &["sign-bundles"]),
        ("mgw build --off", &["--offline"]),
        ("mgw --output ", &["text", "json"]),
        ("mgw check sh", &["shop/"]),
        ("mgw run sh", &["shop/", "shop.zip"]),
        ("mgw pull shop --label ", &["dev", "production"]),
        ("mgw pull shop --label=p", &["production"]),
        ("mgw --output=", &["text", "json"]),
        ("mgw --output=j", &["json"]),
        // What is before the last break stays as it is.
        ("mgw pull shop --api Shop:", &["1.0.0", "2.0.0"]),
        ("mgw pull shop --api Shop:2", &["2.0.0"]),
        ("mgw pull shop --api Sh", &["Shop:1.0.0", "Shop:2.0.0"]),
        ("mgw run --set listenerConfig.httpPo", &["listenerConfig.httpPort="]),
        ("mgw doctor --only ports,usage", &["ports,usage-spool"]),
        ("mgw nonsense ", &[]),
    ] {
        assert_eq!(complete(&place, line), expected, "{line}");
    }
}

/// A folder that somebody else named is offered so that the shell makes its name of it again, and runs nothing.
#[test]
fn names_are_quoted_for_the_shell() {
    let place = place();
    let names = [
        "q$(touch RUN)",
        "r`touch RUN`",
        "u;touch RUN",
        "it's",
        "two words",
        "d\"q\\$x",
        "~t",
        "plain-1.0",
    ];
    for name in names {
        place.write(&format!("{name}/api_definitions/empty.txt"), "");
        let initial = name.chars().next().expect("a name");
        let escaped = if initial == '~' {
            "\\~".to_owned()
        } else {
            initial.to_string()
        };
        for (typed, opened, closed) in [
            (escaped, "", ""),
            (format!("'{initial}"), "'", "'"),
            (format!("\"{initial}"), "\"", "\""),
        ] {
            let offered = complete(&place, &format!("mgw build {typed}"));
            let [word] = &offered[..] else {
                panic!("{typed} {offered:?}")
            };
            let mut shell = Command::new("bash");
            shell
                .args([
                    "--noprofile",
                    "--norc",
                    "-c",
                    &format!("printf '%s' {opened}{word}{closed}"),
                ])
                .current_dir(place.path());
            let made = Outcome::of(shell).exits(0).stdout;
            assert_eq!(made, format!("{name}/"), "{typed} {word}");
        }
    }
    assert!(!place.path().join("RUN").exists());
    // What follows a folder whose name was quoted.
    place.write("two words/inner/mgw.toml", "format = 1\nname = \"x\"\n");
    for typed in ["'two words/inn", "\"two words/inn", "two\\ words/inn"] {
        let offered = complete_words(&place, &format!("mgw build {typed}"), &["mgw", "build", typed]);
        assert_eq!(offered.len(), 1, "{typed} {offered:?}");
    }
}

#[test]
fn a_broken_project_completes_what_it_can_and_asks_nobody() {
    let place = place();
    place.write("shop/mgw.toml", "format = ");
    place.write("shop/mgw.lock", "broken");
    assert!(complete(&place, "mgw pull shop --label ").is_empty());
    assert_eq!(complete(&place, "mgw pull shop --labe"), ["--label"]);
    let outcome = place
        .mgw(&["complete-line", "--", "pull", "shop", "--api", ""])
        .exits(0);
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("", ""));
}

/// Folders whose names have to be quoted, and one that would run something.
fn odd_names(place: &Place) {
    for name in ["two words/inner", "it's", "d\"q$(touch RUN)"] {
        place.write(&format!("{name}/api_definitions/empty.txt"), "");
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "what was not looked at is told")]
fn zsh_completes_inside_quotes_too() {
    if !is_installed("zsh") {
        eprintln!("not run: there is no zsh here");
        return;
    }
    let place = place();
    odd_names(&place);
    for (line, expected) in [
        ("mgw bui", "mgw build"),
        ("mgw check sh", "mgw check shop/"),
        ("mgw check 'sh", "mgw check 'shop/"),
        ("mgw check \"sh", "mgw check \"shop/"),
        ("mgw check 'two w", "mgw check 'two words/"),
        ("mgw check \"two words/in", "mgw check \"two words/inner/"),
        ("mgw check two\\ words/in", "mgw check two\\ words/inner/"),
        ("mgw check 'i", "mgw check 'it'\\''s/"),
        ("mgw check \"d", "mgw check \"d\\\"q\\$(touch RUN)/"),
        ("mgw pull 'shop' --label 'pro", "mgw pull 'shop' --label 'production'"),
        ("mgw 'che", "mgw 'check'"),
    ] {
        assert_eq!(typed_in_zsh(&place, line), expected, "{line}");
    }
    assert!(!place.path().join("RUN").exists());
}

#[test]
#[expect(clippy::print_stderr, reason = "what was not looked at is told")]
fn fish_completes_inside_quotes_too() {
    if !is_installed("fish") {
        eprintln!("not run: there is no fish here");
        return;
    }
    let place = place();
    odd_names(&place);
    for (line, expected) in [
        ("mgw check sh", &["shop/"][..]),
        ("mgw check 'sh", &["shop/"]),
        ("mgw check \"sh", &["shop/"]),
        ("mgw check 'two w", &["two words/"]),
        ("mgw check \"two words/in", &["two words/inner/"]),
        ("mgw check two\\ words/in", &["two words/inner/"]),
        ("mgw check 'i", &["it's/"]),
        ("mgw check \"d", &["d\"q$(touch RUN)/"]),
        ("mgw pull 'shop' --label ", &["dev", "production"]),
        ("mgw pull 'shop' --label 'pro", &["production"]),
        ("mgw pull shop --label='p", &["--label=production"]),
    ] {
        assert_eq!(offered_in_fish(&place, line), expected, "{line}");
    }
    assert!(!place.path().join("RUN").exists());
}
