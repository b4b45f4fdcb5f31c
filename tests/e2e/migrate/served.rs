//! A migrated project, built and served.

use super::place_with;
use crate::running::Running;
use crate::serve::ON_LOOPBACK;
use mgw_fixtures::backend::Backend;
use std::net::{Ipv4Addr, SocketAddr};

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
    let migrate = [
        "migrate",
        "ledger",
        "shop",
        "-e",
        "local",
        "--params",
        "local/params.yaml",
    ];
    let outcome = place.mgw(&migrate).exits(8);
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
