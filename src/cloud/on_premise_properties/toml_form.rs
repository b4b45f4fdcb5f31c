//! The TOML of the 3.x line.

use super::{
    CLOUD_DIALECT, GatewayFacts, MAX_ACCOUNTS, OnPremiseProperties, Placed, PropertiesError, WrittenAccount,
    WrittenPassword, is_set,
};
use base64::Engine;
use serde::Deserialize;
use std::ops::Range;
use toml::{Spanned, Value};
use zeroize::Zeroizing;

const USERS: &str = "multi_tenant.users";

#[derive(Deserialize, Default)]
#[serde(default)]
struct File {
    url: Urls,
    api_update: ApiUpdate,
    meta_info: toml::Table,
    multi_tenant: MultiTenant,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Urls {
    gateway: Option<Spanned<String>>,
    publisher: Option<Spanned<String>>,
    admin: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ApiUpdate {
    rest_api_version: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct MultiTenant {
    enabled: bool,
    users: Option<Spanned<Value>>,
}

/// Reads a file.
pub(super) fn parse(text: &str) -> Result<OnPremiseProperties, PropertiesError> {
    let line = |span: Range<usize>| text.get(..span.start).unwrap_or_default().matches('\n').count() + 1;
    let file: File = toml::from_str(text).map_err(|error| PropertiesError {
        line: line(error.span().unwrap_or_default()),
        reason: error.message().replace('\n', ", "),
    })?;
    let placed = |key: &str, written: Option<Spanned<String>>| {
        let written = written?;
        let line = line(written.span());
        let value = written.into_inner().trim().to_owned();
        let key = key.to_owned();
        is_set(&value).then_some(Placed { line, key, value })
    };
    let gateway = gateway(&file.meta_info);
    gateway
        .bounded()
        .map_err(|reason| PropertiesError { line: 1, reason })?;
    let mut accounts = Vec::new();
    if let Some(users) = file.multi_tenant.users.filter(|_| file.multi_tenant.enabled) {
        let line = line(users.span());
        let users = words(Some(users.get_ref()));
        if users.len() > MAX_ACCOUNTS {
            let reason = format!("`{USERS}`: more than {MAX_ACCOUNTS} users");
            return Err(PropertiesError { line, reason });
        }
        for user in users {
            let account = account(&user, line).ok_or_else(|| PropertiesError {
                line,
                reason: format!("`{USERS}`: an entry is not the Base64 of `USER:PASSWORD`"),
            })?;
            accounts.push(account);
        }
    }
    let other_urls = [
        placed("url.publisher", file.url.publisher),
        placed("url.admin", file.url.admin),
    ];
    Ok(OnPremiseProperties {
        gateway,
        url: placed("url.gateway", file.url.gateway),
        other_urls: other_urls.into_iter().flatten().collect(),
        is_cloud_dialect: file.api_update.rest_api_version.as_deref() == Some(CLOUD_DIALECT),
        accounts,
    })
}

fn gateway(meta: &toml::Table) -> GatewayFacts {
    let custom = match meta.get("custom") {
        Some(Value::Table(pairs)) => pairs
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.trim().to_owned())))
            .collect(),
        written => words(written)
            .iter()
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
            .collect::<Vec<_>>(),
    };
    GatewayFacts {
        label: words(meta.get("labels")).into_iter().next(),
        env_metadata: words(meta.get("metadata")),
        custom_metadata: custom.into_iter().filter(|(_, value)| !value.is_empty()).collect(),
    }
}

/// User and password of one organisation.
fn account(encoded: &str, line: usize) -> Option<WrittenAccount> {
    let bytes = Zeroizing::new(base64::engine::general_purpose::STANDARD.decode(encoded).ok()?);
    let (user, password) = std::str::from_utf8(&bytes).ok()?.split_once(':')?;
    let key = USERS.to_owned();
    Some(WrittenAccount {
        user: Some(Placed {
            line,
            key: key.clone(),
            value: user.trim().to_owned(),
        }),
        organisation: None,
        password: WrittenPassword::read(password).map(|value| Placed { line, key, value }),
    })
}

/// Strings of an array, or of one text with commas.
fn words(value: Option<&Value>) -> Vec<String> {
    let words: Vec<&str> = match value {
        Some(Value::String(text)) => text.split(',').collect(),
        Some(Value::Array(array)) => array.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let words = words.into_iter().map(str::trim).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}
