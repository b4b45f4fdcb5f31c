//! Every setting that names a file of certificates is looked at: the settings' own catalogue says which there are.

use super::tests::{Project, SOUND, certificate, told};
use mgw_runtime::config::keys;
use std::collections::BTreeSet;
use std::path::Path;

/// What switches a traffic manager on.
const ON: &str = "[throttlingConfig]\nenabledGlobalTMEventPublishing = true\nbinary.enabled = false\n\
    throttleEndpointUrl = \"https://tm.example\"\njmsConnectionProviderUrl = \"amqps://a:b@hub.example\"\n";

/// Settings that name files of certificates, each with what switches it on: `PEM`, `KEYS` and `TRUST` are a file of PEM and two
/// stores, `ON` is [`ON`].
const OF_CERTIFICATES: &[(&str, &str)] = &[
    (
        "listenerConfig.certificateFile",
        "[listenerConfig]\ncertificateFile = PEM\nprivateKeyFile = PEM",
    ),
    (
        "listenerConfig.keyStorePath",
        "[listenerConfig]\nkeyStorePath = KEYS\nkeyStorePassword = \"pw\"",
    ),
    (
        "listenerConfig.trustStorePath",
        "[listenerConfig]\ntrustStorePath = TRUST\ntrustStorePassword = \"pw\"",
    ),
    (
        "[[listenerConfig.certificates]].certificateFile",
        "[[listenerConfig.certificates]]\nhostnames = [\"a.example\"]\ncertificateFile = PEM\nprivateKeyFile = PEM",
    ),
    (
        "[[jwtTokenConfig]].certificateFile",
        "[[jwtTokenConfig]]\nissuer = \"x\"\naudience = [\"a\"]\ncertificateFile = PEM",
    ),
    (
        "[[jwtTokenConfig]].jwksCaFile",
        "[[jwtTokenConfig]]\nissuer = \"x\"\naudience = [\"a\"]\njwksURL = \"https://idp.example\"\njwksCaFile = PEM",
    ),
    ("keyManager.caFile", "[keyManager]\ncaFile = PEM"),
    (
        "apikey.tokenConfigs.certificateFile",
        "[apikey.tokenConfigs]\ncertificateFile = PEM",
    ),
    (
        "apikey.issuer.tokenConfig.keyStorePath",
        "[apikey.issuer.tokenConfig]\nenabled = true\nkeyStorePath = KEYS\nkeyStorePassword = \"pw\"",
    ),
    ("mutualSSLConfig.clientCaFile", "[mutualSSLConfig]\nclientCaFile = PEM"),
    (
        "[[mutualSSLConfig.api.certificates]].certificateFiles",
        "[[mutualSSLConfig.api.certificates]]\nname = \"Shop\"\nversion = \"1.0.0\"\ncertificateFiles = [PEM]",
    ),
    (
        "jwtGeneratorConfig.certificateFile",
        "[jwtGeneratorConfig]\njwtGeneratorEnabled = true\ncertificateFile = PEM",
    ),
    (
        "tokenRevocationConfig.realtime.caFile",
        "[tokenRevocationConfig.realtime]\nenableRealtimeMessageRetrieval = true\n\
         jmsConnectionProviderUrl = \"amqps://a:b@hub.example\"\ncaFile = PEM",
    ),
    (
        "tokenRevocationConfig.persistent.caFile",
        "[tokenRevocationConfig.persistent]\nenablePersistentStorageRetrieval = true\ntype = \"default\"\n\
         endpointURL = \"https://cp.example\"\ncaFile = PEM",
    ),
    (
        "tokenRevocationConfig.redis.caFile",
        "[tokenRevocationConfig.redis]\nurl = \"rediss://redis.example\"\ncaFile = PEM",
    ),
    ("throttlingConfig.jmsConnectionCaFile", "ON jmsConnectionCaFile = PEM"),
    ("throttlingConfig.dataRetriever.caFile", "ON dataRetriever.caFile = PEM"),
    ("throttlingConfig.receiverCaFile", "ON receiverCaFile = PEM"),
    (
        "throttlingConfig.shared.caFile",
        "[throttlingConfig.shared]\nurl = \"rediss://redis.example\"\ncaFile = PEM",
    ),
    ("httpClients.sslConfig.caFile", "[httpClients.sslConfig]\ncaFile = PEM"),
    (
        "httpClients.sslConfig.certificateFile",
        "[httpClients.sslConfig]\ncertificateFile = PEM\nprivateKeyFile = PEM",
    ),
    (
        "httpClients.sslConfig.keyStorePath",
        "[httpClients.sslConfig]\nkeyStorePath = KEYS\nkeyStorePassword = \"pw\"",
    ),
    (
        "httpClients.sslConfig.trustStorePath",
        "[httpClients.sslConfig]\ntrustStorePath = TRUST\ntrustStorePassword = \"pw\"",
    ),
    (
        "[[httpClients.sslConfig.clientCertificates]].certificateFile",
        "[[httpClients.sslConfig.clientCertificates]]\nhosts = [\"a.example\"]\ncertificateFile = PEM\nprivateKeyFile = PEM",
    ),
    (
        "[[httpClients.sslConfig.clientCertificates]].keyStorePath",
        "[[httpClients.sslConfig.clientCertificates]]\nhosts = [\"a.example\"]\nkeyStorePath = KEYS\nkeyStorePassword = \"pw\"",
    ),
    ("etcdcafile", "etcdcafile = PEM"),
    ("apim.eventHub.caFile", "[apim.eventHub]\ncaFile = PEM"),
    (
        "analytics.fileUpload.caFile",
        "[analytics.fileUpload]\nenable = true\ntaskUploadFiles = true\nuploadingEndpoint = \"https://cp.example\"\n\
         username = \"a\"\npassword = \"b\"\ncaFile = PEM",
    ),
    (
        "gatewayStatus.caFile",
        "[gatewayStatus]\nenable = true\nusername = \"a\"\npassword = \"b\"\ncaFile = PEM",
    ),
];

