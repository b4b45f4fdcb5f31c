//! Signed bundles through the binary: keys, signing, checking, and gateways that serve nothing else.

use crate::build::{DEFINITION, built};
use crate::running::Running;
use crate::serve::ON_LOOPBACK;
use crate::support::{Outcome, Place};
use mgw_fixtures::eventually::eventually;

/// A bundle, signed with `release`, whose public half is in `release.pub.pem`.
fn signed() -> Place {
    let place = built();
    let public = place.mgw(&["keys", "new", "release"]).exits(0).stdout;
    std::fs::copy(public.trim(), place.path().join("release.pub.pem")).expect("the public half is there");
    place
        .mgw(&["build", "shop", "--sign", "release"])
        .exits(0)
        .says("Signed");
    place
}

/// Builds the bundle anew, so that nobody has signed it.
fn unsigned(place: &Place) {
    std::fs::remove_file(place.path().join("shop/target/shop.zip")).expect("built");
    place.mgw(&["build", "shop"]).exits(0);
}

/// Replaces a file at once, as those who deliver bundles do.
fn replace(place: &Place, name: &str, by: &str) {
    let copy = place.path().join("copy");
    std::fs::copy(place.path().join(by), &copy).expect("it is there");
    std::fs::rename(&copy, place.path().join(name)).expect("the folder is writable");
}

#[test]
fn only_what_a_trusted_key_signed_verifies() {
    let place = signed();
    let key_id = place.mgw(&["keys", "list", "--output", "json"]).exits(0).json()[0]["key_id"].clone();
    for key in ["release", "release.pub.pem"] {
        let verified = place
            .mgw(&["verify", "shop", "--key", key, "--output", "json"])
            .exits(0)
            .json();
        assert_eq!(verified["trusted"], key_id);
        assert_eq!(verified["signers"][0]["name"], "release");
    }
    place.mgw(&["keys", "new", "other"]).exits(0);
    place
        .mgw(&["verify", "shop", "--key", "other"])
        .exits(6)
        .says("which is not trusted")
        .says(key_id.as_str().expect("a text"))
        .says("Trusted is other");
    place
        .mgw(&["verify", "shop", "--key", "other,release.pub.pem"])
        .exits(0);
    // One of several is enough, and a key that cannot be read is not passed over.
    place
        .mgw(&["verify", "shop", "--key", "other", "--key", "release"])
        .exits(0);
    place
        .mgw(&["verify", "shop", "--key", "release", "--key", "gone.pem"])
        .exits(7)
        .says("gone.pem");
    // Nor is the second of two in one file.
    let shown = |name: &str| place.mgw(&["keys", "show", name]).exits(0).stdout;
    place.write("two.pem", &format!("{}{}", shown("release"), shown("other")));
    place
        .mgw(&["verify", "shop", "--key", "two.pem"])
        .exits(7)
        .says("several PEM blocks `PUBLIC KEY`")
        .says("each key into a file of its own");
    place
        .mgw(&["keys", "import", "two", "two.pem"])
        .exits(7)
        .says("several PEM blocks `PUBLIC KEY`");
    place
        .mgw(&["verify", "shop", "--key", "relaese"])
        .exits(2)
        .says("Did you mean `release`?");

    unsigned(&place);
    place
        .mgw(&["verify", "shop", "--key", "release"])
        .exits(6)
        .says("is not signed");
    place.mgw(&["sign", "shop"]).exits(2).says("mgw keys new");
    place.mgw(&["sign", "shop", "--key", "release"]).exits(0);
    place.mgw(&["verify", "shop", "--key", "release"]).exits(0);
}

#[test]
fn signing_again_or_elsewhere_gives_the_same_bytes() {
    let place = signed();
    let first = std::fs::read(place.path().join("shop/target/shop.zip")).expect("built");
    let private = place.config_dir().join("signing-keys/release.pem");
    let pem = std::fs::read_to_string(&private).expect("there");
    unsigned(&place);
    let mut pipeline = place.command(&["build", "shop"]);
    pipeline.env("MGW_SIGNING_KEY", &pem);
    let outcome = Outcome::of(pipeline).exits(0);
    assert_eq!(
        std::fs::read(place.path().join("shop/target/shop.zip")).expect("built"),
        first
    );
    // The private half is nowhere but where it belongs.
    let secret = pem.lines().nth(1).expect("the key itself");
    assert!(!outcome.stdout.contains(secret) && !outcome.stderr.contains(secret));
    for (path, bytes) in place.files() {
        let is_there = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert_eq!(is_there, path == private, "{}", path.display());
    }
}

