use super::*;
use crate::cloud::address::Address;
use crate::cloud::http::tests::silent;
use crate::cloud::session::SessionStore;
use crate::connected::refusal::Refusal;
use crate::project::ControlPlaneKind;
use mgw_runtime::config::Sources;

const BROKER: &str = "apim.eventHub.eventListeningEndpoints = \"amqps://cp:canary@hub\"\n\
                      throttlingConfig.enabledGlobalTMEventPublishing = true\n";

fn config(keys: &str) -> RuntimeConfig {
    let sources = Sources {
        file: Some(("test.conf", keys)),
        ..Sources::default()
    };
    RuntimeConfig::load(sources).expect("it is valid").0
}

/// Derives by what a control plane of this kind has.
fn derived(kind: ControlPlaneKind, password: bool, config: &mut RuntimeConfig) -> DerivedData {
    let folder = tempfile::tempdir().expect("a folder");
    let user = UserName::complete("ana@meridian").expect("a name");
    let account = Account {
        address: Address::parse("https://cp.example:9443").expect("an address"),
        kind,
        organisation: "meridian".into(),
        store: SessionStore::for_tests(folder.path()),
        http: Default::default(),
        user: Some(user.clone()),
        password: password.then(|| "canary".into()),
        password_file: None,
        client: None,
        client_secret_file: None,
        sign_in_refused: Refusal::default(),
        data_refused: Refusal::default(),
        blocks_refused: Refusal::default(),
        ui: silent(),
    };
    let ca_file = folder.path().join("ca.pem");
    let data = derive(
        config,
        &account,
        Some(&user),
        Some("PEM"),
        ca_file.clone(),
        Duration::from_secs(5),
    );
    assert_eq!(ca_file.exists(), password && generation(kind).gateway_data.is_some());
    data.expect("the file can be written")
}

#[test]
fn every_generation_has_its_own() {
    use ControlPlaneKind as Kind;
    use Derived::{Followed, NotOffered};
    for (kind, root, subscriptions, revoked_tokens) in [
        (Kind::Apim26, "throttle/data/v1", NotOffered, NotOffered),
        (Kind::Apim30, "throttle/data/v1", NotOffered, Followed),
        (Kind::Apim31, "throttle/data/v1", NotOffered, Followed),
        (Kind::Apim32, "internal/data/v1", Followed, Followed),
        (Kind::Apim42, "internal/data/v1", Followed, Followed),
    ] {
        let mut config = config(BROKER);
        let data = derived(kind, true, &mut config);
        assert_eq!(
            (data.subscriptions, data.revoked_tokens),
            (subscriptions, revoked_tokens),
            "{kind:?}"
        );
        let root = format!("https://cp.example:9443/{root}");
        let revoked = config
            .revocation
            .persistent
            .map(|list| (list.url.to_string(), list.refresh));
        let expected = (revoked_tokens == Followed).then(|| (format!("{root}/revokedjwt"), Duration::from_secs(5)));
        assert_eq!(revoked, expected, "{kind:?}");
        let data = config.subscription_data.map(|data| data.url.to_string());
        assert_eq!(data, (subscriptions == Followed).then(|| root.clone()), "{kind:?}");
        let lists = config.global_throttling.expect("it is enabled").lists;
        assert_eq!(
            (lists.url.as_str(), lists.username.as_str()),
            (root.as_str(), "ana@meridian"),
            "{kind:?}"
        );
    }
}

#[test]
fn what_the_operator_says_stays() {
    let decided = "tokenRevocationConfig.persistent.enablePersistentStorageRetrieval = false\n\
                   apim.eventHub.enable = false\n\
                   throttlingConfig.dataRetriever.serverUrl = \"https://other/lists\"\n";
    let mut config = config(&format!("{BROKER}{decided}"));
    let data = derived(ControlPlaneKind::Apim32, true, &mut config);
    assert_eq!(
        (data.subscriptions, data.revoked_tokens),
        (Derived::Decided, Derived::Decided)
    );
    assert!(config.revocation.persistent.is_none() && config.subscription_data.is_none());
    let lists = config.global_throttling.expect("it is enabled").lists;
    assert_eq!(lists.url.as_str(), "https://other/lists");
}

#[test]
fn without_a_password_or_a_service_nothing_is_asked() {
    for (kind, password, expected) in [
        (ControlPlaneKind::Apim31, false, Derived::NoPassword),
        (ControlPlaneKind::ApiCloud, true, Derived::NotOffered),
    ] {
        let mut config = config(BROKER);
        assert_eq!(derived(kind, password, &mut config).revoked_tokens, expected);
        assert!(config.revocation.persistent.is_none());
        let lists = config.global_throttling.expect("it is enabled").lists;
        assert_eq!(lists.url.host_str(), Some("localhost"));
    }
}
