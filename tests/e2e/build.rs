//! From a definition to a checked bundle: init, add, check, build, inspect and verify through the binary.

use crate::support::{Outcome, Place, limited};
use std::io::{Read, Write};

pub const DEFINITION: &str = "openapi: 3.0.0\n\
    info:\n  title: Shop\n  version: 1.0.0\n\
    x-wso2-basePath: /shop\n\
    x-wso2-production-endpoints:\n  urls: [http://127.0.0.1:3000]\n\
    paths:\n  /items/{id}:\n    get:\n      responses:\n        '200':\n          description: an item\n";

fn with_definition() -> Place {
    let place = Place::new();
    place.write("openapi.yaml", DEFINITION);
    place
}

/// A project that has been built.
pub fn built() -> Place {
    let place = with_definition();
    place.mgw(&["init", "shop", "--api", "openapi.yaml"]).exits(0);
    place.mgw(&["build", "shop"]).exits(0);
    place
}

#[test]
fn what_a_killed_build_has_staged_is_removed() {
    let place = built();
    place.write("shop/target/.gen-dead/gen/manifest.json", "{}");
    // Nothing is built: everything is there.
    place.mgw(&["build", "shop"]).exits(0);
    assert!(!place.path().join("shop/target/.gen-dead").exists());
    let listed = std::fs::read_dir(place.path().join("shop/target")).expect("built");
    let names: Vec<_> = listed.map(|entry| entry.expect("listed").file_name()).collect();
    assert!(
        names.iter().all(|name| !name.to_string_lossy().starts_with('.')),
        "{names:?}"
    );
}

#[test]
fn a_definition_becomes_a_bundle_that_verifies() {
    let place = with_definition();
    place
        .mgw(&["init", "shop", "--api", "openapi.yaml"])
        .exits(0)
        .says("Created shop")
        .says("mgw build shop");
    assert_eq!(place.read("shop/api_definitions/openapi.yaml"), DEFINITION);
    place
        .mgw(&["check", "shop"])
        .exits(0)
        .says("1 API, 1 operation, no problems");

    let outcome = place.mgw(&["build", "shop", "--output", "json"]).exits(0);
    let result = outcome.json();
    assert_eq!(result["bundle"], "shop/target/shop.zip");
    let digest = result["digest"].as_str().unwrap().to_owned();

    let shown = place.mgw(&["inspect", "shop"]).exits(0).stdout;
    for text in [
        "Shop:1.0.0  /shop",
        "GET     /items/{id}  [oauth2]",
        "http://127.0.0.1:3000",
        "serves    1 API, 1 operation",
        &digest,
        "Bronze",
    ] {
        assert!(shown.contains(text), "no {text:?} in:\n{shown}");
    }
    let inspected = place
        .mgw(&["inspect", "shop/target/shop.zip", "--output", "json"])
        .exits(0)
        .json();
    assert_eq!(inspected["config"]["apis"][0]["base_path"], "/shop");
    let zip = std::fs::metadata(place.path().join("shop/target/shop.zip")).expect("built");
    assert_eq!(inspected["sizes"]["archive"], zip.len());
    assert_eq!(
        (&inspected["sizes"]["apis"], &inspected["sizes"]["operations"]),
        (&1.into(), &1.into())
    );
    let verified = place
        .mgw(&["verify", "shop/target/shop.zip", "--digest", &digest])
        .exits(0);
    assert_eq!(verified.stdout.trim(), digest);
}

#[test]
fn one_flipped_bit_is_a_mismatch() {
    let place = built();
    let path = place.path().join("shop/target/shop.zip");
    let intact = std::fs::read(&path).unwrap();
    for offset in [40, intact.len() / 2, intact.len() - 30] {
        let mut bytes = intact.clone();
        bytes[offset] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        place.mgw(&["verify", "shop"]).exits(6).says("not an intact bundle");
    }
    std::fs::write(&path, &intact).unwrap();
    place.mgw(&["verify", "shop"]).exits(0);
    place
        .mgw(&["verify", "shop", "--digest", &"0".repeat(64)])
        .exits(6)
        .says("not the one that was asked for");
    place.mgw(&["verify", "shop", "--digest", "abc"]).exits(2);
    place.mgw(&["verify", "nowhere.zip"]).exits(7);
}

