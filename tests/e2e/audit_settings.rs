//! What `mgw audit` says of the gateway's settings.

use crate::support::Place;
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
    place.write("shop/policies.yaml", "resourcePolicies: []\n");
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
