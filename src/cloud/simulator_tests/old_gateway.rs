//! Signing in with what the settings file of an on-premise gateway says.

use super::*;
use crate::lock::LockFile;
use base64::Engine;

const PASSWORD: &str = "demo-password";

/// Writes the file; the address in it is the simulator's.
fn write(bench: &Bench, name: &str, text: &str) -> String {
    let path = bench.folder.path().join(name);
    std::fs::write(&path, text.replace("URL", bench.simulator.url())).unwrap();
    path.display().to_string()
}

/// Signs in without a password in the environment, unless one is given.
fn login(bench: &Bench, words: &[&str], variables: &[(&str, &str)]) -> Result<ExitCode, Failure> {
    let mut all = vec![("MGW_PASSWORD", "")];
    all.extend(variables);
    let mut command = vec!["login"];
    command.extend(words);
    bench.run_with(&command, &all)
}

fn session(bench: &Bench) -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(bench.session_file()).unwrap()).unwrap()
}

const PROPERTIES: &str = "# the gateway of the shop\n\
    api.gateway.url=URL\n\
    api.publisher.url=URL\n\
    rest.api.version=cloud\n\
    unique.identifier=$token\n\
    organization.key=meridian\n\
    email=dev@meridian.example\n\
    password=PASSWORD\n\
    api.hybrid.gateway.label=dev\n\
    api.hybrid.meta.env.os.name=\n\
    api.hybrid.meta.custom.project=Development\n";

#[test]
fn a_properties_file_signs_in_and_its_label_is_pulled() {
    let bench = Bench::start(Shape::ApiCloud);
    let file = write(
        &bench,
        "on-premise-gateway.properties",
        &PROPERTIES.replace("PASSWORD", PASSWORD),
    );
    assert_eq!(login(&bench, &["--from", &file], &[]).unwrap(), ExitCode::Success);
    let kept = session(&bench);
    assert_eq!(kept["user"], "dev@meridian.example@meridian");
    assert_eq!(kept["kind"], "api-cloud");
    assert_eq!(kept["gateway"]["label"], "dev");
    assert_eq!(kept["gateway"]["custom_metadata"][0][1], "Development");
    assert!(!kept.to_string().contains(PASSWORD), "the password is not kept");
    assert_eq!(bench.pull(&[]).unwrap(), ExitCode::Success);
    let lock = LockFile::load(&bench.project().join("mgw.lock")).unwrap().unwrap();
    assert_eq!(lock.source.wanted().labels, ["dev"]);
    // Another label goes before it, and signing in again keeps it.
    assert_eq!(bench.pull(&["--label", "prod", "--prune"]).unwrap(), ExitCode::Success);
    assert_eq!(bench.login(ADMIN).unwrap(), ExitCode::Success);
    assert_eq!(session(&bench)["gateway"]["label"], "dev");
}

#[test]
fn without_a_label_nothing_is_guessed() {
    let bench = Bench::signed_in(Shape::ApiCloud, ADMIN);
    let failure = bench.pull(&[]).unwrap_err();
    assert!(failure.hints.iter().any(|hint| hint.contains("--label")), "{failure:?}");
}

#[test]
fn one_of_several_organisations_is_chosen() {
    let bench = Bench::start(Shape::ApiCloud);
    let encoded = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let text = format!(
        "[url]\ngateway = \"URL\"\n[api_update]\nrest_api_version = \"cloud\"\n[meta_info]\nlabels = [\"prod\"]\n\
         [multi_tenant]\nenabled = true\nusers = [\"{}\", \"{}\"]\n",
        encoded("eve@other.example@other:canary"),
        encoded(&format!("dev@meridian.example@meridian:{PASSWORD}"))
    );
    let file = write(&bench, "on-premise-gateway.toml", &text);
    let failure = login(&bench, &["--from", &file], &[]).unwrap_err();
    assert_eq!(failure.code, ExitCode::InputNeeded);
    assert!(
        failure
            .message
            .ends_with(":9: `multi_tenant.users` has users of other, meridian"),
        "{failure:?}"
    );
    assert!(failure.hints[0].contains("--org") && !format!("{failure:?}").contains("canary"));
    assert_eq!(
        login(&bench, &["--from", &file, "--org", "meridian"], &[]).unwrap(),
        ExitCode::Success
    );
    assert_eq!(session(&bench)["gateway"]["label"], "prod");
}

