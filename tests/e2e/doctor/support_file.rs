//! The redacted archive of `mgw doctor --support`.

use super::project;
use crate::support::{Outcome, Place};
use std::process::Command;

/// The entries of a support file.
fn entries(place: &Place, name: &str) -> Vec<(String, String)> {
    let file = std::fs::File::open(place.path().join(name)).expect("it is there");
    let mut archive = zip::ZipArchive::new(file).expect("it is an archive");
    (0..archive.len())
        .map(|number| {
            let entry = archive.by_index(number).expect("an entry");
            let name = entry.name().expect("a name").into_owned();
            (name, std::io::read_to_string(entry).expect("a text"))
        })
        .collect()
}

/// A project, a session, settings and variables with a secret wherever one can be.
fn full_of_secrets() -> Place {
    let place = project();
    place.mgw(&["keys", "new", "release"]).exits(0);
    let sessions = place.config_dir().join("sessions");
    std::fs::create_dir_all(&sessions).expect("a folder");
    let session = serde_json::json!({
        "format": 1, "url": "https://apim.example", "kind": "apim-4.2", "user": "ana", "client_id": "mgw",
        "client_secret": "canary-client", "access_token": "canary-access", "refresh_token": "canary-refresh",
        "issued": "2026-01-01T00:00:00Z", "expires": "2099-01-01T00:00:00Z", "scopes": ["x"],
        "headers": { "X-Key": "canary-header" },
    });
    let path = sessions.join("default.json");
    std::fs::write(&path, session.to_string()).expect("a file");
    let mode = Command::new("chmod")
        .arg("600")
        .arg(&path)
        .status()
        .expect("chmod is there");
    assert!(mode.success());
    place.write("secret-file", "canary-in-file\n");
    place.write(
        "shop/conf/micro-gw.conf",
        "shop_prod_basic_password = \"canary-override\"\n\
         [listenerConfig]\nkeyStorePath = \"store.p12\"\nkeyStorePassword = \"canary-store\"\n\
         [throttlingConfig.shared]\nurl = \"redis://ana:canary-redis@store.example:6379\"\n\
         [b7a.users.ana]\npassword = \"canary-hash\"\n\
         [[server.headerConf]]\nheaderName = \"Authorization\"\noverrideValue = \"Basic canary-basic\"\n\
         [[jwtTokenConfig]]\nissuer = \"https://ana:canary-issuer@issuer.example/?key=canary-query\"\n",
    );
    place.write(
        "shop/mgw.toml",
        "# canary-toml-comment\nformat = 1\nname = \"shop\"\n[control-plane]\nurl = \"https://apim.example\"\n\
         [pull]\nlabels = [\"dev\"]\n",
    );
    place.write(
        "shop/api_definitions/other.yaml",
        "openapi: 3.0.0\ninfo: {title: Other, version: 1.0.0}\nservers: [{url: 'https://ana:canary-server@backend.example/'}]\n\
         x-wso2-production-endpoints:\n  urls: ['https://ana:canary-endpoint@backend.example']\n  \
         securityConfig: {type: basic, username: ana, password: canary-definition}\n\
         paths: {/x: {get: {responses: {}}}}\n",
    );
    place
}

fn with_secrets(place: &Place, arguments: &[&str]) -> Outcome {
    let mut command = place.command(arguments);
    command
        .env("MGW_PASSWORD", "canary-variable")
        .env("WSO2_CLOUD_PASSWORD", "canary-cloud")
        .env("MGW_ACCESS_TOKEN", "canary-token")
        .env("MGW_CLIENT_SECRET_FILE", "secret-file")
        .env("MGW_HTTP_HEADERS", "Authorization: Bearer canary-bearer")
        .env("MGW_BROKER", "amqps://ana:canary-broker@broker.example:8672/carbon")
        .env("MGW_BROKER_PASSWORD", "canary-broker-password")
        .env("MGW_SIGNING_KEY", "canary-signing-key")
        .env("HTTPS_PROXY", "http://ana:canary-proxy@127.0.0.1:9")
        .env("httpClients_proxy_password", "canary-setting");
    Outcome::of(command)
}

