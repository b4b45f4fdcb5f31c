//! `micro-gw.conf`, also of older versions: carried over but for secrets and what this gateway does not know.

use super::choreo_settings;
use super::comments;
use super::credentials::{Written, without as without_credentials};
use super::draft::{Draft, Place};
use super::settings_file::{Leaf, leaves, without, written_key};
use crate::diagnostics::{Code, Diagnostic};
use crate::micro_gw_file::SettingsFile;
use crate::yaml::{Node, Position, Span};
use mgw_runtime::config::{KnownKey, Origin, RuntimeConfig, Sources, is_known_section, known_key, known_key_at};
use std::collections::BTreeMap;

/// Keys of micro-gw 2.6 and 3.0 that have another name since.
const RENAMED: [(&str, &str); 4] = [
    ("listenerConfig.keyStore.path", "keyStorePath"),
    ("listenerConfig.keyStore.password", "keyStorePassword"),
    ("listenerConfig.trustStore.path", "trustStorePath"),
    ("listenerConfig.trustStore.password", "trustStorePassword"),
];

/// Settings that name certificates of the trust store: where they stand, what is lost without it, and the setting that names a
/// file instead.
const OF_TRUST_STORE: [(&str, &str, &str); 3] = [
    (
        "jwtTokenConfig.certificateAlias",
        "tokens of this issuer are checked with a certificate of a store that came with micro-gw: the gateway does not start without it",
        "Set `jwksURL`, or export the certificate with `keytool -exportcert -rfc` and name its file in `certificateFile`.",
    ),
    (
        "apikey.tokenConfigs.certificateAlias",
        "API keys are checked with a certificate of a store that came with micro-gw: none is accepted without it",
        "Export the certificate with `keytool -exportcert -rfc`, and name its file in `apikey.tokenConfigs.certificateFile`.",
    ),
    (
        "mutualSSLConfig.api.certificates.aliasList",
        "clients of this API are known by certificates of a store that came with micro-gw: none is accepted without it",
        "Put their certificates into a store of your own, and name it in `listenerConfig.trustStorePath`.",
    ),
];

