//! The command line itself: help, version, completions, manual pages, usage errors.

use crate::support::{Outcome, Place};

#[test]
fn version_is_data() {
    let place = Place::new();
    let text = place.mgw(&["version"]).exits(0);
    assert_eq!(text.stdout, format!("mgw {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(text.stderr, "");
    let json = place.mgw(&["version", "--output", "json"]).exits(0).json();
    assert_eq!(json["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(json["bundle_format"], 1);
}

#[test]
fn a_mistyped_command_is_a_usage_error_with_a_suggestion() {
    let outcome = Place::new().mgw(&["versoin"]).exits(2).says("version");
    assert_eq!(outcome.stdout, "");
}

#[test]
fn without_arguments_help_is_shown() {
    Place::new().mgw(&[]).exits(2).says("Usage: mgw");
}

#[test]
fn help_shows_commands_and_pages() {
    let place = Place::new();
    let all = place.mgw(&["help"]).exits(0).says("mgw help topics").stdout;
    assert_eq!(all, place.mgw(&["--help"]).exits(0).stdout);
    let keys = place.mgw(&["help", "keys", "new"]).exits(0).stdout;
    assert!(keys.contains("Usage: mgw keys new"), "{keys}");
    let topics = place.mgw(&["help", "topics"]).exits(0).stdout;
    assert!(topics.lines().any(|line| line.starts_with("sign-bundles ")), "{topics}");
    let page = place.mgw(&["help", "sign-bundles"]).exits(0).stdout;
    assert!(page.starts_with("# Sign bundles\n") && !page.contains("]("), "{page}");
    // A page that is called like a command.
    let command = place.mgw(&["help", "test"]).exits(0).says("mgw help test-page").stdout;
    assert!(command.contains("Usage: mgw test"), "{command}");
    let page = place.mgw(&["help", "test-page"]).exits(0).stdout;
    assert!(page.starts_with("# Test a project\n"), "{page}");
    place
        .mgw(&["help", "sign-bundels"])
        .exits(2)
        .says("neither a command nor a topic `sign-bundels`")
        .says("Did you mean `sign-bundles`?");
}

#[test]
fn every_shell_gets_completions() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let outcome = place.mgw(&["completions", shell]).exits(0);
        // Some ask `mgw` what there is, the others know it.
        let words = ["complete-line", "version"];
        assert!(words.iter().any(|word| outcome.stdout.contains(word)), "{shell}");
    }
    place.mgw(&["completions", "csh"]).exits(2).says("bash");
    let json = place.mgw(&["completions", "bash", "--output", "json"]).exits(0).json();
    let script = place.mgw(&["completions", "bash"]).exits(0).stdout;
    assert_eq!(
        (json["shell"].as_str(), json["script"].as_str()),
        (Some("bash"), Some(&*script))
    );
}

#[test]
fn manual_pages_cover_every_command() {
    let place = Place::new();
    let main = place.mgw(&["man"]).exits(0);
    assert!(
        main.stdout.starts_with(".ie") || main.stdout.contains(".TH mgw 1"),
        "{}",
        main.stdout
    );
    place.mgw(&["man", "--directory", "man"]).exits(0);
    let synopsis = place.read("man/mgw-check.1");
    let synopsis = synopsis.split(".SH SYNOPSIS").nth(1).expect("it has one");
    let synopsis = synopsis.split(".SH").next().unwrap_or_default();
    assert!(synopsis.contains(r"[\fB\-\-sarif\fR \fIFILE\fR]"), "{synopsis}");
    let json = place.mgw(&["man", "--output", "json"]).exits(0).json();
    assert!(
        json["page"].as_str().is_some_and(|page| page.contains(".TH mgw 1")),
        "{json}"
    );
    let page = place.read("man/mgw-keys-new.1");
    let source = concat!("\"mgw ", env!("CARGO_PKG_VERSION"), "\"");
    assert!(page.contains(source), "the footer names the program: {page}");
    let help = place.mgw(&["--help"]).exits(0).stdout;
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| !line.starts_with("Commands:"))
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(commands.len() > 1, "{help}");
    for command in commands {
        let page = place.read(&format!("man/mgw-{command}.1"));
        assert!(page.contains(command), "{command}");
    }
}

#[test]
fn programs_get_usage_errors_and_wrong_settings_as_json() {
    let place = Place::new();
    let json = place.mgw(&["--output", "json", "versoin"]).exits(2).json();
    assert_eq!(json["exit_code"], 2);
    assert!(
        json["error"].as_str().is_some_and(|error| error.contains("'versoin'")),
        "{json}"
    );

    place.write(
        "api.yaml",
        "openapi: 3.0.0\ninfo: {title: A, version: '1'}\nservers: [{url: 'http://localhost:1/a'}]\n\
         paths: {/x: {get: {responses: {}}}}\n",
    );
    place.mgw(&["init", "shop", "--api", "api.yaml"]).exits(0);
    let words = ["run", "shop", "--set", "a.b=c", "--output", "json"];
    let json = place.mgw(&words).exits(3).says("unknown key `a.b`").json();
    let problem = &json["diagnostics"][0]["message"];
    assert!(
        problem.as_str().is_some_and(|problem| problem.contains("a.b")),
        "{json}"
    );

    place.write("text.txt", "hello");
    let words = ["add", "shop", "text.txt", "--output", "json"];
    let json = place.mgw(&words).exits(3).says("text.txt:1:1").json();
    assert_eq!(json["diagnostics"][0]["line"], 1, "{json}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_that_cannot_be_written_is_a_failure() {
    let place = Place::new();
    for words in [&["version"][..], &["--version"], &["--help"], &["check", "-h"]] {
        let outcome = into_a_full_device(&place, words).exits(7);
        assert_eq!(outcome.stderr.matches("error:").count(), 1, "{}", outcome.stderr);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_of_a_shut_gate_that_cannot_be_written_is_a_failure_too() {
    let place = Place::new();
    place.write(
        "api.yaml",
        "openapi: 3.0.0\ninfo: {title: A, version: '1'}\nx-wso2-basePath: /a\n\
         x-wso2-production-endpoints: {urls: ['http://127.0.0.1:1']}\n\
         paths: {/x: {get: {x-wso2-disable-security: true, responses: {'200': {description: ok}}}}}\n",
    );
    place.mgw(&["init", "shop", "--api", "api.yaml"]).exits(0);
    let case = "tests:\n- {request: GET /a/none, expect: {status: 200}}\n";
    place.write("shop/tests/a.yaml", case);
    place.write(
        "broken/api_definitions/a.yaml",
        "openapi: 3.0.0\ninfo: {title: A}\npaths: {}\n",
    );
    for (words, code, told) in [
        (&["audit", "shop"][..], 4, "error: "),
        (&["check", "broken"], 3, "error: broken has"),
        (&["test", "shop"], 5, "error: 1 of 1 case failed"),
        (&["versoin"], 2, "error: unrecognized subcommand"),
    ] {
        let words = [words, &["--output", "json"]].concat();
        place.mgw(&words).exits(code);
        into_a_full_device(&place, &words).exits(7).says(told);
    }
}

/// What a command comes to whose standard output cannot be written to.
#[cfg(target_os = "linux")]
fn into_a_full_device(place: &Place, words: &[&str]) -> Outcome {
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .expect("Linux has it");
    let mut command = place.command(words);
    command.stdout(full).stderr(std::process::Stdio::piped());
    let child = command.spawn().expect("the binary starts");
    let output = child.wait_with_output().expect("it ends");
    Outcome::from_output(output).says("the result could not be written to standard output")
}

#[test]
fn no_temporary_file_is_named_that_could_not_be_made() {
    let place = Place::new();
    place.mgw(&["init", "shop"]).exits(0);
    let told = place
        .mgw(&["check", "shop", "--sarif", "nowhere/found.sarif"])
        .exits(7)
        .says("cannot write nowhere/found.sarif")
        .says("there is no such file or folder\n");
    assert!(!told.stderr.contains(".mgw-"), "{}", told.stderr);
}

#[test]
fn a_file_of_another_kind_is_refused_with_a_remedy() {
    let place = Place::new();
    place.write("folder/x", "");
    place
        .mgw(&["init", "shop", "--api", "folder"])
        .exits(7)
        .says("There is a folder where a file is needed.");
    place
        .mgw(&["init", "shop", "--api", "ftp://host/x"])
        .exits(2)
        .says("neither a file nor");
    assert!(!place.path().join("shop").exists());
}

/// As pipelines have them whose secrets or parameters are not there.
#[test]
fn variables_of_flags_that_are_set_to_nothing_count_as_not_set() {
    let place = Place::new();
    let mut command = place.command(&["version"]);
    command
        .env("MGW_OUTPUT", "")
        .env("MGW_COLOR", "")
        .env("MGW_NO_INPUT", "");
    Outcome::of(command).exits(0).prints("mgw ");
    let listener = |value: &str| {
        let mut command = place.command(&["inspect", "blocks"]);
        command.env("MGW_ADMIN_URL", value);
        Outcome::of(command)
    };
    // The usual address, at which nobody need be.
    let outcome = listener("");
    assert!(!outcome.stderr.contains("cannot be asked"), "{}", outcome.stderr);
    listener("ftp://x").exits(2).says("cannot be asked");
}

#[cfg(unix)]
#[test]
fn variables_that_are_not_utf_8_are_refused() {
    use std::os::unix::ffi::OsStrExt;
    let place = Place::new();
    place.mgw(&["init", "shop"]).exits(0);
    let value = std::ffi::OsStr::from_bytes(b"canary\xff");
    for (name, arguments) in [
        ("MGW_VERIFY_KEY", &["verify", "shop"][..]),
        ("MGW_SIGNING_KEY", &["build", "shop"]),
        ("MGW_ADMIN_URL", &["inspect", "blocks"]),
        (
            "bundle_trustedKeys",
            &["check", "shop", "--config", "shop/conf/micro-gw.conf"],
        ),
    ] {
        place.write("shop/conf/micro-gw.conf", "");
        let mut command = place.command(arguments);
        command.env(name, value);
        let outcome = Outcome::of(command).exits(2).says(name).says("UTF-8");
        assert!(!outcome.stderr.contains("canary"), "{name}: {}", outcome.stderr);
    }
    let mut command = place.command(&["version"]);
    command.env("MGW_OUTPUT", value);
    Outcome::of(command).exits(2).says("MGW_OUTPUT has this value");
}
