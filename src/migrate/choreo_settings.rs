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
/// What Choreo Connect calls the issuer of API keys, and that of API Manager, whose `iss` these have.
const ISSUER_OF_API_KEYS: &str = "APIM APIkey";
const RESIDENT_ISSUER: &str = "Resident Key Manager";
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
    let mut told = BTreeSet::new();
    api_keys(file, &mut text, &mut taken, &mut told, draft);
    issuers(file, &mut text, &mut taken, &mut told, draft);
    cors(file, &leaves, draft, &mut taken);
    draft.carried.settings += taken.len();
    taken.append(&mut told);
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

/// The tables of issuers.
fn tables(file: &SettingsFile) -> &[Node] {
    file.document
        .at(ISSUERS.split('.'))
        .map_or(&[], |tables| tables.as_array().unwrap_or(std::slice::from_ref(tables)))
}

/// The table of the issuer that is called so.
fn named<'a>(file: &'a SettingsFile, name: &str) -> Option<&'a Node> {
    let mut tables = tables(file).iter();
    tables.find(|table| table.get("name").and_then(Node::as_str) == Some(name))
}

/// The places of all keys of a table.
fn keys(table: &Node, into: &mut BTreeSet<u32>) {
    for member in table.as_object().into_iter().flat_map(|members| members.values()) {
        into.insert(member.key.start);
        keys(&member.node, into);
    }
    for item in table.as_array().unwrap_or_default() {
        keys(item, into);
    }
}

/// Who issues API keys is no issuer of tokens here.
fn api_keys(
    file: &SettingsFile,
    text: &mut String,
    taken: &mut BTreeSet<u32>,
    told: &mut BTreeSet<u32>,
    draft: &mut Draft,
) {
    let Some(table) = named(file, ISSUER_OF_API_KEYS) else {
        return;
    };
    keys(table, told);
    let place = |key: &str| {
        let member = table.member(key).or_else(|| table.member("name"));
        Place::At(file.source.clone(), member.map_or(table.span, |member| member.key))
    };
    let mut set = |table: &Node, old: &str, new: &str| {
        let Some(member) = table.member(old) else { return false };
        let Some(value) = value(&member.node, As::Same) else {
            return false;
        };
        let line = format!("apikey.tokenConfigs.{new} = {value}\n");
        let is_usable = is_usable(&line);
        if is_usable {
            text.push_str(&line);
            taken.insert(member.key.start);
        }
        is_usable
    };
    if !set(table, "certificateFilePath", "certificateFile") {
        draft.lost(
            Code::MigrateSetting,
            &place("certificateAlias"),
            "no file has the certificate that API keys are checked with: none is accepted without it",
            "Export the certificate, and name its file in `apikey.tokenConfigs.certificateFile`.",
        );
        return;
    }
    set(table, "validateSubscription", "validateAllowedAPIs");
    if set(table, "issuer", "issuer") {
        return;
    }
    if named(file, RESIDENT_ISSUER).is_some_and(|table| set(table, "issuer", "issuer")) {
        draft.note(
            Code::MigrateSetting,
            &place("issuer"),
            format!(
                "API keys are taken to have the `iss` of tokens of the {RESIDENT_ISSUER}, as API Manager makes them"
            ),
            "Change `apikey.tokenConfigs.issuer` where they have another one.",
        );
    } else {
        draft.lost(
            Code::MigrateSetting,
            &place("issuer"),
            "nothing says which `iss` API keys have: those of API Manager are refused",
            "Set `apikey.tokenConfigs.issuer` to what the keys say under `iss`.",
        );
    }
}

