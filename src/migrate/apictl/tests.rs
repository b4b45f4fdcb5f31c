use super::*;
use crate::diagnostics::Severity;
use crate::migrate::archive::tests::zipped;
use crate::migrate::tree::tests::tree;

pub(super) const DEFINITION: &str = "openapi: 3.0.1\ninfo: {title: x, version: '0'}\npaths:\n  /a:\n    get: {responses: {}}\n  /b:\n    post: {responses: {}}\n";

pub(super) fn api(extra: &str) -> String {
    format!(
        "type: api\nversion: v4.2.0\ndata:\n  name: Ledger\n  version: 2.1.0\n  context: /ledger\n  lifeCycleStatus: PUBLISHED\n  \
         endpointConfig:\n    endpoint_type: http\n    production_endpoints: {{url: 'https://core.example'}}\n{extra}"
    )
}

pub(super) struct Outcome {
    pub(super) files: BTreeMap<String, Vec<u8>>,
    pub(super) told: Vec<(Severity, String)>,
}

pub(super) fn converted(tree: &Tree, environment: Option<&str>) -> Result<Outcome, MigrateError> {
    let mut draft = Draft::default();
    let variables = [("BACKEND", "https://filled.example")].into_iter().collect();
    let environments = Environments {
        settings: None,
        name: environment,
        parameters: None,
        variables: &variables,
    };
    convert(&tree.root(), &environments, &mut draft)?;
    draft.findings.sort();
    let told = draft.findings.iter();
    let told = told.map(|finding| {
        let remedy = finding.remedy.as_deref().unwrap_or_default();
        (finding.severity, format!("{finding} - {remedy}"))
    });
    let told = told.collect();
    Ok(Outcome {
        told,
        files: draft.files,
    })
}

fn one(api: &str, definition: &str) -> Outcome {
    let tree = tree(&[("api.yaml", api), ("Definitions/swagger.yaml", definition)]);
    converted(&tree, None).unwrap()
}

pub(super) fn text<'a>(outcome: &'a Outcome, path: &str) -> &'a str {
    let bytes = outcome.files.get(path);
    let bytes = bytes.unwrap_or_else(|| panic!("{path} in {:?}; {:?}", outcome.files.keys(), outcome.told));
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn an_api_becomes_a_definition() {
    let outcome = one(
        &api("  operations:\n  - {target: /b, verb: POST, authType: None}\n  - {target: /a, verb: GET}\n"),
        DEFINITION,
    );
    assert_eq!(
        text(&outcome, "api_definitions/Ledger-2.1.0.yaml"),
        "openapi: \"3.0.1\"\ninfo:\n  title: Ledger\n  version: \"2.1.0\"\npaths:\n  /a:\n    get:\n      responses: {}\n  /b:\n    post:\n      responses: {}\n      \
         x-wso2-disable-security: true\nx-wso2-production-endpoints:\n  type: http\n  urls:\n  - https://core.example\nx-wso2-basePath: /ledger/2.1.0\n"
    );
    assert!(outcome.told.is_empty(), "{:?}", outcome.told);
}

#[test]
fn secrets_are_named_and_not_copied() {
    let security = "    endpoint_security:\n      production: {enabled: true, type: BASIC, username: svc, password: canary}\n      \
                    sandbox: {enabled: true, type: OAUTH, grantType: CLIENT_CREDENTIALS, tokenUrl: 'https://t', clientId: id, clientSecret: canary}\n    \
                    sandbox_endpoints: {url: 'https://user:canary@sand.example'}\n";
    let definition = format!(
        "{DEFINITION}x-wso2-endpoints:\n- a:\n    urls: ['https://x']\n    securityConfig: {{type: basic, username: u, password: canary}}\n"
    );
    let outcome = one(&api(security), &definition);
    let id = mgw_bundle::api_id("Ledger", "2.1.0");
    for (place, variable) in [
        (
            "old/api.yaml:12:7: warning: the password for the production backend",
            format!("`{id}_prod_basic_password`"),
        ),
        (
            "old/api.yaml:13:7: warning: the client secret for the sandbox backend",
            format!("`{id}_sand_client_secret`"),
        ),
        ("old/Definitions/swagger.yaml:11:", "`a_prod_basic_password`".to_owned()),
        (
            "old/api.yaml:14:5: warning: credentials were removed from the URL",
            String::new(),
        ),
    ] {
        assert!(
            outcome
                .told
                .iter()
                .any(|(_, told)| told.starts_with(place) && told.contains(&variable)),
            "{place} {variable}: {:#?}",
            outcome.told
        );
    }
    let everything = format!(
        "{:?}{}",
        outcome.told,
        text(&outcome, "api_definitions/Ledger-2.1.0.yaml")
    );
    assert!(!everything.contains("canary"), "{everything}");
}

