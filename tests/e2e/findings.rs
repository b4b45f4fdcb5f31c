//! Findings through the binary: explained, and as files for other programs.

use crate::build::DEFINITION;
use crate::support::{Outcome, POLICIES, Place};

/// A project with one error and one warning.
fn faulty() -> Place {
    let place = Place::new();
    let text = DEFINITION.replace(
        "x-wso2-basePath: /shop",
        "x-wso2-basePath: /shop\nx-wso2-cross: true\nx-wso2-mutual-ssl: perhaps",
    );
    place.write("shop/api_definitions/openapi.yaml", &text);
    place.write("shop/policies.yaml", POLICIES);
    place
}

#[test]
fn the_code_of_a_finding_is_explained() {
    let place = faulty();
    place
        .mgw(&["check", "shop"])
        .exits(3)
        .says("error[mutual-tls]: ")
        .says("warning[unknown-extension]: ")
        .says("mgw explain CODE");
    let explained = place.mgw(&["explain", "mutual-tls"]).exits(0).stdout;
    assert!(
        explained.starts_with("Whether a client certificate is needed cannot be read\n"),
        "{explained}"
    );
    let json = place
        .mgw(&["explain", "mutual-tls", "--output", "json"])
        .exits(0)
        .json();
    assert_eq!(json["code"], "mutual-tls");
    let all = place.mgw(&["explain"]).exits(0).stdout;
    assert!(all.lines().any(|line| line.starts_with("no-endpoint ")), "{all}");
    place
        .mgw(&["explain", "no-endpiont"])
        .exits(2)
        .says("there is no finding `no-endpiont`")
        .says("Did you mean `no-endpoint`?");
}

/// A pulled definition's finding is suppressed by its code too, and put right by its remedy.
#[test]
fn findings_of_pulled_definitions_have_code_line_and_remedy() {
    let place = Place::new();
    place.mgw(&["init", "shop"]).exits(0);
    let text = DEFINITION.replace("    get:\n", "    get:\n      x-wso2-disable-security: true\n");
    place.write("shop/gen/api_definitions/openapi.yaml", &text);
    place
        .mgw(&["audit", "shop"])
        .exits(4)
        .says("warning[open-operation]: everybody may call GET /items/{id} of Shop:1.0.0")
        .says("shop/gen/api_definitions/openapi.yaml:10:5")
        .says("= help: Remove `x-wso2-disable-security`");
    let many = (0..9).fold(DEFINITION.to_owned(), |text, number| {
        text.replacen("x-wso2-basePath", &format!("x-wso2-odd{number}: 1\nx-wso2-basePath"), 1)
    });
    place.write("shop/gen/api_definitions/openapi.yaml", &many);
    place
        .mgw(&["check", "shop"])
        .says("and 4 more [unknown-extension] in gen/api_definitions (-v shows them)");
}

#[test]
fn findings_are_written_for_other_programs() {
    let place = faulty();
    let arguments = ["check", "shop", "--sarif", "out.sarif", "--junit", "out.xml"];
    place.mgw(&arguments).exits(3);
    let log: serde_json::Value = serde_json::from_str(&place.read("out.sarif")).expect("JSON");
    let results = log["runs"][0]["results"].as_array().expect("a list");
    let error = results
        .iter()
        .find(|result| result["ruleId"] == "mutual-tls")
        .expect("the error");
    let location = &error["locations"][0]["physicalLocation"];
    assert_eq!(location["artifactLocation"]["uri"], "shop/api_definitions/openapi.yaml");
    assert_eq!(
        (&error["level"], &location["region"]["startLine"]),
        (&"error".into(), &7.into())
    );
    let xml = place.read("out.xml");
    assert!(
        xml.contains("failures=\"1\"") && xml.contains("[unknown-extension]"),
        "{xml}"
    );

    // Put right, the reports say so: one of the run before would still fail a pipeline.
    place.write("shop/api_definitions/openapi.yaml", DEFINITION);
    place.mgw(&arguments).exits(0);
    let log: serde_json::Value = serde_json::from_str(&place.read("out.sarif")).expect("JSON");
    assert_eq!(log["runs"][0]["results"].as_array().map(Vec::len), Some(0));
    assert!(place.read("out.xml").contains("tests=\"1\" failures=\"0\""));

    place
        .mgw(&["check", "shop", "--sarif", "nowhere/out.sarif"])
        .exits(7)
        .says("nowhere/out.sarif");
}

