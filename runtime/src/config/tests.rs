use super::*;
use secrecy::ExposeSecret;

pub(super) fn load(
    file: &str,
    environment: &[(&str, &str)],
    sets: &[(&str, &str)],
) -> Result<(RuntimeConfig, Vec<ConfigWarning>), Vec<ConfigError>> {
    let owned = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    };
    RuntimeConfig::load(Sources {
        file: Some(("conf/micro-gw.conf", file)),
        environment: &owned(environment),
        sets: &owned(sets),
    })
}

pub(super) fn problems(file: &str) -> Vec<String> {
    match load(file, &[], &[]) {
        Ok(_) => Vec::new(),
        Err(errors) => errors
            .iter()
            .map(|error| format!("{error} | {}", error.remedy))
            .collect(),
    }
}

#[test]
fn the_defaults_are_valid_and_every_default_fits_its_kind() {
    let config = RuntimeConfig::default();
    assert_eq!(config.listener.http_port, Some(9090));
    assert_eq!(config.listener.https_port, Some(9095));
    assert_eq!(config.admin.port, 9797);
    assert_eq!(config.authentication.header, "authorization");
    assert_eq!(config.authentication.skew.as_millis(), 5000);
    assert_eq!(config.authentication.validate_subscriptions, None);
    assert!(!config.compat);
    for key in catalogue::all() {
        check_default(key);
    }
}

fn check_default(key: &catalogue::Key) {
    match key.kind {
        catalogue::Kind::Tables(keys) | catalogue::Kind::Named(keys) => keys.iter().for_each(check_default),
        kind => {
            if let Some(text) = key.default {
                assert!(value::from_text(&kind, text).is_ok(), "{}: {text}", key.name);
            }
        }
    }
}

#[test]
fn every_documented_key_is_accepted_where_it_is_documented() {
    for key in catalogue::all() {
        let sample = match key.kind {
            catalogue::Kind::Bool => "true".to_owned(),
            catalogue::Kind::Integer { min, max } => {
                key.default.map_or_else(|| min.clamp(1, max).to_string(), str::to_owned)
            }
            catalogue::Kind::Float => "0.5".to_owned(),
            catalogue::Kind::OneOf(choices) => format!("\"{}\"", choices[0]),
            catalogue::Kind::Text | catalogue::Kind::Secret => {
                format!("\"{}\"", key.default.unwrap_or("https://example.com"))
            }
            catalogue::Kind::File => "\"a.pem\"".to_owned(),
            catalogue::Kind::List | catalogue::Kind::Files => "[\"TLSv1.2\"]".to_owned(),
            catalogue::Kind::Tables(_) | catalogue::Kind::Named(_) => continue,
        };
        let found = problems(&format!("{} = {sample}\n", key.name));
        assert!(
            !found
                .iter()
                .any(|problem| problem.contains("unknown key") || problem.contains("expected")),
            "{}: {found:?}",
            key.name
        );
    }
    let names: std::collections::BTreeSet<_> = keys().into_iter().map(|key| key.name).collect();
    assert_eq!(names.len(), keys().len(), "a key is documented twice");
    for name in [
        "listenerConfig.httpPort",
        "[[jwtTokenConfig]].jwksURL",
        "b7a.users.<name>.password",
        "[[[[jwtTokenConfig]].claims]].localClaim",
    ] {
        assert!(names.contains(name), "{name}");
    }
}

#[test]
fn later_sources_win() {
    let file = "[listenerConfig]\nhttpPort = 1001\nhttpsPort = 1002\ntokenListenerPort = 1003\n";
    let (config, _) = load(
        file,
        &[
            ("listenerConfig_httpsPort", "2002"),
            ("listenerConfig_tokenListenerPort", "2003"),
            ("PATH", "/bin"),
        ],
        &[("listenerConfig.tokenListenerPort", "3003")],
    )
    .expect("the configuration is valid");
    assert_eq!(config.listener.http_port, Some(1001));
    assert_eq!(config.listener.https_port, Some(2002));
    assert_eq!(config.listener.token_port, 3003);
}