#[test]
fn what_is_not_run_is_told_at_its_line() {
    let extra = "  operations:\n  - target: /a\n    verb: GET\n    operationPolicies:\n      request:\n      - {policyName: addHeader, policyVersion: v1}\n  \
                 maxTps: {production: 50}\n  enableSchemaValidation: true\n";
    let outcome = one(&api(extra), DEFINITION);
    let told: Vec<&str> = outcome.told.iter().map(|(_, told)| told.as_str()).collect();
    for start in [
        "old/api.yaml:16:9: warning: the policy `addHeader` (request of GET /a) is not run",
        "old/api.yaml:17:3: warning: the limit of requests to its backend",
        "old/api.yaml:18:3: warning: requests are not checked against the schemas",
        "old/Definitions/swagger.yaml:7:5: note: POST /b is served as the definition says",
    ] {
        assert!(told.iter().any(|told| told.starts_with(start)), "{start}: {told:#?}");
    }
    assert_eq!(told.len(), 4, "{told:#?}");
}

#[test]
fn apis_that_cannot_be_served_are_left_out() {
    for (api, definition, expected) in [
        (
            api("  type: WS\n"),
            DEFINITION,
            "old/api.yaml:11:3: error: the API is left out: Ledger 2.1.0 is of type WS",
        ),
        (
            api("  endpointImplementationType: INLINE\n"),
            DEFINITION,
            "old/api.yaml:11:3: error: the API is left out: Ledger 2.1.0 has answers of its own",
        ),
        (
            api("").replace("PUBLISHED", "RETIRED"),
            DEFINITION,
            "old/api.yaml:7:3: error: the API is left out: Ledger 2.1.0 is retired",
        ),
        (
            api("").replace("endpoint_type: http", "endpoint_type: awslambda"),
            DEFINITION,
            "old/api.yaml:8:3: error: the API is left out: Ledger 2.1.0 has no backend",
        ),
        (
            api("  gatewayVendor: solace\n"),
            DEFINITION,
            "old/api.yaml:11:3: error: the API is left out: Ledger 2.1.0 is served by gateways of solace",
        ),
        (
            api("").replace("type: api", "type: api_product"),
            DEFINITION,
            "old/api.yaml:1:1: error: the API is left out: it is an `api_product`",
        ),
        (
            api("").replace("  context: /ledger\n", ""),
            DEFINITION,
            "old/api.yaml:1:1: error: the API is left out: it describes an API without `context`",
        ),
        (
            api(""),
            "a: 1\n",
            "old/Definitions/swagger.yaml: error: the API is left out: it is no OpenAPI definition",
        ),
        (api(""), "a: [\n", "old/Definitions/swagger.yaml:"),
        ("type: api\ndata: {a: [\n".to_owned(), DEFINITION, "old/api.yaml:"),
    ] {
        let outcome = one(&api, definition);
        assert!(
            outcome
                .told
                .iter()
                .any(|(severity, told)| *severity == Severity::Error && told.starts_with(expected)),
            "{expected}: {:#?}",
            outcome.told
        );
        assert!(
            outcome.files.keys().all(|path| !path.starts_with("api_definitions")),
            "{expected}"
        );
    }
    let text = api("");
    let lonely = tree(&[("api.yaml", &text)]);
    let outcome = converted(&lonely, None).unwrap();
    assert!(
        outcome.told[0].1.contains("there is no definition"),
        "{:?}",
        outcome.told
    );
}

#[test]
fn policies_are_found_or_told() {
    let extra = "  operations:\n  - {target: /a, verb: GET, throttlingPolicy: 10KPerMin}\n  - {target: /b, verb: POST, throttlingPolicy: Special}\n";
    let outcome = one(&api(extra), DEFINITION);
    let told: Vec<&str> = outcome.told.iter().map(|(_, told)| told.as_str()).collect();
    assert!(
        told[0]
            .starts_with("old/api.yaml:12:29: note: the policy `10KPerMin` is taken as API Manager delivers it: 10000"),
        "{told:?}"
    );
    assert!(
        told[1].starts_with("old/api.yaml:13:30: warning: the limits of the policy `Special` are not in the export"),
        "{told:?}"
    );
    assert!(text(&outcome, "policies.yaml").contains("  - 10KPerMin:\n      count: 10000\n"));
}

