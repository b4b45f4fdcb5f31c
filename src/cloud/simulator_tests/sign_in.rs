//! Signing in without a stored session, and several sessions side by side.

use super::*;

/// The environment of a pipeline that pulls as an administrator.
fn pipeline(bench: &Bench) -> Vec<(&str, &str)> {
    vec![
        ("MGW_URL", bench.simulator.url()),
        ("MGW_USERNAME", "dev@meridian.example@meridian"),
        ("MGW_PASSWORD", "demo-password"),
    ]
}

fn config_files(bench: &Bench) -> Vec<String> {
    let folder = bench.folder.path().join("config");
    match folder.is_dir() {
        true => contents(&folder).into_iter().map(|(name, _)| name).collect(),
        false => Vec::new(),
    }
}

fn pull_as(bench: &Bench, arguments: &[&str], variables: &[(&str, &str)]) -> Result<ExitCode, Failure> {
    let project = bench.project().display().to_string();
    let mut words = vec!["pull", project.as_str(), "--label", "dev"];
    words.extend(arguments);
    bench.run_with(&words, variables)
}

/// An access token of the administrator, as another tool would get it.
fn issued_token(bench: &Bench) -> String {
    bench.login(ADMIN).unwrap();
    let text = std::fs::read_to_string(bench.session_file()).unwrap();
    let session: serde_json::Value = serde_json::from_str(&text).unwrap();
    std::fs::remove_file(bench.session_file()).unwrap();
    bench.simulator.clear_requests();
    session["access_token"].as_str().unwrap().to_owned()
}

#[test]
fn a_pipeline_pulls_with_variables_and_leaves_nothing_behind() {
    for shape in [Shape::ApiCloud, Shape::Apim32] {
        let bench = Bench::start(shape);
        assert_eq!(pull_as(&bench, &[], &pipeline(&bench)).unwrap(), ExitCode::Success);
        assert!(config_files(&bench).is_empty(), "{:?}", config_files(&bench));
        let revocations = bench
            .asked()
            .iter()
            .filter(|request| request.contains("revoke"))
            .count();
        assert_eq!(revocations, 0, "other pipelines may use the same token");
        let files = contents(&bench.project());
        assert!(files.iter().all(|(_, text)| !text.contains("demo-password")));
    }
}

#[test]
fn the_cloud_variables_and_a_mounted_secret_work_too() {
    let bench = Bench::start(Shape::ApiCloud);
    let secret = bench.folder.path().join("secret");
    std::fs::write(&secret, "demo-password\n").unwrap();
    let secret = secret.display().to_string();
    let who = [
        ("MGW_URL", bench.simulator.url()),
        ("WSO2_CLOUD_ORG_KEY", "meridian"),
        ("WSO2_CLOUD_EMAIL", ADMIN),
    ];
    for password in [
        ("WSO2_CLOUD_PASSWORD", "demo-password"),
        ("MGW_PASSWORD_FILE", secret.as_str()),
    ] {
        let mut variables = who.to_vec();
        variables.push(password);
        assert_eq!(
            pull_as(&bench, &[], &variables).unwrap(),
            ExitCode::Success,
            "{password:?}"
        );
    }
    let mut variables = who.to_vec();
    variables.extend([("MGW_PASSWORD_FILE", secret.as_str()), ("MGW_PASSWORD", "canary")]);
    let failure = pull_as(&bench, &[], &variables).unwrap_err();
    assert_eq!(failure.code, ExitCode::Usage);
    assert!(!format!("{failure:?}").contains("canary"), "{failure:?}");
    assert!(config_files(&bench).is_empty());
}

#[test]
fn a_session_in_memory_starts_anew_when_its_tokens_are_gone() {
    use crate::cloud::http::Call;
    use crate::commands::connect::Identity;
    use crate::commands::pull::SourceArgs;
    #[derive(clap::Parser)]
    struct Words {
        #[command(flatten)]
        options: SourceArgs,
    }
    let bench = Bench::start(Shape::ApiCloud);
    let options = Words::parse_from(["mgw"]).options;
    let mut variables = pipeline(&bench);
    let ca = bench.folder.path().join("ca.pem").display().to_string();
    let config = bench.folder.path().join("config").display().to_string();
    variables.extend([("MGW_CA_FILE", ca.as_str()), ("MGW_CONFIG_DIR", config.as_str())]);
    let cli = Cli::try_parse_from(["mgw", "--quiet", "--no-input", "whoami"]).unwrap();
    let context = Context::new(cli.global, variables.into_iter().collect());
    let identity = Identity {
        session: &options.session,
        credentials: &options.credentials,
        project: None,
        save: false,
    };
    let (connection, password) = identity.connect(&context).unwrap();
    assert!(password.is_some());
    let read = || {
        let path = connection.generation().publisher.iter().copied().chain(["apis"]);
        let call = Call::get(connection.address().join(path));
        context.block_on(async { Ok(connection.send(call, &["apim:api_view"]).await?) })
    };
    bench.simulator.expire_access_tokens();
    assert_eq!(read().unwrap().status, 200, "refreshed");
    bench.simulator.forget_tokens();
    bench.simulator.clear_requests();
    assert_eq!(read().unwrap().status, 200, "signed in again");
    assert_eq!(
        bench.simulator.request_count("POST", "/token"),
        2,
        "refresh, then password"
    );
    assert!(config_files(&bench).is_empty());
}