#[test]
fn what_stands_in_the_place_of_a_password_is_told() {
    let cipher_text = "q1+/".repeat(40);
    for (written, told) in [
        (
            "$secret{cloud_password}",
            "is a name in the gateway's secure vault, which mgw cannot open",
        ),
        (
            cipher_text.as_str(),
            "is encrypted with the gateway's own key, which mgw cannot open",
        ),
        (
            "$env{SHOP_PASSWORD}",
            "names the variable SHOP_PASSWORD, which is not set",
        ),
    ] {
        let bench = Bench::start(Shape::ApiCloud);
        let file = write(&bench, "old.properties", &PROPERTIES.replace("PASSWORD", written));
        let failure = login(&bench, &["--from", &file], &[]).unwrap_err();
        assert_eq!(failure.code, ExitCode::InputNeeded);
        assert!(
            failure.message.ends_with(&format!(":8: `password` {told}")),
            "{failure:?}"
        );
        assert!(failure.hints[0].contains("MGW_PASSWORD_FILE"), "{failure:?}");
        assert!(!format!("{failure:?}").contains(&cipher_text));
        assert!(bench.simulator.requests().is_empty());
        // Given otherwise, it is not looked at.
        let variables = [("MGW_PASSWORD", PASSWORD)];
        assert_eq!(
            login(&bench, &["--from", &file], &variables).unwrap(),
            ExitCode::Success
        );
    }
    let bench = Bench::start(Shape::ApiCloud);
    let file = write(
        &bench,
        "old.properties",
        &PROPERTIES.replace("PASSWORD", "$env{SHOP_PASSWORD}"),
    );
    let variables = [("SHOP_PASSWORD", PASSWORD)];
    assert_eq!(
        login(&bench, &["--from", &file], &variables).unwrap(),
        ExitCode::Success
    );
}

#[test]
fn the_password_goes_only_where_the_gateway_sent_it() {
    let bench = Bench::start(Shape::ApiCloud);
    let text = PROPERTIES
        .replace("URL", "https://apim.example")
        .replace("PASSWORD", "canary");
    let file = write(&bench, "old.properties", &text);
    // Another control plane, then another user.
    for words in [
        vec!["--from", &file, "--url", bench.simulator.url()],
        vec!["--from", &file, "--username", "ben@meridian.example@meridian"],
    ] {
        let failure = login(&bench, &words, &[]).unwrap_err();
        assert_eq!(failure.code, ExitCode::InputNeeded, "{failure:?}");
        assert!(failure.hints[0].contains("--password-stdin"), "{failure:?}");
    }
    assert!(bench.simulator.requests().is_empty());
}

#[test]
fn mistakes_are_told_with_their_place() {
    let bench = Bench::start(Shape::ApiCloud);
    for (name, text, place) in [
        (
            "old.properties",
            "a=b\napi.gateway.url=http://apim.example\n",
            "old.properties:2: `api.gateway.url`: `http://apim.example` does not start with https://",
        ),
        ("old.properties", "password=\\u00zz\n", "old.properties:1: "),
        ("old.toml", "[meta_info\n", "old.toml:1: "),
        (
            "old.toml",
            "[multi_tenant]\nenabled = true\nusers = \"canary\"\n",
            "old.toml:3: ",
        ),
    ] {
        let file = write(&bench, name, text);
        let failure = login(&bench, &["--from", &file], &[]).unwrap_err();
        assert_eq!(failure.code, ExitCode::Invalid, "{failure:?}");
        assert!(failure.message.contains(place), "{failure:?}");
        assert!(
            !failure.hints.is_empty() && !format!("{failure:?}").contains("canary"),
            "{failure:?}"
        );
    }
    let failure = login(&bench, &["--from", "/nowhere/old.properties"], &[]).unwrap_err();
    assert_eq!(failure.code, ExitCode::Environment);
}
