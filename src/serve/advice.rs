//! What the settings lack for a bundle, told before the gateway starts: it serves, and callers would be refused without
//! anybody knowing why.

use super::BundleSource;
use crate::ui::Ui;
use mgw_bundle::config::{Api, Requirement, Scheme, Security};
use mgw_bundle::{Bundle, GatewayConfig};
use mgw_runtime::config::RuntimeConfig;

/// Warns about what the settings lack.
pub(crate) fn advise(bundle: &Bundle, config: &RuntimeConfig, source: &BundleSource, ui: &Ui) {
    warn_without_issuers(bundle, config, source, ui);
    let entries = &config.mutual_tls.certificates;
    let named = entries
        .iter()
        .map(|entry| (entry.name.as_str(), entry.version.as_str()));
    for (name, version) in unknown(named, &bundle.config.apis) {
        ui.warn(format_args!(
            "[[mutualSSLConfig.api.certificates]] names the API {name}:{version}, which the bundle does not have; the entry admits nobody"
        ));
        ui.hint("Compare `name` and `version` with those that `mgw inspect` shows.");
    }
}

/// Returns the APIs that are named and not there. Names are compared as the gateway compares them, in any case.
fn unknown<'a>(
    named: impl Iterator<Item = (&'a str, &'a str)>,
    apis: &[Api],
) -> impl Iterator<Item = (&'a str, &'a str)> {
    named.filter(|(name, version)| {
        !apis.iter().any(|api| {
            api.name.to_lowercase() == name.to_lowercase() && api.version.to_lowercase() == version.to_lowercase()
        })
    })
}

fn warn_without_issuers(bundle: &Bundle, config: &RuntimeConfig, source: &BundleSource, ui: &Ui) {
    // A key manager knows opaque tokens.
    if needs_tokens(&bundle.config) && config.issuers.is_empty() && config.key_manager.server_url.is_none() {
        ui.warn("no token issuer is trusted: calls to resources that need an access token are answered 401");
        ui.hint(match source {
            BundleSource::Project(_) => {
                "Name your issuer under [[jwtTokenConfig]] in conf/micro-gw.conf, or try --local-issuer."
            }
            BundleSource::File(_) => {
                "Name your issuer under [[jwtTokenConfig]] in a file and give it with --config, or try --local-issuer."
            }
        });
    }
}

/// Returns whether nothing but an access token opens some of the resources.
pub(crate) fn needs_tokens(config: &GatewayConfig) -> bool {
    let mut resources = config.apis.iter().flat_map(|api| &api.resources);
    resources.any(|resource| needs_token(&resource.security))
}

/// Returns whether nothing but an access token opens a resource.
fn needs_token(security: &Security) -> bool {
    let by_token = |requirement: &Requirement| requirement.schemes.contains(&Scheme::Oauth2);
    security.enabled && !security.optional && security.alternatives.iter().all(by_token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_access_token_needs_an_issuer() {
        let security = |optional, alternatives: Vec<Vec<Scheme>>| Security {
            enabled: true,
            optional,
            alternatives: alternatives
                .into_iter()
                .map(|schemes| Requirement { schemes })
                .collect(),
        };
        let (token, password) = (|| Scheme::Oauth2, || Scheme::Basic);
        assert!(needs_token(&security(false, vec![vec![token()]])));
        assert!(needs_token(&security(false, vec![vec![token(), password()]])));
        assert!(!needs_token(&security(false, vec![vec![token()], vec![password()]])));
        assert!(!needs_token(&security(false, vec![vec![password()]])));
        assert!(!needs_token(&security(true, vec![vec![token()]])));
    }
}
