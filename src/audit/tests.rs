use super::*;
use crate::compile::compile_project;
use crate::context::Environment;
use crate::project::Layout;
use crate::serve::read_sources;
use tempfile::TempDir;

/// An API with nothing to find: its backend is this machine, and its callers show tokens over TLS.
pub(super) const SOUND: &str = "openapi: 3.0.0\n\
    info: {title: Shop, version: 1.0.0}\n\
    x-wso2-basePath: /shop\n\
    x-wso2-transports: [https]\n\
    x-wso2-production-endpoints: {urls: ['https://backend.example']}\n\
    components: {securitySchemes: {oauth: {type: oauth2, flows: {}}, key: {type: apiKey, in: query, name: k}}}\n\
    paths:\n  /items:\n    get:\n      responses: {}\n    post:\n      responses: {}\n";

const TODAY: &str = "2026-06-15";

pub(super) struct Project(pub(super) TempDir);

impl Project {
    pub(super) fn of(definition: &str) -> Self {
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
    pub(super) fn audit(&self, settings: &str, suppressions: &[Suppression]) -> Audit {
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
        let file = ("micro-gw.conf".to_owned(), settings.as_bytes().to_owned());
        let written = read_sources(Some(file), &[], &Environment::default());
        audit(&Audited {
            root: self.0.path(),
            config: &compiled.config,
            entries: &compiled.entries,
            sources: &compiled.origin.sources,
            found: &compiled.diagnostics,
            settings: written
                .config
                .as_ref()
                .unwrap_or_else(|| panic!("{settings}: {:?}", written.diagnostics)),
            written: &written,
            suppressions,
            project_file: None,
            today: TODAY.parse().expect("a day"),
        })
    }
}

/// `CODE SEVERITY` of every finding.
pub(super) fn told(audit: &Audit) -> Vec<String> {
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
        // Where security is off, the gateway asks for no certificate either.
        (
            "x-wso2-basePath: /shop\n",
            "x-wso2-basePath: /shop\nx-wso2-mutual-ssl: mandatory\nx-wso2-disable-security: true\n".to_owned(),
            &[
                "open-operation warning",
                "open-unlimited warning",
                "open-unlimited warning",
            ],
        ),
        (
            "x-wso2-basePath: /shop\n",
            "x-wso2-basePath: /shop\nx-wso2-mutual-ssl: mandatory\n".to_owned(),
            &[],
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
        ("x-wso2-basePath: /shop\n", cors("http://[::1]:3000"), &[]),
        (
            "x-wso2-basePath: /shop\n",
            cors("http://[2001:db8::1]:3000"),
            &["any-origin warning"],
        ),
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

/// A burst is no quota, and is refused whatever becomes of that.
#[test]
fn a_burst_limits_where_the_quota_stops_nobody() {
    let open = SOUND.replacen("    get:\n", "    get:\n      x-wso2-disable-security: true\n", 1);
    let project = Project::of(&open);
    for (policy, unlimited) in [
        ("count: 10, unitTime: 1, timeUnit: min, stopOnQuota: false", true),
        (
            "count: 10, unitTime: 1, timeUnit: min, stopOnQuota: false, burst: {count: 1, unitTime: 1, timeUnit: sec}",
            false,
        ),
    ] {
        let policies = format!("subscriptionPolicies:\n- Unauthenticated: {{{policy}}}\n");
        std::fs::write(project.0.path().join("policies.yaml"), policies).expect("writable");
        let found = told(&project.audit_with("", &[], |_| {}));
        let is_told = found.contains(&"open-unlimited warning".to_owned());
        assert_eq!(is_told, unlimited, "{policy}: {found:?}");
    }
}

/// What a `.proto` file has not, its author cannot remove.
#[test]
fn remedies_for_services_name_their_options() {
    let project = Project::of(SOUND);
    let service = |name: &str, options: &str, scopes: &str| {
        format!(
            "service {name} {{\n  option (wso2.production_endpoints) = {{url: \"https://a.example\"}};\n{options}\
             rpc Get (Q) returns (Q){scopes};\n  rpc Put (Q) returns (Q);\n}}\n"
        )
    };
    let text = format!(
        "syntax = \"proto3\";\npackage shop;\nimport \"wso2/options.proto\";\nmessage Q {{}}\n{}{}",
        service("Open", "option (wso2.security) = NONE;\n", ""),
        service("Scoped", "", " { option (wso2.method_scopes) = \"a\"; }").replace("};\n  rpc Put", "}\n  rpc Put"),
    );
    let path = project.0.path().join("grpc_definitions/shop.proto");
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
    std::fs::write(path, text).expect("writable");
    let audit = project.audit("", &[]);
    let remedy = |code: &str| {
        let mut found = audit.diagnostics.iter().filter(|finding| finding.code.name() == code);
        found
            .next()
            .and_then(|finding| finding.remedy.clone())
            .unwrap_or_default()
    };
    for (code, option) in [
        ("open-operation", "`wso2.security`"),
        ("open-unlimited", "`wso2.throttling_tier`"),
        ("unscoped-operation", "`wso2.method_scopes`"),
    ] {
        let remedy = remedy(code);
        assert!(
            remedy.contains(option) && !remedy.contains("x-wso2"),
            "{code}: {remedy}"
        );
    }
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
fn open_operations_can_be_looked_at_one_by_one() {
    let open = SOUND.replace(
        "      responses: {}",
        "      x-wso2-disable-security: true\n      responses: {}",
    );
    let project = Project::of(&open);
    let of = |operation: &str| Suppression {
        api: Some("Shop:1.0.0".to_owned()),
        operation: Some(operation.to_owned()),
        ..suppression("open-operation")
    };
    let limits = suppression("open-unlimited");
    let all = project.audit("", std::slice::from_ref(&limits));
    assert_eq!(told(&all), ["open-operation warning"]);
    let each = [of("GET /items"), of("POST /items"), limits.clone()];
    assert_eq!(told(&project.audit("", &each)), [""; 0]);
    // The one that nobody has looked at is told by itself.
    let found = project.audit("", &each[1..]);
    assert_eq!(told(&found), ["open-operation warning"]);
    let message = &found.diagnostics.iter().next().unwrap().message;
    assert!(message.contains("GET /items"), "{message}");
}

#[test]
fn nobody_sends_credentials_to_a_listener_that_is_off() {
    let plain = SOUND.replacen("x-wso2-transports: [https]\n", "x-wso2-transports: [http, https]\n", 1);
    let audit = Project::of(&plain).audit("[listenerConfig]\nhttpEnabled = false\n", &[]);
    assert_eq!(told(&audit), [""; 0]);
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
        (
            "[[jwtTokenConfig]]\nissuer = \"x\"\naudience = [\"a\"]\njwksURL = \"https://idp.example/keys\"\nvalidateSubscription = false\n",
            &["subscriptions-unchecked note"],
        ),
        (
            "[[jwtTokenConfig]]\nissuer = \"x\"\naudience = [\"a\"]\njwksURL = \"https://idp.example/keys\"\nvalidateSubscription = true\n",
            &[],
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

    // What is said of an operation does not cover others, and what is said of the API covers its operations.
    let of_operation = Suppression {
        rule: "open-operation".to_owned(),
        ..of_get
    };
    assert!(told(&project.audit("", &[of_operation])).contains(&"open-operation warning".to_owned()));
    let found = project.audit("", &[suppression("open-unlimited"), suppression("open-operation")]);
    assert_eq!((told(&found), found.suppressed), (Vec::new(), 4));
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
    ] {
        let audit = project.audit("", std::slice::from_ref(&suppression));
        assert_eq!(told(&audit), with(expected), "{suppression:?}");
    }
}

#[test]
fn backends_of_the_settings_take_the_place_of_the_definitions() {
    let named = |url: &str| {
        SOUND.replace(
            "x-wso2-production-endpoints: {urls: ['https://backend.example']}\n",
            &format!("x-wso2-endpoints: [{{core: {{urls: ['{url}']}}}}]\nx-wso2-production-endpoints: '#/x-wso2-endpoints/core'\n"),
        )
    };
    let (clear, sound) = (named("http://backend.example"), named("https://backend.example"));
    let replaced = "core_prod_endpoint_0 = \"http://user:canary@other.example/x\"\n";
    let audit = Project::of(&sound).audit(replaced, &[]);
    assert_eq!(told(&audit), ["backend-in-the-clear warning"]);
    let finding = audit.diagnostics.iter().next().expect("one");
    assert_eq!(
        finding.message,
        "Shop:1.0.0 speaks to its backend http://other.example/x in the clear, as the setting `core_prod_endpoint_0` says"
    );
    assert_eq!(finding.file, "micro-gw.conf");
    let of_api = Suppression {
        api: Some("Shop:1.0.0".to_owned()),
        ..suppression("backend-in-the-clear")
    };
    assert_eq!(told(&Project::of(&sound).audit(replaced, &[of_api])), [""; 0]);
    let discovered = "core_prod_endpoint_0 = \"etcd(key, http://other.example)\"\n";
    assert_eq!(
        told(&Project::of(&sound).audit(discovered, &[])),
        ["backend-in-the-clear warning"]
    );
    for mended in ["https://other.example", "http://localhost:3000"] {
        let settings = format!("core_prod_endpoint_0 = \"{mended}\"\n");
        assert_eq!(told(&Project::of(&clear).audit(&settings, &[])), [""; 0], "{mended}");
    }
    assert_eq!(
        told(&Project::of(&clear).audit("", &[])),
        ["backend-in-the-clear warning"]
    );
}

/// A certificate that is valid from one day to another, and its key; PEM.
pub(super) fn certificate(from: (i32, u8, u8), to: (i32, u8, u8)) -> (String, String) {
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut parameters = rcgen::CertificateParams::new(vec!["x.example".to_owned()]).expect("valid names");
    parameters.not_before = rcgen::date_time_ymd(from.0, from.1, from.2);
    parameters.not_after = rcgen::date_time_ymd(to.0, to.1, to.2);
    let certificate = parameters.self_signed(&key).expect("a certificate");
    (certificate.pem(), key.serialize_pem())
}

#[test]
fn certificates_are_told_before_they_end() {
    let project = Project::of(SOUND);
    let file = project.0.path().join("cert.pem");
    let shown = file.display().to_string();
    let listener = format!("[listenerConfig]\ncertificateFile = \"{shown}\"\nprivateKeyFile = \"{shown}\"\n");
    let authority = format!("[httpClients.sslConfig]\ncaFile = \"{shown}\"\n");
    let past = (2020, 1, 1);
    // Today is 2026-06-15.
    for (from, to, expected) in [
        (past, (2026, 7, 16), None),
        (past, (2026, 7, 15), Some("expires on 2026-07-15")),
        (past, (2026, 6, 15), Some("expires on 2026-06-15")),
        (past, (2026, 6, 14), Some("expired on 2026-06-14")),
        ((2026, 6, 16), (2027, 1, 1), Some("is not valid before 2026-06-16")),
    ] {
        std::fs::write(&file, certificate(from, to).0).expect("writable");
        for (settings, severity) in [(&listener, "warning"), (&authority, "note")] {
            let audit = project.audit(settings, &[]);
            let all: Vec<String> = expected
                .iter()
                .map(|_| format!("certificate-expiry {severity}"))
                .collect();
            assert_eq!(told(&audit), all, "{to:?}");
            let suppressed = project.audit(settings, &[suppression("certificate-expiry")]);
            assert_eq!(suppressed.suppressed, all.len());
            if let (Some(expected), Some(finding)) = (expected, audit.diagnostics.iter().next()) {
                assert!(finding.message.contains(expected), "{}", finding.message);
                assert_eq!(finding.file, shown);
            }
        }
    }
}

/// A trust store has authorities, and by alias what clients show.
#[test]
fn certificates_of_clients_are_told_from_authorities() {
    let project = Project::of(SOUND);
    let folder = project.0.path();
    std::fs::write(folder.join("cert.pem"), certificate((2020, 1, 1), (2026, 6, 20)).0).expect("writable");
    let arguments = "pkcs12 -export -nokeys -in cert.pem -caname Partner -passout pass:pw -out trust.p12";
    let made = std::process::Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(folder)
        .output()
        .expect("openssl is there");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let store = folder.join("trust.p12");
    let trusting = format!(
        "[listenerConfig]\ntrustStorePath = \"{}\"\ntrustStorePassword = \"pw\"\n",
        store.display()
    );
    let audit = project.audit(&trusting, &[]);
    assert_eq!(told(&audit), ["certificate-expiry note"]);
    let accepting =
        "[[mutualSSLConfig.api.certificates]]\nname = \"Shop\"\nversion = \"1.0.0\"\naliasList = [\"partner\"]\n";
    let audit = project.audit(&format!("{trusting}{accepting}"), &[]);
    assert_eq!(told(&audit), ["certificate-expiry warning"]);
    let message = &audit.diagnostics.iter().next().expect("one").message;
    assert!(
        message.starts_with("the client certificate `") && message.contains("2026-06-20"),
        "{message}"
    );
}

/// Settings name files of the machine that the gateway runs on.
#[test]
fn files_that_are_not_here_are_no_finding() {
    let settings = "[listenerConfig]\nkeyStorePath = \"/nowhere/a.p12\"\nkeyStorePassword = \"canary\"\n\
        [httpClients.sslConfig]\ncaFile = \"/nowhere/ca.pem\"\n";
    let audit = Project::of(SOUND).audit(settings, &[]);
    assert_eq!(told(&audit), [""; 0]);
    assert_eq!(audit.unread.len(), 2, "{:?}", audit.unread);
    assert!(audit.unread[0].starts_with("/nowhere/a.p12: "), "{:?}", audit.unread);
}