#[test]
fn all_problems_come_at_once_with_their_places() {
    let found =
        problems("[listenerConfig]\nhttpPort = \"9090\"\nhtpsPort = 1\nmaxUriLength = 3\n\n[nonsense]\na = 1\n");
    assert_eq!(
        found,
        [
            "conf/micro-gw.conf:2:12: `listenerConfig.httpPort`: expected an integer from 0 to 65535, found a string | Write it without quotes.",
            "conf/micro-gw.conf:3:1: unknown key `listenerConfig.htpsPort` | Did you mean `listenerConfig.httpsPort`?",
            "conf/micro-gw.conf:4:16: `listenerConfig.maxUriLength`: expected an integer from 64 to 65536, found 3 | Write a number within these bounds; by default it is 4096.",
            "conf/micro-gw.conf:6:2: unknown key `nonsense` | Remove it, or see the configuration reference for the known keys.",
        ]
    );
}

#[test]
fn a_key_of_a_table_that_nobody_knows_belongs_to_no_other_one() {
    let remedy = |set: &str| {
        let sets = [(set.to_owned(), "1".to_owned())];
        let errors = RuntimeConfig::load(Sources {
            sets: &sets,
            ..Sources::default()
        })
        .unwrap_err();
        errors[0].remedy.clone()
    };
    for set in ["nonsense.key", "b7a.config.file"] {
        assert!(remedy(set).starts_with("Remove it"), "{set}: {}", remedy(set));
    }
    // Issuers have one of this name too.
    let audience = remedy("apikey.issuer.tokenConfig.audience");
    assert!(audience.starts_with("Remove it"), "{audience}");
    assert_eq!(remedy("listenrConfig.httpPort"), "It belongs under `[listenerConfig]`.");
}

#[test]
fn syntax_errors_have_a_place() {
    let found = problems("[listenerConfig\nhttpPort = 1\n");
    assert!(found[0].starts_with("conf/micro-gw.conf:1:"), "{found:?}");
}

#[test]
fn issuers_are_a_list_or_a_single_table() {
    let list = "[[jwtTokenConfig]]\nissuer = \"a\"\njwksURL = \"https://a/jwks\"\n[[jwtTokenConfig]]\nissuer = \"b\"\naudience = \"x\"\ncertificateFile = \"b.pem\"\nalgorithms = [\"ES256\", \"EdDSA\"]\n[[jwtTokenConfig.claims]]\nremoteClaim = \"r\"\nlocalClaim = \"l\"\n";
    let (config, _) = load(list, &[], &[]).expect("the configuration is valid");
    assert_eq!(config.issuers.len(), 2);
    assert_eq!(config.issuers[0].algorithms, [Algorithm::Rs256]);
    assert_eq!(config.issuers[1].algorithms, [Algorithm::Es256, Algorithm::EdDsa]);
    assert_eq!(config.issuers[1].audience, ["x"]);
    assert_eq!(
        config.issuers[1].claims,
        [ClaimMapping {
            remote: "r".into(),
            local: "l".into()
        }]
    );

    let single = "[jwtTokenConfig]\nissuer = \"a\"\njwksURL = \"https://a/jwks\"\n";
    let (config, _) = load(single, &[("jwtTokenConfig_issuer", "c")], &[]).expect("the configuration is valid");
    assert_eq!(config.issuers[0].issuer, "c");

    let (config, _) = load(
        "",
        &[],
        &[
            ("jwtTokenConfig.issuer", "d"),
            ("jwtTokenConfig.publicKeyFile", "d.pem"),
        ],
    )
    .expect("the configuration is valid");
    assert_eq!(config.issuers[0].issuer, "d");

    let errors =
        load(list, &[], &[("jwtTokenConfig.issuer", "d")]).expect_err("an element of a list cannot be overridden");
    assert!(errors[0].reason.contains("array of tables"), "{errors:?}");
}

