//! Migrated projects of every kind, built and served.

use super::{micro_gw, place_with, zipped_files};
use crate::running::Running;
use crate::serve::ON_LOOPBACK;
use crate::support::Place;
use mgw_fixtures::backend::Backend;
use std::net::{Ipv4Addr, SocketAddr};

/// Takes the export over as it is served on this machine.
const MIGRATE: [&str; 7] = [
    "migrate",
    "ledger",
    "shop",
    "-e",
    "local",
    "--params",
    "local/params.yaml",
];

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_served_with_the_secret_from_the_environment() {
    let backend = Backend::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
        .await
        .expect("the backend starts");
    let place = place_with("ledger");
    place.write(
        "local/params.yaml",
        &format!(
            "environments:\n- name: local\n  configs:\n    endpoints:\n      production: {{url: '{}'}}\n    \
             security:\n      production: {{enabled: true, type: basic, username: svc, password: canary-7f3a}}\n",
            backend.url()
        ),
    );
    let outcome = place.mgw(&MIGRATE).exits(8);
    // The report names the variable that the gateway wants.
    let variable = outcome
        .stdout
        .split('`')
        .find(|word| word.ends_with("_prod_basic_password"))
        .expect("the variable is named")
        .to_owned();
    place.mgw(&["build", "shop"]).exits(0);

    let mut arguments = vec!["run", "shop", "--output", "json", "--local-issuer"];
    arguments.extend(ON_LOOPBACK);
    let refused = place.mgw(&arguments);
    assert_ne!(refused.code, 0);
    assert!(refused.stderr.contains(&variable), "{}", refused.stderr);

    let mut command = place.command(&arguments);
    command.env(&variable, "open sesame");
    let mut gateway = Running::of(command);
    let serving = gateway.json_line();
    let url = serving["http"].as_str().expect("an address");
    let token = place.mgw(&["token", "shop"]).exits(0).stdout.trim().to_owned();
    let client = reqwest::Client::new();
    let request = client
        .get(format!("{url}/ledger/2.1.0/accounts/7"))
        .header("X-Ledger-Authorization", format!("Bearer {token}"));
    let answer = request.send().await.expect("the gateway answers");
    assert_eq!(answer.status(), 200);
    let echoed = answer.text().await.expect("a body");
    // `svc:open sesame`
    assert!(echoed.contains("Basic c3ZjOm9wZW4gc2VzYW1l"), "{echoed}");
    // Open as the export has it, without a version too, and closed where it is closed.
    let open = client
        .get(format!("{url}/ledger/health"))
        .send()
        .await
        .expect("the gateway answers");
    assert_eq!(open.status(), 200);
    let closed = client
        .get(format!("{url}/ledger/2.1.0/accounts/7"))
        .send()
        .await
        .expect("the gateway answers");
    assert_eq!(closed.status(), 401);
    let narrow = client
        .post(format!("{url}/ledger/2.1.0/accounts/7/entries"))
        .header(
            "X-Ledger-Authorization",
            format!(
                "Bearer {}",
                place.mgw(&["token", "shop", "--scope", "other"]).exits(0).stdout.trim()
            ),
        )
        .body("{}");
    assert_eq!(narrow.send().await.expect("the gateway answers").status(), 403);
}

async fn backend() -> Backend {
    Backend::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
        .await
        .expect("the backend starts")
}

/// Replaces text in a file of an old project.
fn replace(place: &Place, file: &str, old: &str, new: &str) {
    let text = place.read(file);
    assert!(text.contains(old), "no {old:?} in {text}");
    place.write(file, &text.replace(old, new));
}

/// The variable of the report that ends so.
fn variable(report: &str, end: &str) -> String {
    let mut words = report.split('`');
    let found = words.find(|word| word.ends_with(end) && !word.contains(' '));
    found.unwrap_or_else(|| panic!("no {end} in {report}")).to_owned()
}

