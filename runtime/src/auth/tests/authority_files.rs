//! Files with authorities that hold none.

use crate::auth::Security;
use crate::config::{RuntimeConfig, Sources};

#[test]
fn a_file_without_certificates_is_named_with_its_setting() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("public-key.pem");
    std::fs::write(&path, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n").expect("writes");
    let path = path.display().to_string();
    for (setting, conf) in [
        (
            "keyManager.caFile",
            format!("[keyManager]\nserverUrl = \"https://localhost:1\"\ncaFile = \"{path}\"\n"),
        ),
        (
            "jwksCaFile",
            format!(
                "[[jwtTokenConfig]]\nissuer = \"i\"\njwksURL = \"https://localhost:1/\"\njwksCaFile = \"{path}\"\n"
            ),
        ),
        (
            "apim.eventHub.caFile",
            format!("[apim.eventHub]\nenable = true\nserviceUrl = \"https://localhost:1\"\ncaFile = \"{path}\"\n"),
        ),
        (
            "tokenRevocationConfig.persistent.caFile",
            format!(
                "[tokenRevocationConfig.persistent]\nenablePersistentStorageRetrieval = true\n\
                 endpointURL = \"https://localhost:1\"\ncaFile = \"{path}\"\n"
            ),
        ),
        (
            "mutualSSLConfig.clientCaFile",
            format!("[mutualSSLConfig]\nclientCaFile = \"{path}\"\n"),
        ),
    ] {
        let loaded = RuntimeConfig::load(Sources {
            file: Some(("test.conf", &conf)),
            ..Sources::default()
        });
        let (config, _) = loaded.unwrap_or_else(|problems| panic!("{setting}: {problems:?}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let errors = Security::start(&config, None, runtime.expect("a runtime").handle()).expect_err(setting);
        let text = errors.iter().map(ToString::to_string).collect::<String>();
        assert!(
            text.contains(setting) && text.contains(&path) && text.contains("no PEM certificate"),
            "{setting}: {text}"
        );
    }
}