#[test]
fn environments_are_put_over_the_api() {
    let parameters = "environments:\n- name: dev\n  configs:\n    endpoints: {production: {url: 'https://dev.example'}}\n    \
                      security: {production: {enabled: true, type: basic, username: u, password: canary}}\n- name: odd\n  configs:\n    \
                      endpoints: {production: {url: 'ftp://x'}}\n";
    let text_of_api = api("");
    let with = |environment| {
        let tree = tree(&[
            ("ledger/api.yaml", &text_of_api),
            (
                "ledger/Definitions/swagger.yaml",
                &format!("{DEFINITION}x-wso2-production-endpoints: {{urls: ['https://old.example']}}\n"),
            ),
            ("params.yaml", parameters),
        ]);
        converted(&tree, environment)
    };
    let dev = with(Some("dev")).unwrap();
    let definition = text(&dev, "api_definitions/Ledger-2.1.0.yaml");
    assert!(
        definition.contains("https://dev.example")
            && !definition.contains("core.example")
            && !definition.contains("old.example")
    );
    assert!(
        dev.told
            .iter()
            .any(|(_, told)| told.starts_with("old/params.yaml:5:5: warning: the password")),
        "{:?}",
        dev.told
    );
    let odd = with(Some("odd")).unwrap();
    assert!(
        odd.told
            .iter()
            .any(|(_, told)| told.starts_with("old/params.yaml:8:5: error: the API is left out")),
        "{:?}",
        odd.told
    );
    assert!(matches!(with(Some("prod")), Err(MigrateError::NoEnvironment { .. })));
    let none = with(None).unwrap();
    assert!(
        none.told.iter().any(|(_, told)| told.contains("not applied: dev, odd")),
        "{:?}",
        none.told
    );
    let tree = tree(&[("api.yaml", &text_of_api), ("Definitions/swagger.yaml", DEFINITION)]);
    assert!(matches!(
        converted(&tree, Some("dev")),
        Err(MigrateError::NoParameters(_))
    ));
}

#[test]
fn certificates_come_with_their_purpose() {
    let pem = rcgen::generate_simple_self_signed(vec!["client".to_owned()])
        .unwrap()
        .cert
        .pem();
    let api = api("  securityScheme: [oauth2, mutualssl, oauth_basic_auth_api_key_mandatory]\n");
    let clients = "type: client_certificates\nversion: v4.2.0\ndata:\n- {alias: till, certificate: till.crt, tierName: Gold}\n- {alias: gone, certificate: gone.crt}\n";
    let backends = "type: endpoint_certificates\nversion: v4.2.0\ndata:\n- {alias: core, endpoint: 'https://core.example', certificate: core.crt}\n- {alias: plain, endpoint: 'http://x', certificate: core.crt}\n- {alias: junk, endpoint: 'https://x', certificate: junk.crt}\n";
    let files = tree(&[
        ("api.yaml", &api),
        ("Definitions/swagger.yaml", DEFINITION),
        ("Client-certificates/client_certificates.yaml", clients),
        ("Client-certificates/till.crt", &pem),
        ("Endpoint-certificates/endpoint_certificates.yaml", backends),
        ("Endpoint-certificates/core.crt", &pem),
        ("Endpoint-certificates/junk.crt", "junk"),
        ("Endpoint-certificates/spare.crt", &pem),
    ]);
    let outcome = converted(&files, None).unwrap();
    let index = text(&outcome, "gen/control-plane/certificates.json");
    let index: crate::project::PulledCertificates = serde_json::from_str(index).unwrap();
    assert_eq!((index.clients.len(), index.backends.len()), (1, 1));
    assert_eq!(
        (index.clients[0].alias.as_str(), index.clients[0].policy.as_deref()),
        ("till", Some("Gold"))
    );
    assert_eq!(index.backends[0].backend, "https://core.example:443");
    assert!(
        outcome
            .files
            .contains_key(&format!("gen/control-plane/{}", index.backends[0].file))
    );
    let told: Vec<&str> = outcome.told.iter().map(|(_, told)| told.as_str()).collect();
    for start in [
        "old/Client-certificates/client_certificates.yaml:5:3: warning: the file \"gone.crt\"",
        "old/Endpoint-certificates/endpoint_certificates.yaml:5:3: warning: the certificate `plain` is of no https backend",
        "old/Endpoint-certificates/endpoint_certificates.yaml:6:3: warning: the certificate `junk`",
        "old/Endpoint-certificates/spare.crt: warning: no list of certificates names this file",
    ] {
        assert!(told.iter().any(|told| told.starts_with(start)), "{start}: {told:#?}");
    }
    assert_eq!(told.len(), 4, "{told:#?}");
}