/// Builds and runs a project with these variables; returns the gateway and its address.
fn served(place: &Place, project: &str, variables: &[(&str, &str)]) -> (Running, String) {
    place.mgw(&["build", project]).exits(0);
    let mut arguments = vec!["run", project, "--output", "json", "--local-issuer"];
    arguments.extend(ON_LOOPBACK);
    let mut command = place.command(&arguments);
    command.envs(variables.iter().copied());
    let mut gateway = Running::of(command);
    let url = gateway.json_line()["http"].as_str().expect("an address").to_owned();
    (gateway, url)
}

/// Status and body of the answer to a GET, with a token where there is one.
async fn get(url: &str, token: Option<&str>) -> (u16, String) {
    let mut request = reqwest::Client::new().get(url);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let answer = request.send().await.expect("the gateway answers");
    (answer.status().as_u16(), answer.text().await.expect("a body"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_of_micro_gw_3_is_served_copied_and_in_place() {
    let backend = backend().await;
    let place = micro_gw();
    let definition = "petstore/api_definitions/petstore.yaml";
    replace(&place, definition, "https://petstore.example/v2", &backend.url());
    std::fs::remove_file(place.path().join("petstore/api_definitions/orders.json")).expect("it names an interceptor");
    let settings = ["--config", "micro-gw.conf"];
    for (project, words) in [
        ("shop", &["migrate", "petstore", "shop"][..]),
        ("petstore", &["migrate", "petstore"]),
    ] {
        let report = place.mgw(&[words, &settings].concat()).exits(8).stdout;
        // In place, `mgw check` names the password: it stays in the definition, and is not used.
        let password = match project {
            "shop" => variable(&report, "_prod_basic_password"),
            _ => format!("{}_prod_basic_password", mgw_bundle::api_id("Petstore", "1.0.0")),
        };
        let hash = "a94a8fe5ccb19ba61c4c0873d391e987982fbbd3";
        let variables = [
            (password.as_str(), "open sesame"),
            ("b7a_users_ana_password", hash),
            ("keymanager_security_basic_password", "open sesame"),
        ];
        let (_gateway, url) = served(&place, project, &variables);
        let (status, body) = get(&format!("{url}/petstore/v1/pet/findByStatus"), None).await;
        // `svc-petstore:open sesame`
        assert!(
            status == 200 && body.contains("Basic c3ZjLXBldHN0b3JlOm9wZW4gc2VzYW1l"),
            "{project}: {status} {body}"
        );
        let (status, _) = get(&format!("{url}/petstore/v1/pet/7"), None).await;
        assert_eq!(status, 401, "{project}");
        let token = place.mgw(&["token", project]).exits(0).stdout;
        let (status, body) = get(&format!("{url}/petstore/v1/pet/7"), Some(token.trim())).await;
        assert!(status == 200 && body.contains("/pet/7"), "{project}: {status} {body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_of_micro_gw_2_is_served() {
    let backend = backend().await;
    let place = place_with("pizza");
    replace(
        &place,
        "pizza/src/endpoints.bal",
        "https://pizza.example/v1",
        &backend.url(),
    );
    let report = place.mgw(&["migrate", "pizza", "shop"]).exits(8).stdout;
    let password = variable(&report, "_prod_basic_password");
    let (_gateway, url) = served(&place, "shop", &[(&password, "open sesame")]);
    let (status, body) = get(&format!("{url}/pizzashack/1.0.0/menu"), None).await;
    // `svc:open sesame`
    assert!(
        status == 200 && body.contains("Basic c3ZjOm9wZW4gc2VzYW1l"),
        "{status} {body}"
    );
    let order = |token: String| {
        let request = reqwest::Client::new()
            .post(format!("{url}/pizzashack/1.0.0/order"))
            .bearer_auth(token);
        async { request.send().await.expect("the gateway answers").status().as_u16() }
    };
    let token = |scope: &str| {
        let words = ["token", "shop", "--scope", scope];
        place.mgw(&words).exits(0).stdout.trim().to_owned()
    };
    assert_eq!(order(token("order")).await, 200);
    assert_eq!(order(token("other")).await, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_export_in_an_archive_is_served_under_its_own_policy() {
    let backend = backend().await;
    let place = Place::new();
    let api = format!(
        "id: {{providerName: ana, apiName: Ledger, version: 2.1.0}}\ncontext: /ledger/2.1.0\ncontextTemplate: '/ledger/{{version}}'\n\
         type: HTTP\nstatus: PUBLISHED\ntransports: http,https\napiSecurity: oauth2,oauth_basic_auth_api_key_mandatory\n\
         uriTemplates:\n- {{uriTemplate: /open, httpVerb: GET, authType: None, throttlingTier: Twice}}\n- {{uriTemplate: /closed, httpVerb: GET, authType: Any, throttlingTier: Unlimited}}\n\
         endpointConfig: '{{\"endpoint_type\":\"http\",\"production_endpoints\":{{\"url\":\"{}\"}}}}'\n",
        backend.url()
    );
    let definition = "openapi: 3.0.1\ninfo: {title: Ledger, version: 2.1.0}\npaths:\n  /open: {get: {x-throttling-tier: Twice, responses: {}}}\n  /closed: {get: {responses: {}}}\n";
    let policy = "type: throttling policy\nsubtype: advanced policy\nversion: v4.2.0\ndata:\n  policyName: Twice\n  \
                  defaultLimit: {type: REQUESTCOUNTLIMIT, requestCount: {timeUnit: day, unitTime: 1, requestCount: 2}}\n";
    zipped_files(
        &place.path().join("export.zip"),
        &[
            ("Ledger-2.1.0/Meta-information/api.yaml", &api),
            ("Ledger-2.1.0/Meta-information/swagger.yaml", definition),
            ("policies/Advanced-Twice.yaml", policy),
        ],
    );
    place.mgw(&["migrate", "export.zip", "shop"]).exits(0);
    let (_gateway, url) = served(&place, "shop", &[]);
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(get(&format!("{url}/ledger/2.1.0/open"), None).await.0);
    }
    assert_eq!(statuses, [200, 200, 429]);
    assert_eq!(get(&format!("{url}/ledger/2.1.0/closed"), None).await.0, 401);
    let token = place.mgw(&["token", "shop"]).exits(0).stdout;
    assert_eq!(
        get(&format!("{url}/ledger/2.1.0/closed"), Some(token.trim())).await.0,
        200
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_that_one_file_of_an_export_opens_asks_for_a_token() {
    let backend = backend().await;
    let place = place_with("ledger");
    place.write(
        "local/params.yaml",
        &format!(
            "environments:\n- name: local\n  configs:\n    endpoints:\n      production: {{url: '{}'}}\n    security: {{production: {{enabled: false}}}}\n",
            backend.url()
        ),
    );
    let of_account = "x-auth-type: Application & Application User\n      x-throttling-tier: 10KPerMin";
    let opened = "x-auth-type: None\n      x-throttling-tier: 10KPerMin";
    replace(&place, "ledger/Definitions/swagger.yaml", of_account, opened);
    let outcome = place.mgw(&MIGRATE).exits(8);
    let told = "ledger/api.yaml:95:7: GET /accounts/{accountId} asks for credentials here, and is open in ledger/Definitions/swagger.yaml:23: it asks for them";
    assert!(outcome.stdout.contains(told), "{}", outcome.stdout);
    assert!(place.read("shop/migration-report.md").contains("is open in"));
    let (_gateway, url) = served(&place, "shop", &[]);
    for (path, status) in [("/ledger/2.1.0/accounts/7", 401), ("/ledger/2.1.0/health", 200)] {
        let answer = reqwest::get(format!("{url}{path}")).await.expect("the gateway answers");
        assert_eq!(answer.status(), status, "{path}");
    }
}
