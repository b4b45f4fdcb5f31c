use super::*;
use crate::compile::compile_project;
use crate::project::Layout;
use mgw_runtime::config::Sources;
use tempfile::TempDir;

/// An API with nothing to find: its backend is this machine, and its callers show tokens over TLS.
const SOUND: &str = "openapi: 3.0.0\n\
    info: {title: Shop, version: 1.0.0}\n\
    x-wso2-basePath: /shop\n\
    x-wso2-transports: [https]\n\
    x-wso2-production-endpoints: {urls: ['https://backend.example']}\n\
    components: {securitySchemes: {oauth: {type: oauth2, flows: {}}, key: {type: apiKey, in: query, name: k}}}\n\
    paths:\n  /items:\n    get:\n      responses: {}\n    post:\n      responses: {}\n";

const TODAY: &str = "2026-06-15";

struct Project(TempDir);

impl Project {
    fn of(definition: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in [
            ("api_definitions/shop.yaml", definition),
            ("policies.yaml", crate::compile::DEFAULT_POLICIES),
        ] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
            std::fs::write(path, text).expect("writable");
        }
        Self(folder)
    }

    /// Callers who show nothing are not limited by the project's policies.
    fn audit(&self, settings: &str, suppressions: &[Suppression]) -> Audit {
        self.audit_with(settings, suppressions, |config| {
            let policies = &mut config.policies.subscription;
            policies.retain(|policy| policy.name != "Unauthenticated");
        })
    }

    fn audit_with(
        &self,
        settings: &str,
        suppressions: &[Suppression],
        change: impl FnOnce(&mut GatewayConfig),
    ) -> Audit {
        let mut compiled = compile_project(&Layout::new(self.0.path())).expect("readable");
        assert!(!compiled.diagnostics.has_errors(), "{:?}", compiled.diagnostics);
        change(&mut compiled.config);
        let (settings, _) = RuntimeConfig::load(Sources {
            file: Some(("micro-gw.conf", settings)),
            ..Sources::default()
        })
        .expect("valid settings");
        audit(&Audited {
            root: self.0.path(),
            config: &compiled.config,
            found: &compiled.diagnostics,
            settings: &settings,
            settings_file: "micro-gw.conf",
            suppressions,
            today: TODAY.parse().expect("a day"),
        })
    }
}

/// `CODE SEVERITY` of every finding.
fn told(audit: &Audit) -> Vec<String> {
    let severity = |diagnostic: &Diagnostic| match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let mut told: Vec<String> = audit
        .diagnostics
        .iter()
        .map(|diagnostic| format!("{} {}", diagnostic.code, severity(diagnostic)))
        .collect();
    told.sort();
    told
}

fn suppression(rule: &str) -> Suppression {
    Suppression {
        rule: rule.to_owned(),
        api: None,
        operation: None,
        reason: "it is meant so".to_owned(),
        until: TODAY.to_owned(),
    }
}

#[test]
fn a_sound_project_has_no_findings() {
    let audit = Project::of(SOUND).audit("", &[]);
    assert_eq!(told(&audit), [""; 0], "{:?}", audit.diagnostics);
}

#[test]
fn each_rule_for_apis_finds_what_it_is_for() {
    let open = "    get:\n      x-wso2-disable-security: true\n";
    let scoped = "    get:\n      security: [{oauth: [read]}]\n";
    let cors = |origin: &str| {
        format!(
            "x-wso2-basePath: /shop\nx-wso2-cors: {{corsConfigurationEnabled: true, accessControlAllowOrigins: ['{origin}'], accessControlAllowMethods: [GET]}}\n"
        )
    };
    let cases: Vec<(&str, String, &[&str])> = vec![
        (
            "    get:\n",
            open.to_owned(),
            &["open-operation warning", "open-unlimited warning"],
        ),
        (
            "    get:\n",
            format!("{open}      x-wso2-throttling-tier: 10kPerMin\n"),
            &["open-operation warning"],
        ),
        ("    get:\n", scoped.to_owned(), &["unscoped-operation note"]),
        (
            "    get:\n",
            "    get:\n      security: [{key: []}]\n".to_owned(),
            &["key-in-query warning"],
        ),
        (
            "x-wso2-transports: [https]\n",
            "x-wso2-transports: [http, https]\n".to_owned(),
            &["credentials-in-the-clear note"],
        ),
        (
            "https://backend.example",
            "http://backend.example".to_owned(),
            &["backend-in-the-clear warning"],
        ),
        ("https://backend.example", "http://localhost:3000".to_owned(), &[]),
        ("x-wso2-basePath: /shop\n", cors("*"), &["any-origin note"]),
        (
            "x-wso2-basePath: /shop\n",
            cors("http://shop.example"),
            &["any-origin warning"],
        ),
        ("x-wso2-basePath: /shop\n", cors("http://localhost:8080"), &[]),
        ("x-wso2-basePath: /shop\n", cors("https://shop.example"), &[]),
        (
            "x-wso2-basePath: /shop\n",
            "x-wso2-basePath: /shop\nx-mgw-life-cycle: DEPRECATED\n".to_owned(),
            &["deprecated-api note"],
        ),
    ];
    for (from, to, expected) in cases {
        let audit = Project::of(&SOUND.replacen(from, &to, 1)).audit("", &[]);
        assert_eq!(told(&audit), expected, "{to}\n{:?}", audit.diagnostics);
    }
}

