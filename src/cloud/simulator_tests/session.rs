//! Signing in and out.

use super::*;

#[test]
fn sign_in_finds_the_generation_and_signs_out_again() {
    for (shape, kind) in [(Shape::ApiCloud, "api-cloud"), (Shape::Apim32, "apim-3.2")] {
        let bench = Bench::signed_in(shape, ADMIN);
        let session = std::fs::read_to_string(bench.session_file()).unwrap();
        assert!(session.contains(&format!("\"kind\": \"{kind}\"")), "{shape:?}");
        assert!(
            session.contains("\"user\": \"dev@meridian.example@meridian\""),
            "{shape:?}"
        );
        bench.simulator.clear_requests();
        assert_eq!(bench.run(&["logout"]).unwrap(), ExitCode::Success);
        assert!(!bench.session_file().exists());
        assert_eq!(bench.asked().len(), 2, "both tokens are revoked");
        assert!(
            bench.asked().iter().all(|request| request.ends_with("/revoke")),
            "{:?}",
            bench.asked()
        );
        assert_eq!(code(bench.run(&["whoami"])), ExitCode::NotSignedIn);
        assert_eq!(code(bench.pull(&["--label", "dev"])), ExitCode::NotSignedIn);
    }
}

#[test]
fn a_wrong_password_leaves_no_session() {
    let bench = Bench::start(Shape::ApiCloud);
    let words = [
        "login",
        "--url",
        bench.simulator.url(),
        "--email",
        ADMIN,
        "--org",
        "meridian",
    ];
    let failure = bench.run_with(&words, &[("MGW_PASSWORD", "canary-wrong")]).unwrap_err();
    assert_eq!(failure.code, ExitCode::NotSignedIn);
    assert!(!format!("{failure:?}").contains("canary"), "{failure:?}");
    assert!(!bench.session_file().exists());
}

#[test]
fn without_a_password_its_flag_and_variable_are_named() {
    let bench = Bench::start(Shape::ApiCloud);
    let words = [
        "login",
        "--url",
        bench.simulator.url(),
        "--email",
        ADMIN,
        "--org",
        "meridian",
    ];
    let failure = bench.run_with(&words, &[("MGW_PASSWORD", "")]).unwrap_err();
    assert_eq!(failure.code, ExitCode::InputNeeded);
    assert!(failure.hints[0].contains("--password-stdin") && failure.hints[0].contains("MGW_PASSWORD"));
}

#[test]
fn a_server_whose_certificate_is_unknown_is_not_trusted() {
    let bench = Bench::start(Shape::ApiCloud);
    let words = [
        "login",
        "--url",
        bench.simulator.url(),
        "--email",
        ADMIN,
        "--org",
        "meridian",
    ];
    let failure = bench.run_with(&words, &[("MGW_CA_FILE", "")]).unwrap_err();
    assert_eq!(failure.code, ExitCode::Unreachable);
    assert!(failure.message.contains("certificate"), "{}", failure.message);
    assert!(failure.hints[0].contains("--ca"), "{:?}", failure.hints);
    assert!(bench.simulator.requests().is_empty(), "nothing was sent");
}

#[test]
fn signing_out_works_without_the_control_plane() {
    let bench = Bench::signed_in(Shape::ApiCloud, ADMIN);
    let text = std::fs::read_to_string(bench.session_file()).unwrap();
    let closed = std::net::TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap();
    let text = text.replace(bench.simulator.url(), &format!("https://{closed}"));
    std::fs::write(bench.session_file(), text).unwrap();
    assert_eq!(bench.run(&["logout"]).unwrap(), ExitCode::Success);
    assert!(!bench.session_file().exists());
    assert!(bench.simulator.requests().is_empty());
}

#[test]
fn an_expired_token_is_refreshed_and_the_new_ones_are_kept() {
    let bench = Bench::signed_in(Shape::ApiCloud, ADMIN);
    let before = std::fs::read_to_string(bench.session_file()).unwrap();
    bench.simulator.expire_access_tokens();
    assert_eq!(bench.pull(&["--label", "dev"]).unwrap(), ExitCode::Success);
    assert_eq!(bench.simulator.request_count("POST", "/token"), 1);
    let after = std::fs::read_to_string(bench.session_file()).unwrap();
    let refresh = |text: &str| {
        text.lines()
            .find(|line| line.contains("refresh_token"))
            .unwrap()
            .to_owned()
    };
    assert_ne!(refresh(&before), refresh(&after));
    bench.simulator.expire_access_tokens();
    assert_eq!(
        bench.pull(&["--label", "dev"]).unwrap(),
        ExitCode::Success,
        "the rotated token is good"
    );
}

#[test]
fn a_session_that_ended_asks_for_a_sign_in() {
    let bench = Bench::signed_in(Shape::ApiCloud, ADMIN);
    bench.simulator.forget_tokens();
    let failure = bench.pull(&["--label", "dev"]).unwrap_err();
    assert_eq!(failure.code, ExitCode::NotSignedIn);
    assert_eq!(failure.hints, ["Run mgw login."]);
    assert!(contents(&bench.project()).is_empty());
}

#[test]
fn two_pulls_at_once_rotate_once() {
    let bench = Bench::signed_in(Shape::ApiCloud, ADMIN);
    bench.simulator.expire_access_tokens();
    let second = bench.folder.path().join("second");
    std::fs::create_dir(&second).unwrap();
    let second = second.display().to_string();
    std::thread::scope(|scope| {
        let one = scope.spawn(|| bench.pull(&["--label", "dev"]));
        let two = scope.spawn(|| bench.run(&["pull", &second, "--label", "dev"]));
        assert_eq!(one.join().unwrap().unwrap(), ExitCode::Success);
        assert_eq!(two.join().unwrap().unwrap(), ExitCode::Success);
    });
    assert_eq!(bench.simulator.request_count("POST", "/token"), 1);
}