/// Settings that name files and folders of something else.
const OF_OTHERS: &[&str] = &[
    "bundle.trustedKeys",
    "listenerConfig.privateKeyFile",
    "listenerConfig.ocspFile",
    "[[listenerConfig.certificates]].privateKeyFile",
    "[[listenerConfig.certificates]].ocspFile",
    "[[jwtTokenConfig]].publicKeyFile",
    "apikey.tokenConfigs.publicKeyFile",
    "apikey.issuer.tokenConfig.privateKeyFile",
    "jwtGeneratorConfig.privateKeyFile",
    "tokenRevocationConfig.file",
    "httpClients.sslConfig.privateKeyFile",
    "[[httpClients.sslConfig.clientCertificates]].privateKeyFile",
    "discovery.folder",
    "b7a.http.accesslog.path",
    "api.usage.data.path",
    "analytics.fileUpload.passwordFile",
    "gatewayStatus.passwordFile",
    "gatewayStatus.propertiesFile",
];

#[test]
fn of_each_setting_that_names_a_file_is_known_what_is_in_it() {
    let of_files = keys()
        .into_iter()
        .filter(|key| key.effective && ["the name of a file", "an array of file names"].contains(&key.kind.as_str()))
        .map(|key| key.name);
    let known = OF_CERTIFICATES
        .iter()
        .map(|(key, _)| *key)
        .chain(OF_OTHERS.iter().copied());
    let known: BTreeSet<String> = known.map(str::to_owned).collect();
    assert_eq!(of_files.collect::<BTreeSet<String>>(), known);
}

#[test]
fn certificates_of_every_setting_are_looked_at() {
    let project = Project::of(SOUND);
    let folder = project.0.path();
    // Today is 2026-06-15.
    let (text, key) = certificate((2020, 1, 1), (2026, 6, 20));
    std::fs::write(folder.join("cert.pem"), text).expect("writable");
    std::fs::write(folder.join("key.pem"), key).expect("writable");
    store(folder, "-inkey key.pem -in cert.pem -name own", "keys.p12");
    store(folder, "-nokeys -in cert.pem -caname own", "trust.p12");
    for (key, settings) in OF_CERTIFICATES {
        let named = |name: &str| format!("{:?}", folder.join(name).display().to_string());
        let settings = settings
            .replace("ON ", ON)
            .replace("PEM", &named("cert.pem"))
            .replace("KEYS", &named("keys.p12"))
            .replace("TRUST", &named("trust.p12"));
        let audit = project.audit(&format!("{settings}\n"), &[]);
        let of_certificates: Vec<String> = told(&audit)
            .into_iter()
            .filter(|told| told.starts_with("certificate-expiry"))
            .collect();
        assert_eq!(of_certificates.len(), 1, "{key}: {:?}\n{settings}", told(&audit));
        assert_eq!(audit.unread, [""; 0], "{key}");
    }
}

fn store(folder: &Path, of: &str, name: &str) {
    let arguments = format!("pkcs12 -export {of} -passout pass:pw -out {name}");
    let made = std::process::Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(folder)
        .output()
        .expect("openssl is there");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}