/// Takes the text of the file over; returns that of the new one.
pub(super) fn carry(name: &str, bytes: Vec<u8>, draft: &mut Draft) -> Option<Vec<u8>> {
    let file = parsed(name, bytes, draft)?;
    if choreo_settings::is_it(&file) {
        return Some(choreo_settings::carry(&file, draft));
    }
    let file = renamed(file, draft)?;
    let leaves = leaves(&file);
    let found = judge(&file, &leaves);
    let mut gone: Vec<(&Leaf<'_>, String)> = Vec::new();
    for leaf in &leaves {
        let place = Place::At(file.source.clone(), leaf.key);
        let said = found.get(&counted(file.source.position(leaf.key)));
        let known = known_key_at(&leaf.path);
        let holds_one = |text: &str| without_credentials(text, Written::AsValue).is_some();
        if leaf.is_set() && (known.is_some_and(|known| known.secret) || leaf.text().is_some_and(holds_one)) {
            // Whatever else is wrong with it: it is not copied, and the gateway says so where it is given.
            secret(leaf, &place, draft);
            gone.push((leaf, "a secret, which the gateway takes from its environment".into()));
        } else if let Some(Said { reason, remedy }) = said {
            let remedy = if remedy.is_empty() {
                "See \"Gateway configuration\" for what there is."
            } else {
                remedy.as_str()
            };
            draft.lost(Code::MigrateSetting, &place, reason.clone(), remedy);
            gone.push((leaf, "did not carry over".into()));
        } else if let Some(known) = known
            && let Some(path) = leaf.node.as_str()
            && !is_file_there(&known, path, &place, draft)
        {
            gone.push((leaf, "did not carry over".into()));
        }
    }
    certificates_of_trust_store(&file, &leaves, draft);
    let Some(text) = without(&file, &leaves, &gone) else {
        draft.lost(
            Code::MigrateSetting,
            &Place::File(name.to_owned()),
            "what does not carry over cannot be taken out of these settings, so none of them is copied",
            "Write each key on a line of its own, and migrate again.",
        );
        return None;
    };
    draft.carried.settings += leaves.len() - gone.len();
    // A header of a table that nobody knows keeps a gateway from starting even without keys.
    let text = comments::clean_toml(without_unknown_tables(&text), &file.source, draft)?;
    Some(text.into_bytes())
}

/// The file, or a finding about the mistake in it.
pub(super) fn parsed(name: &str, bytes: Vec<u8>, draft: &mut Draft) -> Option<SettingsFile> {
    match SettingsFile::parse(name, bytes) {
        Ok(file) => Some(file),
        Err(error) => {
            draft.findings.push(Diagnostic::from(error).secret());
            None
        }
    }
}

/// What the gateway says of a key.
#[derive(Debug)]
struct Said {
    reason: String,
    remedy: String,
}

/// A position as the gateway counts.
fn counted(position: Position) -> (usize, usize) {
    (position.line as usize, position.column as usize)
}

/// Where the key is whose value is at a place; the place itself where there is none.
fn key_of(file: &SettingsFile, leaves: &[Leaf<'_>], place: (usize, usize)) -> (usize, usize) {
    leaves
        .iter()
        .map(|leaf| {
            let (key, end) = (file.source.position(leaf.key), file.source.end(leaf.node.span));
            (counted(key), counted(end))
        })
        .find(|(key, end)| (*key..=*end).contains(&place))
        .map_or(place, |(key, _)| key)
}

/// What the gateway would say of the keys, by line and column. Unknown tables are told at each of their keys.
fn judge(file: &SettingsFile, leaves: &[Leaf<'_>]) -> BTreeMap<(usize, usize), Said> {
    let mut found = BTreeMap::new();
    let errors = RuntimeConfig::load(Sources {
        file: Some((file.source.name(), file.source.text())),
        ..Sources::default()
    })
    .err()
    .unwrap_or_default();
    for leaf in leaves {
        let known = known_key_at(&leaf.path);
        let (reason, remedy) = if known.is_some_and(|known| !known.effective) {
            let reason = format!(
                "`{}` is known from micro-gw and has no effect in this gateway",
                leaf.name
            );
            (reason, "Nothing is to be done where it is not missed.")
        } else if known.is_none() {
            (format!("`{}` is not known to this gateway", leaf.name), "")
        } else {
            continue;
        };
        let remedy = remedy.to_owned();
        found.insert(counted(file.source.position(leaf.key)), Said { reason, remedy });
    }
    for error in errors {
        if let Origin::File { line, column, .. } = error.origin {
            let (reason, remedy) = (error.reason, error.remedy);
            found.insert(key_of(file, leaves, (line, column)), Said { reason, remedy });
        }
    }
    found
}

/// Names the variable that the gateway reads instead.
fn secret(leaf: &Leaf<'_>, place: &Place, draft: &mut Draft) {
    let remedy = if leaf.in_list {
        "No variable reaches one of several tables: write it into a settings file where the gateway runs, outside the project.".to_owned()
    } else {
        let variable = variable(leaf);
        let how = match variable
            .bytes()
            .all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
        {
            true => ".",
            false => ", which a shell sets with `env` alone.",
        };
        format!("Give it to the gateway in the environment variable `{variable}`{how}")
    };
    draft.lost(
        Code::MigrateSecret,
        place,
        format!("the secret `{}` is not copied", leaf.name),
        remedy,
    );
}

/// The variable that sets it: what is called as the user likes keeps its dots.
fn variable(leaf: &Leaf<'_>) -> String {
    match known_key(&leaf.name) {
        None => leaf.path.join("_"),
        Some(_) => leaf.name.replace('.', "_"),
    }
}

/// Files that settings name are not copied: they are keys and stores. Returns whether the setting still means something.
fn is_file_there(known: &KnownKey, path: &str, place: &Place, draft: &mut Draft) -> bool {
    if !known.file || path.is_empty() || path.starts_with('/') {
        return true;
    }
    if path.starts_with("${") {
        draft.lost(
            Code::MigrateFile,
            place,
            "this store came with micro-gw and not with this gateway",
            "Name a store, or a certificate and its key, of your own.",
        );
        return false;
    }
    draft.lost(
        Code::MigrateFile,
        place,
        "this file is not copied; it is looked for beside conf/micro-gw.conf",
        "Write its whole path, or put it there outside version control.",
    );
    true
}

/// Tells who is known by certificates of the store that came with micro-gw, which this gateway has not.
fn certificates_of_trust_store(file: &SettingsFile, leaves: &[Leaf<'_>], draft: &mut Draft) {
    let named = leaves.iter().find(|leaf| leaf.name == "listenerConfig.trustStorePath");
    if named.is_some_and(|leaf| leaf.text().is_some_and(|path| !path.starts_with("${"))) {
        return;
    }
    // Those that have their keys from elsewhere too.
    let tables = file.document.get("jwtTokenConfig");
    let tables = tables.map(|node| node.as_array().unwrap_or(std::slice::from_ref(node)));
    let has_text = |table: &Node, key| {
        table
            .get(key)
            .and_then(Node::as_str)
            .is_some_and(|text| !text.is_empty())
    };
    let others = ["jwksURL", "certificateFile", "publicKeyFile"];
    let known_elsewhere: Vec<Span> = tables
        .into_iter()
        .flatten()
        .filter(|table| others.iter().any(|key| has_text(table, key)))
        .filter_map(|table| Some(table.member("certificateAlias")?.key))
        .collect();
    for leaf in leaves {
        let found = OF_TRUST_STORE.iter().find(|(name, ..)| *name == leaf.name);
        let says_something = leaf.text().is_some() || leaf.node.as_array().is_some_and(|names| !names.is_empty());
        if let Some((_, message, remedy)) = found
            && says_something
            && !known_elsewhere.contains(&leaf.key)
        {
            let place = Place::At(file.source.clone(), leaf.key);
            draft.lost(Code::MigrateFile, &place, *message, *remedy);
        }
    }
}

/// Gives keys that are called otherwise since their new names.
fn renamed(file: SettingsFile, draft: &mut Draft) -> Option<SettingsFile> {
    let mut text = file.source.text().to_owned();
    for leaf in leaves(&file).iter().rev() {
        let Some((old, new)) = RENAMED.iter().find(|(old, _)| *old == leaf.name) else {
            continue;
        };
        let (span, written) = written_key(&file, leaf);
        let plain: String = written.chars().filter(|c| !c.is_whitespace() && *c != '"').collect();
        // As a dotted key in its section; where the table has a header of its own, it is told as not known.
        let within = old.split_once('.').map_or(*old, |(_, rest)| rest);
        if plain.strip_suffix('=') == Some(within) {
            let indent: String = written.chars().take_while(|c| c.is_whitespace()).collect();
            text.replace_range(span.start as usize..span.end as usize, &format!("{indent}{new} = "));
        }
    }
    if text == file.source.text() {
        return Some(file);
    }
    parsed(file.source.name(), text.into_bytes(), draft)
}

/// Turns the headers of tables without known keys into comments.
fn without_unknown_tables(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let is_unknown = header(line).is_some_and(|path| {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            !is_known_section(&path)
        });
        if is_unknown {
            kept.push_str("# ");
        }
        kept.push_str(line);
    }
    kept
}

/// The name of the table whose header the line is, by its parts.
fn header(line: &str) -> Option<Vec<String>> {
    if !line.trim_start().starts_with('[') {
        return None;
    }
    let mut table = line.parse::<toml::Table>().ok()?;
    let mut path = Vec::new();
    while let Some((name, inner)) = table.into_iter().next() {
        path.push(name);
        table = match inner {
            toml::Value::Table(inner) => inner,
            toml::Value::Array(mut items) => match items.pop() {
                Some(toml::Value::Table(inner)) => inner,
                _ => return None,
            },
            _ => return None,
        };
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carried(text: &str) -> (String, Vec<String>, usize) {
        let mut draft = Draft::default();
        let bytes = carry("micro-gw.conf", text.into(), &mut draft).unwrap_or_default();
        draft.findings.sort();
        let told = draft.findings.iter();
        let told = told.map(|finding| format!("{finding} - {}", finding.remedy.as_deref().unwrap_or_default()));
        (
            String::from_utf8(bytes).unwrap(),
            told.collect(),
            draft.carried.settings,
        )
    }

    #[test]
    fn what_is_known_stays_with_its_comments() {
        let text = "# ours\n[listenerConfig]\nhttpPort = 9190 # not 9090\n[[jwtTokenConfig]]\nissuer = \"https://i.example\"\njwksURL = \"https://i.example/jwks\"\n";
        assert_eq!(carried(text), (text.to_owned(), Vec::new(), 3));
    }

    #[test]
    fn each_key_that_does_not_carry_over_is_told_at_its_line() {
        let text = "[listenerConfig]\n  httpPort = 9090\n  httpsPort = \"many\"\n  keyStorePassword = \"canary\"\n[validationConfig]\n  enableRequestValidation = true\n\
                    [odd]\n  a = 1\n[b7a.users.ana]\n  password = \"canary\"\n[caching]\n  enabld = true\n";
        let (new, told, settings) = carried(text);
        assert_eq!(
            new,
            "[listenerConfig]\n  httpPort = 9090\n# listenerConfig.httpsPort: did not carry over\n\
             # listenerConfig.keyStorePassword: a secret, which the gateway takes from its environment\n[validationConfig]\n\
             # validationConfig.enableRequestValidation: did not carry over\n# [odd]\n# odd.a: did not carry over\n[b7a.users.ana]\n\
             # b7a.users.ana.password: a secret, which the gateway takes from its environment\n[caching]\n# caching.enabld: did not carry over\n"
        );
        assert_eq!(settings, 1);
        for start in [
            "micro-gw.conf:3:3: warning: `listenerConfig.httpsPort`",
            "micro-gw.conf:4:3: warning: the secret `listenerConfig.keyStorePassword` is not copied - Give it to the gateway in the environment variable `listenerConfig_keyStorePassword`",
            "micro-gw.conf:6:3: warning: `validationConfig.enableRequestValidation` is known from micro-gw and has no effect",
            "micro-gw.conf:8:3: warning: `odd.a` is not known",
            "micro-gw.conf:10:3: warning: the secret `b7a.users.ana.password` is not copied - Give it to the gateway in the environment variable `b7a_users_ana_password`",
            "micro-gw.conf:12:3: warning: unknown key `caching.enabld` - Did you mean `caching.enabled`?",
        ] {
            assert!(told.iter().any(|line| line.starts_with(start)), "{start}: {told:#?}");
        }
        assert!(!format!("{new}{told:?}").contains("canary"));
        let loads = |text: &str| {
            RuntimeConfig::load(Sources {
                file: Some(("micro-gw.conf", text)),
                ..Sources::default()
            })
        };
        let users = new.find("[b7a").unwrap_or_default();
        assert!(loads(&new[..users]).is_ok(), "{:?}", loads(&new[..users]).err());
    }

    #[test]
    fn users_keep_the_dots_in_their_names() {
        let text = "[b7a.users.\"ana.ruiz@x.example\"]\npassword = \"canary\"\nscopes = \"a,c\"\n[b7a.users.'b.c'] # ours\nscopes = \"d\"\n\
                    [b7a.users.e.f]\nscopes = \"g\"\n";
        let (new, told, settings) = carried(text);
        assert_eq!(
            new,
            "[b7a.users.\"ana.ruiz@x.example\"]\n# b7a.users.ana.ruiz@x.example.password: a secret, which the gateway takes from its environment\n\
             scopes = \"a,c\"\n[b7a.users.'b.c'] # ours\nscopes = \"d\"\n# [b7a.users.e.f]\n# b7a.users.e.f.scopes: did not carry over\n"
        );
        assert_eq!(settings, 2);
        let variable = "b7a_users_ana.ruiz@x.example_password";
        assert_eq!(told.len(), 2, "{told:#?}");
        assert!(
            told[0].ends_with(&format!(
                "in the environment variable `{variable}`, which a shell sets with `env` alone."
            )),
            "{told:#?}"
        );
        assert!(
            told[1].starts_with("micro-gw.conf:7:1: warning: `b7a.users.e.f.scopes` is not known"),
            "{told:#?}"
        );
        let hash = "e3ff046ae352440b76336c0df21cbab0d9d7e9da";
        let environment = [variable, "b7a_users_b.c_password"].map(|name| (name.to_owned(), hash.to_owned()));
        let loaded = RuntimeConfig::load(Sources {
            file: Some(("micro-gw.conf", &new)),
            environment: &environment,
            ..Sources::default()
        });
        let (config, _) = loaded.unwrap();
        assert_eq!(config.users.by_name["ana.ruiz@x.example"].scopes, ["a", "c"]);
    }

    #[test]
    fn names_of_older_versions_become_those_of_now() {
        let text = "[listenerConfig]\nkeyStore.path = \"${ballerina.home}/bre/security/ballerinaKeystore.p12\"\n  trustStore.path=\"/etc/trust.p12\"\n";
        let (new, told, settings) = carried(text);
        assert_eq!(
            new,
            "[listenerConfig]\n# listenerConfig.keyStorePath: did not carry over\n  trustStorePath = \"/etc/trust.p12\"\n"
        );
        assert_eq!(settings, 1);
        assert!(
            told.len() == 1 && told[0].starts_with("micro-gw.conf:2:1: warning: this store came with micro-gw"),
            "{told:#?}"
        );
    }

    #[test]
    fn the_gateway_starts_with_what_stays_of_tables_on_one_line() {
        let text = "[listenerConfig]\nhttpPort = 9190\nkeyStore = { path = \"/x.p12\", password = \"canary\" }\n[caching]\nenabled = true\n[odd]\nlist = [\n  { password = \"canary\", user = \"u\" },\n  { user = \"v\" }\n]\n[\"quoted.table\"]\na = 1\n";
        let (new, told, settings) = carried(text);
        assert_eq!(settings, 2, "{told:#?}");
        assert_eq!(told.len(), 6, "{told:#?}");
        assert!(!new.contains("canary"), "{new}");
        let file = Some(("micro-gw.conf", new.as_str()));
        let loaded = RuntimeConfig::load(Sources {
            file,
            ..Sources::default()
        });
        assert!(loaded.is_ok(), "{new}\n{:?}", loaded.err());
    }

    #[test]
    fn what_is_no_toml_is_told() {
        let (new, told, _) = carried("[listenerConfig\n");
        assert_eq!(new, "");
        assert!(told[0].starts_with("micro-gw.conf:1:"), "{told:?}");
    }

    #[test]
    fn who_is_known_by_the_store_of_micro_gw_is_told() {
        let rest = "[[jwtTokenConfig]]\nissuer = \"a\"\ncertificateAlias = \"wso2apim310\"\n[[jwtTokenConfig]]\nissuer = \"b\"\ncertificateAlias = \"x\"\njwksURL = \"https://b.example/jwks\"\n\
                    [apikey.tokenConfigs]\ncertificateAlias = \"ballerina\"\n[[mutualSSLConfig.api.certificates]]\nname = \"A\"\nversion = \"1\"\naliasList = [\"p\"]\n";
        let of_aliases = |head: &str| {
            let (_, mut told, _) = carried(&format!("{head}{rest}"));
            told.retain(|line| line.contains("that came with micro-gw:"));
            told
        };
        for head in [
            "",
            "[listenerConfig]\ntrustStorePath = \"${mgw-runtime.home}/runtime/bre/security/ballerinaTruststore.p12\"\n",
        ] {
            let told = of_aliases(head);
            let lines = head.lines().count();
            assert_eq!(told.len(), 3, "{told:#?}");
            for (line, start) in told.iter().zip([3, 9, 13]) {
                let start = format!("micro-gw.conf:{}:1: warning:", start + lines);
                assert!(line.starts_with(&start), "{start} {line}");
            }
        }
        let told = of_aliases("[listenerConfig]\ntrustStorePath = \"/etc/trust.p12\"\n");
        assert!(told.is_empty(), "{told:#?}");
    }
}
