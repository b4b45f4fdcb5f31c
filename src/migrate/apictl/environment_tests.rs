//! What stands beside APIs and archives: parameters of environments, settings of gateways.

use super::tests::{DEFINITION, api, converted, text};
use super::*;
use crate::migrate::archive::tests::zipped;
use crate::migrate::tree::tests::tree;

#[test]
fn parameters_beside_archives_count_for_the_apis_in_them() {
    let parameters =
        "environments:\n- name: stage\n  configs: {endpoints: {production: {url: 'https://stage.example'}}}\n";
    let archive = |extra: &[(&str, &[u8])]| {
        let one = api("");
        let files = [
            ("Ledger/api.yaml", one.as_bytes()),
            ("Ledger/Definitions/swagger.yaml", DEFINITION.as_bytes()),
        ];
        zipped(&[&files, extra].concat())
    };
    let others = "environments:\n- name: stage\n  configs: {endpoints: {production: {url: 'https://own.example'}}}\n";
    for (inner, expected) in [
        (archive(&[]), "https://stage.example"),
        (
            archive(&[("Ledger/api_params.yaml", others.as_bytes())]),
            "https://own.example",
        ),
        (
            archive(&[("api_params.yaml", others.as_bytes())]),
            "https://own.example",
        ),
    ] {
        let all = zipped(&[("api_params.yaml", parameters.as_bytes()), ("ledger.zip", &inner)]);
        let tree = Tree::of_archive("all.zip".into(), &all, &mut Budget::of_one()).unwrap();
        let outcome = converted(&tree, Some("stage")).unwrap();
        let definition = text(&outcome, "api_definitions/Ledger-2.1.0.yaml");
        assert!(definition.contains(expected), "{expected} in {definition}");
    }
    // Without an environment, they are told.
    let all = zipped(&[
        ("api_params.yaml", parameters.as_bytes()),
        ("ledger.zip", &archive(&[])),
    ]);
    let tree = Tree::of_archive("all.zip".into(), &all, &mut Budget::of_one()).unwrap();
    let told = converted(&tree, None).unwrap().told;
    let of_parameters = told
        .iter()
        .filter(|(_, told)| told.starts_with("all.zip/api_params.yaml: warning: what differs"));
    assert_eq!(of_parameters.count(), 1, "{told:#?}");
}

#[test]
fn an_api_whose_environment_has_no_backend_that_can_be_called_is_left_out() {
    let definition = format!("{DEFINITION}x-wso2-production-endpoints: {{urls: ['https://old.example']}}\n");
    for (configs, column) in [
        ("{endpointType: dynamic}", 13),
        ("{endpointType: maintenance}", 13),
        ("{endpointType: aws, awsLambdaEndpoints: {amznRegion: eu-west-1}}", 13),
        ("{awsLambdaEndpoints: {amznRegion: eu-west-1}}", 13),
        ("{endpointType: dynamic, endpoints: {}}", 36),
        ("{endpoints: {production: {url: ''}}}", 13),
    ] {
        let parameters = format!("environments:\n- name: stage\n  configs: {configs}\n");
        let tree = tree(&[
            ("api.yaml", &api("")),
            ("Definitions/swagger.yaml", &definition),
            ("api_params.yaml", &parameters),
        ]);
        let outcome = converted(&tree, Some("stage")).unwrap();
        let line = format!("old/api_params.yaml:3:{column}: error: the API is left out: Ledger 2.1.0 has no backend");
        assert!(
            outcome.told.iter().any(|(_, told)| told.starts_with(&line)),
            "{configs}: {:#?}",
            outcome.told
        );
        assert!(
            !outcome.told.iter().any(|(_, told)| told.contains("not understood")),
            "{configs}: {:#?}",
            outcome.told
        );
        assert!(
            !outcome.files.keys().any(|path| path.starts_with("api_definitions")),
            "{configs}"
        );
    }
}