#[test]
fn a_report_names_files_from_the_top_of_the_checkout() {
    let place = faulty();
    let project = place.path().join("shop").display().to_string();
    let uris = |project: &str| {
        place.mgw(&["check", project, "--sarif", "out.sarif"]).exits(3);
        let log: serde_json::Value = serde_json::from_str(&place.read("out.sarif")).expect("JSON");
        let results = log["runs"][0]["results"].as_array().expect("a list").clone();
        assert!(!results.is_empty());
        let uri =
            |result: serde_json::Value| result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].clone();
        results.into_iter().map(uri).collect::<Vec<_>>()
    };
    let expected = "shop/api_definitions/openapi.yaml";
    assert!(uris(&project).iter().all(|uri| uri == expected));
    // The checkout may begin below the working folder.
    place.write("shop/.git/HEAD", "");
    let expected = "api_definitions/openapi.yaml";
    assert!(uris("shop").iter().all(|uri| uri == expected));
}

#[test]
fn a_report_replaces_reports_alone() {
    let place = faulty();
    place.write("notes", "mine");
    for arguments in [
        &["check", "shop", "--sarif", "notes"][..],
        &["check", "shop", "--fix", "--junit", "notes"],
        &["audit", "shop", "--junit", "notes"],
        &["test", "shop", "--echo", "--junit", "notes"],
        &["migrate", "shop", "new", "--sarif", "notes"],
    ] {
        place
            .mgw(arguments)
            .exits(7)
            .says("notes is there, and is no ")
            .says("Name another file with ");
    }
    assert_eq!(place.read("notes"), "mine");
    assert!(!place.path().join("new").exists());

    place
        .mgw(&["check", "shop", "--sarif", "out", "--junit", "./out"])
        .exits(2)
        .says("--sarif and --junit name the same file");
    place
        .mgw(&["check", "shop", "--sarif", "shop/policies.yaml"])
        .exits(2)
        .says("the policies of the project are");
    assert!(!place.path().join("out").exists());
}

#[test]
fn many_findings_of_one_kind_are_counted() {
    let place = Place::new();
    let (head, _) = DEFINITION.split_once("  /items").unwrap();
    let with = |extension: fn(usize) -> String| {
        let operations: String = (0..9)
            .map(|number| format!("  /p{number}: {{get: {{{}: 1}}}}\n", extension(number)))
            .collect();
        place.write("shop/api_definitions/openapi.yaml", &format!("{head}{operations}"));
    };
    let told = |arguments: &[&str]| {
        let outcome = place.mgw(arguments).exits(0);
        outcome.stderr.matches("warning[unknown-extension]").count()
    };
    // The same is said once, and of different ones some are shown.
    for (extension, shown) in [
        ((|_| "x-wso2-thing".to_owned()) as fn(usize) -> String, 1),
        (|number| format!("x-wso2-thing{number}"), 5),
    ] {
        with(extension);
        let more = 9 - shown;
        place
            .mgw(&["check", "shop"])
            .exits(0)
            .says(&format!(
                "and {more} more [unknown-extension] in shop/api_definitions/openapi.yaml (-v shows them)"
            ))
            .says("9 warnings");
        assert_eq!((told(&["check", "shop"]), told(&["check", "shop", "-v"])), (shown, 9));
        let json = place.mgw(&["check", "shop", "--output", "json"]).exits(0).json();
        assert_eq!(json["diagnostics"].as_array().map(Vec::len), Some(9));
    }
}

/// Stands where secrets do.
const CANARY: &str = "c4nary";