#[test]
fn mistakes_are_shown_at_their_place_and_nothing_is_built() {
    let place = built();
    let bundle = std::fs::read(place.path().join("shop/target/shop.zip")).unwrap();
    place.write(
        "shop/api_definitions/openapi.yaml",
        &DEFINITION.replace("x-wso2-production-endpoints", "x-wso2-production-endpoint"),
    );
    place.write("shop/policies.yaml", "resourcePolicies:\n  - A:\n      count: many\n");
    let before = place.files();
    let outcome = place.mgw(&["build", "shop"]).exits(3);
    for text in [
        "shop/api_definitions/openapi.yaml:6:1",
        "Did you mean `x-wso2-production-endpoints`?",
        "has no endpoint for GET /items/{id}",
        "shop/policies.yaml:3:14",
        "Nothing was built.",
    ] {
        assert!(outcome.stderr.contains(text), "no {text:?} in:\n{}", outcome.stderr);
    }
    assert_eq!(outcome.stdout, "");
    assert_eq!(place.files(), before);
    assert_eq!(
        std::fs::read(place.path().join("shop/target/shop.zip")).unwrap(),
        bundle
    );

    let checked = place.mgw(&["check", "shop", "--output", "json", "--quiet"]).exits(3);
    let json = checked.json();
    assert_eq!(json["summary"]["errors"], 4, "{json:#}");
    let first = &json["diagnostics"][0];
    assert_eq!((&first["line"], &first["column"]), (&3.into(), &10.into()));
}

#[test]
fn a_project_of_micro_gw_builds_from_inside() {
    let place = Place::new();
    place.write("old/api_definitions/a.yaml", DEFINITION);
    place.write("old/policies.yaml", "");
    let mut command = place.command(&["build"]);
    command.current_dir(place.path().join("old"));
    let outcome = Outcome::of(command).exits(0);
    assert_eq!(outcome.stdout.trim(), "target/old.zip");
    place
        .mgw(&["build", "nowhere"])
        .exits(3)
        .says("is not a project folder");
    place.mgw(&["inspect", "."]).exits(7).says("has not been built yet");
}

#[test]
fn broken_and_missing_definitions_change_nothing() {
    let place = Place::new();
    place.write("broken.yaml", "openapi: 3.0.0\ninfo: [\n");
    let before = place.files();
    place
        .mgw(&["init", "shop", "--api", "broken.yaml"])
        .exits(3)
        .says("broken.yaml:");
    place
        .mgw(&["init", "shop", "--api", "missing.yaml"])
        .exits(7)
        .says("missing.yaml");
    place.mgw(&["init", "../.x"]).exits(2);
    assert_eq!(place.files(), before);
}

#[test]
fn init_tells_what_a_definition_lacks() {
    let place = Place::new();
    place.write(
        "a.yaml",
        "openapi: 3.0.0\ninfo: {title: A, version: 1}\npaths: {/x: {get: {}}}\n",
    );
    place
        .mgw(&["init", "shop", "-a", "a.yaml"])
        .exits(0)
        .says("A:1 has no endpoint for GET /x")
        .says("x-wso2-production-endpoints")
        .says("Put the errors right");
}

#[test]
fn add_copies_and_force_replaces() {
    let place = with_definition();
    place.mgw(&["init", "shop"]).exits(0).says("mgw add shop");
    place
        .mgw(&["add", "shop", "openapi.yaml"])
        .exits(0)
        .says("api_definitions/openapi.yaml");
    place
        .mgw(&["add", "shop", "openapi.yaml"])
        .exits(7)
        .says("exists already");
    let again = place.mgw(&["add", "shop", "openapi.yaml", "--force"]).exits(0);
    assert!(!again.stderr.contains("was the definition of"), "{}", again.stderr);
    again.says("Replaced api_definitions/openapi.yaml");
    place.mgw(&["add", "nowhere", "openapi.yaml"]).exits(3);
    place.mgw(&["init", "shop"]).exits(7).says("--force");
    place.mgw(&["init", "shop", "--force"]).exits(0);
    assert!(!place.path().join("shop/api_definitions/openapi.yaml").exists());
}

/// A definition whose only operation is in a file of its own.
fn in_two_files(place: &Place, folder: &str, part: &str) {
    let definition = format!(
        "openapi: 3.0.0\ninfo: {{title: {folder}, version: 1.0.0}}\nx-wso2-basePath: /{folder}\n\
         x-wso2-production-endpoints: {{urls: ['http://localhost:3000']}}\npaths: {{/a: {{$ref: sub/p.yaml}}}}\n"
    );
    place.write(&format!("{folder}/openapi.yaml"), &definition);
    place.write(&format!("{folder}/sub/p.yaml"), part);
}

