//! Takes over changed certificate files while the gateway serves.

use super::certificate::{CertificateError, CertificateOrigin};
use super::certificate_set::ServedCertificates;
use super::sources::CertificateSources;
use crate::watched_files::{Turn, WatchedFiles};
use arc_swap::ArcSwap;
use rustls::crypto::CryptoProvider;
use std::sync::Arc;

/// The certificates being served and the files they come from.
#[derive(Debug)]
pub(crate) struct Rotation {
    sources: CertificateSources,
    provider: Arc<CryptoProvider>,
    served: Arc<ServedCertificates>,
    files: WatchedFiles,
}

impl Rotation {
    /// Reads the files for the first time.
    pub(super) fn start(
        sources: CertificateSources,
        provider: Arc<CryptoProvider>,
    ) -> Result<(Self, CertificateOrigin), CertificateError> {
        let files = WatchedFiles::new(sources.files());
        let (set, origin) = sources.load(&provider)?;
        let rotation = Self {
            sources,
            provider,
            served: Arc::new(ServedCertificates(ArcSwap::from_pointee(set))),
            files,
        };
        Ok((rotation, origin))
    }

    /// Returns what handshakes ask.
    pub(super) fn served(&self) -> Arc<ServedCertificates> {
        Arc::clone(&self.served)
    }

    /// Returns when the first certificate expires, in seconds since 1970.
    pub(crate) fn expires(&self) -> Option<i64> {
        self.served.0.load().expires()
    }

    /// Looks at the files; new handshakes use what they hold now when they changed. Blocks.
    pub(crate) fn turn(&self) -> Turn<CertificateError> {
        self.files.turn(|| {
            let (set, _) = self.sources.load(&self.provider)?;
            self.served.0.store(Arc::new(set));
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RuntimeConfig;
    use std::path::Path;
    use std::time::{Duration, SystemTime};

    /// Writes a pair with a time of its own, so that no clock decides whether the change is seen.
    fn write(folder: &Path, names: &[&str], contents: &str, second: u64) {
        for name in names {
            let path = folder.join(name);
            std::fs::write(&path, contents).expect("a writable folder");
            let file = std::fs::File::options().append(true).open(&path).expect("it is there");
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
            file.set_modified(time).expect("times can be set");
        }
    }

    fn pair(folder: &Path, second: u64) -> Vec<u8> {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
        write(folder, &["c.pem"], &made.cert.pem(), second);
        write(folder, &["k.pem"], &made.signing_key.serialize_pem(), second);
        made.cert.der().to_vec()
    }

    #[test]
    fn changed_files_are_taken_over_and_broken_ones_are_not() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let folder = folder.path();
        let first = pair(folder, 1);
        let mut listener = RuntimeConfig::default().listener;
        listener.certificate_file = Some(folder.join("c.pem"));
        listener.private_key_file = Some(folder.join("k.pem"));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let (rotation, _) = Rotation::start(CertificateSources::of(&listener, folder), provider).expect("usable files");
        let served = || {
            rotation
                .served
                .0
                .load()
                .choose(None)
                .cert
                .first()
                .map(|leaf| leaf.to_vec())
        };
        assert_eq!(served(), Some(first.clone()));
        assert!(matches!(rotation.turn(), Turn::Unchanged));

        write(folder, &["c.pem"], "broken", 2);
        assert!(matches!(
            rotation.turn(),
            Turn::Refused {
                error: CertificateError::Pem { .. },
                ..
            }
        ));
        assert!(matches!(rotation.turn(), Turn::Unchanged), "said once");
        assert_eq!(served(), Some(first.clone()));
        std::fs::remove_file(folder.join("k.pem")).expect("it was there");
        assert!(matches!(rotation.turn(), Turn::Refused { .. }));

        let second = pair(folder, 3);
        assert!(matches!(rotation.turn(), Turn::Replaced));
        assert_eq!(served(), Some(second.clone()));

        // A new certificate whose key has not arrived yet.
        let other = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
        write(folder, &["c.pem"], &other.cert.pem(), 4);
        let Turn::Refused { error, .. } = rotation.turn() else {
            panic!("the certificate was taken over without its key");
        };
        assert!(matches!(error, CertificateError::Tls { .. }), "{error:?}");
        assert_eq!(error.named(), Some(folder.join("c.pem").display().to_string()));
        assert_eq!(served(), Some(second));
        write(folder, &["k.pem"], &other.signing_key.serialize_pem(), 4);
        assert!(matches!(rotation.turn(), Turn::Replaced));
        assert_eq!(served(), Some(other.cert.der().to_vec()));
        assert_ne!(served(), Some(first));
    }
}
