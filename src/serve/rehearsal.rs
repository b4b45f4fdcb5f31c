//! What keeps a gateway from starting, told before it is started.

use super::ReadSettings;
use crate::compile::{ProjectPlaces, Said};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Severity};
use crate::failure::{SET_SECRET, endpoint_remedy, start_remedy};
use crate::words::plain;
use mgw_bundle::Bundle;
use mgw_runtime::config::RuntimeConfig;
use mgw_runtime::{EndpointProblem, Gateway, StartProblem};
use std::path::Path;

/// Where the gateway would start.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Start<'a> {
    /// Here, with this data folder: what is not here is missing.
    Here(&'a Path),
    /// On another machine, which has secrets and files that are not here.
    Elsewhere,
}

/// What a gateway would start with.
#[derive(Debug)]
pub(crate) struct Rehearsal<'a> {
    /// `None`: the settings alone are looked at.
    pub(crate) bundle: Option<&'a Bundle>,
    /// The settings.
    pub(crate) settings: &'a ReadSettings,
    /// Where.
    pub(crate) start: Start<'a>,
    /// The project that the bundle was made of.
    pub(crate) places: Option<&'a ProjectPlaces>,
}

impl Rehearsal<'_> {
    /// Everything that keeps the gateway from starting is an error, but what another machine may have. Settings with which
    /// there is something wrong keep it from starting as well, and have been told.
    pub(crate) fn findings(&self) -> Diagnostics {
        let mut findings = Diagnostics::default();
        let Some(config) = &self.settings.config else {
            return findings;
        };
        let data_dir = match self.start {
            Start::Here(folder) => Some(folder),
            Start::Elsewhere => None,
        };
        let now_ms = u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or_default();
        let rehearsed = Gateway::rehearse(self.bundle, config, data_dir, now_ms);
        for error in &rehearsed.errors {
            for problem in error.problems() {
                self.finding(config, &problem, &start_remedy(error))
                    .into_iter()
                    .for_each(|finding| findings.push(finding));
            }
        }
        if rehearsed.lacks_api_key_signer {
            let message = "nobody gets API keys, and `/apikey` is not found: there is no RSA key to sign them";
            let mut finding = self.at(config, Some("apikey.issuer.api"), Code::DoubtfulSetting, message);
            finding.severity = Severity::Warning;
            findings.push(finding.remedy(
                "Set `apikey.issuer.tokenConfig.privateKeyFile` to an RSA key, such as one of `openssl genrsa -out api-keys-private.pem 2048`.",
            ));
        }
        findings.sort();
        findings
    }

    /// `None`: only the machine that the gateway starts on can tell.
    fn finding(&self, config: &RuntimeConfig, problem: &StartProblem, remedy: &str) -> Option<Diagnostic> {
        let is_elsewhere = matches!(self.start, Start::Elsewhere);
        if is_elsewhere && problem.missing.is_some() {
            return None;
        }
        if let (true, Some(file)) = (problem.is_absent, &problem.named) {
            let message = format!("{file} is not there, and the gateway does not start without it");
            let mut finding = self.about(config, problem, Code::MissingFile, &message);
            if is_elsewhere {
                finding.severity = Severity::Warning;
                return Some(finding.remedy(
                    "Put it there, or correct the name; where the gateway's machine alone has it, nothing is wrong.",
                ));
            }
            return Some(finding.remedy("Put it there, or correct the name."));
        }
        let message = format!("the gateway does not start: {}", plain(&problem.reason));
        Some(match (&problem.endpoint, &problem.missing) {
            (Some(endpoint), _) => self.at_endpoint(endpoint, &message).remedy(endpoint_remedy(endpoint)),
            (None, Some(_)) => self
                .about(config, problem, Code::GatewaySetting, &message)
                .remedy(SET_SECRET),
            (None, None) => self
                .about(config, problem, Code::GatewaySetting, &message)
                .remedy(remedy),
        })
    }

    /// A finding at the file, alias or issuer in question, else at the setting.
    fn about(&self, config: &RuntimeConfig, problem: &StartProblem, code: Code, message: &str) -> Diagnostic {
        let named = problem.named.as_deref();
        match named.and_then(|name| config.places.of(name)) {
            Some(origin) => self.settings.finding(code, Some(origin), message),
            None => self.at(config, problem.setting, code, message),
        }
    }

    fn at(&self, config: &RuntimeConfig, setting: Option<&str>, code: Code, message: &str) -> Diagnostic {
        let origin = setting.and_then(|setting| config.places.of_key(setting));
        self.settings.finding(code, origin, message)
    }

    fn at_endpoint(&self, problem: &EndpointProblem, message: &str) -> Diagnostic {
        let apis = self.bundle.iter().flat_map(|bundle| &bundle.config.apis);
        let mut apis = apis.filter(|api| format!("{}:{}", api.name, api.version) == problem.api);
        let what = if problem.sandbox {
            Said::Sandbox
        } else {
            Said::Production
        };
        match (self.places, apis.next()) {
            (Some(places), Some(api)) => {
                let api = places.of_api(api);
                match api.endpoint(problem.endpoint.as_deref(), what) {
                    Some((source, span)) => Diagnostic::error(Code::Endpoint, source, span, message),
                    None => Diagnostic::file(Code::Endpoint, api.file().to_string(), message),
                }
            }
            _ => Diagnostic::outside(Code::Endpoint, problem.api.clone(), message),
        }
    }
}