#[test]
fn credentials_of_an_environment_are_told_where_they_are() {
    let parameters = "environments:\n- name: stage\n  configs:\n    security:\n      production: {enabled: true, type: digest, username: u, password: $P}\n      \
                      sandbox: {enabled: true, type: ntlm}\n";
    let sandbox = "    sandbox_endpoints: {url: 'https://sand.example'}\n";
    let tree = tree(&[
        ("api.yaml", &api(sandbox)),
        ("Definitions/swagger.yaml", DEFINITION),
        ("api_params.yaml", parameters),
    ]);
    let outcome = converted(&tree, Some("stage")).unwrap();
    let told: Vec<&str> = outcome.told.iter().map(|(_, told)| told.as_str()).collect();
    for start in [
        "old/api_params.yaml:4:5: warning: the password for the production backend",
        "old/api_params.yaml:4:5: warning: credentials of type ntlm for the sandbox backend",
    ] {
        assert!(told.iter().any(|told| told.starts_with(start)), "{start}: {told:#?}");
    }
    assert_eq!(told.len(), 2, "{told:#?}");
}

#[test]
fn certificates_of_an_environment_are_told_only_where_they_are_not_taken() {
    let pem = rcgen::generate_simple_self_signed(vec!["client".to_owned()])
        .unwrap()
        .cert
        .pem();
    let parameters = "environments:\n- name: stage\n  configs:\n    certs: [{hostName: 'https://core.example', alias: core, path: stage.crt}]\n    \
                      mutualSslCerts: [{alias: till, path: client.crt}]\n";
    let one = api("  securityScheme: [oauth2, mutualssl, oauth_basic_auth_api_key_mandatory]\n");
    // Beside the API, or beside the folders of several.
    for folder in ["ledger/", ""] {
        let own = |path: &str| format!("{folder}{path}");
        let files = [
            ("ledger/api.yaml".to_owned(), one.as_str()),
            ("ledger/Definitions/swagger.yaml".to_owned(), DEFINITION),
            (own("params.yaml"), parameters),
            (own("stage.crt"), &pem),
            (own("Client-certificates/client.crt"), &pem),
            (own("Client-certificates/spare.crt"), &pem),
        ];
        let files = files.each_ref().map(|(path, text)| (path.as_str(), *text));
        let outcome = converted(&tree(&files), Some("stage")).unwrap();
        let index = text(&outcome, "gen/control-plane/certificates.json");
        let index: crate::project::PulledCertificates = serde_json::from_str(index).unwrap();
        assert_eq!((index.clients.len(), index.backends.len()), (1, 1), "{folder:?}");
        let told: Vec<&str> = outcome.told.iter().map(|(_, told)| told.as_str()).collect();
        let spare = format!("old/{}: warning:", own("Client-certificates/spare.crt"));
        assert!(told.len() == 1 && told[0].starts_with(&spare), "{folder:?}: {told:#?}");
    }
}

#[test]
fn an_api_of_which_no_parameters_speak_is_told_where_an_environment_is_meant() {
    let others = api("").replace("Ledger", "Orders").replace("/ledger", "/orders");
    let tree = tree(&[
        ("ledger/api.yaml", &api("")),
        ("ledger/Definitions/swagger.yaml", DEFINITION),
        ("ledger/params.yaml", "environments:\n- name: stage\n"),
        ("orders/api.yaml", &others),
        ("orders/Definitions/swagger.yaml", DEFINITION),
    ]);
    let told = converted(&tree, Some("stage")).unwrap().told;
    let found: Vec<&str> = told
        .iter()
        .map(|(_, told)| told.as_str())
        .filter(|told| told.contains("environment"))
        .collect();
    assert!(
        found.len() == 1
            && found[0].starts_with("old/orders: warning: nothing says what is different in the environment `stage`"),
        "{told:#?}"
    );
}

#[test]
fn settings_that_are_read_elsewhere_are_not_listed() {
    let tree = tree(&[
        ("api.yaml", &api("")),
        ("Definitions/swagger.yaml", DEFINITION),
        ("config.toml", ""),
        ("conf/config.toml", ""),
    ]);
    let mut draft = Draft::default();
    let variables = Variables::default();
    let environments = Environments {
        settings: Some("config.toml".into()),
        name: None,
        parameters: None,
        variables: &variables,
    };
    convert(&tree.root(), &environments, &mut draft).unwrap();
    let told: Vec<String> = draft.findings.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["old/conf/config.toml: warning: these settings are not read"]);
}
