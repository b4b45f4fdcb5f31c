use super::*;
use crate::diagnostics::render;

/// What is wrong with a text, laid out.
fn findings(text: &str) -> String {
    let read = read::read(text.as_bytes().to_vec(), "mgw.toml");
    read.diagnostics.iter().map(|finding| render(finding, false)).collect()
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let text = "format = 1\nname = 5\nlabels = [\"dev\"]\n[pull]\n  label = [\"dev\"]\n  tags = \"public\"\n  all = \"true\"\n\
                [control-plane]\nkind = \"APIM-3.2\"\n[build]\ncompat = \"micro-gw\"\n[[audit.suppress]]\nrule = \"cors\"\n";
    insta::assert_snapshot!(findings(text), @r#"
    error[project-setting]: `name` should be a text, found a number
     --> mgw.toml:2:8
      |
    2 | name = 5
      |        ^
      |
      = help: Put it in quotes.
    error[unknown-setting]: unknown key `labels`
     --> mgw.toml:3:1
      |
    3 | labels = …
      | ^^^^^^
      |
      = help: It belongs under `[pull]`.
    error[unknown-setting]: unknown key `pull.label`
     --> mgw.toml:5:3
      |
    5 |   label = …
      |   ^^^^^
      |
      = help: Did you mean `labels`?
    error[project-setting]: `pull.tags` should be a list of texts, found a text
     --> mgw.toml:6:10
      |
    6 |   tags = "public"
      |          ^^^^^^^^
      |
      = help: Write it in brackets, like ["dev"].
    error[project-setting]: `pull.all` should be true or false, found a text
     --> mgw.toml:7:9
      |
    7 |   all = "true"
      |         ^^^^^^
      |
      = help: Write it without quotes.
    error[project-setting]: `control-plane.url` is missing
     --> mgw.toml:8:2
      |
    8 | [control-plane]
      |  ^^^^^^^^^^^^^
      |
      = help: Write `url = "…"`.
    error[project-setting]: `control-plane.kind` is "APIM-3.2", which is not known
     --> mgw.toml:9:8
      |
    9 | kind = "APIM-3.2"
      |        ^^^^^^^^^^
      |
      = help: Did you mean `apim-3.2`?
    error[project-setting]: `build.compat` is "micro-gw", which is not known
      --> mgw.toml:11:10
       |
    11 | compat = "micro-gw"
       |          ^^^^^^^^^^
       |
       = help: Write "micro-gw-3.2", or leave it out.
    error[project-setting]: `audit.suppress.reason` is missing
      --> mgw.toml:12:1
       |
    12 | [[audit.suppress]]
       | ^^^^^^^^^^^^^^^^^^
       |
       = help: Write `reason = "…"`.
    error[project-setting]: `audit.suppress.until` is missing
      --> mgw.toml:12:1
       |
    12 | [[audit.suppress]]
       | ^^^^^^^^^^^^^^^^^^
       |
       = help: Write `until = "…"`.
    "#);
}

#[test]
fn names_and_addresses_and_suppressions_are_looked_at() {
    let text = "format = 0\nname = \"shop\"\n[control-plane]\nurl = \"http://cp.example\"\n[pull]\nlabels = [\"dev\", \" \"]\napis = [\"Orders\"]\n\
                all = \"yes\"\n[[audit.suppress]]\nrule = \"open-operatoin\"\nreason = \" \"\nuntil = \"soon\"\n";
    let told = findings(text);
    let lines: Vec<&str> = told
        .lines()
        .filter(|line| line.starts_with(['e', 'w']) || line.contains("= help: "))
        .map(str::trim)
        .collect();
    assert_eq!(
        lines,
        [
            "error[project-setting]: `format` should be the number 1, found 0",
            "= help: Write `format = 1`.",
            "warning[project-setting]: nothing can be pulled from `control-plane.url`: `http://cp.example` does not start with https://",
            "= help: Write the base URL alone, as \"https://gateway.api.cloud.wso2.com\"; `mgw login` signs in.",
            "error[project-setting]: an element of `pull.labels` is \" \", which nothing can be called",
            "= help: Write the name as the control plane shows it, or remove it.",
            "error[project-setting]: an element of `pull.apis` is \"Orders\", which names no API",
            "= help: Write it like \"Orders:1.0.0\": name and version, as the publisher shows them.",
            "error[project-setting]: `pull.all` should be true or false, found a text",
            "= help: Write `true` or `false`.",
            "error[suppression]: there is no rule \"open-operatoin\" to suppress",
            "= help: Did you mean `open-operation`?",
            "error[suppression]: a suppression has no reason",
            "= help: Say why it is as it should be, for whoever looks at it next.",
            "error[suppression]: `audit.suppress.until` is \"soon\", which is no day",
            "= help: Write it like \"2027-03-31\".",
        ]
    );
}

#[test]
fn a_newer_format_is_named_and_nothing_else_is() {
    insta::assert_snapshot!(findings("format = 2\nname = \"shop\"\n[new]\n"), @r"
    error[newer-format]: mgw.toml has format version 2, this version reads 1
     --> mgw.toml:1:10
      |
    1 | format = 2
      |          ^
      |
      = help: Use the version of mgw that wrote the file, or a newer one.
    ");
}

#[test]
fn what_may_be_a_secret_is_not_shown() {
    let text = "format = 1\nname = \"shop\"\npassword = \"c4nary\"\n[control-plane]\nurl = \"https://u:c4nary@host\" \"c4nary\"\n\
                [build]\nother = \"c4nary\n";
    let found = findings(text);
    assert!(found.contains("password = …") && !found.contains("c4nary"), "{found}");
}

#[test]
fn settings_round_trip_and_the_schema_knows_every_key() {
    let mut settings = Settings::new("shop");
    settings.control_plane = Some(ControlPlaneSettings {
        url: "https://localhost:9443".into(),
        kind: Some(ControlPlaneKind::Apim32),
    });
    settings.pull = PullSettings {
        labels: vec!["dev".into()],
        tags: vec!["public".into()],
        apis: vec!["Shop:1".into()],
        all: true,
    };
    settings.build = BuildSettings {
        api_fault_responses: Some(true),
        global_fault_responses: Some(false),
        compat: Some(Compat::MicroGw32),
        cors: Some(CorsSettings {
            allow_origins: vec!["*".into()],
            allow_methods: vec!["GET".into()],
            allow_headers: vec!["authorization".into()],
            expose_headers: vec!["etag".into()],
            allow_credentials: true,
        }),
    };
    settings.audit.suppress.push(crate::audit::Suppression {
        rule: "cors".into(),
        api: Some("Shop:1".into()),
        operation: Some("GET /".into()),
        reason: "meant".into(),
        until: "2027-01-01".into(),
    });
    let text = toml::to_string(&settings).unwrap();
    assert_eq!(Settings::parse(&text, Path::new("mgw.toml")).unwrap(), settings);
    for kind in <ControlPlaneKind as clap::ValueEnum>::value_variants() {
        settings.control_plane.as_mut().unwrap().kind = Some(*kind);
        let text = toml::to_string(&settings).unwrap();
        assert_eq!(Settings::parse(&text, Path::new("mgw.toml")).unwrap(), settings);
    }
}

#[test]
fn one_line_stands_for_all_where_there_is_room_for_one() {
    let error = Settings::parse("format = 1\n[pull]\n  label = []\n", Path::new("./shop/mgw.toml")).unwrap_err();
    assert_eq!(error.to_string(), "shop/mgw.toml:1:1: `name` is missing (and more)");
}

proptest::proptest! {
    /// What the schema lets through is what the type takes.
    #[test]
    fn nothing_else_is_wrong_than_what_the_schema_says(
        lines in proptest::collection::vec(
            proptest::sample::select(vec![
                "format = 1", "name = \"a\"", "[pull]", "labels = [\"a\"]", "all = true", "[control-plane]", "url = \"https://u\"", "url = \"ftp://u\"", "labels = [\" \"]",
                "kind = \"api-cloud\"", "kind = 3", "[build.cors]", "allow-methods = [\"a b\", 1]", "allow-origins = \"*\"", "[build]", "compat = \"micro-gw-3.2\"", "api-fault-responses = 1",
                "[[audit.suppress]]", "rule = \"cors\"", "reason = 2027-01-01", "until = \"x\"", "[audit]", "suppress = [1]",
            ]),
            0..10,
        )
    ) {
        let read = read::read(lines.join("\n").into_bytes(), "mgw.toml");
        for finding in read.diagnostics.iter() {
            proptest::prop_assert!(finding.place.is_some(), "{finding}");
        }
    }
}
