//! What `mgw audit` says of the gateway's settings, and where.

use crate::support::{Outcome, POLICIES, Place};
use std::process::Command;

fn project(settings: Option<&str>) -> Place {
    let place = Place::new();
    place.write("shop/mgw.toml", "format = 1\nname = \"shop\"\n");
    place.write(
        "shop/api_definitions/shop.yaml",
        "openapi: 3.0.0\ninfo: {title: Shop, version: 1.0.0}\nx-wso2-basePath: /shop\nx-wso2-transports: [https]\n\
         x-wso2-production-endpoints: '#/x-wso2-endpoints/core'\n\
         x-wso2-endpoints: [{core: {urls: ['https://backend.example']}}]\n\
         paths:\n  /items:\n    get: {security: [{basic: []}], responses: {}}\n\
         components: {securitySchemes: {basic: {type: http, scheme: basic}}}\n",
    );
    place.write("shop/policies.yaml", POLICIES);
    if let Some(settings) = settings {
        place.write("shop/conf/micro-gw.conf", settings);
    }
    place
}

#[test]
fn a_gateway_that_cannot_start_is_told_as_check_tells_it() {
    let place = project(Some(
        "[listenerConfig]\ncertificateFile = \"one.pem\"\nprivateKeyFile = \"other.key\"\n",
    ));
    for name in ["one", "other"] {
        let arguments =
            format!("req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=x -keyout {name}.key -out {name}.pem");
        let made = Command::new("openssl")
            .args(arguments.split(' '))
            .current_dir(place.path().join("shop/conf"))
            .output()
            .expect("openssl is there");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
    let settings = place.read("shop/conf/micro-gw.conf");
    place.write(
        "shop/conf/micro-gw.conf",
        &format!("{settings}[adminConfig]\nhost = \"0.0.0.0\"\n"),
    );
    for command in ["check", "audit"] {
        place
            .mgw(&[command, "shop"])
            .exits(3)
            .says("error[gateway-setting]: the gateway does not start")
            .says("shop/conf/micro-gw.conf:2:1");
    }
    // The rest is looked at all the same.
    place.mgw(&["audit", "shop"]).exits(3).says("warning[admin-exposed]");
}

/// Whoever audits need not have the files of the machine that serves.
#[test]
fn files_that_are_not_there_are_told_and_do_not_shut_the_gate() {
    let place = project(Some(
        "[listenerConfig]\ncertificateFile = \"none.pem\"\nprivateKeyFile = \"none.key\"\n",
    ));
    place
        .mgw(&["audit", "shop", "--junit", "out.xml"])
        .exits(0)
        .says("warning[missing-file]")
        .says("shop/conf/micro-gw.conf:2:1")
        .says("Audited shop: 2 warnings");
    assert!(!place.read("out.xml").contains("<failure"));
}

/// The settings, and the lines of what is found in them.
#[test]
fn findings_about_settings_have_their_lines() {
    let settings = "core_prod_endpoint_0 = \"http://other.example\"\n\
        [adminConfig]\nhost = \"0.0.0.0\"\n\
        [httpClients.sslConfig]\nverifyHostname = false\n\
        [security]\nvalidateSubscriptions = false\n\
        [keyManager]\nserverUrl = \"http://km.example\"\n\
        [[jwtTokenConfig]]\nissuer = \"first\"\njwksURL = \"https://idp.example/keys\"\naudience = [\"a\"]\n\
        [[jwtTokenConfig]]\nissuer = \"second\"\njwksURL = \"http://idp.example/keys\"\nvalidateSubscription = false\n\
        [b7a.users.jim]\npassword = \"a94a8fe5ccb19ba61c4c0873d391e987982fbbd3\"\n\
        [b7a.users.zoe]\npassword = \"@sha256:{9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08}\"\n";
    let place = project(Some(settings));
    let told = place.mgw(&["audit", "shop", "--fail-on", "never", "--output", "json"]);
    assert!(!told.stderr.contains("a94a8f") && !told.stdout.contains("a94a8f"));
    let json = told.exits(0).json();
    let mut found: Vec<(u64, &str)> = json["diagnostics"]
        .as_array()
        .expect("a list")
        .iter()
        // The gateway's own advice has had its lines before.
        .filter(|finding| finding["code"] != "doubtful-setting")
        .map(|finding| {
            assert_eq!(finding["file"], "shop/conf/micro-gw.conf", "{finding}");
            let line = finding["line"].as_u64();
            (line.unwrap_or_default(), finding["code"].as_str().expect("a text"))
        })
        .collect();
    found.sort_unstable();
    let expected = [
        (1, "backend-in-the-clear"),
        (3, "admin-exposed"),
        (5, "backends-unchecked"),
        (7, "subscriptions-unchecked"),
        (9, "issuer-in-the-clear"),
        (15, "any-audience"),
        (16, "issuer-in-the-clear"),
        (17, "subscriptions-unchecked"),
        (19, "weak-hash"),
        (21, "weak-hash"),
    ];
    assert_eq!(found, expected, "{json:#}");
}

#[test]
fn findings_about_the_environment_name_the_variable() {
    for settings in [None, Some("[listenerConfig]\nhttpPort = 9090\n")] {
        let place = project(settings);
        let mut command = place.command(&["audit", "shop", "--sarif", "out.sarif"]);
        command.env("adminConfig_host", "0.0.0.0");
        command.env("core_prod_endpoint_0", "http://other.example");
        Outcome::of(command)
            .exits(4)
            .says("warning[admin-exposed]: the admin listener can be reached from other machines (0.0.0.0)\n--> environment variable adminConfig_host")
            .says("--> environment variable core_prod_endpoint_0");
        let sarif = place.read("out.sarif");
        assert!(
            sarif.contains("\"fullyQualifiedName\": \"environment variable adminConfig_host\""),
            "{sarif}"
        );
        assert!(!sarif.contains("micro-gw.conf"), "{sarif}");
    }
}