#[test]
fn an_issuer_that_would_trust_too_much_is_refused() {
    for algorithm in ["none", "HS256", "HS512", "rs256", ""] {
        let file =
            format!("[jwtTokenConfig]\nissuer = \"a\"\njwksURL = \"https://a\"\nalgorithms = [\"{algorithm}\"]\n");
        assert_eq!(problems(&file).len(), 1, "{algorithm}");
    }
    assert!(problems("[jwtTokenConfig]\nissuer = \"a\"\n")[0].contains("has no key"));
    assert!(
        problems("[jwtTokenConfig]\nissuer = \"a\"\njwksURL = \"ftp://a\"\n")[0].contains("not an http or https URL")
    );
}

#[test]
fn overrides_are_kept_apart_and_other_root_keys_are_errors() {
    let file = "shop_prod_endpoint_0 = \"http://a\"\nshop_prod_basic_password = \"canary\"\n";
    let (config, _) = load(file, &[("shop_sand_endpoint_1", "http://b")], &[]).expect("the configuration is valid");
    assert_eq!(config.overrides.url("shop", false, 0), Some("http://a"));
    assert_eq!(config.overrides.url("shop", true, 1), Some("http://b"));
    assert_eq!(
        config
            .overrides
            .credential("shop", false, CredentialSetting::BasicPassword)
            .map(ExposeSecret::expose_secret),
        Some("canary")
    );
    assert!(!format!("{config:?}").contains("canary"));
    assert_eq!(problems("shop_prod_endpoint_x = \"http://a\"\n").len(), 1);
}

#[test]
fn keys_without_effect_are_warned_about() {
    let (_, warnings) = load(
        "[keyManager]\nissuer = \"x\"\n[b7a.log.x]\nlevel = \"DEBUG\"\n",
        &[],
        &[],
    )
    .expect("the configuration is valid");
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(
        warnings[0]
            .to_string()
            .starts_with("conf/micro-gw.conf:2:1: `keyManager.issuer`")
    );
}

