//! Several projects in one folder, through the binary.

use crate::build::DEFINITION;
use crate::support::{Outcome, Place};

/// `shop` and `teams/orders`, as a workspace.
fn workspace() -> Place {
    let place = Place::new();
    place.write(
        "mgw.toml",
        "format = 1\n[workspace]\nmembers = [\"shop\", \"teams/*\"]\n",
    );
    let orders = DEFINITION
        .replace("title: Shop", "title: Orders")
        .replace("/shop", "/orders");
    for (folder, name, definition) in [("shop", "shop", DEFINITION), ("teams/orders", "orders", &orders)] {
        place.write(
            &format!("{folder}/mgw.toml"),
            &format!("format = 1\nname = \"{name}\"\n"),
        );
        place.write(&format!("{folder}/api_definitions/api.yaml"), definition);
    }
    place
}

#[test]
fn all_projects_are_built_as_each_by_itself() {
    let place = workspace();
    let read = |name: &str| std::fs::read(place.path().join(name)).expect("built");
    let bundles = ["shop/target/shop.zip", "teams/orders/target/orders.zip"];
    let built = place
        .mgw(&["build"])
        .exits(0)
        .says("Member shop in shop")
        .says("Done 2 projects");
    assert_eq!(built.stdout.lines().collect::<Vec<_>>(), bundles);
    let first = bundles.map(read);
    place.mgw(&["verify"]).exits(0);
    for (bundle, folder) in bundles.iter().zip(["shop", "teams/orders"]) {
        std::fs::remove_file(place.path().join(bundle)).expect("there");
        place.mgw(&["build", folder]).exits(0);
    }
    assert!(bundles.map(read) == first);
    place.mgw(&["audit", "--fail-on", "never"]).exits(0);

    let checked = place
        .mgw(&["check", "--output", "json", "--sarif", "found.sarif"])
        .exits(0)
        .json();
    let names: Vec<&serde_json::Value> = checked["members"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|member| &member["result"]["project"])
        .collect();
    assert_eq!(names, ["shop", "orders"]);
    assert!(place.read("found.shop.sarif").contains("2.1.0"));
    assert!(place.read("found.orders.sarif").contains("2.1.0"));
}

#[test]
fn the_gravest_code_counts_and_the_others_are_worked_on() {
    let place = workspace();
    place.write("shop/api_definitions/api.yaml", "openapi: 3.0.0\ninfo: [\n");
    let built = place
        .mgw(&["build", "--output", "json"])
        .exits(3)
        .says("shop/api_definitions/api.yaml:")
        .says("1 of 2 projects did not succeed: shop");
    let json = built.json();
    assert_eq!(json["exit_code"], 3);
    assert_eq!(
        (&json["members"][0]["exit_code"], &json["members"][1]["exit_code"]),
        (&3.into(), &0.into())
    );
    assert!(place.path().join("teams/orders/target/orders.zip").is_file());
    assert!(!place.path().join("shop/target").exists());
    // One that was never built stands in the way of its own verification alone.
    place
        .mgw(&["verify"])
        .exits(7)
        .says("has not been built yet")
        .says("Verified teams/orders");
}

#[test]
fn one_is_chosen_by_name_or_folder() {
    let place = workspace();
    for member in ["orders", "teams/orders", "./teams/orders/"] {
        let built = place.mgw(&["build", "--member", member]).exits(0);
        assert_eq!(built.stdout.trim(), "teams/orders/target/orders.zip", "{member}");
    }
    place
        .mgw(&["build", "--member", "order"])
        .exits(2)
        .says("Did you mean `orders`?");
    place
        .mgw(&["build", "shop", "--member", "shop"])
        .exits(2)
        .says("is no workspace");
    let mut inside = place.command(&["build", "--member", "two"]);
    inside.current_dir(place.path().join("shop"));
    Outcome::of(inside).exits(2).says("error: . is no workspace");
    place
        .mgw(&["build", "--label", "dev"])
        .exits(2)
        .says("is for one project");
    place
        .mgw(&["verify", "--digest", &"0".repeat(64)])
        .exits(2)
        .says("is for one project");
}

#[test]
fn what_two_projects_would_serve_is_a_note() {
    let place = workspace();
    place.write("teams/orders/api_definitions/api.yaml", DEFINITION);
    let checked = place
        .mgw(&["check", "--output", "json"])
        .exits(0)
        .says("note: the API Shop:1.0.0 is one of shop and of orders")
        .says("note: the base path /shop is one of shop and of orders");
    assert_eq!(
        checked.json()["shared"][0]["members"],
        serde_json::json!(["shop", "orders"])
    );
}

#[test]
fn a_workspace_is_no_project() {
    let place = workspace();
    let before = place.files();
    place.mgw(&["run", "."]).exits(3).says("is the file of a workspace");
    place.mgw(&["inspect"]).exits(3).says("Name one of them");
    place.write("mgw.toml", "format = 1\n[workspace]\nmembers = [\"../shop\"]\n");
    place
        .mgw(&["check"])
        .exits(3)
        .says("`../shop` leads out of the workspace\n --> mgw.toml:3:12");
    place.write("mgw.toml", "format = 1\n[workspace]\nmembers = [\"shpo\"]\n");
    place.mgw(&["check"]).exits(3).says("Did you mean `shop`?");
    place.write(
        "mgw.toml",
        "format = 1\n[workspace]\nmembers = [\"shop\", \"teams/*\"]\n",
    );
    assert_eq!(place.files(), before);
}

#[test]
fn the_tests_of_all_projects_are_made() {
    let place = workspace();
    let junit = ["--echo", "--generate", "--junit", "tests.xml", "--output", "json"];
    let tested = place.mgw(&[&["test"][..], &junit].concat()).exits(0).json();
    for (index, name) in ["shop", "orders"].iter().enumerate() {
        assert_eq!(tested["members"][index]["result"]["project"], *name, "{tested:#}");
        assert!(place.read(&format!("tests.{name}.xml")).contains("<testsuite"));
    }
}

#[test]
fn files_are_named_as_those_type_them_who_are_there() {
    let place = workspace();
    place.write("shop/api_definitions/api.yaml", "openapi: 3.0.0\n");
    let told = place.mgw(&["check"]).exits(3).says("--> shop/api_definitions/api.yaml");
    assert!(!told.stderr.contains("./"), "{}", told.stderr);
}

#[test]
fn a_workspace_has_nothing_to_roll_back() {
    let place = workspace();
    for words in [&["rollback"][..], &["rollback", "--list"]] {
        place
            .mgw(words)
            .exits(3)
            .says("mgw.toml is the file of a workspace")
            .says("Name one of them.");
    }
}

#[test]
fn a_broken_project_has_one_name() {
    let place = workspace();
    place.write("teams/a/mgw.toml", "format = 1\nnam = \"x\"\n[buidl]\n");
    let checked = place
        .mgw(&["check"])
        .exits(3)
        .says("Member a in teams/a")
        .says("error: a has ");
    assert!(!checked.stderr.contains("teams-a"), "{}", checked.stderr);
    place
        .mgw(&["check", "--member", "a"])
        .exits(3)
        .says("Member a in teams/a");
}