#[test]
fn folders_and_archives_may_hold_several_apis() {
    let (one, two) = (
        api(""),
        api("").replace("Ledger", "Orders").replace("/ledger", "/orders"),
    );
    let archive = zipped(&[
        ("Orders-2.1.0/", b""),
        ("Orders-2.1.0/api.yaml", two.as_bytes()),
        ("Orders-2.1.0/Definitions/swagger.yaml", DEFINITION.as_bytes()),
    ]);
    let all = zipped(&[
        ("ledger/api.yaml", one.as_bytes()),
        ("ledger/Definitions/swagger.yaml", DEFINITION.as_bytes()),
        ("again/api.yaml", one.as_bytes()),
        ("again/Definitions/swagger.yaml", DEFINITION.as_bytes()),
        ("deployments.json", b"{}"),
        ("orders.zip", &archive),
        ("broken.zip", b"PK"),
    ]);
    let tree = Tree::of_archive("all.zip".into(), &all, &mut Budget::of_one()).unwrap();
    assert!(is_there(&tree.root()));
    let outcome = converted(&tree, None).unwrap();
    let definitions: Vec<&str> = outcome
        .files
        .keys()
        .map(String::as_str)
        .filter(|path| path.starts_with("api_"))
        .collect();
    assert_eq!(
        definitions,
        ["api_definitions/Ledger-2.1.0.yaml", "api_definitions/Orders-2.1.0.yaml"]
    );
    let told: Vec<&str> = outcome.told.iter().map(|(_, told)| told.as_str()).collect();
    assert!(
        told.iter()
            .any(|told| told.contains("all.zip/again/api.yaml is Ledger 2.1.0 too")),
        "{told:#?}"
    );
    assert!(
        told.iter()
            .any(|told| told.starts_with("all.zip/broken.zip: error: this archive is not read")),
        "{told:#?}"
    );
    assert!(
        told.iter()
            .any(|told| told.starts_with("all.zip/deployments.json: note")),
        "{told:#?}"
    );
    let only = zipped(&[("orders.zip", &archive)]);
    assert!(is_there(
        &Tree::of_archive("x".into(), &only, &mut Budget::of_one())
            .unwrap()
            .root()
    ));
}

#[test]
fn other_folders_are_no_project_of_apictl() {
    for files in [
        &[("openapi.yaml", "openapi: 3.0.0\n")][..],
        &[("api_definitions/api.yaml", "openapi: 3.0.0\n"), ("policies.yaml", "")],
        &[],
    ] {
        assert!(!is_there(&tree(files).root()), "{files:?}");
    }
    assert_eq!(folder_of_api("a/api.yaml"), Some("a"));
    assert_eq!(folder_of_api("a/Meta-information/api.yaml"), Some("a"));
    assert_eq!(folder_of_api("api.json"), Some(""));
    assert_eq!(folder_of_api("a/myapi.yaml"), None);
}

#[test]
fn variables_of_an_environment_are_filled_or_told_by_line() {
    let parameters = "environments:\n- name: dev\n  configs:\n    endpoints:\n      production: {url: '${BACKEND}/v1'}\n      sandbox: {url: $GONE}\n    \
                      security: {production: {enabled: true, type: basic, username: svc, password: $SECRET}}\n- name: prod\n  configs: {endpoints: {production: {url: $OTHER}}}\n";
    let tree = tree(&[
        ("api.yaml", &api("")),
        ("Definitions/swagger.yaml", DEFINITION),
        ("api_params.yaml", parameters),
    ]);
    let outcome = converted(&tree, Some("dev")).unwrap();
    let definition = text(&outcome, "api_definitions/Ledger-2.1.0.yaml");
    assert!(definition.contains("- https://filled.example/v1\n"), "{definition}");
    let unset: Vec<&String> = outcome
        .told
        .iter()
        .map(|(_, line)| line)
        .filter(|line| line.contains("is not set"))
        .collect();
    assert!(
        unset.len() == 1 && unset[0].starts_with("old/api_params.yaml:6:22: warning: the variable `GONE` is not set"),
        "{unset:?}"
    );
}