#[test]
fn a_build_of_the_same_bundle_keeps_its_signatures() {
    let place = signed();
    let file = place.path().join("shop/target/shop.zip");
    let bundle = || std::fs::read(&file).expect("built");
    let signed_once = bundle();
    let again = place.mgw(&["build", "shop", "--output", "json"]).exits(0);
    let result = again.says("Unchanged").says("before: it is the same bundle").json();
    let key_id = place.mgw(&["keys", "list", "--output", "json"]).exits(0).json()[0]["key_id"].clone();
    assert_eq!(
        (&result["written"], &result["key_ids"]),
        (&false.into(), &serde_json::json!([key_id]))
    );
    assert_eq!(bundle(), signed_once);
    // Another key is added, whichever of the two signs first.
    place.mgw(&["keys", "new", "other"]).exits(0);
    place.mgw(&["build", "shop", "--sign", "other"]).exits(0).says("Built");
    for key in ["release", "other"] {
        place.mgw(&["verify", "shop", "--key", key]).exits(0);
    }
    let signed_twice = bundle();
    place
        .mgw(&["build", "shop", "--sign", "release"])
        .exits(0)
        .says("Unchanged");
    std::fs::remove_file(&file).expect("built");
    place
        .mgw(&["build", "shop", "--sign", "other", "--sign", "release"])
        .exits(0);
    assert_eq!(bundle(), signed_twice);
    // A signature is of one bundle, and a damaged one has none.
    let mut damaged = signed_twice;
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    std::fs::write(&file, damaged).expect("writable");
    place.mgw(&["build", "shop"]).exits(0).says("Built");
    place
        .mgw(&["verify", "shop", "--key", "release"])
        .exits(6)
        .says("is not signed");
    place.mgw(&["sign", "shop", "--key", "release"]).exits(0);
    place.write(
        "shop/api_definitions/openapi.yaml",
        &DEFINITION.replace("an item", "another"),
    );
    place.mgw(&["build", "shop"]).exits(0).says("Built");
    place
        .mgw(&["verify", "shop", "--key", "release"])
        .exits(6)
        .says("is not signed");
}

#[test]
fn a_digest_that_is_not_meant_is_not_signed() {
    let place = signed();
    unsigned(&place);
    let before = std::fs::read(place.path().join("shop/target/shop.zip")).expect("built");
    place
        .mgw(&["sign", "shop", "--key", "release", "--digest", &"0".repeat(64)])
        .exits(6)
        .says("not the one that was asked for");
    assert_eq!(
        std::fs::read(place.path().join("shop/target/shop.zip")).expect("kept"),
        before
    );
}

#[test]
fn what_cannot_sign_is_told_before_anything_is_built() {
    let place = signed();
    let before = std::fs::read(place.path().join("shop/target/shop.zip")).expect("built");
    place.write(
        "rsa.pem",
        "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n",
    );
    for (key, code, text) in [
        ("rsa.pem", 7, "openssl genpkey -algorithm ed25519"),
        ("release.pub.pem", 7, "cannot be used as a signing key"),
        ("nobody", 2, "there is no key `nobody`"),
        ("./nobody", 7, "cannot read ./nobody"),
    ] {
        place.mgw(&["build", "shop", "--sign", key]).exits(code).says(text);
    }
    place.write(
        "curve.pem",
        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n\
         -----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n",
    );
    // As a secret comes out of a shell that splits it into words.
    let pem = std::fs::read_to_string(place.config_dir().join("signing-keys/release.pem")).expect("there");
    let mut pipeline = place.command(&["build", "shop"]);
    pipeline.env("MGW_SIGNING_KEY", pem.replace('\n', " "));
    Outcome::of(pipeline)
        .exits(7)
        .says("the line ends of the PEM block `PRIVATE KEY` are lost")
        .says("within quotes");
    place
        .mgw(&["keys", "import", "curve", "curve.pem"])
        .exits(7)
        .says("curve.pem cannot be used as a signing key")
        .says("it is no Ed25519 key");
    assert_eq!(
        std::fs::read(place.path().join("shop/target/shop.zip")).expect("kept"),
        before
    );
    place
        .mgw(&["keys", "new", "release"])
        .exits(2)
        .says("there is a key `release` already");
    place.mgw(&["keys", "new", "../x"]).exits(2).says("letters, digits");
}

