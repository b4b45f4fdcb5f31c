//! The rules, each for one thing. They look at values, not at words: what the gateway will do, not how it is written.

mod callers;
mod limits;
mod settings;
mod transport;

use super::finding::Finding;
use mgw_bundle::GatewayConfig;
use mgw_bundle::config::Api;
pub(super) use settings::of_settings;

/// A rule for APIs. Only those that look at limits need the policies.
type Rule = for<'a> fn(&'a Api, &GatewayConfig, &mut Vec<Finding<'a>>);

const RULES: [Rule; 8] = [
    callers::open_operations,
    callers::unscoped_operations,
    callers::keys_in_queries,
    callers::credentials_in_the_clear,
    callers::any_origin,
    limits::open_and_unlimited,
    transport::backends_in_the_clear,
    transport::deprecated,
];

/// Applies the rules for APIs.
pub(super) fn of_apis(config: &GatewayConfig) -> Vec<Finding<'_>> {
    let mut findings = Vec::new();
    for api in &config.apis {
        for rule in RULES {
            rule(api, config, &mut findings);
        }
    }
    findings
}
