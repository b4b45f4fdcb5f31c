//! The rules, each for one thing. They look at values, not at words: what the gateway will do, not how it is written.

mod callers;
mod certificates;
mod limits;
mod settings;
mod transport;

use super::finding::Finding;
pub(super) use callers::{credentials_in_the_clear, open_as_a_whole};
pub(super) use certificates::of_certificates;
use mgw_bundle::GatewayConfig;
use mgw_bundle::config::Api;
pub(super) use settings::of_settings;
pub(super) use transport::backends_in_the_clear as of_backends;

/// A rule for APIs. Only those that look at limits need the policies.
type Rule = for<'a> fn(&'a Api, &GatewayConfig, &mut Vec<Finding<'a>>);

const RULES: [Rule; 6] = [
    callers::open_operations,
    callers::unscoped_operations,
    callers::keys_in_queries,
    callers::any_origin,
    limits::open_and_unlimited,
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
