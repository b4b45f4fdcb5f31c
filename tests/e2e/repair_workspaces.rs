//! `mgw check --fix` at a workspace: its own file, and projects whose settings are wrong.

use crate::support::Place;

const BROKEN: &str = "# All of them.\nformat = \"1\"\n[workspace]\nmember = \"*\" # below\n";
const MENDED: &str = "# All of them.\nformat = 1\n[workspace]\nmembers = [\"*\"] # below\n";

fn definition(name: &str) -> String {
    format!(
        "openapi: 3.0.0\ninfo: {{title: {name}, version: 1.0.0}}\nx-wso2-base-path: /{name}\n\
         x-wso2-production-endpoints: {{urls: [https://b.example]}}\n\
         paths: {{/items: {{get: {{responses: {{'200': {{description: ok}}}}}}}}}}\n"
    )
}

/// Two projects, one of them with settings that are wrong.
fn workspace() -> Place {
    let place = Place::new();
    place.write("mgw.toml", BROKEN);
    for name in ["orders", "shop"] {
        place.write(&format!("{name}/api_definitions/api.yaml"), &definition(name));
    }
    place.write("orders/mgw.toml", "format = 1\nname = \"orders\"\n");
    place.write("shop/mgw.toml", "format = 1\nnamee = \"shop\"\nlabels = [\"dev\"]\n");
    place
}

#[test]
fn the_file_of_a_workspace_and_those_of_its_projects_are_put_right() {
    let place = workspace();
    place
        .mgw(&["check"])
        .exits(3)
        .says("error: mgw.toml has 2 errors")
        .says("hint: 2 of them can be repaired: `mgw check --fix`");
    place
        .mgw(&["check", "--fix"])
        .exits(0)
        .says("Repaired mgw.toml:2:10: `\"1\"` → `1` [project-setting]")
        .says("Repaired mgw.toml:4:1: `member` → `members` [unknown-setting]")
        .says("Repaired shop/mgw.toml:2:1: `namee` → `name` [unknown-setting]")
        .says("Member orders in orders");
    assert_eq!(place.read("mgw.toml"), MENDED);
    let settings = place.read("shop/mgw.toml");
    assert_eq!(settings, "format = 1\nname = \"shop\"\n\n[pull]\nlabels = [\"dev\"]\n");
    for name in ["orders", "shop"] {
        let expected = definition(name).replace("base-path", "basePath");
        assert_eq!(place.read(&format!("{name}/api_definitions/api.yaml")), expected);
    }
    let before = place.files();
    place.mgw(&["check", "--fix"]).exits(0);
    assert!(place.files() == before, "something is repaired the second time");
    place.mgw(&["check"]).exits(0);
}

#[test]
fn a_dry_run_says_what_would_become_of_all_of_it() {
    // Behind a misspelt key, and in a comment, there may be a secret, which no difference shows.
    let shown = || {
        let place = workspace();
        place.write(
            "mgw.toml",
            &BROKEN.replace("member =", "members =").replace(" # below", ""),
        );
        place.write("shop/mgw.toml", "format = \"1\"\nname = \"shop\"\n");
        place
    };
    let place = shown();
    let before = place.files();
    let dry = place.mgw(&["check", "--fix", "--dry-run"]).exits(20);
    assert!(place.files() == before, "something was written");
    let document = place
        .mgw(&["check", "--fix", "--dry-run", "--output", "json"])
        .exits(20)
        .json();
    assert_eq!(document["exit_code"], 20);
    assert_eq!(document["fix"]["files"], serde_json::json!(["mgw.toml"]));
    assert_eq!(document["members"].as_array().map(Vec::len), Some(2));
    let healthy = shown();
    healthy.mgw(&["check", "--fix"]).exits(0);
    place.write("fix.patch", &dry.stdout);
    let mut patch = std::process::Command::new("patch");
    patch.args(["-p1", "--input=fix.patch"]).current_dir(place.path());
    let applied = patch.output().expect("the program is there");
    assert!(applied.status.success(), "{applied:?}\n{}", dry.stdout);
    for (path, bytes) in healthy.files() {
        let name = path.strip_prefix(healthy.path()).expect("inside").display().to_string();
        assert_eq!(place.read(&name).as_bytes(), bytes, "{name}");
    }
}

#[test]
fn one_broken_project_keeps_nobody_from_looking_at_the_others() {
    let place = workspace();
    place.write("mgw.toml", MENDED);
    let document = place.mgw(&["check", "--output", "json"]).exits(3).json();
    let members = document["members"].as_array().expect("a list");
    let of = |name: &str| members.iter().find(|member| member["name"] == name).expect("a member");
    assert_eq!(of("orders")["exit_code"], 0);
    assert_eq!(of("shop")["exit_code"], 3);
    let findings = &of("shop")["result"]["diagnostics"];
    assert!(findings.to_string().contains("unknown key `namee`"), "{findings:#}");
    // What is built has to be all of it.
    place.mgw(&["build"]).exits(3).says("error: shop/mgw.toml has ");
    place.mgw(&["check", "--fix", "--member", "shop"]).exits(0);
    assert!(place.read("orders/api_definitions/api.yaml").contains("base-path"));
}

#[test]
fn what_nobody_can_know_is_left() {
    let place = workspace();
    let text = "format = 1\n[workspace]\nmembers = [\"ordrs\", \"Shop\", \"zzz\"]\n";
    place.write("mgw.toml", text);
    place
        .mgw(&["check", "--fix"])
        .exits(3)
        .says("Repaired mgw.toml:3:12: `ordrs` → `orders` [project-setting]")
        .says("Repaired mgw.toml:3:21: `Shop` → `shop` [project-setting]")
        .says("error[project-setting]: `zzz` is no folder that is there");
    let mended = text.replace("ordrs", "orders").replace("Shop", "shop");
    assert_eq!(place.read("mgw.toml"), mended);
    // The projects are not looked at before it is known which there are.
    assert!(place.read("shop/mgw.toml").contains("namee ="));
    let document = place.mgw(&["check", "--fix", "--output", "json"]).exits(3).json();
    assert_eq!(document["workspace"], "mgw.toml");
    assert_eq!(document["diagnostics"][0]["line"], 3);
    // Two that are as near, and one that has been named already.
    place.write("orders2/mgw.toml", "format = 1\nname = \"orders2\"\n");
    for members in ["[\"orders\", \"order\"]", "[\"xrders\"]"] {
        let text = format!("format = 1\n[workspace]\nmembers = {members}\n");
        place.write("mgw.toml", &text);
        place.mgw(&["check", "--fix"]).exits(3).says("Did you mean `orders");
        assert_eq!(place.read("mgw.toml"), text);
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_the_file_of_a_workspace_is_followed_within_it() {
    use std::os::unix::fs::symlink;
    let place = workspace();
    place.write("shared/workspace.toml", BROKEN);
    place.write("mgw.toml", "");
    let link = place.path().join("mgw.toml");
    std::fs::remove_file(&link).expect("ours");
    symlink("shared/workspace.toml", &link).expect("a link");
    place.mgw(&["check", "--fix"]).exits(0);
    assert!(link.is_symlink());
    assert_eq!(place.read("shared/workspace.toml"), MENDED);
}
