//! Uploaded certificates into files of the project and the list of what they are for.

use crate::cloud::control_plane::UploadedCertificate;
use crate::project::{
    CERTIFICATES_FORMAT, PulledBackendCertificate, PulledCertificates, PulledClientCertificate, backend_of,
};
use mgw_bundle::Digest;
use mgw_keystore::{CertificateError, read_certificates, to_pem};
use std::collections::BTreeMap;

/// Longest part of a file name.
const LONGEST_PART: usize = 40;

/// Certificates as a project holds them.
#[derive(Debug)]
pub(crate) struct CertificateFiles {
    /// What they are for.
    pub(crate) index: PulledCertificates,
    /// PEM by path below `gen/control-plane`.
    pub(crate) files: BTreeMap<String, String>,
}

impl CertificateFiles {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self {
            index: PulledCertificates {
                format: CERTIFICATES_FORMAT,
                clients: Vec::new(),
                backends: Vec::new(),
            },
            files: BTreeMap::new(),
        }
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Adds client certificates of an API: of each its first certificate, which is the client's own.
    pub(crate) fn add_clients(
        &mut self,
        api: &str,
        version: &str,
        uploaded: Vec<UploadedCertificate>,
        notices: &mut Vec<String>,
    ) {
        for certificate in uploaded {
            let alias = certificate.alias;
            match pem(&certificate.content, 1) {
                Ok(pem) => {
                    let file = self.keep("clients", &[api, version, &alias], pem);
                    self.index.clients.push(PulledClientCertificate {
                        api: api.to_owned(),
                        version: version.to_owned(),
                        alias,
                        policy: certificate.policy,
                        file,
                    });
                }
                Err(error) => notices.push(format!(
                    "{api} {version}: the client certificate `{alias}` is left out: {error}"
                )),
            }
        }
    }

    /// Adds what identifies backends, with all certificates of each.
    pub(crate) fn add_backends(&mut self, uploaded: Vec<UploadedCertificate>, notices: &mut Vec<String>) {
        for certificate in uploaded {
            let alias = certificate.alias;
            let Some(backend) = certificate.endpoint.as_deref().and_then(backend_of) else {
                continue;
            };
            match pem(&certificate.content, usize::MAX) {
                Ok(pem) => {
                    let file = self.keep("backends", &[&alias], pem);
                    self.index
                        .backends
                        .push(PulledBackendCertificate { backend, alias, file });
                }
                Err(error) => notices.push(format!("the certificate `{alias}` of {backend} is left out: {error}")),
            }
        }
    }

    /// Brings the list in its order, so that the same certificates give the same bytes.
    pub(crate) fn sorted(mut self) -> Self {
        self.index.clients.sort();
        self.index.backends.sort();
        self
    }

    /// Keeps a file under a name that tells what it is and that nothing else has.
    fn keep(&mut self, folder: &str, parts: &[&str], pem: String) -> String {
        let digest: String = Digest::of(format!("{parts:?}{pem}").as_bytes())
            .to_string()
            .chars()
            .take(12)
            .collect();
        let name: Vec<String> = parts.iter().map(|part| safe(part)).collect();
        let path = format!("certificates/{folder}/{}-{digest}.pem", name.join("-"));
        self.files.insert(path.clone(), pem);
        path
    }
}

/// The first `most` certificates as PEM.
fn pem(content: &[u8], most: usize) -> Result<String, CertificateError> {
    let certificates = read_certificates(content)?;
    Ok(certificates
        .iter()
        .take(most)
        .map(|der| to_pem("CERTIFICATE", der))
        .collect())
}

fn safe(part: &str) -> String {
    part.chars()
        .take(LONGEST_PART)
        .map(|c| {
            if c.is_ascii_alphanumeric() || "_.".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uploaded(alias: &str, content: Vec<u8>) -> UploadedCertificate {
        UploadedCertificate {
            alias: alias.to_owned(),
            policy: Some("Gold".to_owned()),
            endpoint: Some("https://core.example/ledger".to_owned()),
            content,
        }
    }

    fn made() -> (String, Vec<u8>) {
        let made = rcgen::generate_simple_self_signed(vec!["client".to_owned()]).unwrap();
        (made.cert.pem(), made.cert.der().to_vec())
    }

    #[test]
    fn pem_and_der_become_files_and_everything_else_is_told() {
        let ((pem, _), (_, der)) = (made(), made());
        let mut files = CertificateFiles::new();
        let mut notices = Vec::new();
        let twice = format!("{pem}{pem}");
        let all = vec![
            uploaded("pem", pem.clone().into_bytes()),
            uploaded("der", der.clone()),
            uploaded("../../etc/passwd", twice.into_bytes()),
            uploaded("page", b"<html>not here</html>".to_vec()),
            uploaded("nothing", Vec::new()),
        ];
        files.add_clients("A b", "1/2", all.clone(), &mut notices);
        files.add_backends(all, &mut notices);
        let files = files.sorted();
        assert_eq!((files.index.clients.len(), files.index.backends.len()), (3, 3));
        assert_eq!(notices.len(), 4, "{notices:?}");
        assert!(
            notices[0].contains("`page`") && notices[0].contains("X.509"),
            "{notices:?}"
        );
        assert_eq!(files.index.backends[0].backend, "https://core.example:443");
        for path in files.files.keys() {
            assert!(
                path.starts_with("certificates/") && path.matches('/').count() == 2,
                "{path}"
            );
        }
        let read = |alias: &str| {
            let entry = files.index.clients.iter().find(|entry| entry.alias == alias).unwrap();
            assert_eq!(entry.policy.as_deref(), Some("Gold"));
            read_certificates(files.files[&entry.file].as_bytes()).unwrap()
        };
        assert_eq!(read("der")[0].as_ref(), der);
        assert_eq!(read("../../etc/passwd").len(), 1, "only the client's own");
    }

    #[test]
    fn equal_names_of_different_parts_do_not_meet() {
        let (pem, _) = made();
        let mut files = CertificateFiles::new();
        for (api, version) in [("a-1", "0"), ("a", "1-0"), ("a_1", "0")] {
            let uploaded = vec![uploaded("x", pem.clone().into_bytes())];
            files.add_clients(api, version, uploaded, &mut Vec::new());
        }
        assert_eq!(files.files.len(), 3);
    }
}
