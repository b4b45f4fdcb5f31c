//! The whole runtime configuration.

use super::catalogue::{Key, Kind, SECTIONS};
use super::settings::Reader;
use super::sources::{Sources, merge};
use super::*;
use std::path::PathBuf;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "compat",
        Kind::OneOf(&["none", "micro-gw-3.2"]),
        "none",
        "`micro-gw-3.2` brings back the statuses, challenges and headers of micro-gw 3.2 where ours differ",
    ),
    Key::new(
        "bundle.trustedKeys",
        Kind::Files,
        "",
        "PEM files of Ed25519 public keys, one of which must have signed what is served; none: bundles need no signature",
    ),
];

/// Everything an operator decides about a gateway.
#[derive(Debug, Clone)]
pub struct RuntimeConfig {
    /// Behave like micro-gw 3.2 where it differs.
    pub compat: bool,
    /// Public keys, PEM, one of which must have signed what is served; none: anybody's bundle is served.
    pub trusted_keys: Vec<PathBuf>,
    /// The API listeners.
    pub listener: Listener,
    /// The admin and metrics listener.
    pub admin: Admin,
    /// How callers present themselves.
    pub authentication: Authentication,
    /// The trusted issuers of JWT access tokens, in order.
    pub issuers: Vec<Issuer>,
    /// The key manager that knows opaque tokens.
    pub key_manager: KeyManager,
    /// API keys.
    pub api_keys: ApiKeys,
    /// Users of basic authentication.
    pub users: Users,
    /// Client certificates.
    pub mutual_tls: MutualTlsSettings,
    /// The token for backends.
    pub backend_jwt: BackendJwt,
    /// Claims about users in the token for backends; `None`: there are none.
    pub claim_retrieval: Option<ClaimRetrieval>,
    /// The control plane's brokers.
    pub event_hub: Option<Brokers>,
    /// Extra trusted certificates for them, PEM; `None`: those for the control plane's data.
    pub event_hub_ca_file: Option<PathBuf>,
    /// Revoked tokens.
    pub revocation: Revocation,
    /// Subscription data that the control plane tells while the gateway runs; `None`: only the bundle's.
    pub subscription_data: Option<SubscriptionDataSettings>,
    /// How often those are loaded, how long they are waited for and how many are kept, wherever they come from.
    pub subscription_data_limits: SubscriptionDataLimits,
    /// Whether the operator wants the bundle's alone, rather than said nothing.
    pub subscription_data_refused: bool,
    /// How old the control plane's word may become.
    pub connected: ConnectedSettings,
    /// Quotas.
    pub throttling: Throttling,
    /// Quotas that several gateways share; `None`: every gateway counts for itself.
    pub shared_quotas: Option<SharedQuotas>,
    /// Quotas that the traffic manager counts; `None`: they are counted here.
    pub global_throttling: Option<GlobalThrottling>,
    /// How admitted requests are told to the traffic manager; `None`: they are not.
    pub event_publishing: Option<EventPublishing>,
    /// Cache bounds.
    pub caching: Caching,
    /// WebSockets.
    pub web_sockets: WebSockets,
    /// Connections to backends.
    pub http_clients: HttpClients,
    /// How host names of backends are looked up.
    pub dns: DnsSettings,
    /// Where backends are looked up.
    pub discovery: DiscoverySettings,
    /// Header rules of the gateway itself.
    pub server: Server,
    /// What backends are told about the client's hop.
    pub forwarding: ForwardingSettings,
    /// Access log.
    pub access_log: AccessLog,
    /// Usage records; `None`: there are none.
    pub usage: Option<UsageSettings>,
    /// How the control plane learns that this gateway is there; `None`: it does not.
    pub gateway_status: Option<GatewayStatusSettings>,
    /// Log level.
    pub logging: Logging,
    /// Endpoint overrides.
    pub overrides: EndpointOverrides,
    /// Where files, aliases and issuers are named.
    pub places: Places,
}

