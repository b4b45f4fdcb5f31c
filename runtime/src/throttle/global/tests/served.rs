//! A gateway that follows the control plane's lists and a real broker.

use super::gateway::{HOUR, RESOURCE, Served, bearer, bundle, decision, eventually, lists, publish, taken_back};
use crate::auth::tests::server::{Server, ok, status};
use crate::event_hub::amqp::rabbitmq::RabbitMq;
use serde_json::json;

#[test]
fn decisions_of_the_traffic_manager_are_in_force_while_they_last() {
    let mut broker = RabbitMq::prepare();
    let backend = Server::start(ok(&json!({"ok": true})));
    let plane = Server::start(status("503 Service Unavailable"));
    let conf = format!(
        "throttlingConfig.enabledGlobalTMEventPublishing = true\nthrottlingConfig.enableHeaderConditions = true\n\
         throttlingConfig.jmsConnectionProviderUrl = \"amqp://admin:canary@clientid/carbon?brokerlist='tcp://127.0.0.1:{}'\"\n\
         throttlingConfig.dataRetriever.serverUrl = \"http://{}/internal/data/v1/\"\n\
         throttlingConfig.dataRetriever.username = \"cp\"\nthrottlingConfig.dataRetriever.password = \"canary\"\n",
        broker.port, plane.address
    );
    let served = Served::start(&conf, "", &backend);
    let (ana, bo) = (bearer("ana"), bearer("bo"));

    // Neither broker nor lists: the gateway serves, and says so.
    assert_eq!(served.code("/ledger/1.0.0/x", ""), 0);
    assert_eq!(served.code("/till/1.0.0/x", &ana), 0);
    eventually("both failed", || served.metric("failures_total") >= 2);
    let ready = served.ready();
    assert_eq!(
        (&ready["ready"], &ready["globalLimits"]["decisions"]),
        (&json!(true), &json!("loading"))
    );
    assert_eq!(ready["globalLimits"]["lists"], "loading");

    // The lists come as soon as they can be had, whatever was answered before.
    plane.answer_by(lists(
        &json!(["$userId:$apiContext"]),
        &json!({"user": ["bo"], "ip": []}),
    ));
    served.until(900_805, "/till/1.0.0/x", &bo);
    assert_eq!(served.code("/till/1.0.0/x", &ana), 0);
    served.until_ready_says("lists", "current");

    broker.start();
    served.until_ready_says("decisions", "current");
    let ledger = format!("{RESOURCE}_default");
    publish(&broker, 3, &[decision(&ledger, HOUR, None)]);
    served.until(900_802, "/ledger/1.0.0/x", "");
    let (status, _, retry) = served.get("/ledger/1.0.0/x", "");
    assert_eq!(status, 429);
    assert!(
        retry.is_some_and(|seconds| (3000..=3600).contains(&seconds)),
        "{retry:?}"
    );
    assert_eq!(served.code("/till/1.0.0/x", &ana), 0);
    publish(&broker, 4, &[taken_back(&ledger)]);
    served.until(0, "/ledger/1.0.0/x", "");

    // One that expires needs no message.
    publish(&broker, 4, &[decision(&ledger, 3_000, None)]);
    served.until(900_802, "/ledger/1.0.0/x", "");
    served.until(0, "/ledger/1.0.0/x", "");

    // By condition: a group, and everybody else.
    let mobile = json!([{"header": {"values": {"X-Client": "^mobile"}, "invert": false}}]);
    publish(
        &broker,
        3,
        &[decision(&format!("{RESOURCE}_condition_0"), HOUR, Some(&mobile))],
    );
    served.until(900_802, "/ledger/1.0.0/x", "X-Client: mobile 7\r\n");
    assert_eq!(served.code("/ledger/1.0.0/x", "X-Client: desk\r\n"), 0);
    publish(
        &broker,
        4,
        &[
            taken_back(&format!("{RESOURCE}_condition_0")),
            decision(&ledger, HOUR, Some(&mobile)),
        ],
    );
    served.until(900_802, "/ledger/1.0.0/x", "X-Client: desk\r\n");
    assert_eq!(served.code("/ledger/1.0.0/x", "X-Client: mobile 7\r\n"), 0);
    publish(&broker, 4, &[taken_back(&ledger)]);
    served.until(0, "/ledger/1.0.0/x", "X-Client: desk\r\n");

    // By subscription, application and address, whichever was asked about first.
    for (key, code, path, fields) in [
        ("12:/till/1.0.0:1.0.0", 900_804, "/till/1.0.0/x", ana.as_str()),
        ("12:ana", 900_803, "/till/1.0.0/x", &ana),
        ("127.0.0.1:/ledger/1.0.0:1.0.0", 900_804, "/ledger/1.0.0/x", ""),
        // The template came with the list.
        ("ana:/till/1.0.0", 900_806, "/till/1.0.0/x", &ana),
    ] {
        publish(&broker, 3, &[decision(key, HOUR, None)]);
        served.until(code, path, fields);
        publish(&broker, 3, &[taken_back(key)]);
        served.until(0, path, fields);
    }

    // Templates come and go; what cannot be read is counted, and what follows is applied.
    let template = |state: &str| json!({"keyTemplateValue": "$appId", "keyTemplateState": state});
    let unreadable = json!({"keyTemplateValue": "$nobody", "keyTemplateState": "add"});
    let rejected = served.metric("rejected_total");
    publish(
        &broker,
        4,
        &[
            json!({"other": 1}),
            unreadable,
            template("add"),
            decision("12", HOUR, None),
        ],
    );
    served.until(900_806, "/till/1.0.0/x", &ana);
    assert_eq!(served.metric("rejected_total"), rejected + 2);
    assert_eq!(served.metric("key_templates"), 2);
    publish(&broker, 3, &[template("remove")]);
    served.until(0, "/till/1.0.0/x", &ana);

    // Blocks, in both spellings.
    let block = |state: &str| json!({"id": 7, "blockingCondition": "API", "conditionValue": "/ledger/1.0.0", "state": state, "tenantDomain": "carbon.super"});
    publish(&broker, 3, &[block("true")]);
    served.until(900_805, "/ledger/1.0.0/x", "");
    publish(&broker, 3, &[block("false")]);
    served.until(0, "/ledger/1.0.0/x", "");
    let lifted = json!({"blockingKey": "USER", "condition": "USER", "conditionValue": "bo", "conditionState": "false"});
    publish(&broker, 4, &[lifted]);
    served.until(0, "/till/1.0.0/x", &bo);

    // A new bundle finds what was told before.
    publish(&broker, 3, &[decision(&ledger, HOUR, None), block("true")]);
    served.until(900_805, "/ledger/1.0.0/x", "");
    let same = bundle(&format!("http://{}", backend.address));
    served.running.reload(&same).expect("a good bundle");
    assert_eq!(served.code("/ledger/1.0.0/x", ""), 900_805);
    publish(&broker, 3, &[block("false")]);
    served.until(900_802, "/ledger/1.0.0/x", "");

    // Without the broker, what is in force holds; the gateway is ready and says that it is told nothing.
    broker.kill();
    served.until_ready_says("decisions", "stale");
    assert_eq!(served.ready()["ready"], true);
    assert_eq!(served.code("/ledger/1.0.0/x", ""), 900_802);
    assert_eq!(served.code("/till/1.0.0/x", &ana), 0);

    // What was missed is in the lists, and the next messages arrive.
    plane.answer_by(lists(&json!(["$clientIp"]), &json!({"application": ["bo:Front"]})));
    broker.start();
    served.until(900_805, "/till/1.0.0/x", &ana);
    served.until_ready_says("decisions", "current");
    publish(&broker, 4, &[taken_back(&ledger), decision("2130706433", HOUR, None)]);
    served.until(900_806, "/ledger/1.0.0/x", "");
}
