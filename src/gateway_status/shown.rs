//! What the control plane shows of a gateway.

use super::machine::{Machine, fact};
use crate::cloud::on_premise_properties::{GatewayFacts, OnPremiseProperties};
use crate::context::Environment;
use crate::failure::Failure;
use mgw_runtime::config::GatewayStatusSettings;
use std::collections::BTreeMap;
use std::path::Path;

/// The tenant of users who name none.
const SUPER_TENANT: &str = "carbon.super";

/// Under which the version of this program is shown.
pub(super) const VERSION: &str = "mgw.version";

/// What the control plane shows of a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) tenant: String,
    pub(super) label: Option<String>,
    pub(super) host_name: String,
    pub(super) mac_address: String,
    pub(super) port: u16,
    pub(super) env_metadata: BTreeMap<String, String>,
    pub(super) custom_metadata: BTreeMap<String, String>,
}

impl Shown {
    /// Collects it; reads the file with label and metadata where the settings name one. Otherwise what the session of the
    /// same organisation kept of an on-premise gateway is used.
    pub(super) fn collect(
        settings: &GatewayStatusSettings,
        machine: &Machine,
        environment: &Environment,
        home: &Path,
        kept: Option<GatewayFacts>,
    ) -> Result<Self, Failure> {
        let from_file = match &settings.properties_file {
            Some(path) => {
                OnPremiseProperties::load(path)
                    .map_err(|failure| failure.hint("`gatewayStatus.propertiesFile` names it."))?
                    .gateway
            }
            None => kept.unwrap_or_default(),
        };
        let names = if settings.env_metadata.is_empty() {
            from_file.env_metadata
        } else {
            settings.env_metadata.clone()
        };
        let custom = if settings.custom_metadata.is_empty() {
            from_file.custom_metadata
        } else {
            settings.custom_metadata.clone()
        };
        let mut env_metadata: BTreeMap<String, String> = names
            .into_iter()
            .filter_map(|name| fact(&name, environment).map(|value| (name, value)))
            .collect();
        // These two are always sent; -1 stands for no update.
        let home = std::path::absolute(home).unwrap_or_else(|_| home.to_owned());
        env_metadata.insert("carbon.home".to_owned(), home.display().to_string());
        env_metadata.insert("lastWumUpdate".to_owned(), "-1".to_owned());
        let mut custom_metadata: BTreeMap<String, String> = custom.into_iter().collect();
        custom_metadata.insert(VERSION.to_owned(), env!("CARGO_PKG_VERSION").to_owned());
        Ok(Self {
            tenant: tenant(settings).to_owned(),
            label: settings.label.clone().or(from_file.label),
            host_name: settings.host_name.clone().unwrap_or_else(|| machine.host_name.clone()),
            mac_address: machine.mac_address.clone(),
            port: settings.port,
            env_metadata,
            custom_metadata,
        })
    }
}

/// The organisation that the gateway is shown to.
pub(super) fn tenant(settings: &GatewayStatusSettings) -> &str {
    let tenant = settings.username.rsplit_once('@').map(|(_, tenant)| tenant);
    tenant.unwrap_or(SUPER_TENANT)
}
