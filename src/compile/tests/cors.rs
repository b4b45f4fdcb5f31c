//! What `x-wso2-cors` says.

use super::*;

#[test]
fn cors_is_read_in_three_spellings() {
    for keys in [
        [
            "accessControlAllowOrigins",
            "accessControlAllowHeaders",
            "accessControlAllowCredentials",
        ],
        [
            "access_control_allow_origins",
            "access_control_allow_headers",
            "access_control_allow_credentials",
        ],
        [
            "access-control-allow-origins",
            "access-control-allow-headers",
            "access-control-allow-credentials",
        ],
    ] {
        let [origins, headers, credentials] = keys;
        let api = api(&format!(
            "x-wso2-cors: {{{origins}: ['http://www.m3.com'], {headers}: [X-A, '*'], {credentials}: true}}\n{GET}"
        ));
        let cors = api.cors.unwrap();
        assert_eq!(cors.allow_origins, ["http://www.m3.com"]);
        assert_eq!(cors.allow_headers, ["*"]);
        assert!(cors.allow_credentials);
    }
    assert_eq!(api(GET).cors, None);
    assert_eq!(
        api(&format!("x-wso2-cors: {{corsConfigurationEnabled: false}}\n{GET}")).cors,
        None
    );
}

#[test]
fn a_key_of_cors_stands_once_in_any_spelling() {
    let (_, problems) = api_with_problems(&format!(
        "x-wso2-cors: {{accessControlAllowOrigins: ['https://a.example'], access-control-allow-origins: ['*'], \
         access_control_max_age: 5}}\n{GET}"
    ));
    assert_eq!(
        problems,
        "api_definitions/a.yaml:5:65: error: `access-control-allow-origins` is another spelling of `accessControlAllowOrigins`, \
         which is there too [Remove one of the two.]"
    );
}

#[test]
fn what_is_wrong_in_a_list_of_cors_is_the_element() {
    let (_, problems) = api_with_problems(&format!(
        "x-wso2-cors:\n  accessControlAllowHeaders: [x-c, \"x-a, x-b\", 5]\n  accessControlAllowOrigins: [\"https://a.example \
         https://b.example\", \"\", é]\n{GET}"
    ));
    insta::assert_snapshot!(problems, @r#"
    api_definitions/a.yaml:6:36: error: an element of `accessControlAllowHeaders` has a comma or a blank in it [Write each as an element of its own.]
    api_definitions/a.yaml:6:48: error: an element of `accessControlAllowHeaders` should be a text, found a number [Write a text there.]
    api_definitions/a.yaml:7:31: error: an element of `accessControlAllowOrigins` has a comma or a blank in it [Write each as an element of its own.]
    api_definitions/a.yaml:7:70: error: an element of `accessControlAllowOrigins` is empty [Remove it, or write what is meant.]
    api_definitions/a.yaml:7:74: error: an element of `accessControlAllowOrigins` cannot stand in a header [Write it with letters of ASCII alone.]
    "#);
}
