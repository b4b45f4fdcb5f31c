//! Stores made by OpenSSL and, where it is installed, by `keytool`.

use super::{CertificateFacts, CertificateKey, KeyStore, KeyStoreError, SignatureHash, Validity};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const PASSWORD: &str = "pass wörd";

fn run(folder: &Path, program: &str, arguments: &[&str]) {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("PASSWORD", PASSWORD)
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {said}");
}

/// A root, an issuer below it and a server's key with certificate below that, all PEM.
fn authorities(folder: &Path) {
    let request = |name: &str, subject: &str| {
        let (key, file) = (format!("{name}.key"), format!("{name}.csr"));
        run(
            folder,
            "openssl",
            &[
                "req",
                "-new",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-subj",
                subject,
                "-keyout",
                &key,
                "-out",
                &file,
            ],
        );
    };
    run(
        folder,
        "openssl",
        &[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "30",
            "-subj",
            "/CN=root",
            "-keyout",
            "root.key",
            "-out",
            "root.pem",
        ],
    );
    for (name, issuer) in [("issuer", "root"), ("server", "issuer")] {
        request(name, &format!("/CN={name}"));
        let (csr, pem) = (format!("{name}.csr"), format!("{name}.pem"));
        let (ca, ca_key) = (format!("{issuer}.pem"), format!("{issuer}.key"));
        run(
            folder,
            "openssl",
            &[
                "x509",
                "-req",
                "-in",
                &csr,
                "-CA",
                &ca,
                "-CAkey",
                &ca_key,
                "-CAcreateserial",
                "-days",
                "30",
                "-out",
                &pem,
            ],
        );
    }
    let chain = ["issuer.pem", "root.pem"].map(|name| std::fs::read_to_string(folder.join(name)).expect("it was made"));
    std::fs::write(folder.join("chain.pem"), chain.concat()).expect("a writable folder");
}

fn export(folder: &Path, extra: &[&str]) -> Vec<u8> {
    let mut arguments = vec![
        "pkcs12",
        "-export",
        "-inkey",
        "server.key",
        "-in",
        "server.pem",
        "-certfile",
        "chain.pem",
        "-name",
        "Gateway",
        "-passout",
        "env:PASSWORD",
        "-out",
        "store.p12",
    ];
    arguments.extend_from_slice(extra);
    run(folder, "openssl", &arguments);
    std::fs::read(folder.join("store.p12")).expect("it was made")
}

fn der(folder: &Path, name: &str) -> Vec<u8> {
    let out = format!("{name}.der");
    run(
        folder,
        "openssl",
        &["x509", "-in", name, "-outform", "DER", "-out", &out],
    );
    std::fs::read(folder.join(out)).expect("it was made")
}

fn made() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    authorities(folder.path());
    folder
}

#[test]
fn openssl_stores_of_every_encryption_are_read() {
    let folder = made();
    let (server, issuer) = (der(folder.path(), "server.pem"), der(folder.path(), "issuer.pem"));
    for extra in [
        &[][..],
        &["-legacy"],
        &["-legacy", "-descert"],
        &[
            "-keypbe",
            "AES-128-CBC",
            "-certpbe",
            "AES-256-CBC",
            "-macalg",
            "sha512",
            "-iter",
            "100000",
        ],
        &["-keypbe", "PBE-SHA1-3DES", "-certpbe", "NONE", "-macalg", "sha1"],
        &["-keypbe", "NONE", "-certpbe", "NONE", "-nomac"],
    ] {
        let store = KeyStore::read(&export(folder.path(), extra), PASSWORD).unwrap_or_else(|error| {
            panic!("{extra:?}: {error}");
        });
        let entry = store.key(None).expect("it has a key");
        assert_eq!(entry.alias.as_deref(), Some("Gateway"), "{extra:?}");
        let chain: Vec<&[u8]> = entry.chain.iter().map(AsRef::as_ref).collect();
        assert_eq!(chain, [server.as_slice(), issuer.as_slice()], "{extra:?}");
        assert_eq!(store.certificates().len(), 3, "{extra:?}");
        assert_eq!(store.named("gateway"), [&entry.chain[0]], "{extra:?}");
        assert!(store.key(Some("other")).is_none() && store.named("other").is_empty());
        assert_eq!(store.aliases(), ["Gateway"]);
        assert!(!format!("{store:?}").contains("PrivatePkcs8KeyDer"));
    }
}