#[test]
fn definitions_that_are_added_together_keep_their_files() {
    let place = Place::new();
    place.mgw(&["init", "shop"]).exits(0);
    in_two_files(&place, "X", "get: {}\n");
    in_two_files(&place, "Y", "get: {x-wso2-disable-security: true}\n");
    place
        .mgw(&["add", "shop", "X/openapi.yaml", "Y/openapi.yaml"])
        .exits(0)
        .says("Added api_definitions/openapi.yaml")
        .says("Added api_definitions/sub/p.yaml")
        .says("Added api_definitions/openapi/openapi.yaml")
        .says("Added api_definitions/openapi/sub/p.yaml");
    place.mgw(&["build", "shop"]).exits(0).says("2 APIs");
    assert_eq!(place.read("shop/api_definitions/sub/p.yaml"), "get: {}\n");
}

#[test]
fn a_definition_can_get_a_name() {
    let place = with_definition();
    place.mgw(&["init", "shop", "--api", "openapi.yaml"]).exits(0);
    place.write(
        "openapi.yaml",
        &DEFINITION
            .replace("title: ", "title: Other ")
            .replace("/shop", "/other"),
    );
    place
        .mgw(&["add", "shop", "openapi.yaml"])
        .exits(7)
        .says("another name with --name");
    place
        .mgw(&["add", "shop", "openapi.yaml", "--name", "other"])
        .exits(0)
        .says("Added api_definitions/other.yaml");
    for (arguments, said) in [
        (
            &["openapi.yaml", "--name", "../other"][..],
            "cannot be the name of a definition",
        ),
        (
            &["openapi.yaml", "a.yaml", "--name", "a"],
            "--name is for one definition, and there are 2",
        ),
    ] {
        let arguments = [&["add", "shop"], arguments].concat();
        place.mgw(&arguments).exits(2).says(said);
    }
    // What goes is told.
    place
        .mgw(&["add", "shop", "openapi.yaml", "--force"])
        .exits(0)
        .says("Replaced api_definitions/openapi.yaml")
        .says("which the project has lost");
}

#[test]
fn a_part_of_another_api_is_not_replaced() {
    let place = Place::new();
    in_two_files(&place, "X", "get: {}\n");
    in_two_files(&place, "Y", "get: {x-wso2-disable-security: true}\n");
    place.mgw(&["init", "shop"]).exits(0);
    let add = |more: &[&str]| place.mgw(&[&["add", "shop"], more].concat());
    add(&["X/openapi.yaml"]).exits(0);
    std::fs::rename(place.path().join("Y/openapi.yaml"), place.path().join("Y/y.yaml")).unwrap();
    add(&["Y/y.yaml"]).exits(7).says("p.yaml exists already");
    add(&["Y/y.yaml", "--force"])
        .exits(7)
        .says("p.yaml is not replaced: it belongs to X:1.0.0");
    assert!(!place.path().join("shop/api_definitions/y.yaml").exists());
    add(&["Y/y.yaml", "--name", "y"])
        .exits(0)
        .says("Added api_definitions/y/y.yaml")
        .says("Added api_definitions/y/sub/p.yaml");
    // Its own parts are replaced with a definition.
    place.write("X/sub/p.yaml", "put: {}\n");
    add(&["X/openapi.yaml", "--force"])
        .exits(0)
        .says("Replaced api_definitions/sub/p.yaml");
    place.mgw(&["build", "shop"]).exits(0).says("2 APIs");
}

