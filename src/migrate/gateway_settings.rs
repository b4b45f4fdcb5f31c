//! `micro-gw.conf`, also of older versions: carried over but for secrets and what this gateway does not know.

use super::draft::{Draft, Place};
use super::settings_file::{Leaf, SettingsFile, Value};
use crate::diagnostics::Code;
use crate::yaml::Position;
use mgw_runtime::config::{KnownKey, Origin, RuntimeConfig, Sources, known_key};
use std::collections::BTreeMap;

/// Keys of micro-gw 2.6 and 3.0 that have another name since.
const RENAMED: [(&str, &str); 4] = [
    ("listenerConfig.keyStore.path", "keyStorePath"),
    ("listenerConfig.keyStore.password", "keyStorePassword"),
    ("listenerConfig.trustStore.path", "trustStorePath"),
    ("listenerConfig.trustStore.password", "trustStorePassword"),
];

/// Takes the text of the file over; returns that of the new one.
pub(super) fn carry(name: &str, bytes: Vec<u8>, draft: &mut Draft) -> Option<Vec<u8>> {
    let file = match SettingsFile::parse(name, bytes) {
        Ok(file) => file,
        Err(mistake) => {
            draft.findings.push(*mistake);
            return None;
        }
    };
    let file = renamed(file, draft)?;
    let found = judge(&file);
    let mut gone: Vec<(&Leaf, String)> = Vec::new();
    for leaf in &file.leaves {
        let place = Place::At(file.source.clone(), leaf.key);
        let position = file.source.position(leaf.key);
        let said = found.get(&(position.line as usize, position.column as usize));
        let known = known_key(&leaf.name);
        if known.is_some_and(|known| known.secret) && is_set(&leaf.value) {
            // Whatever else is wrong with it: it is not copied, and the gateway says so where it is given.
            secret(leaf, &place, draft);
            gone.push((leaf, "a secret, which the gateway takes from its environment".into()));
        } else if let Some(Said { reason, remedy, .. }) = said {
            let remedy = if remedy.is_empty() {
                "See \"Gateway configuration\" for what there is."
            } else {
                remedy.as_str()
            };
            draft.lost(Code::MigrateSetting, &place, reason.clone(), remedy);
            gone.push((leaf, "did not carry over".into()));
        } else {
            if let (Some(known), Value::Text(path)) = (&known, &leaf.value)
                && !is_file_there(known, path, &place, draft)
            {
                gone.push((leaf, "did not carry over".into()));
                continue;
            }
            draft.carried.settings += 1;
        }
    }
    for said in found
        .values()
        .filter(|said| !said.is_at(&file) && !said.is_of_keys(&file))
    {
        draft.lost(
            Code::MigrateSetting,
            &Place::File(name.to_owned()),
            said.reason.clone(),
            said.remedy.clone(),
        );
    }
    // A header of a table that nobody knows keeps a gateway from starting even without keys.
    let text = without_unknown_tables(&file.without(&gone));
    Some(text.into_bytes())
}

/// What the gateway says of a key.
#[derive(Debug)]
struct Said {
    line: usize,
    column: usize,
    reason: String,
    remedy: String,
}

impl Said {
    /// Whether it is of a table that nobody knows: that is told of its keys.
    fn is_of_keys(&self, file: &SettingsFile) -> bool {
        let table = self
            .reason
            .strip_prefix("unknown key `")
            .and_then(|rest| rest.split('`').next());
        table.is_some_and(|table| {
            let prefix = format!("{table}.");
            file.leaves.iter().any(|leaf| leaf.name.starts_with(&prefix))
        })
    }

    fn is_at(&self, file: &SettingsFile) -> bool {
        file.leaves.iter().any(|leaf| {
            let position = file.source.position(leaf.key);
            (position.line as usize, position.column as usize) == (self.line, self.column)
        })
    }
}

/// Where the key is whose value is at a place; the place itself where there is none.
fn key_of(file: &SettingsFile, place: (usize, usize)) -> (usize, usize) {
    let counted = |position: Position| (position.line as usize, position.column as usize);
    file.leaves
        .iter()
        .map(|leaf| {
            let (key, end) = (file.source.position(leaf.key), file.source.end(leaf.value_span));
            (counted(key), counted(end))
        })
        .find(|(key, end)| (*key..=*end).contains(&place))
        .map_or(place, |(key, _)| key)
}

