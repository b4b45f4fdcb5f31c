use super::*;
use http::{HeaderMap, HeaderValue};

#[test]
fn every_reason_is_listed_once_and_in_order() {
    for (position, refusal) in Refusal::ALL.iter().enumerate() {
        assert_eq!(refusal.index(), position, "{refusal:?}");
    }
    let labels: std::collections::BTreeSet<_> = Refusal::ALL.iter().map(|refusal| refusal.label()).collect();
    assert_eq!(labels.len(), Refusal::ALL.len());
}

#[test]
fn bodies_are_the_products_own_bytes() {
    let renderer = Renderer::new(false);
    let cases = [
        (
            Refusal::MissingCredentials,
            401,
            r#"{"fault":{"code":900902, "message":"Missing Credentials", "description":"Missing Credentials. Make sure your API request provides required credentials"}}"#,
        ),
        (
            Refusal::InvalidCredentials,
            401,
            r#"{"fault":{"code":900901, "message":"Invalid Credentials", "description":"Invalid Credentials. Make sure you have given the correct access token"}}"#,
        ),
        (
            Refusal::NotSubscribed,
            403,
            r#"{"fault":{"code":900908, "message":"Resource forbidden ", "description":"Resource forbidden . Unclassified Authentication Failure"}}"#,
        ),
        (
            Refusal::Blocked,
            403,
            r#"{"fault":{"code":900907, "message":"The requested API is temporarily blocked", "description":"The requested API is temporarily blocked. Unclassified Authentication Failure"}}"#,
        ),
        (
            Refusal::SubscriptionInactive,
            403,
            r#"{"fault":{"code":900909, "message":"The subscription to the API is inactive", "description":"The subscription to the API is inactive. Unclassified Authentication Failure"}}"#,
        ),
        (
            Refusal::BasicWithoutColon,
            401,
            r#"{"fault":{"code":900912, "message":"Invalid Format", "description":"Invalid Format. Make sure you have given the credentials in correct format with \":\" character"}}"#,
        ),
        (
            Refusal::WrongScheme,
            401,
            r#"{"fault":{"code":900917, "message":"Invalid Authentication scheme", "description":"Invalid Authentication scheme. API can not be used with this authentication scheme"}}"#,
        ),
        (
            Refusal::ResourceQuota,
            429,
            r#"{"fault":{"code":900802, "message":"Message throttled out", "description":"You have exceeded your quota"}}"#,
        ),
        (
            Refusal::UnknownPolicy,
            500,
            r#"{"fault":{"code":900809, "message":"Internal server error occured", "description":"POLICY ENFORCEMENT ERROR"}}"#,
        ),
        (
            Refusal::NoSandboxEndpoint,
            403,
            r#"{"ERROR_CODE":"900901", "ERROR_MESSAGE":"Sandbox key offered to the API with no sandbox endpoint"}"#,
        ),
        (
            Refusal::MethodNotAllowed,
            405,
            r#"{"code":405, "type":"Status report", "message":"Runtime Error", "description":"Method not allowed for given API resource"}"#,
        ),
        (
            Refusal::BackendTimeout,
            504,
            r#"{"fault":{"code":101504, "message":"Runtime Error", "description":"Connection timed out"}}"#,
        ),
    ];
    for (refusal, status, body) in cases {
        let response = renderer.render(&refusal.into(), BodyFormat::Json);
        assert_eq!(response.status().as_u16(), status, "{refusal:?}");
        assert_eq!(response.body(), body.as_bytes(), "{refusal:?}");
        assert_eq!(response.headers()["content-length"], body.len().to_string());
    }
}

#[test]
fn every_json_body_parses_and_every_xml_body_carries_the_code() {
    for compat in [false, true] {
        let renderer = Renderer::new(compat);
        for refusal in Refusal::ALL {
            let json = renderer.body(refusal, BodyFormat::Json);
            serde_json::from_slice::<serde_json::Value>(&json).expect("the body is JSON");
            let xml = String::from_utf8(renderer.body(refusal, BodyFormat::Xml).to_vec()).expect("the body is text");
            assert!(xml.contains(&format!("<code>{}</code>", refusal.code(compat))), "{xml}");
            assert!(refusal.status(compat).is_client_error() || refusal.status(compat).is_server_error());
        }
    }
}