impl RuntimeConfig {
    /// Merges the sources and checks every setting.
    ///
    /// # Errors
    ///
    /// Every problem of every source, in the order of sources and positions.
    pub fn load(sources: Sources<'_>) -> Result<(Self, Vec<ConfigWarning>), Vec<ConfigError>> {
        let merged = merge(sources);
        let (mut errors, mut warnings) = (merged.errors, merged.warnings);
        let mut reader = Reader::new(&merged.settings, SECTIONS.to_vec());
        let event_hub = event_hub::read(&mut reader);
        let subscription_data_limits = SubscriptionDataLimits::read(&mut reader);
        let listener = Listener::read(&mut reader);
        let mut config = Self {
            compat: reader.text("compat").as_deref() == Some("micro-gw-3.2"),
            trusted_keys: trusted_keys(&mut reader),
            admin: Admin::read(&mut reader, &listener),
            listener,
            authentication: Authentication::read(&mut reader),
            issuers: issuer::read(&mut reader),
            key_manager: KeyManager::read(&mut reader),
            api_keys: ApiKeys::read(&mut reader),
            users: Users::read(&mut reader),
            mutual_tls: MutualTlsSettings::read(&mut reader),
            backend_jwt: BackendJwt::read(&mut reader),
            claim_retrieval: None,
            revocation: Revocation::read(&mut reader, event_hub.as_ref()),
            global_throttling: GlobalThrottling::read(&mut reader, event_hub.as_ref()),
            event_hub,
            event_hub_ca_file: reader.file("apim.eventHub.caFile"),
            subscription_data: SubscriptionDataSettings::read(&mut reader, subscription_data_limits),
            subscription_data_limits,
            subscription_data_refused: subscription_data::are_refused(&reader),
            connected: ConnectedSettings::read(&mut reader),
            throttling: Throttling::read(&mut reader),
            shared_quotas: SharedQuotas::read(&mut reader),
            event_publishing: EventPublishing::read(&mut reader),
            caching: Caching::read(&mut reader),
            web_sockets: WebSockets::read(&mut reader),
            http_clients: HttpClients::read(&mut reader),
            dns: DnsSettings::read(&mut reader),
            discovery: DiscoverySettings::read(&mut reader),
            server: Server::read(&mut reader),
            forwarding: ForwardingSettings::read(&mut reader),
            access_log: AccessLog::read(&mut reader),
            usage: UsageSettings::read(&mut reader),
            gateway_status: GatewayStatusSettings::read(&mut reader),
            logging: Logging::read(&mut reader),
            overrides: merged.overrides,
            places: merged.places,
        };
        let (issuers, key_manager, backend_jwt) = (&config.issuers, &config.key_manager, &config.backend_jwt);
        config.claim_retrieval = ClaimRetrieval::read(&mut reader, issuers, key_manager, backend_jwt);
        http_clients::warn_of_direct(&mut reader, &config);
        errors.append(&mut reader.errors);
        warnings.append(&mut reader.warnings);
        if errors.is_empty() {
            Ok((config, warnings))
        } else {
            Err(errors)
        }
    }
}

impl Default for RuntimeConfig {
    /// The built-in defaults.
    fn default() -> Self {
        match Self::load(Sources::default()) {
            Ok((config, _)) => config,
            // A test loads the defaults; they depend on nothing outside.
            Err(errors) => unreachable!("the built-in defaults are valid: {errors:?}"),
        }
    }
}

/// A key that is set and names nothing would have everything served that was meant to be refused.
fn trusted_keys(reader: &mut Reader<'_>) -> Vec<PathBuf> {
    const KEY: &str = "bundle.trustedKeys";
    let files = reader.files(KEY);
    if reader.is_set(KEY) && (files.is_empty() || files.iter().any(|file| file.as_os_str().is_empty())) {
        reader.fail(
            KEY,
            format!("`{KEY}` names no file"),
            "Name the public keys one of which must have signed, or leave the key out where bundles need no signature.",
        );
    }
    files
}

#[cfg(test)]
mod trusted_keys_tests {
    use super::*;

    #[test]
    fn a_key_that_is_set_names_a_file() {
        let load = |file: Option<&str>, set: Option<&str>| {
            let sets: Vec<(String, String)> = set
                .map(|value| ("bundle.trustedKeys".to_owned(), value.to_owned()))
                .into_iter()
                .collect();
            let loaded = RuntimeConfig::load(Sources {
                file: file.map(|text| ("test.conf", text)),
                sets: &sets,
                ..Sources::default()
            });
            loaded.map(|(config, _)| config.trusted_keys.len()).ok()
        };
        assert_eq!(load(None, None), Some(0));
        assert_eq!(
            load(Some("bundle.trustedKeys = [\"a.pem\", \"b.pem\"]\n"), None),
            Some(2)
        );
        for empty in ["[]", "\"\"", "[\"\"]"] {
            assert_eq!(
                load(Some(&format!("bundle.trustedKeys = {empty}\n")), None),
                None,
                "{empty}"
            );
        }
        assert_eq!(load(Some("bundle.trustedKeys = [\"a.pem\"]\n"), Some("")), None);
    }
}