#[test]
fn a_wrong_password_is_told_from_damage() {
    let folder = made();
    for extra in [&[][..], &["-legacy"], &["-nomac"]] {
        let bytes = export(folder.path(), extra);
        for wrong in ["", "other"] {
            let refused = KeyStore::read(&bytes, wrong).map(|_| ());
            assert_eq!(refused, Err(KeyStoreError::Password), "{extra:?} {wrong:?}");
        }
        for length in [0, 1, 4, 40, bytes.len() / 2, bytes.len() - 1] {
            let refused = KeyStore::read(&bytes[..length], PASSWORD).map(|_| ());
            assert_eq!(refused, Err(KeyStoreError::Damaged), "{length} bytes");
        }
    }
    let bytes = export(folder.path(), &[]);
    let mut changed = bytes.clone();
    changed[bytes.len() / 2] ^= 1;
    assert!(KeyStore::read(&changed, PASSWORD).is_err());
}

#[test]
fn other_formats_are_recognised() {
    for (bytes, expected) in [
        (&b"\n-----BEGIN CERTIFICATE-----\n"[..], KeyStoreError::Pem),
        (&[0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2], KeyStoreError::Jks),
        (b"no store", KeyStoreError::Damaged),
        (&vec![0x30; super::MAX_BYTES + 1], KeyStoreError::TooLarge),
    ] {
        assert_eq!(KeyStore::read(bytes, PASSWORD).map(|_| ()), Err(expected));
    }
    let folder = made();
    let unsupported = export(folder.path(), &["-legacy", "-keypbe", "PBE-SHA1-RC4-128"]);
    assert_eq!(
        KeyStore::read(&unsupported, PASSWORD).map(|_| ()),
        Err(KeyStoreError::Unsupported)
    );
    let rounds = export(folder.path(), &["-iter", "1000001"]);
    assert_eq!(
        KeyStore::read(&rounds, PASSWORD).map(|_| ()),
        Err(KeyStoreError::Unsupported)
    );
}

#[test]
fn trust_stores_have_an_alias_for_every_certificate() {
    let folder = made();
    run(
        folder.path(),
        "openssl",
        &[
            "pkcs12",
            "-export",
            "-nokeys",
            "-in",
            "root.pem",
            "-caname",
            "Root",
            "-passout",
            "env:PASSWORD",
            "-out",
            "openssl.p12",
        ],
    );
    let store = KeyStore::read(
        &std::fs::read(folder.path().join("openssl.p12")).expect("made"),
        PASSWORD,
    );
    let store = store.expect("it is read");
    assert_eq!(store.certificates().len(), 1);
    assert_eq!(store.named("root").len(), 1);
    assert!(store.key(None).is_none());

    if Command::new("keytool").arg("-help").output().is_err() {
        return;
    }
    for legacy in ["false", "true"] {
        let _ = std::fs::remove_file(folder.path().join("java.p12"));
        for name in ["root", "issuer"] {
            let file = format!("{name}.pem");
            let old = format!("-J-Dkeystore.pkcs12.legacy={legacy}");
            let switch = if legacy == "true" { old.as_str() } else { "-J-Xmx64m" };
            run(
                folder.path(),
                "keytool",
                &[
                    switch,
                    "-importcert",
                    "-noprompt",
                    "-storetype",
                    "PKCS12",
                    "-keystore",
                    "java.p12",
                    "-storepass",
                    "changeit",
                    "-alias",
                    name,
                    "-file",
                    &file,
                ],
            );
        }
        let bytes = std::fs::read(folder.path().join("java.p12")).expect("it was made");
        let store = KeyStore::read(&bytes, "changeit").expect("it is read");
        assert_eq!(store.aliases(), ["issuer", "root"], "legacy {legacy}");
        assert_eq!(
            store.named("ROOT").first().map(AsRef::as_ref),
            Some(der(folder.path(), "root.pem").as_slice())
        );
    }
}

#[test]
fn validity_is_read() {
    let folder = made();
    let validity = Validity::of(&der(folder.path(), "server.pem")).expect("a certificate");
    assert_eq!(validity.not_after - validity.not_before, 30 * 24 * 60 * 60);
    assert!(validity.holds_at(validity.not_before) && validity.holds_at(validity.not_after));
    assert!(!validity.holds_at(validity.not_before - 1) && !validity.holds_at(validity.not_after + 1));
    assert_eq!(Validity::of(b"no certificate"), None);
    assert!(super::is_authority(&der(folder.path(), "root.pem")));
    assert!(!super::is_authority(&der(folder.path(), "server.pem")) && !super::is_authority(b"no certificate"));
}