#[test]
fn a_session_from_variables_is_kept_on_demand() {
    let bench = Bench::start(Shape::ApiCloud);
    assert_eq!(
        pull_as(&bench, &["--save"], &pipeline(&bench)).unwrap(),
        ExitCode::Success
    );
    bench.simulator.clear_requests();
    assert_eq!(pull_as(&bench, &[], &[]).unwrap(), ExitCode::Success);
    assert!(
        !bench.asked().iter().any(|request| request.ends_with("/token")),
        "the session is used"
    );
}

#[test]
fn a_stored_session_goes_before_user_and_password() {
    let bench = Bench::signed_in(Shape::ApiCloud, ADMIN);
    assert_eq!(pull_as(&bench, &[], &pipeline(&bench)).unwrap(), ExitCode::Success);
    assert!(!bench.asked().iter().any(|request| request.ends_with("/register")));
}

#[test]
fn wrong_or_missing_variables_are_told() {
    let bench = Bench::start(Shape::ApiCloud);
    let mut variables = pipeline(&bench);
    variables[2].1 = "canary";
    let failure = pull_as(&bench, &[], &variables).unwrap_err();
    assert_eq!(failure.code, ExitCode::NotSignedIn);
    assert!(!format!("{failure:?}").contains("canary"));
    variables.truncate(2);
    assert_eq!(code(pull_as(&bench, &[], &variables)), ExitCode::NotSignedIn);
    std::fs::write(
        bench.project().join("mgw.toml"),
        "format = 1\nname = \"shop\"\n[control-plane]\nurl = \"https://elsewhere.example\"\n",
    )
    .unwrap();
    bench.simulator.clear_requests();
    let failure = pull_as(&bench, &[], &pipeline(&bench)).unwrap_err();
    assert_eq!(failure.code, ExitCode::Usage, "{failure:?}");
    assert!(
        bench.simulator.requests().is_empty(),
        "no password goes to another control plane"
    );
}

#[test]
fn a_token_from_the_environment_is_enough() {
    for (shape, kind) in [(Shape::ApiCloud, ""), (Shape::Apim32, ""), (Shape::Apim32, "apim-3.2")] {
        let bench = Bench::start(shape);
        let token = issued_token(&bench);
        let variables = [
            ("MGW_URL", bench.simulator.url()),
            ("MGW_KIND", kind),
            ("MGW_ORG", "meridian"),
            ("MGW_ACCESS_TOKEN", token.as_str()),
        ];
        assert_eq!(
            pull_as(&bench, &[], &variables).unwrap(),
            ExitCode::Success,
            "{shape:?}"
        );
        assert_eq!(bench.simulator.request_count("POST", "/token"), 0);
        let lock = std::fs::read_to_string(bench.project().join("mgw.lock")).unwrap();
        assert!(lock.contains("\"meridian\""), "{lock}");
        assert!(
            contents(&bench.project())
                .iter()
                .all(|(_, text)| !text.contains(&token))
        );
        // It ends, and nothing takes its place.
        bench.simulator.expire_access_tokens();
        let failure = pull_as(&bench, &[], &variables).unwrap_err();
        assert_eq!(failure.code, ExitCode::NotSignedIn, "{failure:?}");
        assert!(!format!("{failure:?}").contains(&token));
        assert!(failure.hints[0].contains("MGW_ACCESS_TOKEN"), "{failure:?}");
    }
}

