//! What is completed, over folders as users have them.

use super::*;

fn words(line: &[&str], environment: &[(&str, &str)]) -> Vec<String> {
    let line: Vec<String> = line.iter().map(|word| (*word).to_owned()).collect();
    let environment: Environment = environment.iter().copied().collect();
    match complete(&line, &environment) {
        Completed::Files => vec![":files".to_owned()],
        Completed::Words(words) => words.into_iter().map(|word| word.text).collect(),
    }
}

fn plain(line: &[&str]) -> Vec<String> {
    words(line, &[])
}

#[test]
fn commands_options_and_their_values_are_known() {
    assert_eq!(plain(&["bui"]), ["build"]);
    assert_eq!(plain(&["keys", "n"]), ["new"]);
    assert_eq!(plain(&["build", "--off"]), ["--offline"]);
    assert_eq!(plain(&["build", "--offline", "--off"]), [""; 0]);
    assert_eq!(plain(&["--output", ""]), ["text", "json"]);
    assert_eq!(plain(&["--output=j"]), ["--output=json"]);
    assert_eq!(plain(&["completions", "z"]), ["zsh"]);
    assert_eq!(
        plain(&["login", "--kind", "apim-4"]),
        ["apim-4.0", "apim-4.1", "apim-4.2"]
    );
    assert_eq!(plain(&["run", "--config", ""]), [":files"]);
    assert_eq!(plain(&["token", "--", "--x"]), [""; 0]);
    assert!(plain(&[""]).contains(&"pull".to_owned()));
    assert!(!plain(&[""]).contains(&"complete-line".to_owned()));
}

#[test]
fn what_this_program_knows_of_itself_is_completed() {
    assert_eq!(plain(&["explain", "no-endp"]), ["no-endpoint"]);
    assert_eq!(plain(&["help", "sign-b"]), ["sign-bundles"]);
    assert_eq!(plain(&["help", "test-"]), ["test-page"]);
    assert_eq!(plain(&["help", "keys", "imp"]), ["import"]);
    assert_eq!(plain(&["doctor", "--only", "usage"]), ["usage-spool"]);
    assert_eq!(plain(&["doctor", "--only", "ports,usage"]), ["ports,usage-spool"]);
    assert_eq!(
        plain(&["run", "--set", "listenerConfig.httpPo"]),
        ["listenerConfig.httpPort="]
    );
    assert_eq!(
        plain(&["run", "--set=listenerConfig.httpPo"]),
        ["--set=listenerConfig.httpPort="]
    );
    assert_eq!(plain(&["run", "--set", "listenerConfig.httpPort=80"]), [""; 0]);
}

#[test]
fn the_project_is_the_one_that_was_named() {
    let folder = tempfile::tempdir().unwrap();
    let shop = folder.path().join("shop");
    std::fs::create_dir(&shop).unwrap();
    std::fs::create_dir(folder.path().join("another")).unwrap();
    std::fs::write(folder.path().join("shop.zip"), "").unwrap();
    std::fs::write(folder.path().join("notes.txt"), "").unwrap();
    let at = |name: &str| format!("{}/{name}", folder.path().display());
    std::fs::write(
        shop.join("mgw.toml"),
        "format = 1\nname = \"shop\"\n[pull]\nlabels = [\"dev\", \"production\"]\ntags = [\"t\"]\napis = [\"Shop:1.0.0\", \"Pay:2\"]\n",
    )
    .unwrap();
    let named = shop.display().to_string();
    assert_eq!(plain(&["pull", &named, "--label", ""]), ["dev", "production"]);
    assert_eq!(plain(&["pull", &named, "--label", "p"]), ["production"]);
    assert_eq!(plain(&["pull", &named, "--tag", ""]), ["t"]);
    assert_eq!(plain(&["pull", &named, "--api", "Shop:1"]), ["Shop:1.0.0"]);
    // Those of projects come first.
    assert_eq!(plain(&["check", &at("")]), [at("shop/"), at("another/")]);
    assert_eq!(plain(&["run", &at("shop")]), [at("shop/"), at("shop.zip")]);
    assert_eq!(plain(&["inspect", &at("shop")]), [at("shop/"), at("shop.zip")]);
    assert_eq!(plain(&["inspect", "quo"]), ["quotas"]);
    // A project that is broken has nothing to say, and says it quietly.
    std::fs::write(shop.join("mgw.toml"), "format = ").unwrap();
    std::fs::write(shop.join("mgw.lock"), [0xff, 0xfe]).unwrap();
    assert_eq!(plain(&["pull", &named, "--label", ""]), [""; 0]);
    assert_eq!(plain(&["pull", &named, "--api", ""]), [""; 0]);
}

#[test]
fn keys_and_sessions_are_those_of_the_user() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().display().to_string();
    let environment = [("MGW_CONFIG_DIR", config.as_str())];
    crate::signing::KeyStore::new(folder.path())
        .create(&"release".parse().unwrap())
        .unwrap();
    std::fs::create_dir(folder.path().join("sessions")).unwrap();
    std::fs::write(folder.path().join("sessions/staging.json"), "canary").unwrap();
    assert_eq!(words(&["build", "--sign", "rel"], &environment), ["release"]);
    assert_eq!(words(&["keys", "remove", ""], &environment), ["release"]);
    assert_eq!(words(&["whoami", "--profile", ""], &environment), ["staging"]);
}

#[test]
fn names_that_would_confuse_a_shell_are_left_out() {
    assert!(is_plain("a b") && !is_plain("a\nb") && !is_plain("\u{1b}[2J") && !is_plain(""));
    assert_eq!(super::plain("one\ntwo"), "one");
}
