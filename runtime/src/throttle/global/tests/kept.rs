//! The control plane's lists outlive the gateway.

use super::gateway::lists;
use crate::asking::Asking;
use crate::auth::tests::server::{Server, status};
use crate::config::{RuntimeConfig, Sources};
use crate::throttle::LimitsSource;
use crate::throttle::global::lists::ListClient;
use serde_json::json;

#[test]
fn lists_are_in_force_before_the_control_plane_is_heard() {
    let plane = Server::start(status("503 Service Unavailable"));
    let text = format!(
        "throttlingConfig.enabledGlobalTMEventPublishing = true\n\
         throttlingConfig.jmsConnectionProviderUrl = \"amqp://admin:canary@127.0.0.1:1/carbon\"\n\
         throttlingConfig.dataRetriever.serverUrl = \"http://{}/internal/data/v1\"\n\
         throttlingConfig.dataRetriever.username = \"cp\"\nthrottlingConfig.dataRetriever.password = \"canary\"\n",
        plane.address
    );
    let loaded = RuntimeConfig::load(Sources {
        file: Some(("test.conf", &text)),
        ..Sources::default()
    });
    let settings = loaded.expect("it is valid").0.global_throttling.expect("it is enabled");
    let folder = tempfile::tempdir().expect("a folder");
    let in_force = || {
        let source = LimitsSource::new(&settings, &Asking::default(), Some(folder.path()), 10).expect("a client");
        let limits = source.limits();
        (limits.templates.load().len(), limits.blocks.len())
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let client = ListClient::new(&settings.lists, &Asking::default(), Some(folder.path())).expect("a client");
    let fetch = || runtime.block_on(client.fetch()).is_ok();

    assert!(!fetch());
    assert_eq!(in_force(), (0, 0));
    // Up to 3.0 addresses are text.
    plane.answer_by(lists(
        &json!(["$userId:$apiContext"]),
        &json!({"user": ["bo"], "ip": ["10.4.0.7"], "custom": []}),
    ));
    assert!(fetch());
    assert_eq!(in_force(), (1, 2));
    plane.answer_by(lists(&json!([]), &json!({"user": "bo"})));
    assert!(fetch());
    assert_eq!(in_force(), (0, 0), "what is no list of a kind has no entries");
    plane.answer_by(lists(&json!({"error": 1}), &json!({})));
    assert!(!fetch());
    plane.answer(status("401 Unauthorized"));
    assert!(!fetch());
    assert_eq!(in_force(), (0, 0), "what is no answer is not kept");
}
