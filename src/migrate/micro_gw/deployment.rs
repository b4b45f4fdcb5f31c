//! `deployment-config.toml`: filters are code, and secrets stay behind.

use super::Manner;
use crate::deployment::holds_secret;
use crate::diagnostics::Code;
use crate::micro_gw_file::SettingsFile;
use crate::migrate::comments;
use crate::migrate::credentials::{Written, without as without_credentials};
use crate::migrate::draft::{Draft, Place};
use crate::migrate::gateway_settings::parsed;
use crate::migrate::settings_file::{Leaf, leaves, without};
use crate::migrate::tree::Branch;
use crate::yaml::{Node, Span, Value, parse_embedded};
use mgw_runtime::config::known_key;

/// Takes the container settings over.
pub(super) fn take(root: &Branch<'_>, path: &str, manner: Manner, draft: &mut Draft) {
    let Ok(bytes) = root.read(path) else {
        return super::copy(root, path, draft);
    };
    let Some(file) = parsed(&root.shown(path), bytes.clone(), draft) else {
        return;
    };
    let leaves = leaves(&file);
    let mut gone = Vec::new();
    for leaf in &leaves {
        if leaf.name == "filters.name" {
            draft.lost(
                Code::MigrateCode,
                &Place::At(file.source.clone(), leaf.key),
                "this filter is not run",
                "Move its work into the backend or in front of it.",
            );
        }
        if manner == Manner::InPlace {
            continue;
        }
        let found = secrets(&file, leaf);
        for Secret { what, span, remedy } in &found {
            draft.lost(
                Code::MigrateSecret,
                &Place::At(file.source.clone(), *span),
                format!("the secret `{what}` is not copied"),
                *remedy,
            );
        }
        if !found.is_empty() {
            gone.push((leaf, "a secret".to_owned()));
        }
    }
    let Some(text) = without(&file, &leaves, &gone) else {
        draft.lost(
            Code::MigrateSecret,
            &Place::File(root.shown(path)),
            "secrets cannot be taken out of these settings, so none of them is copied",
            "Write each key on a line of its own, and migrate again.",
        );
        return;
    };
    draft.carried.settings += leaves.len() - gone.len();
    if manner == Manner::InPlace {
        draft.files.insert(path.to_owned(), bytes);
    } else if let Some(text) = comments::clean_toml(text, &file.source, draft) {
        draft.files.insert(path.to_owned(), text.into_bytes());
    }
}

/// A secret in a value.
struct Secret {
    what: String,
    span: Span,
    remedy: &'static str,
}

/// The secrets of a key: its value, those in a map that stands in it as text, or those in a command.
fn secrets(file: &SettingsFile, leaf: &Leaf<'_>) -> Vec<Secret> {
    let Some(text) = leaf.text().filter(|text| !text.starts_with("$env{")) else {
        return Vec::new();
    };
    let is_alone = leaf.last() != "cmd" && !text.trim_start().starts_with(['{', '[']);
    if holds_secret(leaf.last(), false, text) || is_alone && without_credentials(text, Written::AsValue).is_some() {
        let (what, span) = (leaf.name.clone(), leaf.key);
        let remedy = "Write `$env{NAME}` in its place.";
        return vec![Secret { what, span, remedy }];
    }
    if leaf.last() == "cmd" {
        let words = text.split([' ', ',', '"', '\'', '[', ']']);
        let sets = words.filter_map(|word| word.split_once('='));
        let found = sets.filter(|(key, value)| holds_secret(key, known_key(key).is_some_and(|key| key.secret), value));
        let remedy = "Leave it out of `cmd`, and give it to the container in its environment.";
        let secret = |(key, _): (&str, &str)| Secret {
            what: key.trim_start_matches('-').to_owned(),
            span: leaf.key,
            remedy,
        };
        return found.map(secret).collect();
    }
    let mut found = Vec::new();
    if text.trim_start().starts_with(['{', '['])
        && let Ok(map) = parse_embedded(&file.source, leaf.node)
    {
        in_map(&map, &mut found);
    }
    found
}

fn in_map(node: &Node, found: &mut Vec<Secret>) {
    match &node.value {
        Value::Object(members) => {
            for (name, member) in members {
                match member.node.as_str() {
                    Some(text)
                        if holds_secret(name, false, text)
                            || !text.starts_with("$env{") && without_credentials(text, Written::AsValue).is_some() =>
                    {
                        found.push(Secret {
                        what: name.clone(),
                        span: member.node.span,
                        remedy: "Write the whole map again, and refer to a secret: `\"NAME\": {secretKeyRef: {name: …, key: …}}`.",
                        });
                    }
                    _ => in_map(&member.node, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| in_map(item, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::tree::tests::tree;

    #[test]
    fn secrets_stay_behind_wherever_they_stand() {
        const PATH: &str = "conf/deployment-config.toml";
        let text = "[docker.dockerConfig]\nenable = true\npassword = \"canary\"\ncmd = 'CMD gateway ${APP} --b7a.users.a.password=canary'\n\
                    [kubernetes.kubernetesDeployment]\nenv = '{\"DB_PASSWORD\": \"canary\", \"A\": \"b\"}'\nregistry = { user = \"u\", password = \"canary\" }\n\
                    labels = '{\"app\": \"shop\"}'\n[kubernetes.kubernetesIngress]\nkeyStorePassword = \"$env{P}\"\n";
        let tree = tree(&[(PATH, text)]);
        let mut draft = Draft::default();
        take(&tree.root(), PATH, Manner::Copied, &mut draft);
        let new = String::from_utf8(draft.files[PATH].clone()).unwrap();
        assert_eq!(
            new,
            "[docker.dockerConfig]\nenable = true\n# docker.dockerConfig.password: a secret\n# docker.dockerConfig.cmd: a secret\n\
             [kubernetes.kubernetesDeployment]\n# kubernetes.kubernetesDeployment.env: a secret\n# kubernetes.kubernetesDeployment.registry.password: a secret\n\
             registry = { user = \"u\" }\nlabels = '{\"app\": \"shop\"}'\n[kubernetes.kubernetesIngress]\nkeyStorePassword = \"$env{P}\"\n"
        );
        assert_eq!(draft.carried.settings, 4);
        let told: Vec<String> = draft.findings.iter().map(ToString::to_string).collect();
        for start in [
            "old/conf/deployment-config.toml:3:1: warning: the secret `docker.dockerConfig.password`",
            "old/conf/deployment-config.toml:4:1: warning: the secret `b7a.users.a.password`",
            "old/conf/deployment-config.toml:6:24: warning: the secret `DB_PASSWORD`",
            "old/conf/deployment-config.toml:7:26: warning: the secret `kubernetes.kubernetesDeployment.registry.password`",
        ] {
            assert!(told.iter().any(|line| line.starts_with(start)), "{start}: {told:#?}");
        }
        assert!(told.len() == 4 && !format!("{told:?}").contains("canary"), "{told:#?}");
        let mut draft = Draft::default();
        take(&tree.root(), PATH, Manner::InPlace, &mut draft);
        assert_eq!(draft.files[PATH], text.as_bytes());
    }
}
