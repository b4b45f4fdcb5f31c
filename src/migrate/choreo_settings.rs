//! `config.toml` of Choreo Connect: what of it is a setting of this gateway, under its name here.

use super::credentials::{Written, without as without_credentials};
use super::draft::{Draft, Place};
use super::settings_file::{Leaf, leaves};
use crate::diagnostics::Code;
use crate::micro_gw_file::SettingsFile;
use crate::project::CorsSettings;
use crate::yaml::Node;
use mgw_runtime::config::{Origin, RuntimeConfig, Sources};
use std::collections::BTreeSet;
use std::fmt::Write;

/// Tables that only such a file has.
const OURS: [&str; 3] = ["adapter", "enforcer", "router"];

/// How a value becomes one of this gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum As {
    /// As it is.
    Same,
    /// `true` for `false`.
    Not,
    /// Seconds for minutes.
    Minutes,
}

/// Settings outside lists: name, name here, and how the value becomes one.
const KNOWN: [(&str, &str, As); 20] = [
    ("router.listenerHost", "listenerConfig.host", As::Same),
    ("router.listenerPort", "listenerConfig.httpPort", As::Same),
    ("router.securedListenerPort", "listenerConfig.httpsPort", As::Same),
    ("router.keystore.certPath", "listenerConfig.certificateFile", As::Same),
    ("router.keystore.keyPath", "listenerConfig.privateKeyFile", As::Same),
    (
        "router.upstream.tls.disableSslVerification",
        "httpClients.disableSslVerification",
        As::Same,
    ),
    (
        "router.upstream.tls.verifyHostName",
        "httpClients.sslConfig.verifyHostname",
        As::Same,
    ),
    (
        "router.upstream.tls.trustedCertPath",
        "httpClients.sslConfig.caFile",
        As::Same,
    ),
    (
        "enforcer.security.authHeader.authorizationHeader",
        "authConfig.authorizationHeader",
        As::Same,
    ),
    (
        "enforcer.security.authHeader.enableOutboundAuthHeader",
        "authConfig.removeAuthHeaderFromOutMessage",
        As::Not,
    ),
    (
        "enforcer.security.mutualSSL.certificateHeader",
        "mutualSSLConfig.certificateHeaderName",
        As::Same,
    ),
    (
        "enforcer.security.mutualSSL.enableClientValidation",
        "mutualSSLConfig.isClientCertificateValidationEnabled",
        As::Same,
    ),
    ("enforcer.cache.enabled", "caching.enabled", As::Same),
    ("enforcer.cache.maximumSize", "caching.tokenCache.capacity", As::Same),
    (
        "enforcer.cache.expiryTime",
        "caching.tokenCache.expiryTime",
        As::Minutes,
    ),
    (
        "enforcer.jwtGenerator.enable",
        "jwtGeneratorConfig.jwtGeneratorEnabled",
        As::Same,
    ),
    (
        "enforcer.jwtGenerator.enabled",
        "jwtGeneratorConfig.jwtGeneratorEnabled",
        As::Same,
    ),
    (
        "enforcer.jwtGenerator.claimDialect",
        "jwtGeneratorConfig.claimDialect",
        As::Same,
    ),
    (
        "enforcer.jwtGenerator.signingAlgorithm",
        "jwtGeneratorConfig.signingAlgorithm",
        As::Same,
    ),
    ("enforcer.jwtGenerator.header", "jwtConfig.header", As::Same),
];
/// Settings of an issuer, and their names here.
const ISSUERS: &str = "enforcer.security.tokenService";
const OF_ISSUER: [(&str, &str); 5] = [
    ("issuer", "issuer"),
    ("jwksURL", "jwksURL"),
    ("certificateFilePath", "certificateFile"),
    ("validateSubscription", "validateSubscription"),
    ("consumerKeyClaim", "consumerKeyClaim"),
];
/// Settings of an issuer that say nothing to a gateway.
const NAMES: [&str; 1] = ["name"];
/// CORS of APIs that say nothing about it.
const CORS: &str = "router.cors";

/// Whether a file is such a one.
pub(super) fn is_it(file: &SettingsFile) -> bool {
    file.document.get("listenerConfig").is_none() && OURS.iter().any(|table| file.document.get(table).is_some())
}

/// Takes the settings over; returns the text of `micro-gw.conf`.
pub(super) fn carry(file: &SettingsFile, draft: &mut Draft) -> Vec<u8> {
    let leaves = leaves(file);
    let (mut taken, mut names) = (BTreeSet::new(), BTreeSet::new());
    let mut text = String::from("# From the settings of Choreo Connect.\n");
    for leaf in leaves.iter().filter(|leaf| !leaf.in_list) {
        let Some((_, name, how)) = KNOWN.iter().find(|(old, ..)| *old == leaf.name) else {
            continue;
        };
        if let Some(value) = value(leaf.node, *how)
            && is_usable(&format!("{name} = {value}\n"))
            && names.insert(name)
        {
            let _ = writeln!(text, "{name} = {value}");
            taken.insert(leaf.key.start);
        }
    }
    issuers(file, &mut text, &mut taken);
    cors(file, &leaves, draft, &mut taken);
    draft.carried.settings += taken.len();
    tell(file, &leaves, &taken, draft);
    text.into_bytes()
}