#[test]
fn no_secret_gets_into_a_support_file() {
    let place = full_of_secrets();
    // Connections fail here, and what they say is in the file as well.
    let arguments = ["doctor", "shop", "--support", "support.zip", "-v"];
    let outcome = with_secrets(&place, &arguments);
    let entries = entries(&place, "support.zip");
    for (name, text) in &entries {
        assert!(!text.contains("canary"), "{name}: {text}");
    }
    for text in [&outcome.stdout, &outcome.stderr] {
        assert!(!text.contains("canary"), "{text}");
    }
    let names: Vec<&str> = entries.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.is_sorted(), "{names:?}");
    for name in [
        "about.json",
        "doctor.json",
        "environment.json",
        "project/mgw.toml",
        "settings.json",
    ] {
        assert!(names.contains(&name), "{names:?}");
        assert!(outcome.stderr.contains(name), "{}", outcome.stderr);
    }
    let settings = &entries
        .iter()
        .find(|(name, _)| name == "settings.json")
        .expect("it is there")
        .1;
    assert!(
        settings.contains("listenerConfig.keyStorePassword") && settings.contains("(secret)"),
        "{settings}"
    );
    assert!(settings.contains("store.p12"), "{settings}");

    use std::os::unix::fs::MetadataExt;
    let mode = place.path().join("support.zip").metadata().expect("it is there").mode() & 0o777;
    assert_eq!(mode, 0o600);
    with_secrets(&place, &arguments)
        .exits(7)
        .says("is there already")
        .says("--force");
    // What is no good is told of, and not handed on.
    place.write(
        "shop/mgw.toml",
        "format = 1\nname = \"shop\"\n[control-plane]\nurl = \"https://ana:canary-toml@apim.example/?k=canary-toml-query\"\n",
    );
    with_secrets(
        &place,
        &["doctor", "shop", "--support", "support.zip", "--force", "--offline"],
    );
    for (name, text) in self::entries(&place, "support.zip") {
        assert!(!text.contains("canary"), "{name}: {text}");
    }
    // Nothing asks for a fragment, so that an address is good with one.
    place.write(
        "shop/mgw.toml",
        "format = 1\nname = \"shop\"\n[control-plane]\nurl = \"https://apim.example/#canary-fragment\"\n",
    );
    with_secrets(
        &place,
        &["doctor", "shop", "--support", "support.zip", "--force", "--offline"],
    );
    let entries = self::entries(&place, "support.zip");
    assert!(
        entries
            .iter()
            .any(|(name, text)| name == "project/mgw.toml" && text.contains("https://apim.example/"))
    );
    for (name, text) in entries {
        assert!(!text.contains("canary"), "{name}: {text}");
    }
}

#[test]
fn addresses_stay_out_where_that_is_wanted() {
    let place = full_of_secrets();
    // Names that stand alone, without a URL around them.
    let settings = place.read("shop/conf/micro-gw.conf");
    place.write(
        "shop/conf/micro-gw.conf",
        &format!(
            "{settings}[adminConfig]\nhost = \"127.0.0.1\"\n[httpClients.proxy]\nhost = \"proxy.corp.example\"\n\
             username = \"proxy-user\"\n[gatewayStatus]\nhostName = \"gw-seventeen\"\n[apim.eventHub]\n\
             username = \"hub@meridian.example@meridian\"\n[b7a.users.somebody]\npassword = \"canary-hash\"\n"
        ),
    );
    place.write(
        "shop/mgw.lock",
        &format!(
            "format = 1\n[source]\nurl = \"https://apim.example\"\nkind = \"apim-4.2\"\norganisation = \"meridian\"\n\
             labels = [\"dev\"]\napis = []\n[[api]]\nname = \"Orders\"\nversion = \"1\"\nid = \"1\"\nprovider = \"berta@corp.example\"\n\
             state = \"published\"\npath = \"gen/api_definitions/orders.json\"\nsha256 = \"{}\"\n",
            "0".repeat(64)
        ),
    );
    with_secrets(
        &place,
        &["doctor", "shop", "--offline", "--support", "s.zip", "--hide-addresses"],
    );
    let all = entries(&place, "s.zip");
    let settings = &all
        .iter()
        .find(|(name, _)| name == "settings.json")
        .expect("it is there")
        .1;
    let names: Vec<String> = all.iter().map(|(name, _)| name.clone()).collect();
    assert!(
        settings.contains("adminConfig.host") && settings.contains("127.0.0.1"),
        "{settings}"
    );
    for (name, text) in all {
        // The example of a remedy is nobody's address.
        let text = text.replace("https://backend.example.com/v1", "");
        for host in [
            "apim.example",
            "store.example",
            "issuer.example",
            "backend.example",
            "proxy.corp",
            "proxy-user",
            "seventeen",
            "meridian",
            "somebody",
            "berta",
        ] {
            assert!(!text.contains(host), "{host} in {name}: {text}");
        }
    }
    assert!(names.contains(&"project/mgw.lock".to_owned()), "{names:?}");
}
