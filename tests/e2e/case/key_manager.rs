//! A key manager that answers introspection requests, key validations and questions about users from a case's tables.

use super::description::Case;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};

/// What it knows, in the form in which it answers.
struct Answers {
    introspection: BTreeMap<String, String>,
    key_validation: BTreeMap<String, String>,
    user_claims: BTreeMap<String, String>,
}

/// Starts it on a thread that lives as long as the process.
pub fn start(case: &Case) -> SocketAddr {
    let introspection = case.introspection.iter().map(|(token, answer)| {
        let answer = serde_json::to_string(answer).expect("TOML without dates is JSON");
        (token.clone(), answer)
    });
    let key_validation = case
        .key_validation
        .iter()
        .map(|(call, members)| (call.clone(), soap(members)));
    let user_claims = case.user_claims.iter().map(|(user, claims)| {
        let entries = claims
            .iter()
            .map(|(uri, value)| serde_json::json!({"uri": uri, "value": value}));
        let list: Vec<_> = entries.collect();
        (user.clone(), serde_json::json!({"list": list}).to_string())
    });
    let answers = Answers {
        user_claims: user_claims.collect(),
        introspection: introspection.collect(),
        key_validation: key_validation.collect(),
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A caller that leaves in the middle finds out itself.
            let _ = answer(stream, &answers);
        }
    });
    address
}

fn answer(mut stream: TcpStream, answers: &Answers) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut first, mut length, mut authorised) = (String::new(), 0, false);
    reader.read_line(&mut first)?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim_end().to_ascii_lowercase();
        match line.split_once(": ") {
            Some(("content-length", value)) => length = value.parse().unwrap_or(0),
            // base64 of admin:admin, in lower case.
            Some(("authorization", value)) => authorised = value == "basic ywrtaw46ywrtaw4=",
            _ if line.is_empty() => break,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let (status, kind, body) = match first.split(' ').nth(1) {
        _ if !authorised => ("401 Unauthorized", "application/json", "{}".to_owned()),
        Some("/oauth2/introspect") => ("200 OK", "application/json", introspect(&body, answers)),
        Some("/services/APIKeyValidationService") => ("200 OK", "text/xml", validate(&body, answers)),
        Some("/keymanager-operations/user-info/claims/generate") => match describe(&body, answers) {
            Some(claims) => ("200 OK", "application/json", claims),
            None => ("404 Not Found", "application/json", "{}".to_owned()),
        },
        _ => ("404 Not Found", "application/json", "{}".to_owned()),
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn introspect(body: &[u8], answers: &Answers) -> String {
    let asked = url::form_urlencoded::parse(body)
        .find(|(name, _)| name == "token")
        .map(|(_, token)| token.into_owned());
    let known = asked.and_then(|token| answers.introspection.get(&token));
    known.map_or("{\"active\":false}", String::as_str).to_owned()
}

fn describe(body: &[u8], answers: &Answers) -> Option<String> {
    let asked: serde_json::Value = serde_json::from_slice(body).ok()?;
    answers.user_claims.get(asked["username"].as_str()?).cloned()
}

fn validate(body: &[u8], answers: &Answers) -> String {
    let body = String::from_utf8_lossy(body);
    let member = |name: &str| {
        let rest = body.split_once(&format!("<xsd:{name}>")).map_or("", |(_, rest)| rest);
        rest.split('<').next().unwrap_or_default()
    };
    let call = ["accessToken", "httpVerb", "matchingResource"].map(member).join(" ");
    let unknown = || {
        let members = toml::toml! {
            authorized = false
            validationStatus = 900901
        };
        soap(&members)
    };
    answers.key_validation.get(&call).cloned().unwrap_or_else(unknown)
}

fn soap(members: &toml::Table) -> String {
    let members: String = members
        .iter()
        .map(|(name, value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let value = value.replace('&', "&amp;").replace('<', "&lt;");
            format!("<d:{name}>{value}</d:{name}>")
        })
        .collect();
    format!(
        "<?xml version='1.0' encoding='UTF-8'?><soapenv:Envelope \
         xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\"><soapenv:Body><ns:validateKeyResponse \
         xmlns:ns=\"http://org.apache.axis2/xsd\"><ns:return xmlns:d=\"http://dto.impl.apimgt.carbon.wso2.org/xsd\">\
         {members}</ns:return></ns:validateKeyResponse></soapenv:Body></soapenv:Envelope>"
    )
}