/// The value as this gateway has it; `None` where nothing of it can be one, or it holds a credential.
fn value(node: &Node, how: As) -> Option<toml::Value> {
    use crate::yaml::Value;
    Some(match (&node.value, how) {
        (Value::Bool(flag), As::Same) => (*flag).into(),
        (Value::Bool(flag), As::Not) => (!*flag).into(),
        (Value::Number(number), As::Same) => number.as_i64()?.into(),
        (Value::Number(number), As::Minutes) => number.as_i64()?.checked_mul(60)?.into(),
        (Value::String(text), As::Same) if !text.is_empty() && !text.starts_with("$env{") => {
            if without_credentials(text, Written::AsValue).is_some() {
                return None;
            }
            text.clone().into()
        }
        _ => return None,
    })
}

/// Whether the gateway takes it, as far as it can say of that alone.
fn is_usable(text: &str) -> bool {
    let loaded = RuntimeConfig::load(Sources {
        file: Some(("micro-gw.conf", text)),
        ..Sources::default()
    });
    loaded
        .err()
        .is_none_or(|errors| errors.iter().all(|error| !matches!(error.origin, Origin::File { .. })))
}

/// Each issuer becomes a table of its own.
fn issuers(file: &SettingsFile, text: &mut String, taken: &mut BTreeSet<u32>) {
    let Some(tables) = file.document.at(ISSUERS.split('.')) else {
        return;
    };
    for table in tables.as_array().unwrap_or(std::slice::from_ref(tables)) {
        let mut keys = Vec::new();
        let mut issuer = String::from("\n[[jwtTokenConfig]]\n");
        for (old, new) in OF_ISSUER {
            let Some(member) = table.member(old) else { continue };
            if let Some(value) = value(&member.node, As::Same) {
                let _ = writeln!(issuer, "{new} = {value}");
                keys.push(member.key.start);
            }
        }
        let claims = table.get("claimMapping").and_then(Node::as_array).unwrap_or_default();
        for claim in claims {
            let names = ["remoteClaim", "localClaim"].map(|key| (key, claim.member(key)));
            issuer.push_str("[[jwtTokenConfig.claims]]\n");
            for (key, member) in names {
                if let Some(member) = member
                    && let Some(value) = value(&member.node, As::Same)
                {
                    let _ = writeln!(issuer, "{key} = {value}");
                    keys.push(member.key.start);
                }
            }
        }
        // Without its name, an issuer would be the one that is taken where nobody names any.
        if table
            .get("issuer")
            .and_then(Node::as_str)
            .is_some_and(|name| !name.is_empty())
        {
            text.push_str(&issuer);
            taken.extend(keys);
            taken.extend(NAMES.iter().filter_map(|name| Some(table.member(name)?.key.start)));
        }
    }
}