/// Each issuer of tokens becomes a table of its own.
fn issuers(
    file: &SettingsFile,
    text: &mut String,
    taken: &mut BTreeSet<u32>,
    told: &mut BTreeSet<u32>,
    draft: &mut Draft,
) {
    let of_api_keys = named(file, ISSUER_OF_API_KEYS);
    let is_of_api_keys = |table: &Node| of_api_keys.is_some_and(|other| std::ptr::eq(table, other));
    for table in tables(file).iter().filter(|table| !is_of_api_keys(table)) {
        // Without its name, an issuer would be the one that is taken where nobody names any.
        let has_name = table
            .get("issuer")
            .and_then(Node::as_str)
            .is_some_and(|name| !name.is_empty());
        if !has_name {
            let members = table.as_object().into_iter().flat_map(|members| members.values());
            let first = members.min_by_key(|member| member.key.start);
            draft.lost(
                Code::MigrateSetting,
                &Place::At(file.source.clone(), first.map_or(table.span, |member| member.key)),
                "this issuer does not carry over: nothing says which `iss` its tokens have",
                "Write a `[[jwtTokenConfig]]` with its `issuer` where they are to be accepted.",
            );
            keys(table, told);
            continue;
        }
        let mut has_key = false;
        text.push_str("\n[[jwtTokenConfig]]\n");
        for (old, new) in OF_ISSUER {
            let Some(member) = table.member(old) else { continue };
            if let Some(value) = value(&member.node, As::Same) {
                let _ = writeln!(text, "{new} = {value}");
                taken.insert(member.key.start);
                has_key |= ["jwksURL", "certificateFilePath"].contains(&old);
            }
        }
        let claims = table.get("claimMapping").and_then(Node::as_array).unwrap_or_default();
        for claim in claims {
            let names = ["remoteClaim", "localClaim"].map(|key| (key, claim.member(key)));
            text.push_str("[[jwtTokenConfig.claims]]\n");
            for (key, member) in names {
                if let Some(member) = member
                    && let Some(value) = value(&member.node, As::Same)
                {
                    let _ = writeln!(text, "{key} = {value}");
                    taken.insert(member.key.start);
                }
            }
        }
        taken.extend(NAMES.iter().filter_map(|name| Some(table.member(name)?.key.start)));
        // Beside a URL or a file it is only what that store calls the same certificate.
        if has_key && let Some(alias) = table.member("certificateAlias") {
            told.insert(alias.key.start);
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

/// Tells what does not carry over: what has an equal here and issuers by their keys, the rest by its table.
fn tell(file: &SettingsFile, leaves: &[Leaf<'_>], taken: &BTreeSet<u32>, draft: &mut Draft) {
    let mut told = BTreeSet::new();
    for leaf in leaves {
        let is_empty = leaf.node.as_str().is_some_and(str::is_empty);
        let table = leaf.name.rsplit_once('.').map_or("", |(table, _)| table);
        let name = KNOWN.iter().any(|(old, ..)| *old == leaf.name);
        if taken.contains(&leaf.key.start) || is_empty {
            continue;
        }
        let is_of_issuer = leaf.name.starts_with(ISSUERS);
        if !name && !is_of_issuer && !told.insert(table) {
            continue;
        }
        let message = if name {
            format!("`{}` has a value that this gateway does not take", leaf.name)
        } else if is_of_issuer {
            format!("`{}` of this issuer does not carry over", leaf.last())
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
                "config.toml:25:1: warning: this issuer does not carry over: nothing says which `iss` its tokens have",
                "config.toml:33:1: warning: settings of Choreo Connect under `controlPlane` do not carry over",
            ]
        );
        assert!(!format!("{text}{told:?}").contains("canary"));
    }

    /// The text of `micro-gw.conf` behind its first line, how many settings it has, and what is told.
    fn carried(text: &str) -> (String, usize, Vec<String>) {
        let mut draft = Draft::default();
        let text = gateway_settings::carry("config.toml", text.into(), &mut draft).unwrap();
        let text = String::from_utf8(text).unwrap();
        let (_, rest) = text.split_once('\n').unwrap();
        draft.findings.sort();
        let told = draft.findings.iter().map(ToString::to_string).collect();
        (rest.to_owned(), draft.carried.settings, told)
    }

    #[test]
    fn who_issues_api_keys_is_no_issuer_of_tokens() {
        let table = |keys: &str| format!("[[enforcer.security.tokenService]]\n{keys}\n");
        let resident = table(
            "name = \"Resident Key Manager\"\nissuer = \"https://a/token\"\ncertificateAlias = \"x\"\ncertificateFilePath = \"/a.pem\"",
        );
        let keys = "name = \"APIM APIkey\"\nissuer = \"\"\ncertificateAlias = \"x\"\ncertificateFilePath = \"/keys.pem\"\nvalidateSubscription = true";
        let of_keys =
            "apikey.tokenConfigs.certificateFile = \"/keys.pem\"\napikey.tokenConfigs.validateAllowedAPIs = true\n";
        let of_tokens = "\n[[jwtTokenConfig]]\nissuer = \"https://a/token\"\ncertificateFile = \"/a.pem\"\n";
        assert_eq!(
            carried(&format!("{resident}{}", table(keys))),
            (
                format!("{of_keys}apikey.tokenConfigs.issuer = \"https://a/token\"\n{of_tokens}"),
                5,
                vec![
                    "config.toml:8:1: note: API keys are taken to have the `iss` of tokens of the Resident Key Manager, as API Manager makes them"
                        .to_owned()
                ]
            )
        );
        assert_eq!(
            carried(&table(&keys.replace("issuer = \"\"", "issuer = \"https://k\""))),
            (
                format!("{of_keys}apikey.tokenConfigs.issuer = \"https://k\"\n"),
                3,
                Vec::new()
            )
        );
        assert_eq!(
            carried(&table(keys)),
            (
                of_keys.to_owned(),
                2,
                vec![
                    "config.toml:3:1: warning: nothing says which `iss` API keys have: those of API Manager are refused"
                        .to_owned()
                ]
            )
        );
        assert_eq!(
            carried(&table(&keys.replace("/keys.pem", ""))),
            (
                String::new(),
                0,
                vec![
                    "config.toml:4:1: warning: no file has the certificate that API keys are checked with: none is accepted without it"
                        .to_owned()
                ]
            )
        );
    }

    #[test]
    fn each_issuer_is_told_at_its_own_lines() {
        let text = "[[enforcer.security.tokenService]]\nname = \"A\"\nissuer = \"https://a\"\ncertificateAlias = \"x\"\njwksURL = \"https://a/jwks\"\n\
                    [[enforcer.security.tokenService]]\nname = \"B\"\nissuer = \"https://b\"\ncertificateAlias = \"y\"\njwksURL = \"\"\n\
                    [[enforcer.security.tokenService]]\nname = \"C\"\nissuer = \"\"\njwksURL = \"https://c\"\n";
        assert_eq!(
            carried(text).2,
            [
                "config.toml:9:1: warning: `certificateAlias` of this issuer does not carry over",
                "config.toml:12:1: warning: this issuer does not carry over: nothing says which `iss` its tokens have",
            ]
        );
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
