//! The gateway's own settings.

use super::transport::is_in_the_clear;
use crate::audit::finding::{Finding, Subject};
use crate::diagnostics::Code;
use mgw_bundle::GatewayConfig;
use mgw_bundle::config::Scheme;
use mgw_runtime::config::{Origin, PasswordHash, RuntimeConfig};

/// Applies the rules for settings.
pub(in crate::audit) fn of_settings<'a>(settings: &'a RuntimeConfig, config: &GatewayConfig) -> Vec<Finding<'a>> {
    let mut findings = Vec::new();
    issuers(settings, &mut findings);
    key_manager(settings, &mut findings);
    backends(settings, &mut findings);
    admin(settings, &mut findings);
    users(settings, config, &mut findings);
    subscriptions(settings, &mut findings);
    findings
}

/// The subject of what is said of a setting by its name.
fn setting<'a>(settings: &'a RuntimeConfig, key: &str) -> Subject<'a> {
    of_gateway(settings.places.of_key(key))
}

/// The subject of what is said of a setting that was made there.
fn of_gateway(origin: Option<&Origin>) -> Subject<'_> {
    Subject::Setting { origin, api: None }
}

/// Whoever is on the way between gateway and issuer could hand out keys of their own.
fn issuers<'a>(settings: &'a RuntimeConfig, findings: &mut Vec<Finding<'a>>) {
    for issuer in &settings.issuers {
        let name = &issuer.issuer;
        if let Some(jwks) = &issuer.jwks
            && is_in_the_clear(jwks.url.as_str())
        {
            findings.push(Finding::warning(
                Code::IssuerInTheClear,
                of_gateway(issuer.places.of_key("jwksURL")),
                format!("the keys of the issuer {name} are fetched over plain HTTP"),
                "Use https in `jwksURL`: whoever can change the answer can make tokens.",
            ));
        } else if is_in_the_clear(name) {
            // The gateway only compares it; others may go there for keys.
            findings.push(Finding::note(
                Code::IssuerInTheClear,
                of_gateway(issuer.places.of_key("issuer")),
                format!("the issuer {name} is named by a plain HTTP address"),
                "Have the identity provider name itself with https where it can, then change `issuer` too.",
            ));
        }
        if issuer.audience.is_empty() {
            findings.push(Finding::note(
                Code::AnyAudience,
                of_gateway(issuer.places.of_key("issuer")),
                format!("tokens of the issuer {name} are accepted whomever they were made for"),
                "Set `audience`, where the issuer makes tokens for others too.",
            ));
        }
    }
}

fn key_manager<'a>(settings: &'a RuntimeConfig, findings: &mut Vec<Finding<'a>>) {
    let url = settings.key_manager.server_url.as_ref();
    if let Some(url) = url.filter(|url| is_in_the_clear(url.as_str())) {
        findings.push(Finding::warning(
            Code::IssuerInTheClear,
            setting(settings, "keyManager.serverUrl"),
            format!(
                "the key manager is asked about tokens over plain HTTP, at {}",
                url.host_str().unwrap_or_default()
            ),
            "Use https: tokens, and the gateway's own credentials, go that way.",
        ));
    }
}

fn backends<'a>(settings: &'a RuntimeConfig, findings: &mut Vec<Finding<'a>>) {
    let clients = &settings.http_clients;
    let remedy = "Name the backends' authority in `httpClients.sslConfig` instead, or pull their certificates.";
    if !clients.verify_certificates {
        findings.push(Finding::warning(
            Code::BackendsUnchecked,
            setting(settings, "httpClients.disableSslVerification"),
            "certificates of backends are not checked: anybody can pass for one",
            remedy,
        ));
    } else if !clients.verify_hostname {
        findings.push(Finding::warning(
            Code::BackendsUnchecked,
            setting(settings, "httpClients.sslConfig.verifyHostname"),
            "host names of backends are not checked: every certificate of the same authority passes for every backend",
            remedy,
        ));
    }
}

/// What the admin listener tells and does is for operators.
fn admin<'a>(settings: &'a RuntimeConfig, findings: &mut Vec<Finding<'a>>) {
    let admin = &settings.admin;
    if admin.enabled && !admin.host.is_loopback() {
        findings.push(Finding::warning(
            Code::AdminExposed,
            setting(settings, "adminConfig.host"),
            format!("the admin listener can be reached from other machines ({})", admin.host),
            "Listen on 127.0.0.1, or keep others away from that port: it asks for no credentials.",
        ));
    }
}

/// Least cost of bcrypt that keeps guessers busy, as OWASP has it ("Password Storage Cheat Sheet").
const LEAST_BCRYPT_COST: u32 = 10;

/// Hashes that are computed by the billion, or nearly.
fn users<'a>(settings: &'a RuntimeConfig, config: &GatewayConfig, findings: &mut Vec<Finding<'a>>) {
    let schemes = config.apis.iter().flat_map(|api| &api.resources);
    let mut schemes = schemes
        .flat_map(|resource| &resource.security.alternatives)
        .flat_map(|requirement| &requirement.schemes);
    let api_keys = settings.api_keys.own_issuer.enabled;
    if !api_keys && !schemes.any(|scheme| *scheme == Scheme::Basic) {
        return;
    }
    for (name, user) in &settings.users.by_name {
        if matches!(
            user.password,
            PasswordHash::Sha1(_) | PasswordHash::Sha256(_) | PasswordHash::Sha384(_) | PasswordHash::Sha512(_)
        ) {
            findings.push(Finding::warning(
                Code::WeakHash,
                of_gateway(user.places.of_key("password")),
                format!("the password of the user {name} is kept as a plain hash, which is guessed quickly"),
                "Hash it with bcrypt or Argon2id: `mgw help basic-auth` shows how.",
            ));
        }
        if let PasswordHash::Slow(hash) = &user.password
            && let Some(cost) = hash.bcrypt_cost().filter(|cost| *cost < LEAST_BCRYPT_COST)
        {
            findings.push(Finding::warning(
                Code::WeakHash,
                of_gateway(user.places.of_key("password")),
                format!(
                    "the password of the user {name} is kept as a bcrypt hash of cost {cost}, which is guessed quickly"
                ),
                "Hash it with a cost of 10 or more, or with Argon2id: `mgw help basic-auth` shows how.",
            ));
        }
    }
}

fn subscriptions<'a>(settings: &'a RuntimeConfig, findings: &mut Vec<Finding<'a>>) {
    if settings.authentication.validate_subscriptions == Some(false) {
        findings.push(Finding::note(
            Code::SubscriptionsUnchecked,
            setting(settings, "security.validateSubscriptions"),
            "subscriptions are not checked: every token of a trusted issuer opens every API",
            "Leave `security.validateSubscriptions` out to have them checked where there is subscription data.",
        ));
    }
    let unchecked = settings
        .issuers
        .iter()
        .filter(|issuer| issuer.validate_subscription == Some(false));
    for issuer in unchecked {
        findings.push(Finding::note(
            Code::SubscriptionsUnchecked,
            of_gateway(issuer.places.of_key("validateSubscription")),
            format!(
                "subscriptions are not checked for tokens of the issuer {}: each opens every API",
                issuer.issuer
            ),
            "Leave `validateSubscription` out to have them checked where there is subscription data.",
        ));
    }
}