#[test]
fn a_gateway_starts_with_nothing_else() {
    let place = signed();
    place.mgw(&["keys", "new", "other"]).exits(0);
    let refused = |source: &str, more: &[&str], code, text: &str| {
        let arguments = [&["run", source][..], &ON_LOOPBACK, more].concat();
        place.mgw(&arguments).exits(code).says(text);
    };
    let trusting = ["--verify-key", "other"];
    refused("shop/target/shop.zip", &trusting, 6, "which is not trusted");
    refused("shop", &["--verify-key", "release"], 6, "this is a project");
    refused(
        "shop/target/shop.zip",
        &["--verify-key", "release", "--connected"],
        2,
        "makes bundles of its own",
    );
    place.write("trusted.conf", "[bundle]\ntrustedKeys = [\"gone.pem\"]\n");
    refused("shop/target/shop.zip", &["--config", "trusted.conf"], 7, "gone.pem");
    let shown = |name: &str| place.mgw(&["keys", "show", name]).exits(0).stdout;
    place.write("gone.pem", &format!("{}{}", shown("other"), shown("release")));
    refused(
        "shop/target/shop.zip",
        &["--config", "trusted.conf"],
        7,
        "several PEM blocks",
    );
}

#[test]
fn a_running_gateway_takes_no_bundle_that_nobody_trusted_signed() {
    let place = signed();
    place.write("trusted.conf", "[bundle]\ntrustedKeys = [\"release.pub.pem\"]\n");
    replace(&place, "served.zip", "shop/target/shop.zip");
    let log = place.path().join("log");
    let arguments = [
        &["run", "served.zip", "--config", "trusted.conf", "--output", "json"][..],
        &ON_LOOPBACK,
    ];
    let command = place.command(&arguments.concat());
    let file = std::fs::File::create(&log).expect("the folder is writable");
    let mut gateway = Running::saying(command, file.into());
    gateway.json_line();
    let said = |text: &str| std::fs::read_to_string(&log).is_ok_and(|log| log.contains(text));

    // Another one, unsigned: it is refused, and what was served goes on.
    place.write(
        "shop/api_definitions/openapi.yaml",
        &DEFINITION.replace("/items/{id}", "/others/{id}"),
    );
    let built = place.mgw(&["build", "shop", "--output", "json"]).exits(0).json();
    let serves_it = format!("bundle {}", built["digest"].as_str().expect("a text"));
    replace(&place, "served.zip", "shop/target/shop.zip");
    gateway.signal("HUP");
    eventually("it is refused", || {
        said("served.zip is not signed") && said("the bundle that was served before goes on")
    });
    assert!(!said(&serves_it));

    // The same one, signed.
    place.mgw(&["sign", "shop", "--key", "release"]).exits(0);
    replace(&place, "served.zip", "shop/target/shop.zip");
    gateway.signal("HUP");
    eventually("it is served", || said(&serves_it));
    gateway.signal("TERM");
    gateway.end().exits(0);
}