/// CORS becomes a setting of the build.
fn cors(file: &SettingsFile, leaves: &[Leaf<'_>], draft: &mut Draft, taken: &mut BTreeSet<u32>) {
    let get = |key: &str| file.document.at(CORS.split('.').chain([key]));
    let flag = |key: &str| matches!(get(key).map(|node| &node.value), Some(crate::yaml::Value::Bool(true)));
    let known = [
        "enabled",
        "allowOrigins",
        "allowMethods",
        "allowHeaders",
        "exposeHeaders",
        "allowCredentials",
    ];
    let of_cors = leaves.iter().filter(|leaf| {
        let key = leaf.name.strip_prefix(CORS).and_then(|rest| rest.strip_prefix('.'));
        key.is_some_and(|key| known.contains(&key))
    });
    taken.extend(of_cors.map(|leaf| leaf.key.start));
    if !flag("enabled") {
        return;
    }
    let texts = |key: &str| {
        let items = get(key).and_then(Node::as_array).unwrap_or_default();
        let texts = items.iter().filter_map(Node::as_str).map(str::to_owned);
        texts
            .filter(|text| CorsSettings::is_header_text(text))
            .collect::<Vec<_>>()
    };
    draft.build.cors = Some(CorsSettings {
        allow_origins: texts("allowOrigins"),
        allow_methods: texts("allowMethods"),
        allow_headers: texts("allowHeaders"),
        expose_headers: texts("exposeHeaders"),
        allow_credentials: flag("allowCredentials"),
    });
}

/// Tells what does not carry over: secrets each, the rest by its table.
fn tell(file: &SettingsFile, leaves: &[Leaf<'_>], taken: &BTreeSet<u32>, draft: &mut Draft) {
    let mut told = BTreeSet::new();
    for leaf in leaves {
        let is_empty = leaf.node.as_str().is_some_and(str::is_empty);
        let table = leaf.name.rsplit_once('.').map_or("", |(table, _)| table);
        let name = KNOWN.iter().any(|(old, ..)| *old == leaf.name);
        if taken.contains(&leaf.key.start) || is_empty {
            continue;
        }
        if !name && !told.insert(table) {
            continue;
        }
        let message = if name {
            format!("`{}` has a value that this gateway does not take", leaf.name)
        } else {
            format!("settings of Choreo Connect under `{table}` do not carry over")
        };
        draft.lost(
            Code::MigrateSetting,
            &Place::At(file.source.clone(), leaf.key),
            message,
            "See \"Gateway configuration\" for what there is in their place.",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::gateway_settings;
    use std::time::Duration;

    const TEXT: &str = "[adapter.server]\nport = \"9843\"\n[[adapter.server.users]]\nusername = \"admin\"\npassword = \"canary\"\n\
        [router]\nlistenerHost = \"0.0.0.0\"\nlistenerPort = 9090\nsecuredListenerPort = \"many\"\n\
        [router.cors]\nenabled = true\nallowOrigins = [\"https://a\", \"a b\"]\nallowMethods = [\"GET\"]\nallowCredentials = true\n\
        [[enforcer.security.tokenService]]\nname = \"Resident\"\nissuer = \"https://a/token\"\njwksURL = \"https://a/jwks\"\nvalidateSubscription = false\ncertificateAlias = \"\"\n\
        [[enforcer.security.tokenService.claimMapping]]\nremoteClaim = \"scp\"\nlocalClaim = \"scope\"\n\
        [[enforcer.security.tokenService]]\nname = \"Odd\"\nissuer = \"\"\njwksURL = \"https://u:canary@b/jwks\"\n\
        [enforcer.security.authHeader]\nenableOutboundAuthHeader = false\n[enforcer.cache]\nexpiryTime = 15\n\
        [controlPlane]\nenabled = true\nusername = \"admin\"\npassword = \"canary\"\n";

    #[test]
    fn settings_of_choreo_connect_become_those_of_now() {
        let mut draft = Draft::default();
        let text = gateway_settings::carry("config.toml", TEXT.into(), &mut draft).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert_eq!(
            text,
            "# From the settings of Choreo Connect.\nlistenerConfig.host = \"0.0.0.0\"\nlistenerConfig.httpPort = 9090\n\
             authConfig.removeAuthHeaderFromOutMessage = true\ncaching.tokenCache.expiryTime = 900\n\n\
             [[jwtTokenConfig]]\nissuer = \"https://a/token\"\njwksURL = \"https://a/jwks\"\nvalidateSubscription = false\n\
             [[jwtTokenConfig.claims]]\nremoteClaim = \"scp\"\nlocalClaim = \"scope\"\n"
        );
        assert!(is_usable(&text));
        let cors = draft.build.cors.clone().unwrap();
        assert_eq!(
            (cors.allow_origins, cors.allow_methods, cors.allow_credentials),
            (vec!["https://a".to_owned()], vec!["GET".to_owned()], true)
        );
        draft.findings.sort();
        let told: Vec<String> = draft.findings.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "config.toml:2:1: warning: settings of Choreo Connect under `adapter.server` do not carry over",
                "config.toml:4:1: warning: settings of Choreo Connect under `adapter.server.users` do not carry over",
                "config.toml:9:1: warning: `router.securedListenerPort` has a value that this gateway does not take",
                "config.toml:25:1: warning: settings of Choreo Connect under `enforcer.security.tokenService` do not carry over",
                "config.toml:33:1: warning: settings of Choreo Connect under `controlPlane` do not carry over",
            ]
        );
        assert!(!format!("{text}{told:?}").contains("canary"));
    }

    #[test]
    fn times_are_as_long_as_they_were() {
        let mut draft = Draft::default();
        let text = "[enforcer.cache]\nenabled = true\nmaximumSize = 500\nexpiryTime = 15\n";
        let text = gateway_settings::carry("config.toml", text.into(), &mut draft).unwrap();
        let text = String::from_utf8(text).unwrap();
        let (config, _) = RuntimeConfig::load(Sources {
            file: Some(("micro-gw.conf", &text)),
            ..Sources::default()
        })
        .unwrap();
        let caching = (config.caching.enabled, config.caching.capacity, config.caching.max_life);
        assert_eq!(caching, (true, 500, Duration::from_secs(15 * 60)));
        assert_eq!(draft.findings.iter().count(), 0);
    }

    #[test]
    fn files_of_micro_gw_are_none() {
        for (text, expected) in [
            ("[listenerConfig]\nhttpPort = 1\n", false),
            ("[router]\nlistenerPort = 1\n", true),
            ("[listenerConfig]\n[router]\n", false),
            ("[b7a.log]\n", false),
        ] {
            let file = SettingsFile::parse("x.toml", text.into()).unwrap();
            assert_eq!(is_it(&file), expected, "{text}");
        }
    }
}
