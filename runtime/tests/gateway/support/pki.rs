//! Keys, certificates and stores made by the OpenSSL command line, as operators make them.

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

/// An authority, and a folder for what it signs.
#[derive(Debug)]
pub struct Pki {
    folder: TempDir,
}

impl Pki {
    pub const PASSWORD: &str = "canary-password";

    pub fn new() -> Self {
        let pki = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        pki.self_signed("ca");
        pki
    }

    /// Runs OpenSSL in the folder.
    pub fn openssl(&self, arguments: &str, more: &[&str]) {
        let output = Command::new("openssl")
            .args(arguments.split_whitespace())
            .args(more)
            .current_dir(self.folder.path())
            .env("PASSWORD", Self::PASSWORD)
            .output()
            .expect("openssl is installed");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "openssl {arguments}: {said}");
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The path as settings have it.
    pub fn text(&self, name: &str) -> String {
        self.path(name).to_string_lossy().into_owned()
    }

    /// `<name>.pem` and `<name>.key`, signed by itself; OpenSSL makes it an authority.
    pub fn self_signed(&self, name: &str) {
        let arguments = format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN={name} \
             -keyout {name}.key -out {name}.pem"
        );
        self.openssl(&arguments, &[]);
    }

    /// The same, made out for a host name.
    pub fn self_signed_for(&self, name: &str, host: &str) {
        let arguments = format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN={name} \
             -addext subjectAltName=DNS:{host} -keyout {name}.key -out {name}.pem"
        );
        self.openssl(&arguments, &[]);
    }

    /// `<name>.pem` and `<name>.key`, signed by the authority, made out for a host name.
    pub fn signed(&self, name: &str, host: &str) {
        self.openssl(
            &format!(
                "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN={name} -addext \
                 subjectAltName=DNS:{host} -keyout {name}.key -out {name}.csr"
            ),
            &[],
        );
        self.openssl(
            &format!(
                "x509 -req -in {name}.csr -copy_extensions copy -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 \
                 -out {name}.pem"
            ),
            &[],
        );
    }

    /// As [`Self::signed`], with extensions as OpenSSL writes them and a life of `days`, which may be negative.
    pub fn signed_with(&self, name: &str, extensions: &[&str], days: i32) {
        let request = format!(
            "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN={name} -keyout {name}.key -out {name}.csr"
        );
        let more: Vec<&str> = extensions.iter().flat_map(|extension| ["-addext", extension]).collect();
        self.openssl(&request, &more);
        self.openssl(
            &format!(
                "x509 -req -in {name}.csr -copy_extensions copy -CA ca.pem -CAkey ca.key -CAcreateserial -days {days} -out {name}.pem"
            ),
            &[],
        );
    }

    /// `<name>.p12` with the key and certificate of `name`, encrypted as `how` says.
    pub fn key_store(&self, name: &str, how: &str) -> PathBuf {
        let arguments = format!(
            "pkcs12 -export -inkey {name}.key -in {name}.pem -certfile ca.pem -name {name} -passout env:PASSWORD \
             -out {name}.p12 {how}"
        );
        self.openssl(&arguments, &[]);
        self.path(&format!("{name}.p12"))
    }

    /// `trust.p12` with certificates under their names.
    pub fn trust_store(&self, names: &[&str]) -> PathBuf {
        let pems = names
            .iter()
            .map(|name| std::fs::read_to_string(self.path(&format!("{name}.pem"))));
        let pems: String = pems.collect::<Result<_, _>>().expect("they were made");
        std::fs::write(self.path("trust.pem"), pems).expect("a writable folder");
        let aliases: Vec<&str> = names.iter().flat_map(|name| ["-caname", name]).collect();
        self.openssl(
            "pkcs12 -export -nokeys -in trust.pem -passout env:PASSWORD -out trust.p12",
            &aliases,
        );
        self.path("trust.p12")
    }

    pub fn certificate(&self, name: &str) -> CertificateDer<'static> {
        CertificateDer::from_pem_file(self.path(&format!("{name}.pem"))).expect("it was made")
    }

    pub fn key(&self, name: &str) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_file(self.path(&format!("{name}.key"))).expect("it was made")
    }

    /// Puts the pair of `name` where `place` stands, as a renewal does.
    pub fn renew(&self, place: &str, name: &str) {
        for ending in ["key", "pem"] {
            let staged = self.path("staged");
            std::fs::copy(self.path(&format!("{name}.{ending}")), &staged).expect("it was made");
            std::fs::rename(staged, self.path(&format!("{place}.{ending}"))).expect("a writable folder");
        }
    }
}