#[test]
fn an_api_whose_environment_cannot_be_used_is_left_out_alone() {
    let other = api("").replace("Ledger", "Other");
    for (broken, said) in [
        ("environments:\n- name: prod\n", "has no environment `dev`"),
        ("environments: [\n", "this is not YAML"),
    ] {
        let tree = tree(&[
            ("one/api.yaml", &*api("")),
            ("one/Definitions/swagger.yaml", DEFINITION),
            (
                "one/api_params.yaml",
                "environments:\n- name: dev\n  configs: {endpoints: {production: {url: 'https://dev'}}}\n",
            ),
            ("two/api.yaml", &*other),
            ("two/Definitions/swagger.yaml", DEFINITION),
            ("two/api_params.yaml", broken),
        ]);
        let outcome = converted(&tree, Some("dev")).unwrap();
        assert!(text(&outcome, "api_definitions/Ledger-2.1.0.yaml").contains("https://dev"));
        assert!(!outcome.files.contains_key("api_definitions/Other-2.1.0.yaml"));
        let told: Vec<&String> = outcome.told.iter().map(|(_, line)| line).collect();
        assert!(
            told.len() == 1 && told[0].starts_with("old/two: error:") && told[0].contains(said),
            "{told:?}"
        );
    }
}

#[test]
fn the_apis_of_a_product_come_without_it() {
    let tree = tree(&[
        (
            "shop/api.yaml",
            "type: api_product\nversion: v4.2.0\ndata: {name: Shop, context: /shop}\n",
        ),
        ("shop/Definitions/swagger.yaml", DEFINITION),
        ("shop/APIs/Ledger/api.yaml", &api("")),
        ("shop/APIs/Ledger/Definitions/swagger.yaml", DEFINITION),
        ("shop/APIs/Ledger/strange.bin", ""),
    ]);
    let outcome = converted(&tree, None).unwrap();
    text(&outcome, "api_definitions/Ledger-2.1.0.yaml");
    let told: Vec<&String> = outcome.told.iter().map(|(_, line)| line).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    for start in [
        "old/shop/api.yaml:1:1: error: the API is left out: it is an `api_product`",
        "old/shop/APIs/Ledger/strange.bin: warning:",
    ] {
        assert!(told.iter().any(|line| line.starts_with(start)), "{start}: {told:?}");
    }
}

#[test]
fn exported_policies_come_with_the_apis_that_are_under_them() {
    let policy = |subtype: &str, name: &str, limit: &str| {
        format!(
            "type: throttling policy\nsubtype: {subtype}\nversion: v4.2.0\ndata:\n  policyName: {name}\n  defaultLimit: {limit}\n"
        )
    };
    let limit = "{type: REQUESTCOUNTLIMIT, requestCount: {timeUnit: min, unitTime: 2, requestCount: 30}}";
    let tree = tree(&[
        ("apis/one/api.yaml", &*api("  apiThrottlingPolicy: Bookings\n")),
        ("apis/one/Definitions/swagger.yaml", DEFINITION),
        (
            "policies/Advanced-Bookings.yaml",
            &policy("advanced policy", "Bookings", limit),
        ),
        ("policies/again.yaml", &policy("advanced policy", "Bookings", limit)),
        ("policies/Gold.yaml", &policy("subscription policy", "Gold", limit)),
        (
            "policies/odd.yaml",
            &policy("advanced policy", "Odd", "{type: AIAPIQUOTALIMIT}"),
        ),
        ("policies/custom.yaml", &policy("global policy", "C", "{}")),
        ("policies/broken.yaml", "type: throttling policy\ndata: [\n"),
    ]);
    let outcome = converted(&tree, None).unwrap();
    let written: serde_json::Value = serde_json::from_str(text(&outcome, "gen/control-plane/policies.json")).unwrap();
    assert_eq!(written["resource"][0]["name"], "Bookings");
    assert_eq!(written["subscription"][0]["name"], "Gold");
    let told: Vec<&String> = outcome.told.iter().map(|(_, line)| line).collect();
    for start in [
        "old/policies/again.yaml:5:15: warning: another file has a policy `Bookings` too",
        "old/policies/broken.yaml:",
        "old/policies/custom.yaml:5:15: warning: policies of this kind",
        "old/policies/odd.yaml:5:15: warning: the advanced policy Odd has a limit that this gateway does not know",
    ] {
        assert!(told.iter().any(|line| line.starts_with(start)), "{start}: {told:#?}");
    }
    assert_eq!(told.len(), 4, "{told:#?}");
}

