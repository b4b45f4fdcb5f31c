//! Pulled certificates: into the bundle, and told about before they expire.

use super::files;
use super::project::CompileError;
use super::sources::Sources;
use crate::diagnostics::{About, Code, Diagnostic, Diagnostics, Severity};
use crate::project::{CERTIFICATES_FORMAT, Layout, PulledCertificates};
use jiff::Timestamp;
use mgw_bundle::config::{BackendCertificate, ClientCertificate};
use mgw_bundle::{Digest, GatewayConfig, names};
use mgw_keystore::{CertificateFacts, read_certificates};
use rustls_pki_types::CertificateDer;
use std::collections::BTreeMap;
use std::path::{Component, Path};

/// How long before its end a certificate is warned about, in days.
const SOON_DAYS: i64 = 30;

/// The folder that files are named below.
const FOLDER: &str = "gen/control-plane";

/// Adds the pulled certificates to the configuration, and their files to the bundle's `entries`.
pub(super) fn attach(
    layout: &Layout,
    pulled: Option<PulledCertificates>,
    now: Timestamp,
    config: &mut GatewayConfig,
    entries: &mut BTreeMap<String, Vec<u8>>,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Result<(), CompileError> {
    let Some(pulled) = pulled else { return Ok(()) };
    let mut reader = Reader {
        layout,
        now,
        entries,
        sources,
        diagnostics,
    };
    if pulled.format != CERTIFICATES_FORMAT {
        let message = format!(
            "the file has format version {}, this version of mgw reads {CERTIFICATES_FORMAT}",
            pulled.format
        );
        reader.report(Severity::Error, "certificates.json", None, message);
        return Ok(());
    }
    for certificate in pulled.clients {
        let api = config
            .apis
            .iter_mut()
            .find(|api| api.name == certificate.api && api.version == certificate.version);
        // A definition that asks for no certificates overrides what the control plane says.
        let Some(api) = api.filter(|api| api.mutual_tls.is_some()) else {
            continue;
        };
        let what = format!(
            "the client certificate `{}` of {}:{}",
            certificate.alias, api.name, api.version
        );
        if let Some(entry) = reader.entry(&certificate.file, &what, Some(About::api(api)))? {
            api.client_certificates.push(ClientCertificate {
                alias: certificate.alias,
                policy: certificate.policy,
                entry,
            });
        }
    }
    for certificate in pulled.backends {
        let what = format!("the certificate `{}` of {}", certificate.alias, certificate.backend);
        if let Some(entry) = reader.entry(&certificate.file, &what, None)? {
            config.backend_certificates.push(BackendCertificate {
                alias: certificate.alias,
                backend: certificate.backend,
                entry,
            });
        }
    }
    Ok(())
}

struct Reader<'a> {
    layout: &'a Layout,
    now: Timestamp,
    entries: &'a mut BTreeMap<String, Vec<u8>>,
    sources: &'a mut Sources,
    diagnostics: &'a mut Diagnostics,
}

impl Reader<'_> {
    /// Reads a file, checks it and returns the name of its bundle entry. `about`: the API that alone it concerns.
    fn entry(&mut self, file: &str, what: &str, about: Option<About>) -> Result<Option<String>, CompileError> {
        let is_inside = Path::new(file)
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if !is_inside {
            self.report(
                Severity::Error,
                "certificates.json",
                about,
                format!("`{file}` leads out of the folder"),
            );
            return Ok(None);
        }
        let Some(bytes) = files::read_optional(&self.layout.control_plane().join(file))? else {
            self.report(Severity::Error, file, about, format!("{what} is missing"));
            return Ok(None);
        };
        self.sources.add(&format!("{FOLDER}/{file}"), &bytes);
        match read_certificates(&bytes) {
            Ok(certificates) => {
                for certificate in &certificates {
                    self.check_validity(certificate, file, what, about.clone());
                }
                let entry = format!("{}{}.pem", names::CERTIFICATES, Digest::of(&bytes));
                self.entries.insert(entry.clone(), bytes);
                Ok(Some(entry))
            }
            Err(error) => {
                self.report(Severity::Error, file, about, format!("{what} cannot be used: {error}"));
                Ok(None)
            }
        }
    }

    fn check_validity(&mut self, certificate: &CertificateDer<'_>, file: &str, what: &str, about: Option<About>) {
        let Some(validity) = CertificateFacts::of(certificate).map(|facts| facts.validity) else {
            return;
        };
        let (now, soon) = (self.now.as_second(), self.now.as_second() + SOON_DAYS * 86_400);
        let message = if validity.not_after < now {
            format!("{what} expired on {} and admits nobody", day(validity.not_after))
        } else if validity.not_before > now {
            format!("{what} is not valid before {}", day(validity.not_before))
        } else if validity.not_after < soon {
            format!("{what} expires on {}", day(validity.not_after))
        } else {
            return;
        };
        self.report(Severity::Warning, file, about, message);
    }

    fn report(&mut self, severity: Severity, file: &str, about: Option<About>, message: String) {
        let file = files::shown(self.layout.root(), &format!("{FOLDER}/{file}"));
        let mut diagnostic = Diagnostic::file(Code::Certificate, file, message).remedy(match severity {
            Severity::Error => "Run `mgw pull` again.",
            _ => "Upload its successor to the control plane, then run `mgw pull`.",
        });
        diagnostic.severity = severity;
        diagnostic.about.extend(about);
        self.diagnostics.push(diagnostic);
    }
}

/// The day of a time, as people write it.
pub(crate) fn day(unix_seconds: i64) -> String {
    Timestamp::from_second(unix_seconds).map_or_else(
        |_| "a day beyond the calendar".to_owned(),
        |time| time.strftime("%Y-%m-%d").to_string(),
    )
}
