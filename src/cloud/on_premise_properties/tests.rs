//! What is read of the old gateway's files.

use super::*;
use base64::Engine;
use secrecy::ExposeSecret;

fn expected() -> GatewayFacts {
    GatewayFacts {
        label: Some("emea".into()),
        env_metadata: vec!["os.name".into(), "java.version".into()],
        custom_metadata: vec![
            ("owner".into(), "ana".into()),
            ("project".into(), "Development = fun".into()),
        ],
    }
}

#[test]
fn properties_are_read_as_java_reads_them() {
    let text = "# a comment\n! another\n\napi.gateway.url=https://x\napi.hybrid.gateway.label = emea\n\
        api.hybrid.meta.env.os.name=\n  api.hybrid.meta.env.java.version\napi.hybrid.meta.custom.owner:\\u0061na\n\
        api.hybrid.meta.custom.project Devel\\\n    opment \\= fun\napi.hybrid.meta.custom.empty=  \n\
        rest.api.version=cloud\nunique.identifier=$token\npassword=canary\nemail=ana@meridian.example\n";
    let found = OnPremiseProperties::parse_properties(text).expect("valid");
    assert_eq!(found.gateway, expected());
    assert!(found.is_cloud_dialect);
    let url = found.url.as_ref().expect("there is one");
    assert_eq!((url.line, url.value.as_str()), (4, "https://x"));
    let account = found.accounts.first().expect("there is one");
    assert_eq!(
        account.user.as_ref().map(|user| user.value.as_str()),
        Some("ana@meridian.example")
    );
    let password = account.password.as_ref().expect("there is one");
    assert_eq!(password.line, 14);
    assert!(matches!(&password.value, WrittenPassword::Plain(text) if text.expose_secret() == "canary"));
    assert!(!format!("{found:?}").contains("canary"));
    let error = OnPremiseProperties::parse_properties("a=b\nb=\\u00zz").expect_err("refused");
    assert!(error.to_string().starts_with("line 2:"), "{error}");
}

#[test]
fn the_toml_of_the_3_line_is_read() {
    for text in [
        "[meta_info]\nlabels = [\"emea\", \"other\"]\nmetadata = [\"os.name\", \"java.version\"]\n\
         [meta_info.custom]\nowner = \"ana\"\nproject = \"Development = fun\"\nempty = \" \"",
        "[meta_info]\nlabels = \"emea,other\"\nmetadata = \"os.name, java.version\"\n\
         custom = [\"owner=ana\", \"project = Development = fun\"]",
    ] {
        let found = OnPremiseProperties::parse(Path::new("a.toml"), text).expect("valid");
        assert_eq!(found.gateway, expected());
        assert!(found.accounts.is_empty() && found.url.is_none());
    }
    let error = toml_form::parse("[meta_info]\nlabels = [").expect_err("refused");
    assert!(error.line >= 2, "{error}");
    assert!(toml_form::parse("").expect("valid").gateway.is_empty());
}

#[test]
fn the_users_of_several_organisations_are_read() {
    let encoded = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let text = |enabled: bool, second: &str| {
        format!(
            "[url]\ngateway = \"https://apim.example\"\n[multi_tenant]\nenabled = {enabled}\nusers = [\"{}\", \"{second}\"]\n",
            encoded("ana@meridian.example@meridian:can:ary")
        )
    };
    let second = encoded("ben@other.example@other:canary-2");
    let found = toml_form::parse(&text(true, &second)).expect("valid");
    assert_eq!(found.accounts.len(), 2);
    let user = found.accounts[0].user.as_ref().expect("there is one");
    assert_eq!((user.line, user.value.as_str()), (5, "ana@meridian.example@meridian"));
    let password = found.accounts[0].password.as_ref().expect("there is one");
    assert!(matches!(&password.value, WrittenPassword::Plain(text) if text.expose_secret() == "can:ary"));
    assert_eq!(found.url.map(|url| url.line), Some(2));
    assert!(
        toml_form::parse(&text(false, &second))
            .expect("valid")
            .accounts
            .is_empty()
    );
    let error = toml_form::parse(&text(true, "canary")).expect_err("refused");
    assert!(error.line == 5 && !error.reason.contains("canary"), "{error}");
}

#[test]
fn metadata_is_bounded() {
    let text: String = (0..300)
        .map(|number| format!("api.hybrid.meta.env.e{number}=\n"))
        .collect();
    let error = OnPremiseProperties::parse_properties(&text).expect_err("refused");
    assert_eq!(error.line, MAX_METADATA + 1);
}

#[test]
fn files_of_java_and_of_editors_are_read() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, bytes) in [
        ("latin-1.properties", &b"api.hybrid.gateway.label=Z\xfcrich\n"[..]),
        ("utf-8.properties", "api.hybrid.gateway.label=Zürich\r\n".as_bytes()),
        (
            "marked.properties",
            "\u{feff}api.hybrid.gateway.label=Zürich".as_bytes(),
        ),
        ("marked.toml", "\u{feff}[meta_info]\nlabels = [\"Zürich\"]".as_bytes()),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("the folder is writable");
        let found = OnPremiseProperties::load(&path).expect("it is read");
        assert_eq!(found.gateway.label.as_deref(), Some("Zürich"), "{name}");
    }
    let path = folder.path().join("large.properties");
    std::fs::write(&path, vec![b'#'; 1 << 20]).expect("the folder is writable");
    assert!(OnPremiseProperties::load(&path).is_ok());
    std::fs::write(&path, vec![b'#'; (1 << 20) + 1]).expect("the folder is writable");
    let failure = OnPremiseProperties::load(&path).expect_err("refused");
    assert!(failure.hints[0].contains("is smaller"), "{failure:?}");
    #[cfg(unix)]
    {
        std::fs::remove_file(&path).expect("the folder is writable");
        whole_file::tests::pipe(&path);
        let failure = OnPremiseProperties::load(&path).expect_err("refused");
        assert_eq!(failure.hints, ["Give a regular file."]);
    }
}