#[test]
fn addresses_of_backends_come_from_variables_or_are_left_out() {
    let with = |production: &str, sandbox: &str| {
        let backends =
            format!("production_endpoints: {{url: '{production}'}}\n    sandbox_endpoints: {{url: '{sandbox}'}}");
        let text = api("").replace("production_endpoints: {url: 'https://core.example'}", &backends);
        let tree = tree(&[("api.yaml", &*text), ("Definitions/swagger.yaml", DEFINITION)]);
        converted(&tree, None).unwrap()
    };
    let outcome = with("${BACKEND}/v1", "${GONE}");
    let definition = text(&outcome, "api_definitions/Ledger-2.1.0.yaml");
    assert!(
        definition.contains("https://filled.example/v1") && !definition.contains("GONE"),
        "{definition}"
    );
    let told = |said: &str| {
        let mut lines = outcome.told.iter().map(|(_, line)| line);
        assert!(lines.any(|line| line.contains(said)), "no {said} in {:?}", outcome.told);
    };
    told("note: the production backend of Ledger 2.1.0 is where variables say now");
    told("_prod_endpoint_0`");
    told("warning: the sandbox backend `${GONE}` is no http or https URL - Set the variable");
    told("old/api.yaml:11:30: warning: the variable `GONE` is not set");
    let in_path = with("${BACKEND}/v1", "https://sand.example/${GONE}");
    let left_out =
        "warning: the sandbox backend of Ledger 2.1.0 is left out, because a variable in its address has no value";
    assert!(
        in_path.told.iter().any(|(_, line)| line.contains(left_out)),
        "{:?}",
        in_path.told
    );
    assert!(!text(&in_path, "api_definitions/Ledger-2.1.0.yaml").contains("sand.example"));
    let outcome = with("${GONE}", "${GONE}");
    assert!(!outcome.files.contains_key("api_definitions/Ledger-2.1.0.yaml"));
    assert!(
        outcome.told.iter().any(|(severity, line)| *severity == Severity::Error
            && line.contains("has no backend that this gateway can call")),
        "{:?}",
        outcome.told
    );
}

#[test]
fn custom_rules_come_into_the_policies_of_the_project() {
    let rule = "type: throttling policy\nsubtype: custom rule\nversion: v4.2.0\ndata:\n  policyName: PerUser\n  keyTemplate: $userId\n  siddhiQuery: |\n    \
                FROM RequestStream SELECT userId, ( not(userId is null) ) AS isEligible, userId as throttleKey INSERT INTO EligibilityStream;\n    \
                FROM EligibilityStream[isEligible==true]#throttler:timeBatch(1 min) SELECT throttleKey, (count(throttleKey) >= 5) as isThrottled INSERT INTO R;\n";
    let tree = tree(&[
        ("a/api.yaml", &*api("")),
        ("a/Definitions/swagger.yaml", DEFINITION),
        ("rule.yaml", rule),
        ("some.yaml", &rule.replace("not(userId is null)", "userId == 'ana'")),
    ]);
    let outcome = converted(&tree, None).unwrap();
    let policies = text(&outcome, "policies.yaml");
    assert!(
        policies.ends_with("\ncustomPolicies:\n  - \"PerUser\":\n      keyTemplate: \"$userId\"\n      count: 5\n      unitTime: 1\n      timeUnit: min\n"),
        "{policies}"
    );
    let line =
        "old/some.yaml:5:15: warning: the custom rule `PerUser` is not applied: it counts only some of the requests";
    assert!(
        outcome.told.iter().any(|(_, told)| told.starts_with(line)),
        "{:?}",
        outcome.told
    );
}