#[test]
fn certificates_are_read_from_pem_and_der() {
    use super::{CertificateError, CertificateFacts, read_certificates};
    let folder = tempfile::tempdir().expect("a temporary folder");
    authorities(folder.path());
    let pem = std::fs::read(folder.path().join("root.pem")).expect("it was made");
    let der = read_certificates(&pem).expect("it is PEM").remove(0);
    assert_eq!(read_certificates(&der), Ok(vec![der.clone()]));
    let twice = [pem.as_slice(), pem.as_slice()].concat();
    assert_eq!(read_certificates(&twice).map(|found| found.len()), Ok(2));
    let facts = CertificateFacts::of(&der).expect("it is a certificate");
    assert_eq!((facts.subject.as_str(), facts.is_authority), ("CN=root", true));
    for (bytes, error) in [
        (Vec::new(), CertificateError::NotACertificate),
        (b"text".to_vec(), CertificateError::NotACertificate),
        (
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec(),
            CertificateError::NotACertificate,
        ),
        ([der.as_ref(), b"more"].concat(), CertificateError::NotACertificate),
        (der[..der.len() - 1].to_vec(), CertificateError::NotACertificate),
        (pem.repeat(11), CertificateError::TooMany),
    ] {
        assert_eq!(read_certificates(&bytes), Err(error));
    }
}

#[test]
fn the_work_of_all_entries_together_is_bounded() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    authorities(folder.path());
    let store = |name: &str, rounds: &str| {
        let arguments = [
            "pkcs12",
            "-export",
            "-inkey",
            "server.key",
            "-in",
            "server.pem",
            "-certfile",
            "issuer.pem",
            "-passout",
            "env:PASSWORD",
            "-iter",
            rounds,
            "-out",
            name,
        ];
        run(folder.path(), "openssl", &arguments);
        std::fs::read(folder.path().join(name)).expect("it was made")
    };
    let usual = store("usual.p12", "2048");
    // Check value, certificates, key.
    assert_eq!(super::rounds::total(&usual), 3 * 2048);
    assert!(KeyStore::read(&usual, PASSWORD).is_ok());
    let mut heavy = usual;
    // The same file, asking for more in each place: refused before the first round.
    let mut places = 0;
    for start in 0..=heavy.len() - 4 {
        if heavy[start..start + 4] == [0x02, 0x02, 0x08, 0x00] {
            heavy[start..start + 4].copy_from_slice(&[0x02, 0x02, 0x7f, 0xff]);
            places += 1;
        }
    }
    assert_eq!((places, super::rounds::total(&heavy)), (3, 3 * 0x7fff));
    let copies = (super::rounds::MAX_ROUNDS / (3 * 0x7fff) + 1) as usize;
    let mut many = heavy.repeat(copies);
    let length = u32::try_from(many.len()).expect("it is small").to_be_bytes();
    many.splice(0..0, [&[0x30, 0x84][..], &length].concat());
    assert_eq!(KeyStore::read(&many, PASSWORD).err(), Some(KeyStoreError::Rounds));
}

#[test]
fn certificates_say_how_strong_they_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let of = |key: &[&str], more: &[&str]| {
        let always = ["req", "-x509", "-nodes", "-days", "30", "-subj", "/CN=x"];
        let files = ["-set_serial", "0x0a1b", "-keyout", "key.pem", "-out", "cert.pem"];
        run(folder.path(), "openssl", &[&always[..], key, more, &files].concat());
        let pem = std::fs::read(folder.path().join("cert.pem")).expect("written");
        let certificates = crate::read_certificates(&pem).expect("a certificate");
        CertificateFacts::of(&certificates[0]).expect("it is one")
    };
    let rsa = |bits: &'static str| ["-newkey", bits];
    let facts = of(&rsa("rsa:1024"), &["-sha1"]);
    assert_eq!(
        (facts.key, facts.signature),
        (CertificateKey::Rsa(1024), SignatureHash::Sha1)
    );
    assert_eq!((facts.serial.as_str(), facts.issuer.as_str()), ("0a1b", "CN=x"));
    assert!(facts.is_self_issued());
    let facts = of(&rsa("rsa:2048"), &["-md5"]);
    assert_eq!(
        (facts.key, facts.signature),
        (CertificateKey::Rsa(2048), SignatureHash::Md)
    );
    for (hash, expected) in [("-sha1", SignatureHash::Sha1), ("-sha256", SignatureHash::Other)] {
        let facts = of(&rsa("rsa:2048"), &[hash, "-sigopt", "rsa_padding_mode:pss"]);
        assert_eq!(facts.signature, expected, "{hash}");
    }
    let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    let facts = of(&curve, &["-sha1"]);
    assert_eq!(
        (facts.key, facts.signature),
        (CertificateKey::Elliptic(256), SignatureHash::Sha1)
    );
    assert_eq!(of(&["-newkey", "ed25519"], &[]).key, CertificateKey::Other);
}