#[test]
fn callers_who_show_nothing_are_limited_unless_somebody_says_otherwise() {
    let open = SOUND.replacen("    get:\n", "    get:\n      x-wso2-disable-security: true\n", 1);
    let audit = Project::of(&open).audit_with("", &[], |_| {});
    assert_eq!(told(&audit), ["open-operation warning"]);
}

#[test]
fn an_api_that_is_open_altogether_is_told_once() {
    let open = SOUND.replace(
        "      responses: {}",
        "      x-wso2-disable-security: true\n      responses: {}",
    );
    let audit = Project::of(&open).audit("", &[]);
    let expected = [
        "open-operation warning",
        "open-unlimited warning",
        "open-unlimited warning",
    ];
    assert_eq!(told(&audit), expected);
}

#[test]
fn each_rule_for_settings_finds_what_it_is_for() {
    let cases: &[(&str, &[&str])] = &[
        (
            "[[jwtTokenConfig]]\nissuer = \"x\"\naudience = [\"a\"]\njwksURL = \"http://idp.example/keys\"\n",
            &["issuer-in-the-clear warning"],
        ),
        (
            "[[jwtTokenConfig]]\nissuer = \"http://idp.example\"\naudience = [\"a\"]\njwksURL = \"https://idp.example/keys\"\n",
            &["issuer-in-the-clear note"],
        ),
        (
            "[[jwtTokenConfig]]\nissuer = \"x\"\njwksURL = \"http://localhost/keys\"\n",
            &["any-audience note"],
        ),
        (
            "[keyManager]\nserverUrl = \"http://km.example\"\n",
            &["issuer-in-the-clear warning"],
        ),
        ("[adminConfig]\nhost = \"0.0.0.0\"\n", &["admin-exposed warning"]),
        (
            "[httpClients.sslConfig]\nverifyHostname = false\n",
            &["backends-unchecked warning"],
        ),
        (
            "[security]\nvalidateSubscriptions = false\n",
            &["subscriptions-unchecked note"],
        ),
    ];
    let project = Project::of(SOUND);
    for (settings, expected) in cases {
        let audit = project.audit(settings, &[]);
        assert_eq!(told(&audit), *expected, "{settings}");
        assert!(audit.diagnostics.iter().all(|finding| finding.file == "micro-gw.conf"));
    }
}

#[test]
fn a_finding_about_an_operation_has_its_line() {
    let project = Project::of(&SOUND.replacen("    get:\n", "    get:\n      x-wso2-disable-security: true\n", 1));
    let audit = project.audit("", &[]);
    let lines: Vec<u32> = audit
        .diagnostics
        .iter()
        .filter_map(|finding| Some(finding.position()?.line))
        .collect();
    assert_eq!(lines, [9, 9]);
    assert!(
        audit
            .diagnostics
            .iter()
            .all(|finding| finding.file.ends_with("api_definitions/shop.yaml"))
    );
}

#[test]
fn suppressions_cover_what_they_name_and_no_more() {
    let open = SOUND.replace(
        "      responses: {}",
        "      x-wso2-disable-security: true\n      responses: {}",
    );
    let project = Project::of(&open);
    let of_get = Suppression {
        api: Some("Shop:1.0.0".to_owned()),
        operation: Some("GET /items".to_owned()),
        ..suppression("open-unlimited")
    };
    let found = project.audit("", std::slice::from_ref(&of_get));
    assert_eq!(told(&found), ["open-operation warning", "open-unlimited warning"]);
    assert_eq!(found.suppressed, 1);

    // What is said of an operation does not cover the API, and what is said of the API covers its operations.
    let of_operation = Suppression {
        rule: "open-operation".to_owned(),
        ..of_get
    };
    assert!(told(&project.audit("", &[of_operation])).contains(&"open-operation warning".to_owned()));
    let found = project.audit("", &[suppression("open-unlimited"), suppression("open-operation")]);
    assert_eq!((told(&found), found.suppressed), (Vec::new(), 3));
}

#[test]
fn a_suppression_that_is_of_no_use_is_told() {
    let project = Project::of(&SOUND.replacen("    get:\n", "    get:\n      x-wso2-disable-security: true\n", 1));
    let expired = Suppression {
        until: "2026-06-14".to_owned(),
        ..suppression("open-operation")
    };
    let both = ["open-operation warning", "open-unlimited warning"];
    let with = |told: &str| {
        let mut all: Vec<String> = both.iter().map(|text| (*text).to_owned()).collect();
        all.push(told.to_owned());
        all.sort();
        all
    };
    for (suppression, expected) in [
        (expired, "suppression warning"),
        (suppression("key-in-query"), "suppression note"),
        (suppression("open-operatoin"), "suppression error"),
        (
            Suppression {
                until: "soon".to_owned(),
                ..suppression("open-operation")
            },
            "suppression error",
        ),
        (
            Suppression {
                reason: " ".to_owned(),
                ..suppression("open-operation")
            },
            "suppression error",
        ),
    ] {
        let audit = project.audit("", std::slice::from_ref(&suppression));
        assert_eq!(told(&audit), with(expected), "{suppression:?}");
    }
}