#[test]
fn compat_brings_the_old_statuses_back() {
    let status = |refusal: Refusal| (refusal.status(true).as_u16(), refusal.status(false).as_u16());
    assert_eq!(status(Refusal::Blocked), (401, 403));
    assert_eq!(status(Refusal::SubscriptionInactive), (401, 403));
    assert_eq!(status(Refusal::BackendTimeout), (500, 504));
    assert_eq!(status(Refusal::BackendUnreachable), (500, 503));
    assert_eq!(status(Refusal::NotSubscribed), (403, 403));
    assert_eq!(Refusal::BackendTimeout.code(true), 101_503);
}

#[test]
fn compat_knows_no_xml() {
    for (compat, kind) in [(false, "application/xml"), (true, "application/json")] {
        let response = Renderer::new(compat).render(&Refusal::InvalidCredentials.into(), BodyFormat::Xml);
        assert_eq!(response.headers()["content-type"], kind);
        assert_eq!(response.body().starts_with(b"{\"fault\""), compat);
        assert_eq!(response.headers()["content-length"], response.body().len().to_string());
    }
}

#[test]
fn accept_chooses_the_representation() {
    let choose = |accept: &'static str| {
        let mut headers = HeaderMap::new();
        headers.insert("accept", HeaderValue::from_static(accept));
        BodyFormat::choose(&headers, true)
    };
    assert_eq!(choose("application/xml"), BodyFormat::Xml);
    assert_eq!(choose("text/xml, application/json;q=0.5"), BodyFormat::Xml);
    assert_eq!(choose("application/xml;q=0.5, application/json"), BodyFormat::Json);
    assert_eq!(
        choose("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
        BodyFormat::Xml
    );
    assert_eq!(choose("*/*"), BodyFormat::Json);
    assert_eq!(choose("nonsense;;;q=,"), BodyFormat::Json);
    assert_eq!(BodyFormat::choose(&HeaderMap::new(), true), BodyFormat::Json);
}

#[test]
fn what_is_asked_for_by_name_is_told_from_what_would_do() {
    let asked = |accept: &'static str| {
        let mut headers = HeaderMap::new();
        headers.insert("accept", HeaderValue::from_static(accept));
        BodyFormat::asked(&headers, true)
    };
    for (accept, expected) in [
        ("application/json", Some(BodyFormat::Json)),
        ("application/problem+json, */*", Some(BodyFormat::Json)),
        ("application/xml", Some(BodyFormat::Xml)),
        ("application/json;q=0.5, text/xml", Some(BodyFormat::Xml)),
        ("application/json, text/plain, */*", Some(BodyFormat::Json)),
        ("*/*", None),
        ("application/*", None),
        ("text/plain", None),
        ("image/png", None),
        ("application/json;q=0", None),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", None),
    ] {
        assert_eq!(asked(accept), expected, "{accept}");
    }
    assert_eq!(BodyFormat::asked(&HeaderMap::new(), true), None);
}

#[test]
fn grpc_gets_a_status_instead_of_a_body() {
    let mut request = HeaderMap::new();
    request.insert("content-type", HeaderValue::from_static("application/grpc+proto"));
    assert_eq!(BodyFormat::choose(&request, false), BodyFormat::Json, "no call of gRPC");
    assert_eq!(BodyFormat::asked(&request, false), None);
    let format = BodyFormat::choose(&request, true);
    let response = Renderer::new(false).render(&Refusal::MissingCredentials.into(), format);
    assert!(response.body().is_empty());
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["grpc-status"], "16");
    assert_eq!(response.headers()["grpc-message"], "Missing Credentials");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let response = Renderer::new(true).render(&Refusal::MissingCredentials.into(), format);
    assert_eq!(
        (response.status().as_u16(), &response.headers()["grpc-status"]),
        (401, &HeaderValue::from_static("16"))
    );
    request.insert("content-type", HeaderValue::from_static("application/grpc-web"));
    assert_eq!(BodyFormat::choose(&request, true), BodyFormat::Json);
}

