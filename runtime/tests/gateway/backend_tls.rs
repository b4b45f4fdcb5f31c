//! PKCS#12 stores towards `https` backends: whom the gateway trusts there, and who it is to them.

use crate::support::{GatewayBuilder, Pki, TlsBackend, api};

#[test]
fn stores_say_whom_to_trust_and_who_the_gateway_is() {
    let pki = Pki::new();
    pki.signed("backend", "localhost");
    pki.signed("client", "client.test");
    pki.self_signed("other");
    let backend = TlsBackend::start(&pki, "backend");
    let start = |names: &[&str], how: Option<&str>| {
        let trust = pki.trust_store(names);
        let mut builder = GatewayBuilder::new(vec![api("/p", &backend.url())])
            .set("httpClients.sslConfig.trustStorePath", &trust.to_string_lossy())
            .set("httpClients.sslConfig.trustStorePassword", Pki::PASSWORD);
        if let Some(how) = how {
            let store = pki.key_store("client", how);
            builder = builder
                .set("httpClients.sslConfig.keyStorePath", &store.to_string_lossy())
                .set("httpClients.sslConfig.keyStorePassword", Pki::PASSWORD);
        }
        builder.start().get("/p")
    };
    for how in ["", "-legacy"] {
        let answer = start(&["other", "ca"], Some(how));
        assert_eq!(
            (answer.status, answer.body),
            (200, TlsBackend::sees(&pki, "client")),
            "{how}"
        );
    }
    let anonymous = start(&["ca"], None);
    assert_eq!((anonymous.status, anonymous.body.as_str()), (200, "nobody"));
    assert_ne!(
        start(&["other"], Some("")).status,
        200,
        "nobody in the store signed the backend's"
    );
}