/// Keys and bundle are replaced one after the other, and nobody sends a signal.
#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_whose_key_was_away_is_served_when_the_key_is_there() {
    let place = signed();
    place.mgw(&["keys", "new", "next"]).exits(0);
    let key = place.mgw(&["keys", "show", "next"]).exits(0).stdout;
    replace(&place, "key.pem", "release.pub.pem");
    replace(&place, "served.zip", "shop/target/shop.zip");
    let log = place.path().join("log");
    let arguments = [
        &["run", "served.zip", "--verify-key", "key.pem", "--output", "json"][..],
        &ON_LOOPBACK,
    ];
    let command = place.command(&arguments.concat());
    let file = std::fs::File::create(&log).expect("the folder is writable");
    let mut gateway = Running::saying(command, file.into());
    let admin = gateway.json_line()["admin"].as_str().expect("an address").to_owned();
    let said = |text: &str| std::fs::read_to_string(&log).is_ok_and(|log| log.contains(text));

    std::fs::remove_file(place.path().join("key.pem")).expect("there");
    place.write(
        "shop/api_definitions/openapi.yaml",
        &DEFINITION.replace("/items/{id}", "/others/{id}"),
    );
    let built = place
        .mgw(&["build", "shop", "--sign", "next", "--output", "json"])
        .exits(0)
        .json();
    replace(&place, "served.zip", "shop/target/shop.zip");
    eventually("it is refused", || said("cannot read key.pem"));
    place.write("next.pem", &key);
    replace(&place, "key.pem", "next.pem");
    let serves_it = format!("bundle {}", built["digest"].as_str().expect("a text"));
    eventually("it is served", || said(&serves_it));
    let metrics = reqwest::get(format!("{admin}/metrics")).await.expect("an answer");
    let metrics = metrics.text().await.expect("text");
    assert!(metrics.contains("mgw_bundle_refused 0\n"), "{metrics}");
    assert!(metrics.contains("mgw_reload_failures_total 1\n"), "{metrics}");
    gateway.signal("TERM");
    gateway.end().exits(0);
}

#[test]
fn a_file_that_is_no_key_hides_no_others() {
    let place = Place::new();
    for name in ["bad", "good"] {
        place.mgw(&["keys", "new", name]).exits(0);
    }
    let bad = place.config_dir().join("signing-keys/bad.pem");
    std::fs::write(&bad, "").expect("it is ours");
    let told = place.mgw(&["keys", "list"]).exits(7).prints("good  signs");
    let named = format!("{} cannot be used as a signing key", bad.display());
    let told = told.says(&named);
    assert!(!told.stdout.contains("bad"), "{}", told.stdout);
    let json = place.mgw(&["keys", "list", "--output", "json"]).exits(7).json();
    assert_eq!(json.as_array().map(Vec::len), Some(1), "{json}");
    place
        .mgw(&["doctor", "--offline", "--only", "private-files"])
        .exits(0)
        .prints("all 2 can be read by their owner alone")
        .prints(&named);
}

#[test]
fn the_text_of_a_key_is_not_repeated() {
    let place = signed();
    let file = place.config_dir().join("signing-keys/release.pem");
    let pem = std::fs::read_to_string(file).expect("it is ours");
    let key = pem.lines().nth(1).expect("three lines");
    let check = |words: &[&str], variables: &[(&str, &str)], code: i32, told: &str| {
        for format in ["text", "json"] {
            let mut command = place.command(&[words, &["--output", format]].concat());
            command.envs(variables.iter().copied());
            let outcome = Outcome::of(command).exits(code);
            let said = format!("{}{}", outcome.stdout, outcome.stderr);
            assert!(said.contains(told) && !said.contains(key), "{said}");
        }
    };
    let on_the_line = "the text of a key stands on the command line";
    check(&["build", "shop", "--sign", &pem], &[], 2, on_the_line);
    check(&["build", "shop", &format!("--sign={pem}")], &[], 2, on_the_line);
    check(&["verify", "shop", "--key", &pem], &[], 2, on_the_line);
    let variable = [("MGW_VERIFY_KEY", pem.as_str())];
    check(&["verify", "shop"], &variable, 2, "it is the text of a key");
    let variable = [("MGW_SIGNING_KEY_FILE", pem.as_str())];
    check(
        &["build", "shop"],
        &variable,
        7,
        "MGW_SIGNING_KEY_FILE seems to hold the secret itself",
    );
    let doctor = ["doctor", "shop", "--offline", "--only", "credentials"];
    check(
        &doctor,
        &variable,
        7,
        "MGW_SIGNING_KEY_FILE names a file that is not there",
    );
}
