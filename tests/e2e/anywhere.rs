//! Builds are the same wherever, whenever and by whomever they are made, and need no network.

use crate::build::DEFINITION;
use crate::support::{Outcome, Place};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

const PROTO: &str = "syntax = \"proto3\";\npackage shop;\nimport \"wso2/options.proto\";\nservice Stock {\n  \
    option (wso2.production_endpoints) = { url: \"http://127.0.0.1:50051\" };\n  \
    rpc Count(Item) returns (Item);\n}\nmessage Item { string id = 1; }\n";

/// The files of a project, in an order of one's own: file systems list them as they came.
fn write_project(place: &Place, folder: &str, backwards: bool) {
    let second = DEFINITION
        .replace("title: Shop", "title: Orders")
        .replace("/shop", "/orders");
    let mut files = vec![
        ("mgw.toml", "format = 1\nname = \"shop\"\n".to_owned()),
        ("api_definitions/b/shop.yaml", DEFINITION.to_owned()),
        ("api_definitions/a/orders.yaml", second),
        ("grpc_definitions/stock.proto", PROTO.to_owned()),
        (
            "policies.yaml",
            "resourcePolicies:\n- 5PerMin: {count: 5, unitTime: 1, timeUnit: min}\n".to_owned(),
        ),
    ];
    if backwards {
        files.reverse();
    }
    for (name, text) in files {
        place.write(&format!("{folder}/{name}"), &text);
    }
}

fn bundle(place: &Place, folder: &str) -> Vec<u8> {
    std::fs::read(place.path().join(folder).join("target/shop.zip")).expect("it was built")
}

#[test]
fn a_build_is_the_same_anywhere() {
    let here = Place::new();
    write_project(&here, "shop", false);
    let key = here.mgw(&["keys", "new", "release"]).exits(0).stdout;
    let key = key.trim().replace(".pub.pem", ".pem");
    here.mgw(&["build", "shop", "--sign", "release"]).exits(0);

    let there = Place::new();
    let folder = "a folder/with other/names";
    write_project(&there, folder, true);
    std::fs::copy(&key, there.path().join("key.pem")).expect("the key is there");
    let mut command = there.command(&["build", folder, "--sign", "key.pem", "-v", "--color", "always"]);
    command
        .env("TZ", "Pacific/Kiritimati")
        .env("LC_ALL", "tr_TR.UTF-8")
        .env("SOURCE_DATE_EPOCH", "1")
        .env("USER", "somebody");
    Outcome::of(command).exits(0);
    assert!(bundle(&here, "shop") == bundle(&there, folder));
}

/// As another user, who may read the project and write below `target/` alone.
#[test]
#[expect(clippy::print_stderr, reason = "what was not looked at is told")]
fn a_build_is_the_same_by_whomever() {
    let place = Place::new();
    write_project(&place, "shop", false);
    place.mgw(&["build", "shop"]).exits(0);
    let ours = bundle(&place, "shop");
    std::fs::remove_dir_all(place.path().join("shop/target")).expect("it is there");
    let is_root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout == b"0\n");
    if !is_root {
        eprintln!("not run: only root can become another user");
        return;
    }
    let open = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("it is ours");
    };
    let root = place.path();
    std::fs::create_dir(root.join("shop/target")).expect("writable");
    std::fs::create_dir(root.join("home")).expect("writable");
    open(&root.join("shop/target"), 0o777);
    open(&root.join("home"), 0o777);
    // The way to the folder: temporary folders are their owner's alone.
    open(root.parent().expect("a folder"), 0o755);
    let binary = root.join("mgw");
    std::fs::copy(env!("CARGO_BIN_EXE_mgw"), &binary).expect("the binary is there");
    let output = Command::new("setpriv")
        .args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "--"])
        .args(["sh", "-c", "umask 077; exec \"$0\" build shop"])
        .arg(&binary)
        .current_dir(&root)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", root.join("home"))
        .output()
        .expect("setpriv is part of the system");
    Outcome::from_output(output).exits(0);
    assert!(bundle(&place, "shop") == ours);
    // Nor is what is in it for others to read.
    let made = root.join("shop/target/shop.zip").metadata().expect("built");
    assert_eq!(made.permissions().mode() & 0o777, 0o600);
}

/// Nothing but a pull needs a network, so nothing else opens a socket.
#[test]
fn what_reads_and_builds_opens_no_socket() {
    let place = Place::new();
    write_project(&place, "shop", false);
    for arguments in [
        &["check", "shop"][..],
        &["audit", "shop", "--fail-on", "never"],
        &["build", "shop", "--offline"],
        &["verify", "shop"],
        &["inspect", "shop"],
        &["diff", "shop", "shop"],
        &["explain", "syntax"],
    ] {
        let log = place.path().join("network");
        let mut command = place.command(arguments);
        let mut traced = Command::new("strace");
        traced
            .args(["-f", "-qq", "-e", "trace=network", "-o"])
            .arg(&log)
            .arg(command.get_program())
            .args(command.get_args())
            .current_dir(place.path())
            .env_clear();
        for (name, value) in command.get_envs() {
            if let Some(value) = value {
                traced.env(name, value);
            }
        }
        command = traced;
        Outcome::of(command).exits(0);
        let calls = std::fs::read_to_string(&log).expect("strace writes it");
        let sockets: Vec<&str> = calls.lines().filter(|line| line.contains("socket(")).collect();
        assert_eq!(sockets, [""; 0], "{arguments:?}");
    }
    place
        .mgw(&["build", "shop", "--offline", "--label", "dev"])
        .exits(2)
        .says("--offline");
}