/// What the gateway would say of the file, by line and column. Unknown tables are told at each of their keys.
fn judge(file: &SettingsFile) -> BTreeMap<(usize, usize), Said> {
    let mut found = BTreeMap::new();
    let text = file.source.text();
    let errors = RuntimeConfig::load(Sources {
        file: Some((file.source.name(), text)),
        ..Sources::default()
    })
    .err()
    .unwrap_or_default();
    for leaf in &file.leaves {
        let position = file.source.position(leaf.key);
        let at = (position.line as usize, position.column as usize);
        let mut say = |reason: String, remedy: &str| {
            found.insert(
                at,
                Said {
                    line: at.0,
                    column: at.1,
                    reason,
                    remedy: remedy.to_owned(),
                },
            );
        };
        let known = known_key(&leaf.name);
        if known.is_some_and(|known| !known.effective) {
            say(
                format!(
                    "`{}` is known from micro-gw and has no effect in this gateway",
                    leaf.name
                ),
                "Nothing is to be done where it is not missed.",
            );
        } else if known.is_none() {
            say(format!("`{}` is not known to this gateway", leaf.name), "");
        }
    }
    for error in errors {
        if let Origin::File { line, column, .. } = error.origin {
            let (line, column) = key_of(file, (line, column));
            found.insert(
                (line, column),
                Said {
                    line,
                    column,
                    reason: error.reason,
                    remedy: error.remedy,
                },
            );
        }
    }
    found
}

fn is_set(value: &Value) -> bool {
    !matches!(value, Value::Text(text) if text.is_empty() || text.starts_with("$env{"))
}

/// Names the variable that the gateway reads instead.
fn secret(leaf: &Leaf, place: &Place, draft: &mut Draft) {
    let remedy = if leaf.in_list {
        "No variable reaches one of several tables: write it into a settings file where the gateway runs, outside the project.".to_owned()
    } else {
        format!(
            "Give it to the gateway in the environment variable `{}`.",
            leaf.name.replace('.', "_")
        )
    };
    draft.lost(
        Code::MigrateSecret,
        place,
        format!("the secret `{}` is not copied", leaf.name),
        remedy,
    );
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

/// Gives keys that are called otherwise since their new names.
fn renamed(file: SettingsFile, draft: &mut Draft) -> Option<SettingsFile> {
    let mut text = file.source.text().to_owned();
    let mut changed = false;
    for leaf in file.leaves.iter().rev() {
        let Some((old, new)) = RENAMED.iter().find(|(old, _)| *old == leaf.name) else {
            continue;
        };
        let (span, written) = file.written_key(leaf);
        let plain: String = written.chars().filter(|c| !c.is_whitespace() && *c != '"').collect();
        // As a dotted key in its section; where the table has a header of its own, it is told as not known.
        let within = old.split_once('.').map_or(*old, |(_, rest)| rest);
        if plain.strip_suffix('=') == Some(within) {
            let indent: String = written.chars().take_while(|c| c.is_whitespace()).collect();
            text.replace_range(span.start as usize..span.end as usize, &format!("{indent}{new} = "));
            changed = true;
        }
    }
    if !changed {
        return Some(file);
    }
    match SettingsFile::parse(file.source.name(), text.into_bytes()) {
        Ok(file) => Some(file),
        Err(mistake) => {
            draft.findings.push(*mistake);
            None
        }
    }
}

/// Turns the headers of tables without known keys into comments.
fn without_unknown_tables(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let header = line.trim();
        let name = header
            .strip_prefix("[[")
            .and_then(|rest| rest.split("]]").next())
            .or_else(|| header.strip_prefix('[').and_then(|rest| rest.split(']').next()));
        let is_unknown = name.is_some_and(|name| {
            let name: String = name.chars().filter(|c| !c.is_whitespace() && *c != '"').collect();
            !mgw_runtime::config::is_known_section(&name)
        });
        if is_unknown {
            kept.push_str("# ");
        }
        kept.push_str(line);
    }
    kept
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
    fn what_is_no_toml_is_told() {
        let (new, told, _) = carried("[listenerConfig\n");
        assert_eq!(new, "");
        assert!(told[0].starts_with("micro-gw.conf:1:"), "{told:?}");
    }
}
