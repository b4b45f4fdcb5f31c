//! The operator's runtime configuration: `micro-gw.conf`, environment variables and `--set key=value`.
//!
//! The keys are those of micro-gw 3.2 with our additions; every one stands in a catalogue beside the element that reads
//! it, with its kind, default and meaning ([`keys`]). Precedence: `--set`, environment, file, default. All problems of
//! all sources are reported together, each with where it is, what is wrong and what helps.
//!
//! Nothing here opens files or reads the environment: sources come in as [`Sources`].

mod access_log;
mod admin;
mod api_key;
mod authentication;
mod backend_jwt;
mod brokers;
mod caching;
mod catalogue;
mod certificate_files;
mod claim_retrieval;
mod client_certificate;
mod connected;
mod connected_mode;
mod discovery;
mod dns;
mod error;
mod event_hub;
mod event_publishing;
mod forwarding;
mod gateway_status;
mod global_throttling;
mod http_clients;
mod issuer;
mod key_manager;
mod key_manager_auth;
mod key_names;
mod listener;
mod logging;
mod mutual_tls;
mod origin;
mod overrides;
mod places;
mod receivers;
mod redis_address;
#[cfg(test)]
mod reference_tests;
mod revocation;
mod runtime_config;
mod server;
mod server_address;
mod settings;
mod shared_quotas;
mod shown;
mod sources;
mod store;
mod subscription_data;
#[cfg(test)]
mod tests;
mod throttling;
mod usage;
mod users;
mod value;
mod web_sockets;
mod what_is_set;

pub use access_log::AccessLog;
pub use admin::Admin;
pub use api_key::{ApiKeyIssuer, ApiKeys, IssuedApi};
pub use authentication::Authentication;
pub use backend_jwt::{BackendJwt, BackendJwtSigning};
pub use brokers::Brokers;
pub use caching::Caching;
pub use catalogue::{KeyDescription, KnownKey, is_known_section, keys, known_key, known_key_at};
pub use claim_retrieval::ClaimRetrieval;
pub use client_certificate::{CertificateSource, ClientCertificate};
pub use connected_mode::ConnectedSettings;
pub use discovery::{DiscoverySettings, EtcdSettings};
pub use dns::DnsSettings;
pub use error::{ConfigError, ConfigWarning, ErrorKind, WarningKind};
pub use event_publishing::{EventPublishing, EventTransport};
pub use forwarding::{ForwardingHeaders, ForwardingSettings};
pub use gateway_status::{GatewayStatusSettings, StatusPlace};
pub use global_throttling::{ConditionKinds, GlobalThrottling, ThrottleLists};
pub use http_clients::{HttpClients, Pool, Proxy, ProxyKind, ResponseLimits};
pub use issuer::{Algorithm, ClaimMapping, Issuer, JwksSettings};
pub use key_manager::KeyManager;
pub use key_manager_auth::{ClientPlacement, Grant, KeyManagerAuth, OAuthClient, OwnToken, Renewal};
pub use listener::{KeepAlive, Listener, NamedCertificate, Timeouts};
pub use logging::Logging;
pub use mutual_tls::{CertificateAliases, MutualTlsSettings, VerifyClient};
pub use origin::Origin;
pub use overrides::{CredentialSetting, EndpointOverrides};
pub use places::{Places, TablePlaces};
pub use receivers::{ReceiverAddress, ReceiverGroup, Sharing};
pub use redis_address::{RedisAddress, RedisKind};
pub use revocation::{PersistentRevocation, RealtimeRevocation, RedisRevocation, Revocation};
pub use runtime_config::RuntimeConfig;
pub use server::{HeaderRule, Server};
pub use server_address::ServerAddress;
pub use shared_quotas::SharedQuotas;
pub use shown::shown_values;
pub use sources::Sources;
pub use store::StoreSettings;
pub use subscription_data::{SubscriptionDataLimits, SubscriptionDataSettings};
pub use throttling::Throttling;
pub use usage::{StreamVersion, UploadSettings, UsageSettings};
pub use users::{PasswordHash, User, Users};
pub use web_sockets::WebSockets;
pub use what_is_set::{SetKey, WhatIsSet};