/// Section 5.7 of the reference for `compat`, and the codes that gRPC has for what happened otherwise.
#[test]
fn refusals_have_a_code_of_grpc() {
    for (refusal, compat, status, code, message) in [
        (Refusal::InvalidCredentials, true, 401, 16_u16, "Invalid Credentials"),
        (Refusal::NotSubscribed, true, 403, 7, "Resource forbidden"),
        (Refusal::NotFound, true, 404, 12, "Unimplemeted"),
        (Refusal::ApplicationQuota, true, 429, 8, "Message throttled out"),
        (Refusal::BackendUnreachable, true, 500, 2, "Runtime Error"),
        (
            Refusal::MethodNotAllowed,
            true,
            405,
            2,
            "Response is not recognized by the gateway.",
        ),
        (Refusal::NotSubscribed, false, 200, 7, "Resource forbidden"),
        (
            Refusal::NotFound,
            false,
            200,
            12,
            "No matching resource found for given API Request",
        ),
        (Refusal::ApplicationQuota, false, 200, 8, "Message throttled out"),
        (
            Refusal::BackendUnreachable,
            false,
            200,
            14,
            "Error connecting to the back end",
        ),
        (
            Refusal::BackendBroken,
            false,
            200,
            14,
            "Error connecting to the back end",
        ),
        (Refusal::BackendTimeout, false, 200, 4, "Connection timed out"),
        (Refusal::BodyTooLarge, false, 200, 8, "Payload Too Large"),
    ] {
        let response = Renderer::new(compat).render(&refusal.into(), BodyFormat::Grpc);
        let headers = response.headers();
        let text = |name: &str| headers[name].to_str().unwrap_or_default().to_owned();
        let found = (response.status().as_u16(), text("grpc-status"), text("grpc-message"));
        assert_eq!(found, (status, code.to_string(), message.to_owned()), "{refusal:?}");
    }
}

#[test]
fn challenges_tell_the_truth() {
    let accepted = Challenge {
        bearer: true,
        basic: true,
        mutual_tls: false,
        scopes: vec!["read".into(), "wri\"te".into(), "admin".into()],
    };
    let challenges = Challenges::build(&accepted, false);
    let text = |refusal, about| {
        challenges
            .of(refusal, about)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("")
            .to_owned()
    };
    const PLAIN: &str = r#"Bearer realm="WSO2 API Microgateway", Basic realm="WSO2 API Microgateway", charset="UTF-8""#;
    assert_eq!(text(Refusal::MissingCredentials, About::Other), PLAIN);
    let token = |refusal| text(refusal, About::BearerToken);
    assert!(token(Refusal::InvalidCredentials).contains(r#"error="invalid_token""#));
    assert!(token(Refusal::MissingScope).contains(r#"error="insufficient_scope""#));
    assert!(token(Refusal::MissingScope).ends_with(r#"scope="read admin""#));
    // Nobody who sent no token is told about one.
    for about in [About::Certificate, About::Other] {
        assert_eq!(text(Refusal::InvalidCredentials, about), PLAIN);
        assert_eq!(text(Refusal::MissingScope, about), "");
    }
    assert_eq!(challenges.of(Refusal::NotSubscribed, About::BearerToken), None);
    let old = Challenges::build(&accepted, true);
    for about in [About::Other, About::BearerToken] {
        assert_eq!(
            old.of(Refusal::MissingCredentials, about)
                .and_then(|value| value.to_str().ok()),
            Some(
                r#"OAuth2 realm="WSO2 API Microgateway" Basic Auth realm="WSO2 API Microgateway", error="invalid token" , error_description="The access token expired""#
            )
        );
    }
    assert_eq!(old.of(Refusal::MissingScope, About::BearerToken), None);
}

#[test]
fn retry_after_is_whole_seconds_and_absent_in_compat() {
    let rejection = Rejection::new(Refusal::ApiQuota).with_retry_after_ms(1);
    let answer = Renderer::new(false).render(&rejection, BodyFormat::Json);
    assert_eq!(answer.headers()["retry-after"], "1");
    assert!(
        Renderer::new(true)
            .render(&rejection, BodyFormat::Json)
            .headers()
            .get("retry-after")
            .is_none()
    );
}