#[test]
fn what_goes_around_the_proxy_is_named() {
    let warnings = |file: &str| {
        let file = format!("httpClients.proxy.enableInternalServices = true\n{file}");
        let (_, warnings) = load(&file, &[], &[]).expect("the configuration is valid");
        warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    assert!(warnings("").contains("`httpClients.proxy.enable` is not set"));
    let enabled = "httpClients.proxy.enable = true\nhttpClients.proxy.host = \"p\"\nhttpClients.proxy.port = 1\n";
    assert_eq!(warnings(enabled), "");
    let told = warnings(&format!(
        "{enabled}etcdurl = \"https://e\"\ntokenRevocationConfig.redis.url = \"redis://localhost:1\"\n"
    ));
    for setting in ["`etcdurl`", "`tokenRevocationConfig.redis`"] {
        assert!(told.contains(setting), "{told}");
    }
}

#[test]
fn users_have_hashes_and_secrets_stay_secret() {
    let hash = "0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33";
    let file = format!("[b7a.users.ana]\npassword = \"{hash}\"\nscopes = \"a, b\"\n");
    let (config, _) = load(
        &file,
        &[(
            "b7a_users_bo_password",
            "@sha256:{00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff}",
        )],
        &[],
    )
    .expect("the configuration is valid");
    assert_eq!(config.users.by_name["ana"].scopes, ["a", "b"]);
    assert!(matches!(config.users.by_name["bo"].password, PasswordHash::Sha256(_)));
    let errors = load("[b7a.users.ana]\npassword = \"canary-secret\"\n", &[], &[]).expect_err("not a hash");
    let text = format!("{errors:?} {}", errors[0]);
    assert!(!text.contains("canary-secret"), "{text}");
    assert!(text.contains("line: 2, column: 1"), "{text}");
}

#[test]
fn accidental_spellings_are_accepted() {
    let file = "[keymanager.security.basic]\nenabled = false\n[keymanager.security.oauth2]\nenabled = true\ntokenUrl = \"https://km/token\"\n[keymanager.security.oauth2.clientCredential]\nenabled = true\nclient_id = \"id\"\nclientSecret = \"canary\"\n[httpClients]\nverifyHostname = false\n";
    let (config, _) = load(file, &[], &[]).expect("the configuration is valid");
    assert!(
        matches!(config.key_manager.auth, KeyManagerAuth::OAuth2(ref own) if matches!(&own.grant, Grant::ClientCredentials { client } if client.id == "id"))
    );
    assert!(!config.http_clients.verify_hostname);
}

/// The sections of a micro-gw 3.2 file, with the values its template ships.
#[test]
fn a_file_of_micro_gw_is_accepted_as_it_is() {
    let file = r#"
[listenerConfig]
  host = "0.0.0.0"
  httpPort = 9090
  httpsPort = 9095
  tokenListenerPort = 9096
  keyStorePath = "${mgw-runtime.home}/runtime/bre/security/ballerinaKeystore.p12"
  keyStorePassword = "ballerina"
  trustStorePath = "${mgw-runtime.home}/runtime/bre/security/ballerinaTruststore.p12"
  trustStorePassword = "ballerina"
  keepAlive = "AUTO"
  maxPipelinedRequests = 10
  maxUriLength = 4096
  maxHeaderSize = 8192
  maxEntityBodySize = -1
[authConfig]
  authorizationHeader = "Authorization"
  removeAuthHeaderFromOutMessage = true
[keyManager]
  serverUrl = "https://localhost:9443"
  tokenContext = "oauth2"
  timestampSkew = 5000
  enableLegacyMode = false
[keymanager.security.basic]
  enabled = true
  username = "admin"
  password = "admin"
[security]
  validateSubscriptions = false
[[jwtTokenConfig]]
  issuer = "https://localhost:9443/oauth2/token"
  certificateAlias = "wso2apim310"
  validateSubscription = false
  [[jwtTokenConfig.claims]]
    remoteClaim = "http://wso2.org/claims/subscriber"
    localClaim = "subscriber"
[apikey.tokenConfigs]
  issuer = "https://localhost:9095/apikey"
  certificateAlias = "ballerina"
  validateAllowedAPIs = false
[apikey.issuer.tokenConfig]
  enabled = true
  validityTime = -1
[[apikey.issuer.api]]
  name = "Swagger Petstore"
  versions = "1.0.0"
[jwtConfig]
  header = "X-JWT-Assertion"
[mutualSSLConfig]
  protocolName = "TLS"
  protocolVersions = "TLSv1.2,TLSv1.1"
  sslVerifyClient = "optional"
[[mutualSSLConfig.api.certificates]]
  name = "Swagger Petstore"
  version = "1.0.0"
  aliasList = ["ballerina"]
[analytics]
  [analytics.fileUpload]
    enable = false
    uploadingTimeSpanInMillis = 600000
  [analytics.gRPCAnalytics]
    enable = false
    endpointURL = "https://localhost:9806"
[http2]
  enable = true
[b7a.observability.tracing]
  enabled = false
  name = "jaeger"
[b7a.users.admin]
  password = "d033e22ae348aeb5660fc2140aec35850c4da997"
[caching]
  enabled = true
  tokenCacheExpiryTime = 900000
  tokenCacheCapacity = 10000
  tokenCacheEvictionFactor = 0.25
[throttlingConfig]
  enabledGlobalTMEventPublishing = false
  [[throttlingConfig.binary.URLGroup]]
    receiverURL = "tcp://localhost:9611"
    authURL = "ssl://localhost:9711"
    type = "failover"
[tokenRevocationConfig.persistent]
  type = "default"
  hostname = "https://127.0.0.1:2379/v2/keys/jti/"
[httpClients]
  verifyHostname = true
  [httpClients.sslConfig]
    ciphers = "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"
[server]
  timestampSkew = 5000
  header = "ballerina"
[apim.eventHub]
  enable = false
"#;
    let (config, warnings) = load(file, &[], &[]).expect("the file is accepted");
    assert_eq!(config.issuers[0].certificate_alias.as_deref(), Some("wso2apim310"));
    assert_eq!(config.authentication.validate_subscriptions, Some(false));
    assert!(config.users.by_name.contains_key("admin"));
    assert!(
        warnings
            .iter()
            .any(|warning| warning.reason.contains("analytics.gRPCAnalytics")),
        "{warnings:?}"
    );
}

#[test]
fn relative_files_are_beside_the_file_that_names_them() {
    let file = "[[jwtTokenConfig]]\npublicKeyFile = \"a.pem\"\n[listenerConfig]\ncertificateFile = \"/b.pem\"\n\
                [tokenRevocationConfig]\nfile = \"\"\n";
    let (config, _) = load(file, &[("listenerConfig_privateKeyFile", "c.pem")], &[]).expect("the settings are valid");
    let key = config.issuers[0].public_key_file.as_deref();
    assert_eq!(key, Some(std::path::Path::new("conf/a.pem")));
    let (certificate, key) = (&config.listener.certificate_file, &config.listener.private_key_file);
    assert_eq!(certificate.as_deref(), Some(std::path::Path::new("/b.pem")));
    assert_eq!(key.as_deref(), Some(std::path::Path::new("c.pem")));
    assert_eq!(config.revocation.file, None);
    let place = |value: &str| config.places.of(value).map(ToString::to_string);
    assert_eq!(place("conf/a.pem").as_deref(), Some("conf/micro-gw.conf:2:1"));
    assert_eq!(
        place("c.pem").as_deref(),
        Some("environment variable listenerConfig_privateKeyFile")
    );
    assert_eq!(place("RS256"), None);
}

#[test]
fn a_certificate_without_its_key_is_refused() {
    for table in ["listenerConfig", "httpClients.sslConfig"] {
        for (set, missing) in [
            ("certificateFile", "privateKeyFile"),
            ("privateKeyFile", "certificateFile"),
        ] {
            assert_eq!(
                problems(&format!("[{table}]\n{set} = \"a.pem\"\n")),
                [format!(
                    "conf/micro-gw.conf:2:1: `{table}.{set}` is set without `{table}.{missing}` | Set `{table}.{missing}` too."
                )]
            );
        }
        let both = format!("[{table}]\ncertificateFile = \"a.pem\"\nprivateKeyFile = \"b.pem\"\n");
        assert_eq!(problems(&both), [""; 0]);
    }
}

#[test]
fn names_of_clients_that_could_be_misread_are_refused() {
    let file = "[[mutualSSLConfig.api.certificates]]\nname = \"Shop\"\nversion = \"1\"\n\
                sanList = [\"*.client.example\", \"spiffe://corp/a*\"]\n[mutualSSLConfig]\nsanList = [\"a.*\"]\n";
    let found = problems(file);
    assert!(
        found.iter().any(|problem| problem.starts_with("conf/micro-gw.conf:4:")
            && problem.contains("sanList")
            && problem.contains("spiffe://corp/a*")),
        "{found:?}"
    );
    assert!(
        found
            .iter()
            .any(|problem| problem.contains("mutualSSLConfig.sanList") && problem.contains("`a.*`")),
        "{found:?}"
    );
}

#[test]
fn settings_that_would_let_others_decide_are_told_or_refused() {
    let told = |file: &str| match load(file, &[], &[]) {
        Ok((_, warnings)) => warnings.iter().map(ToString::to_string).collect(),
        Err(errors) => vec![format!("refused: {}", errors[0])],
    };
    let keys = |url: &str| {
        told(&format!(
            "[[jwtTokenConfig]]\nissuer = \"https://a\"\njwksURL = \"{url}\"\n"
        ))
    };
    assert_eq!(
        keys("http://idp.example/jwks"),
        ["conf/micro-gw.conf:3:1: `jwksURL` is spoken to without TLS: whoever is on the way decides what it says"]
    );
    for url in [
        "https://idp.example/jwks",
        "http://localhost:1/jwks",
        "http://127.0.0.1/jwks",
        "http://[::1]/jwks",
    ] {
        assert_eq!(keys(url), [""; 0], "{url}");
    }
    assert_eq!(
        told("trustedProxies = [\"10.0.0.0/8\", \"::/0\"]\n"),
        ["conf/micro-gw.conf:1:1: `::/0` lets every client say which address it has"]
    );
    assert_eq!(
        told("trustedProxies = [\"0.0.0.0/0\"]\n[mutualSSLConfig]\nisClientCertificateValidationEnabled = false\n"),
        ["refused: conf/micro-gw.conf:1:1: `0.0.0.0/0` lets every client say which certificate it has"]
    );
}

#[test]
fn keys_are_known_by_their_dotted_names() {
    let of = |name: &str| known_key(name).map(|known| (known.secret, known.file, known.effective));
    for (name, expected) in [
        ("listenerConfig.httpPort", Some((false, false, true))),
        ("listenerConfig.keyStorePassword", Some((true, false, true))),
        ("listenerConfig.keyStorePath", Some((false, true, true))),
        ("jwtTokenConfig.issuer", Some((false, false, true))),
        ("b7a.users.ana.password", Some((true, false, true))),
        ("b7a.users.ana.other", None),
        ("b7a.log.level.x.level", Some((false, false, false))),
        ("b7a.log.level.x", None),
        ("validationConfig.enableRequestValidation", Some((false, false, false))),
        ("x_prod_basic_password", Some((true, false, true))),
        ("x_prod_endpoint_0", Some((false, false, true))),
        ("jwtTokenConfig", None),
        ("nothing", None),
    ] {
        assert_eq!(of(name), expected, "{name}");
    }
    for (name, expected) in [
        ("listenerConfig", true),
        ("jwtTokenConfig", true),
        ("jwtTokenConfig.claims", true),
        ("b7a", true),
        ("b7a.users", true),
        ("b7a.users.ana", true),
        ("b7a.users.ana.x", false),
        ("listenerConfig.httpPort", false),
        ("odd", false),
    ] {
        let path: Vec<&str> = name.split('.').collect();
        assert_eq!(is_known_section(&path), expected, "{name}");
    }
}

#[test]
fn names_of_users_have_dots_in_them() {
    let user = ["b7a", "users", "ana.ruiz@x.example"];
    let key = |field: &'static str| known_key_at(&[&user[..], &[field]].concat());
    assert!(key("password").is_some_and(|known| known.secret));
    assert!(key("scopes").is_some_and(|known| !known.secret && known.effective));
    assert_eq!(key("other"), None);
    assert!(is_known_section(&user));
    // Without quotes, they are tables in tables, which no user has.
    assert_eq!(known_key_at(&["b7a", "users", "ana", "ruiz", "password"]), None);
    assert!(!is_known_section(&["b7a", "users", "ana", "ruiz"]));
    // Other names are the same with quotes and without.
    for path in [
        &["listenerConfig.httpPort"][..],
        &["b7a.users", "ana", "password"],
        &["caching", "tokenCache.capacity"],
    ] {
        assert!(known_key_at(path).is_some(), "{path:?}");
    }
    assert_eq!(known_key_at(&["jwtTokenConfig.issuer"]), None);
}

#[test]
fn a_variable_that_is_misspelt_is_told_and_others_are_left_alone() {
    let told = |name: &str| -> Vec<String> {
        let (_, warnings) = load("", &[(name, "canary")], &[]).unwrap();
        warnings.iter().map(ToString::to_string).collect()
    };
    for (name, near) in [
        ("listenerConfig_httPort", "; did you mean `listenerConfig_httpPort`?"),
        ("jwtTokenConfig_isuer", "; did you mean `jwtTokenConfig_issuer`?"),
        ("listenerConfig_colour", ""),
        ("server_timestampSkw", "; did you mean `server_timestampSkew`?"),
    ] {
        let expected = format!("environment variable {name}: no setting has this name, so that it sets nothing{near}");
        assert_eq!(told(name), [expected], "{name}");
    }
    let ana = "e3ff046ae352440b76336c0df21cbab0d9d7e9da";
    let (_, warnings) = load("", &[("b7a_users_ana_password", ana)], &[]).unwrap();
    assert_eq!(warnings, []);
    for name in [
        "PATH",
        "server_name",
        "security_context",
        "http2_proxy",
        "b7a_log_level",
        "shop_prod_basic_password",
        "listenerConfig",
    ] {
        let refused = load("", &[(name, "INFO")], &[]).map(|(_, warnings)| warnings);
        assert!(refused.is_ok_and(|warnings| warnings.is_empty()), "{name}");
    }
}
