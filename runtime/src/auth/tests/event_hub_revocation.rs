//! Revocations from the event hub of a real broker.

use super::keys::token;
use super::server::{Server, ok};
use super::setup::*;
use crate::auth::{RevocationSourceState, Security};
use crate::config::{RuntimeConfig, Sources};
use crate::event_hub::MAX_MESSAGE;
use crate::event_hub::amqp::rabbitmq::{RabbitMq, free_port};
use crate::event_hub::map_message::encode;
use crate::refusal::Refusal;
use serde_json::json;
use std::path::Path;

const TOPIC: &str = "revoked.tokens";

#[test]
fn revocations_apply_at_once_while_the_broker_is_there() {
    let mut server = RabbitMq::prepare();
    let list = Server::start(ok(&json!([])));
    let conf = format!(
        "tokenRevocationConfig.realtime.enableRealtimeMessageRetrieval = true\n\
         tokenRevocationConfig.realtime.jmsConnectionTopic = \"{TOPIC}\"\n\
         tokenRevocationConfig.realtime.jmsConnectionProviderUrl = \"amqp://admin:canary@clientid/carbon?brokerlist='\
         tcp://127.0.0.1:{}?retries='5'%26connectdelay='50';ssl://localhost:{}'\"\n\
         tokenRevocationConfig.realtime.caFile = \"{}\"\n\
         tokenRevocationConfig.persistent.enablePersistentStorageRetrieval = true\n\
         tokenRevocationConfig.persistent.endpointURL = \"http://{}\"\n\
         tokenRevocationConfig.persistent.refreshInterval = 86400\n",
        free_port(),
        server.tls_port,
        server.authority().display(),
        list.address
    );
    let mut fixture = simple(&conf, oauth2());
    let token_of = |id: &str| token(&with(claims(), json!({"jti": id})));
    let refused = Some(Refusal::InvalidCredentials);
    let (by_id, by_token, by_signature) = (token_of("a"), token_of("b"), token_of("c"));
    let tokens = [&by_id, &by_token, &by_signature];

    // No broker: the gateway serves, and says so.
    fixture.wait_for_revocations(|status| status.failures >= 2);
    let status = fixture.security.revocation_sources()[0];
    assert_eq!(
        (status.source, status.state),
        ("event-hub", RevocationSourceState::Loading)
    );
    for token in tokens {
        assert_eq!(refusal(fixture.bearer(token)), None);
    }

    // The second broker of the list, with TLS.
    server.start();
    fixture.wait_for_revocations(|status| status.state == RevocationSourceState::Current);
    let map =
        json!({"eventId": "1", "revokedToken": "a", "ttl": 5000, "expiryTime": 4_000_000_000_000_u64, "type": "JWT"});
    server.publish(&[(TOPIC, "jms/map-message", &encode(map.as_object().expect("an object")))]);
    fixture.wait_for_revocations(|status| status.applied == 1);
    // It was admitted before, and remembered.
    assert_eq!(refusal(fixture.bearer(&by_id)), refused);

    // What cannot be read is counted, and what follows is read.
    let text = json!({"event": {"payloadData": {"revokedToken": by_token, "ttl": 3600}}}).to_string();
    server.publish(&[
        (TOPIC, "jms/map-message", b"\0\0\0\x01a"),
        (TOPIC, "text/plain", b"{\"event\":{\"payloadData\":{\"other\":1}}}"),
        (TOPIC, "text/plain", &vec![b' '; MAX_MESSAGE + 1]),
        ("tokenRevocation", "text/plain", b"of another topic"),
        (TOPIC, "text/plain", text.as_bytes()),
    ]);
    fixture.wait_for_revocations(|status| status.applied == 2 && status.rejected == 3);
    assert_eq!(refusal(fixture.bearer(&by_token)), refused);

    server.kill();
    fixture.wait_for_revocations(|status| status.state == RevocationSourceState::Stale);
    assert_eq!(refusal(fixture.bearer(&by_id)), refused);
    assert_eq!(refusal(fixture.bearer(&by_signature)), None);

    // What is revoked meanwhile is in the list, which is not due for a day.
    let missed = token_of("missed");
    list.answer(ok(&json!([{"jwt_signature": "missed"}])));
    assert_eq!(refusal(fixture.bearer(&missed)), None);
    server.start();
    fixture.wait_for_revocations(|status| status.state == RevocationSourceState::Current);
    fixture.wait_for_source(1, |status| status.applied == 1);
    assert_eq!(refusal(fixture.bearer(&missed)), refused);
    let signature = by_signature.rsplit_once('.').expect("three parts").1;
    let text = json!({"event": {"payloadData": {"revokedToken": signature, "expiryTime": 4_000_000_000_u64}}});
    server.publish(&[(TOPIC, "application/json", text.to_string().as_bytes())]);
    fixture.wait_for_revocations(|status| status.applied == 3);
    for token in tokens {
        assert_eq!(refusal(fixture.bearer(token)), refused);
    }
    assert_eq!(refusal(fixture.bearer(&token_of("good"))), None);
    assert!(!format!("{:?}", fixture.security).contains("canary"));
}

#[test]
fn authorities_that_cannot_be_trusted_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("broken.pem");
    std::fs::write(&path, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").expect("writes");
    let start = |file: &Path| {
        let text = format!(
            "tokenRevocationConfig.realtime.enableRealtimeMessageRetrieval = true\n\
             tokenRevocationConfig.realtime.jmsConnectionProviderUrl = \"amqps://ana:canary@localhost:1\"\n\
             tokenRevocationConfig.realtime.caFile = \"{}\"\n",
            file.display()
        );
        let loaded = RuntimeConfig::load(Sources {
            file: Some(("test.conf", &text)),
            ..Sources::default()
        });
        let (config, _) = loaded.expect("the test's configuration is valid");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let errors =
            Security::start(&config, None, runtime.expect("a runtime").handle()).expect_err("nothing to trust");
        errors.iter().map(ToString::to_string).collect::<String>()
    };
    for file in [path.clone(), folder.path().join("missing.pem")] {
        let error = start(&file);
        assert!(error.contains(&file.display().to_string()), "{error}");
        assert!(error.contains("tokenRevocationConfig.realtime.caFile"), "{error}");
    }
}