#[test]
fn a_token_without_an_organisation_is_refused_on_api_cloud() {
    let bench = Bench::start(Shape::ApiCloud);
    let token = issued_token(&bench);
    let variables = [("MGW_URL", bench.simulator.url()), ("MGW_ACCESS_TOKEN", token.as_str())];
    let failure = pull_as(&bench, &[], &variables).unwrap_err();
    assert_eq!(failure.code, ExitCode::Usage);
    assert!(failure.hints[0].contains("MGW_ORG"), "{failure:?}");
}

#[test]
fn a_token_of_few_scopes_pulls_what_it_may() {
    let bench = Bench::signed_in(Shape::ApiCloud, DEVELOPER);
    let text = std::fs::read_to_string(bench.session_file()).unwrap();
    let session: serde_json::Value = serde_json::from_str(&text).unwrap();
    let token = session["access_token"].as_str().unwrap();
    std::fs::remove_file(bench.session_file()).unwrap();
    let variables = [
        ("MGW_URL", bench.simulator.url()),
        ("MGW_ORG", "meridian"),
        ("MGW_ACCESS_TOKEN", token),
    ];
    // The administrator's policies are refused with 401, as a bad token would be.
    assert_eq!(pull_as(&bench, &[], &variables).unwrap(), ExitCode::Success);
}

#[test]
fn signing_out_of_one_profile_leaves_the_others() {
    let bench = Bench::start(Shape::ApiCloud);
    let login = |profile| {
        let words = [
            "login",
            "--url",
            bench.simulator.url(),
            "--email",
            ADMIN,
            "--org",
            "meridian",
            "--profile",
            profile,
        ];
        bench.run(&words).unwrap();
    };
    login("one");
    login("two");
    let read = |profile: &str| {
        let path = bench.folder.path().join(format!("config/sessions/{profile}.json"));
        serde_json::from_str::<serde_json::Value>(&std::fs::read_to_string(path).unwrap()).unwrap()
    };
    for key in ["client_id", "access_token", "refresh_token"] {
        assert_ne!(read("one")[key], read("two")[key], "{key}");
    }
    assert_eq!(bench.run(&["whoami", "--all"]).unwrap(), ExitCode::Success);
    assert_eq!(bench.run(&["logout", "--profile", "one"]).unwrap(), ExitCode::Success);
    let project = bench.project().display().to_string();
    let words = ["pull", project.as_str(), "--label", "dev", "--profile", "two"];
    assert_eq!(bench.run(&words).unwrap(), ExitCode::Success);
    let refreshed = bench
        .asked()
        .iter()
        .filter(|request| request.ends_with("/token"))
        .count();
    assert_eq!(
        refreshed, 2,
        "one for each sign-in: the token of the other profile is still good"
    );
}

#[test]
fn every_session_is_ended_at_once() {
    let bench = Bench::start(Shape::ApiCloud);
    assert_eq!(bench.run(&["logout", "--all"]).unwrap(), ExitCode::Success);
    for profile in ["one", "two"] {
        let words = [
            "login",
            "--url",
            bench.simulator.url(),
            "--email",
            ADMIN,
            "--org",
            "meridian",
            "--profile",
            profile,
        ];
        bench.run(&words).unwrap();
    }
    bench.simulator.clear_requests();
    assert_eq!(bench.run(&["logout", "--all"]).unwrap(), ExitCode::Success);
    assert_eq!(bench.simulator.request_count("POST", "/revoke"), 4);
    assert!(!config_files(&bench).iter().any(|name| name.ends_with(".json")));
    assert!(Cli::try_parse_from(["mgw", "logout", "--all", "--profile", "one"]).is_err());
}

#[test]
fn headers_of_ones_own_are_kept_with_the_session() {
    let bench = Bench::start(Shape::ApiCloud);
    let words = [
        "login",
        "--url",
        bench.simulator.url(),
        "--email",
        ADMIN,
        "--org",
        "meridian",
        "--header",
        "X-Edge: canary-1",
    ];
    bench
        .run_with(&words, &[("MGW_HTTP_HEADERS", "X-Team: blue\nX-Zone: canary-2\n")])
        .unwrap();
    let text = std::fs::read_to_string(bench.session_file()).unwrap();
    let session: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        session["headers"],
        serde_json::json!({"x-team": "blue", "x-zone": "canary-2", "x-edge": "canary-1"})
    );
    assert_eq!(pull_as(&bench, &[], &[]).unwrap(), ExitCode::Success);
    let refused = [
        "login",
        "--url",
        bench.simulator.url(),
        "--header",
        "Authorization: canary",
    ];
    let failure = bench.run(&refused).unwrap_err();
    assert_eq!(failure.code, ExitCode::Usage);
    assert!(!format!("{failure:?}").contains("canary"));
}