#[test]
fn grpc_definitions_are_taken_and_built() {
    let place = Place::new();
    place.write(
        "orders.proto",
        "syntax = \"proto3\";\npackage shop.v1;\nimport \"wso2/options.proto\";\nmessage M {}\nservice Orders {\n  option \
         (wso2.production_endpoints) = { url: \"http://orders:50051\" };\n  rpc Get (M) returns (M);\n}\n",
    );
    place.mgw(&["init", "shop", "--api", "orders.proto"]).exits(0);
    assert!(place.path().join("shop/grpc_definitions/orders.proto").is_file());
    place
        .mgw(&["add", "shop", "orders.proto"])
        .exits(7)
        .says("exists already");
    place.mgw(&["build", "shop"]).exits(0);
    let shown = place.mgw(&["inspect", "shop/target/shop.zip"]).exits(0);
    assert!(shown.stdout.contains("shop.v1.Orders"), "{}", shown.stdout);
    place.write(
        "shop/grpc_definitions/bad.proto",
        "syntax = \"proto3\";\nservice S {\n  rpc Do (X) returns (X)\n}\n",
    );
    place
        .mgw(&["check", "shop"])
        .exits(3)
        .says("shop/grpc_definitions/bad.proto:4:1");
    place.write("bad.proto", "openapi: 3.0.0\n");
    place
        .mgw(&["add", "shop", "bad.proto", "--force"])
        .exits(3)
        .says("bad.proto:1:1");
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_ends_with_7() {
    let place = with_definition();
    place.mgw(&["init", "shop", "--api", "openapi.yaml"]).exits(0);
    // A file in the place of the folder stops every user, root included; permissions do not.
    place.write("shop/target", "in the way");
    let before = place.files();
    place.mgw(&["build", "shop"]).exits(7).says("target");
    assert_eq!(place.files(), before);
}

#[test]
fn definitions_are_downloaded() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        for answer in [
            format!(
                "HTTP/1.1 200 OK\r\nContent-Disposition: attachment; filename=\"../pets\"\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{DEFINITION}",
                DEFINITION.len()
            ),
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned(),
        ] {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            let mut buffer = [0; 1024];
            while !request.ends_with(b"\r\n\r\n") {
                let read = stream.read(&mut buffer).unwrap();
                assert_ne!(read, 0, "the request ends early");
                request.extend_from_slice(&buffer[..read]);
            }
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    let place = Place::new();
    let url = format!("http://{address}/openapi?x=1");
    place.mgw(&["init", "shop", "--api", &url]).exits(0);
    assert_eq!(place.read("shop/api_definitions/pets.yaml"), DEFINITION);
    place.mgw(&["add", "shop", &url]).exits(7).says("status 404");
    server.join().unwrap();
    let secret = format!("http://user:canary@{address}/a");
    let outcome = place.mgw(&["add", "shop", &secret]).exits(2);
    assert!(!outcome.stderr.contains("canary") && !outcome.stdout.contains("canary"));
}

#[test]
fn a_locked_build_wants_what_was_pulled() {
    let place = built();
    place.mgw(&["build", "shop", "--locked"]).exits(0);
    place.write(
        "shop/mgw.toml",
        "format = 1\nname = \"shop\"\n[pull]\nlabels = [\"dev\"]\n",
    );
    let before = place.files();
    place.mgw(&["build", "shop", "--locked"]).exits(15);
    assert_eq!(place.files(), before);
    place.mgw(&["build", "shop"]).exits(0);
    place.mgw(&["build", "shop", "--label", "dev"]).exits(11);
}

/// What a gateway that watches the file would see.
fn identity(path: &std::path::Path) -> (u64, std::time::SystemTime) {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(path).expect("it is there");
    (metadata.ino(), metadata.modified().expect("a time"))
}

#[test]
fn a_build_that_changes_nothing_writes_nothing() {
    let place = built();
    let bundle = place.path().join("shop/target/shop.zip");
    let readable = place.path().join("shop/target/gen/gateway.json");
    let before = (identity(&bundle), identity(&readable));
    let again = place
        .mgw(&["build", "shop", "--output", "json"])
        .exits(0)
        .says("Unchanged");
    assert_eq!(again.json()["written"], false);
    assert_eq!((identity(&bundle), identity(&readable)), before);

    // Whatever somebody did to the readable copy is put right.
    for change in ["edited", "removed", "added"] {
        match change {
            "edited" => place.write("shop/target/gen/gateway.json", "{}"),
            "removed" => std::fs::remove_file(&readable).expect("it is there"),
            _ => place.write("shop/target/gen/definitions/more.json", "{}"),
        }
        let outcome = place.mgw(&["build", "shop", "--output", "json"]).exits(0).says("Built");
        assert_eq!(outcome.json()["written"], true, "{change}");
        assert!(place.read("shop/target/gen/gateway.json").len() > 2);
        assert!(!place.path().join("shop/target/gen/definitions/more.json").exists());
    }
    std::fs::write(&bundle, "damaged").expect("writable");
    place.mgw(&["build", "shop"]).exits(0).says("Built");
    place.mgw(&["verify", "shop"]).exits(0);
    place.write(
        "shop/policies.yaml",
        "subscriptionPolicies:\n- Unauthenticated: {count: 5, unitTime: 1, timeUnit: min}\n",
    );
    place.mgw(&["build", "shop"]).exits(0).says("Built");
}

#[test]
fn a_bundle_says_what_is_in_it_and_what_it_was_made_from() {
    let place = built();
    let digest = |place: &Place| place.mgw(&["verify", "shop"]).exits(0).stdout;
    let plain = digest(&place);
    let sbom = place.mgw(&["inspect", "shop", "--sbom"]).exits(0);
    assert_eq!(sbom.json()["bomFormat"], "CycloneDX");
    // What is printed is the entry as it is, and as it lies in the readable copy.
    assert_eq!(sbom.stdout, place.read("shop/target/gen/sbom.json"));
    let provenance = place.mgw(&["inspect", "shop/target/shop.zip", "--provenance", "--output", "json"]);
    let provenance = provenance.exits(0).json();
    let definition = &provenance["predicate"]["buildDefinition"];
    assert_eq!(definition["externalParameters"]["project"], "shop");
    assert_eq!(
        definition["resolvedDependencies"][0]["name"],
        "api_definitions/openapi.yaml"
    );
    place.mgw(&["inspect", "shop", "--sbom", "--provenance"]).exits(2);

    // The sources' revision counts when it is told, and only then.
    let mut build = place.command(&["build", "shop"]);
    build.env("MGW_SOURCE_REVISION", "v1.2.3");
    Outcome::of(build).exits(0).says("Built");
    let verified = place
        .mgw(&["verify", "shop", "--output", "json"])
        .exits(0)
        .says("v1.2.3")
        .json();
    assert_eq!(verified["source_revision"], "v1.2.3");
    assert_eq!(
        (&verified["sbom"], &verified["provenance"]),
        (&true.into(), &true.into())
    );
    let revised = digest(&place);
    assert_ne!(revised, plain);
    let zip = std::fs::read(place.path().join("shop/target/shop.zip")).expect("built");
    std::fs::write(place.path().join("revised.zip"), zip).expect("writable");
    place
        .mgw(&["build", "shop", "--source-revision", "v1.2.3"])
        .exits(0)
        .says("Unchanged");
    place.mgw(&["build", "shop"]).exits(0).says("Built");
    assert_eq!(digest(&place), plain);
    // It changes nothing for callers.
    place.mgw(&["diff", "shop", "revised.zip", "--exit-code"]).exits(34);
    for revision in ["", "two words", "\u{1b}[31m"] {
        place
            .mgw(&["build", "shop", "--source-revision", revision])
            .exits(2)
            .says("git rev-parse HEAD");
    }
}

#[test]
fn settings_of_the_toolkit_have_a_digest_unless_they_hold_a_secret() {
    let place = built();
    let dependency = |settings: &str| {
        place.write("shop/conf/toolkit-config.toml", settings);
        place.mgw(&["build", "shop"]).exits(0);
        let provenance = place.mgw(&["inspect", "shop", "--provenance"]).exits(0).json();
        let dependencies = provenance["predicate"]["buildDefinition"]["resolvedDependencies"].clone();
        let dependencies = dependencies.as_array().expect("a list");
        let found = dependencies
            .iter()
            .find(|one| one["name"] == "conf/toolkit-config.toml");
        found.expect("it was read").clone()
    };
    let told = dependency("[codeGen]\napiFaultResponses = true\n");
    assert!(
        told["digest"]["sha256"].is_string() && told["annotations"].is_null(),
        "{told}"
    );
    let told = dependency("[token]\nclientSecret = \"canary\"\n");
    assert!(
        told["digest"].is_null() && told["annotations"]["digest"].is_string(),
        "{told}"
    );
}

#[test]
fn no_bundle_under_a_former_name_is_left() {
    let place = built();
    let is_there = |name: &str| place.path().join("shop/target").join(name).exists();
    place.write("shop/target/other.zip", "of somebody");
    let rename = |name: &str| {
        place.write("shop/mgw.toml", &format!("format = 1\nname = \"{name}\"\n"));
        place.mgw(&["build", "shop"]).exits(0)
    };
    rename("store").says("the project is called store now");
    assert_eq!(
        ["shop.zip", "store.zip", "other.zip"].map(is_there),
        [false, true, true]
    );
    // Whatever else has taken that name is nobody's business.
    place.write("shop/target/store.zip", "of somebody");
    rename("depot");
    assert_eq!(place.read("shop/target/store.zip"), "of somebody");
}

#[test]
fn what_finds_no_room_is_named_as_it_was_to_be() {
    let place = built();
    let without_room = |arguments: &[&str], blocks: u32| {
        let outcome = Outcome::of(limited(&place.command(arguments), &format!("ulimit -f {blocks}")));
        let outcome = outcome.exits(7).says("cannot write");
        for staged in [".mgw-", ".gen-"] {
            assert!(!outcome.stderr.contains(staged), "{}", outcome.stderr);
        }
        outcome
    };
    without_room(&["init", "fresh"], 0).says("fresh/");
    assert!(!place.path().join("fresh").exists());
    place.write(
        "shop/api_definitions/openapi.yaml",
        &DEFINITION.replace("an item", "another"),
    );
    for blocks in [0, 1, 2] {
        without_room(&["build", "shop"], blocks).says("shop/target/");
    }
}