/// A project with something wrong in each of its files.
fn faulty_everywhere() -> Place {
    let place = faulty();
    place.write(
        "shop/mgw.toml",
        "format = 1\nname = \"shop\"\n[control-plane]\nurl = \"https://admin:c4nary@cp.example\"\npasword = \"c4nary\"\n\
         [pull]\nlabel = [\"dev\"]\n",
    );
    place.write(
        "shop/conf/micro-gw.conf",
        "shop_prod_basic_pasword = \"c4nary\"\n[listenerConfig]\nhttpPort = \"9090\"\nhtpsPort = 1\nkeyStorePassword = [\"c4nary\"]\n\
         [b7a.users.admin]\npassword = 'c4nary' 'c4nary'\n",
    );
    place
}

#[test]
fn settings_of_project_and_gateway_are_looked_at_along_with_definitions() {
    let place = faulty_everywhere();
    place.write("shop/mgw.lock", "<<<<<<< ours\n");
    let arguments = ["check", "shop", "--sarif", "out.sarif", "--junit", "out.xml"];
    let mut command = place.command(&arguments);
    command
        .env("listenerConfig_httpsPort", CANARY)
        .env("b7a_users_admin_pasword", CANARY);
    let outcome = Outcome::of(command)
        .exits(3)
        .says("unknown-setting]: unknown key `control-plane.pasword`")
        .says("shop/mgw.toml:7:1")
        .says("Did you mean `labels`?")
        .says("shop/conf/micro-gw.conf:3:12")
        .says("Did you mean `listenerConfig.httpsPort`?")
        .says("gateway-setting]: `listenerConfig.httpsPort`: expected an integer from 0 to 65535\n--> environment variable listenerConfig_httpsPort")
        .says("error[syntax]")
        .says("error[lock-file]")
        .says("error[mutual-tls]")
        .says("keyStorePassword = …");
    let reports = [outcome.stderr, place.read("out.sarif"), place.read("out.xml")];
    for report in reports {
        assert!(!report.contains(CANARY), "{report}");
    }
    let log: serde_json::Value = serde_json::from_str(&place.read("out.sarif")).expect("JSON");
    let results = log["runs"][0]["results"].as_array().expect("a list");
    let fixes: Vec<_> = results
        .iter()
        .filter_map(|result| {
            let change = result.pointer("/fixes/0/artifactChanges/0/replacements/0")?;
            Some((
                change["deletedRegion"]["startLine"].as_u64()?,
                change["deletedRegion"]["endColumn"].as_u64()?,
                change["insertedContent"]["text"].as_str()?,
            ))
        })
        .collect();
    assert_eq!(fixes, [(3, 18, "9090"), (4, 9, "httpsPort"), (7, 6, "labels")]);
    let outside: Vec<_> = results
        .iter()
        .filter_map(|result| {
            result
                .pointer("/locations/0/logicalLocations/0/fullyQualifiedName")?
                .as_str()
        })
        .collect();
    assert_eq!(outside, ["environment variable listenerConfig_httpsPort"]);
}

#[test]
fn a_gateway_that_does_not_start_says_all_that_is_wrong() {
    let place = faulty_everywhere();
    let outcome = place
        .mgw(&["run", "shop", "--set", "listenerConfig.httpPrt=1"])
        .exits(3)
        .says("unknown key `listenerConfig.httpPrt`\n--> --set listenerConfig.httpPrt")
        .says("shop/conf/micro-gw.conf:4:1")
        .says("shop/mgw.toml:7:1")
        .says("error[mutual-tls]")
        .says("the gateway's settings and shop have ");
    assert!(!outcome.stderr.contains(CANARY), "{}", outcome.stderr);
    // Another file, as `run` takes it.
    place.write("good.conf", "[listenerConfig]\nhttpPort = 0\n");
    place.write("shop/mgw.toml", "format = 1\nname = \"shop\"\n");
    place.write("shop/api_definitions/openapi.yaml", DEFINITION);
    place.mgw(&["check", "shop"]).exits(3);
    place.mgw(&["check", "shop", "--config", "good.conf"]).exits(0);
    place.mgw(&["audit", "shop"]).exits(3).says("unknown-setting");
}
