//! What is in the file.

use super::secrets::is_secret;
use crate::admin::AdminClient;
use crate::commands::bundle_file;
use crate::doctor::checks::{PATIENCE, bundle_path, runtime};
use crate::doctor::{Looked, Sight};
use crate::lock::LockFile;
use crate::project::Settings;
use crate::serve::what_is_set;
use serde_json::{Value, json};
use url::Url;

/// A part of the file.
pub(super) struct Part {
    /// Its name, always the same.
    pub(super) name: &'static str,
    /// What it is, in a few words.
    pub(super) about: &'static str,
    pub(super) text: String,
}

fn part(name: &'static str, about: &'static str, document: &Value) -> Part {
    Part {
        name,
        about,
        text: format!("{document:#}\n"),
    }
}

/// Every part that there is something to say in.
pub(super) fn contents(looked: &[Looked], sight: &Sight) -> Vec<Part> {
    let mut parts = vec![
        part("about.json", "version of mgw, and the machine", &about()),
        part("doctor.json", "what was found", &json!({ "checks": looked })),
        part(
            "environment.json",
            "variables by name; values of harmless ones",
            &environment(sight),
        ),
    ];
    parts.extend(settings(sight));
    parts.extend(project(sight));
    parts.extend(bundle(sight));
    parts.extend(gateway(sight));
    parts
}

fn about() -> Value {
    let file = |path: &str| std::fs::read_to_string(path).ok().map(|text| text.trim().to_owned());
    json!({
        "mgw": env!("CARGO_PKG_VERSION"),
        "bundle_format": mgw_bundle::MANIFEST_FORMAT,
        "config_format": mgw_bundle::config::FORMAT,
        "written": jiff::Timestamp::now().to_string(),
        "system": std::env::consts::OS,
        "processor": std::env::consts::ARCH,
        "kernel": file("/proc/sys/kernel/osrelease"),
        "processors": std::thread::available_parallelism().ok().map(std::num::NonZero::get),
    })
}

/// Variables whose values say nothing about anybody.
const HARMLESS: [&str; 16] = [
    "CI",
    "LANG",
    "LC_ALL",
    "MGW_CA_FILE",
    "MGW_COLOR",
    "MGW_CONFIG_DIR",
    "MGW_CONF_DIR",
    "MGW_DATA_DIR",
    "MGW_HTTP_TIMEOUT",
    "MGW_KIND",
    "MGW_NO_INPUT",
    "MGW_OUTPUT",
    "MGW_STATE_DIR",
    "SHELL",
    "TERM",
    "TZ",
];

/// Those that mgw, its HTTP client and the terminal go by. Others are nobody's business.
fn environment(sight: &Sight) -> Value {
    let is_of_interest = |name: &str| {
        let upper = name.to_ascii_uppercase();
        HARMLESS.contains(&name)
            || upper.starts_with("MGW_")
            || upper.starts_with("WSO2_CLOUD_")
            || upper.ends_with("_PROXY")
    };
    let told = sight.environment.iter().filter(|(name, _)| is_of_interest(name));
    let told = told.map(|(name, value)| {
        let value = match name {
            name if HARMLESS.contains(&name) => value,
            name if is_secret(&name.to_ascii_uppercase()) => "(secret)",
            _ => "(set)",
        };
        (name.to_owned(), Value::from(value))
    });
    Value::Object(told.collect())
}

fn settings(sight: &Sight) -> Option<Part> {
    let set = what_is_set(&sight.options.settings, &sight.environment).ok()?;
    let keys = set
        .keys
        .iter()
        .map(|key| json!({ "key": key.name, "value": key.value, "origin": key.origin.to_string() }));
    let document = json!({
        "file": sight.options.settings.file,
        "keys": keys.collect::<Vec<_>>(),
        "endpoint_overrides": set.overrides,
    });
    Some(part(
        "settings.json",
        "what is set of the gateway's settings, without secrets",
        &document,
    ))
}

fn project(sight: &Sight) -> Vec<Part> {
    let mut parts = Vec::new();
    if let Ok(Some(settings)) = &sight.project
        && let Ok(text) = toml::to_string(&harmless(settings))
    {
        let (name, about) = (
            "project/mgw.toml",
            "the project's settings, without reasons of suppressions",
        );
        parts.push(Part { name, about, text });
    }
    if let Ok(Some(lock)) = LockFile::load(&sight.layout.lock())
        && let Ok(text) = toml::to_string(&lock)
    {
        let (name, about) = ("project/mgw.lock", "what was pulled, by name and digest");
        parts.push(Part { name, about, text });
    }
    if sight.is_project()
        && let Ok(compiled) = sight.compiled()
    {
        let document = json!({
            "project": compiled.name,
            "apis": compiled.config.apis.len(),
            "summary": compiled.diagnostics.summary(),
            "diagnostics": compiled.diagnostics,
        });
        parts.push(part("project/findings.json", "what mgw check says", &document));
    }
    parts
}

/// Settings as they are, but for what people write freely.
fn harmless(settings: &Settings) -> Settings {
    let mut settings = Settings {
        audit: Default::default(),
        ..settings.clone()
    };
    if let Some(plane) = &mut settings.control_plane
        && let Ok(mut url) = Url::parse(&plane.url)
    {
        // Refused only for URLs that have no place for them.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_query(None);
        url.set_fragment(None);
        plane.url = url.into();
    }
    settings
}

fn bundle(sight: &Sight) -> Option<Part> {
    let bundle = bundle_file::read(&bundle_path(sight)?).ok()?;
    let signers: Vec<String> = bundle.signers.iter().map(|key| key.id().to_string()).collect();
    let document = json!({ "digest": bundle.digest.to_string(), "signers": signers, "manifest": bundle.manifest });
    Some(part(
        "bundle/manifest.json",
        "names and digests of what is in the bundle",
        &document,
    ))
}

/// What a gateway that runs tells of itself.
fn gateway(sight: &Sight) -> Vec<Part> {
    if sight.options.offline {
        return Vec::new();
    }
    let admin = sight.admin.as_ref().ok();
    let Some(client) = admin.and_then(|admin| AdminClient::new(admin, &sight.ui).ok()) else {
        return Vec::new();
    };
    let Ok(runtime) = runtime() else {
        return Vec::new();
    };
    runtime.block_on(async {
        let mut parts = Vec::new();
        let ready = tokio::time::timeout(PATIENCE, client.get_in_any_state::<Value>("/ready")).await;
        // Somebody else may have that port, and what they say is not ours to hand on.
        let Ok(Ok(ready)) = ready else {
            return parts;
        };
        if ready.get("configGeneration").is_none() {
            return parts;
        }
        parts.push(part(
            "gateway/ready.json",
            "whether the running gateway is ready",
            &ready,
        ));
        if let Ok(Ok(connected)) = tokio::time::timeout(PATIENCE, client.get::<Value>("/connected", &[])).await {
            parts.push(part(
                "gateway/connected.json",
                "how it follows the control plane",
                &connected,
            ));
        }
        if let Ok(Ok(text)) = tokio::time::timeout(PATIENCE, client.text("/metrics")).await {
            let (name, about) = ("gateway/metrics.txt", "its counters");
            parts.push(Part { name, about, text });
        }
        parts
    })
}
