//! Entry points of the fuzz targets into what a gateway does with requests, bundles and settings: `mgw explain request` runs
//! all of it in memory.

use crate::compile::fuzzing::gateway_config;
use mgw_bundle::{Bundle, BundleContents, GatewayConfig, Limits, write_bundle};
use mgw_runtime::config::{RuntimeConfig, Sources};
use mgw_runtime::explain::{AskedRequest, Explainer};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

const NOW_MS: u64 = 1_800_000_000_000;

/// Whose headers are believed, so that they are read.
const SETTINGS: &str = "trustedProxies = [\"127.0.0.0/8\", \"10.0.0.0/8\"]\n[mutualSSLConfig]\ncertificateHeaderName = \"X-WSO2-CLIENT-CERTIFICATE\"\n";

/// The head of a request as a client sends it: a line with method and path, then headers. The gateway answers each or sends
/// it on, and what is shown of it holds none of its secrets.
pub fn explained_request(bytes: &[u8]) -> String {
    thread_local!(static GATEWAY: Explainer = gateway(&bundle(&gateway_config()), &settings(SETTINGS)).expect("it starts"));
    let Some(request) = asked(bytes) else {
        return String::new();
    };
    let explanation = GATEWAY.with(|gateway| gateway.explain(&request));
    let said = format!("{:?}", explanation.expect("each request is answered"));
    let names = ["apikey".to_owned()];
    let shown = request.shown(&names);
    // Each is hidden where it stands. That the same text is nowhere else is up to the command, which takes it out of all it says.
    let method = bytes.split(|byte| *byte == b' ').next().unwrap_or_default();
    if let Some(again) = asked(&[method, b" ", shown.as_bytes()].concat()) {
        let left = again.target_secrets(&names);
        let is_hidden = |secret: &String| secret.is_empty() || secret == "***";
        assert!(left.iter().all(is_hidden), "{shown} shows {left:?}");
    }
    said + &shown
}

fn asked(bytes: &[u8]) -> Option<AskedRequest> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut lines = text.lines();
    let (method, target) = lines.next()?.split_once(' ')?;
    let tls = method.ends_with('S') && method != "OPTIONS";
    let method = if tls { method.trim_end_matches('S') } else { method };
    let mut request = AskedRequest::new(method, target, tls, IpAddr::V4(Ipv4Addr::LOCALHOST)).ok()?;
    for line in lines.take(64) {
        let (name, value) = line.split_once(':')?;
        request.header(name, value.trim()).ok()?;
    }
    Some(request)
}

fn settings(text: &str) -> RuntimeConfig {
    let sources = Sources {
        file: Some(("micro-gw.conf", text)),
        environment: &[],
        sets: &[],
    };
    RuntimeConfig::load(sources).expect("the settings are good").0
}

fn bundle(config: &GatewayConfig) -> Bundle {
    let contents = BundleContents {
        tool: "mgw 0.0.0",
        lock: None,
        config,
        snapshot: None,
        entries: BTreeMap::new(),
    };
    let (bytes, _) = write_bundle(contents).expect("it can be packed");
    Bundle::read(&bytes, &Limits::default()).expect("it was packed just now")
}

fn gateway(bundle: &Bundle, settings: &RuntimeConfig) -> Result<Explainer, String> {
    Explainer::new(bundle, settings.clone(), Path::new("/nowhere"), Some(NOW_MS)).map_err(|error| error.to_string())
}

/// A `gateway.json` that some compiler wrote. It is written as what is read again; the gateway refuses it with a reason, or
/// starts and answers a request for each of its base paths.
pub fn compiled_configuration(bytes: &[u8]) -> String {
    let Ok(config) = serde_json::from_slice::<GatewayConfig>(bytes) else {
        return String::new();
    };
    // A bundle of another format is refused before its configuration is read.
    if config.format != mgw_bundle::config::FORMAT {
        return String::new();
    }
    let bundle = bundle(&config);
    assert_eq!(bundle.config, config);
    match gateway(&bundle, &RuntimeConfig::default()) {
        Err(reason) => reason,
        Ok(gateway) => {
            let mut said = String::new();
            for api in config.apis.iter().take(4) {
                for resource in api.resources.iter().take(4) {
                    let path = format!("{}{}", api.base_path, resource.template);
                    let client = IpAddr::V4(Ipv4Addr::LOCALHOST);
                    if let Ok(request) = AskedRequest::new("GET", &path, false, client) {
                        let explanation = gateway.explain(&request).expect("each request is answered");
                        said.push_str(&format!("{explanation:?}"));
                    }
                }
            }
            said
        }
    }
}
