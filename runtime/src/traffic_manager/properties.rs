//! What conditions of the control plane's policies look at, beyond an event's keys.

use http::HeaderMap;
use serde_json::{Map, Value};
use std::net::IpAddr;
use std::sync::Arc;

/// Names that only the gateway gives: a client must not be able to choose its address.
const RESERVED: [&str; 2] = ["ip", "ipv6"];
/// Header fields that carry credentials, whatever the API.
const CREDENTIALS: [&str; 3] = ["authorization", "proxy-authorization", "cookie"];

/// What conditions of the control plane's policies look at. Taken from a request as plain copies; turned into JSON where
/// no request waits for it.
#[derive(Debug, Clone)]
pub struct Properties {
    client: IpAddr,
    headers: Option<Box<[u8]>>,
    query: Option<Box<str>>,
    claims: Option<Arc<Map<String, Value>>>,
    custom: Option<Box<str>>,
}

impl Properties {
    /// Begins with the client's address.
    pub fn of(client: IpAddr) -> Self {
        Self {
            client: client.to_canonical(),
            headers: None,
            query: None,
            claims: None,
            custom: None,
        }
    }

    /// Copies the header fields, in one piece: fields that were merely shared would keep the whole head of the request.
    #[must_use]
    pub fn with_headers(mut self, headers: &HeaderMap) -> Self {
        let size = headers
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len() + 2)
            .sum();
        let mut copied = Vec::with_capacity(size);
        for (name, value) in headers {
            copied.extend_from_slice(name.as_str().as_bytes());
            copied.push(b':');
            copied.extend_from_slice(value.as_bytes());
            // No value holds one.
            copied.push(b'\n');
        }
        self.headers = Some(copied.into_boxed_slice());
        self
    }

    /// Copies the query, as received and without `?`.
    #[must_use]
    pub fn with_query(mut self, query: &str) -> Self {
        self.query = Some(query.into());
        self
    }

    /// Adds the claims that the backend is told about the caller.
    #[must_use]
    pub fn with_claims(mut self, claims: Arc<Map<String, Value>>) -> Self {
        self.claims = Some(claims);
        self
    }

    /// Adds pairs of the operator's own: `name=value other=value`.
    #[must_use]
    pub fn with_custom(mut self, pairs: &str) -> Self {
        self.custom = Some(pairs.into());
        self
    }

    /// Returns how many bytes were copied.
    pub(super) fn copied(&self) -> usize {
        let text = |text: &Option<Box<str>>| text.as_ref().map_or(0, |text| text.len());
        self.headers.as_ref().map_or(0, |headers| headers.len()) + text(&self.query) + text(&self.custom)
    }

    /// Returns them as the traffic manager reads them, without the `credentials`, which are names in lower case.
    ///
    /// Names share one level. Where two meet, the gateway's own word counts more than the operator's, the operator's more
    /// than the claims, and the claims more than what the client chooses.
    pub(super) fn to_json(&self, credentials: &[Box<str>]) -> Value {
        let mut json = Map::new();
        let (ip, ipv6) = match self.client {
            IpAddr::V4(address) => (u32::from(address).into(), 0.into()),
            IpAddr::V6(address) => (0.into(), u128::from(address).to_string().into()),
        };
        json.insert("ip".to_owned(), ip);
        json.insert("ipv6".to_owned(), ipv6);
        self.headers_into(&mut json, credentials);
        if let Some(query) = &self.query {
            for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
                if !is_listed(credentials, &name) {
                    add(&mut json, &name, value.into_owned().into());
                }
            }
        }
        if let Some(claims) = &self.claims {
            for (name, value) in claims.iter() {
                match value {
                    Value::Null => {}
                    // Claims of the user's own come as a group.
                    Value::Object(group) => group
                        .iter()
                        .for_each(|(name, value)| add(&mut json, name, value.clone())),
                    value => add(&mut json, name, value.clone()),
                }
            }
        }
        for pair in self.custom.iter().flat_map(|pairs| pairs.split_whitespace()) {
            if let Some((name, value)) = pair.split_once('=') {
                add(&mut json, name, value.into());
            }
        }
        json.into()
    }

    /// A field that comes several times is one with all values.
    fn headers_into(&self, json: &mut Map<String, Value>, credentials: &[Box<str>]) {
        let mut before = "".into();
        for line in self.headers.iter().flat_map(|lines| lines.split(|byte| *byte == b'\n')) {
            let mut parts = line.splitn(2, |byte| *byte == b':');
            let (Some(name), Some(value)) = (parts.next(), parts.next()) else {
                continue;
            };
            let (name, value) = (String::from_utf8_lossy(name), String::from_utf8_lossy(value));
            if CREDENTIALS.contains(&&*name) || is_listed(credentials, &name) {
                continue;
            }
            // Equal names stand together.
            match json.get_mut(&*name) {
                Some(Value::String(values)) if before == name => {
                    values.push_str(", ");
                    values.push_str(&value);
                }
                _ => add(json, &name, value.into_owned().into()),
            }
            before = name;
        }
    }
}

fn is_listed(names: &[Box<str>], name: &str) -> bool {
    names.iter().any(|listed| listed.eq_ignore_ascii_case(name))
}

fn add(json: &mut Map<String, Value>, name: &str, value: Value) {
    if !RESERVED.contains(&name) {
        json.insert(name.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};
    use proptest::prelude::*;
    use serde_json::json;

    fn properties() -> Properties {
        Properties::of([127, 0, 0, 1].into())
    }

    fn headers(fields: &[(&str, &[u8])]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
            headers.append(name, HeaderValue::from_bytes(value).expect("a value"));
        }
        headers
    }

    #[test]
    fn addresses_are_numbers_and_ipv6_is_one_as_text() {
        for (address, expected) in [
            ("192.168.1.10", json!({"ip": 3_232_235_786_u32, "ipv6": 0})),
            ("::ffff:192.168.1.10", json!({"ip": 3_232_235_786_u32, "ipv6": 0})),
            (
                "2001:db8::1",
                json!({"ip": 0, "ipv6": "42540766411282592856903984951653826561"}),
            ),
            ("::", json!({"ip": 0, "ipv6": "0"})),
        ] {
            let client = address.parse().expect("an address");
            assert_eq!(Properties::of(client).to_json(&[]), expected, "{address}");
        }
    }

    #[test]
    fn all_kinds_share_one_level() {
        let claims = json!({"sub": "ana", "admin": true, "level": 3, "none": null, "customClaims": {"city": "Bern"}});
        let Value::Object(claims) = claims else {
            panic!("an object")
        };
        let properties = properties()
            .with_headers(&headers(&[
                ("x-a", b"1"),
                ("x-b", b"2"),
                ("x-a", b"3"),
                ("x-c", b"a:b"),
            ]))
            .with_query("q=1&r=%C3%A4+b&q=2&flag")
            .with_claims(claims.into())
            .with_custom(" tier=gold  nothing region=a=b ");
        let expected = json!({
            "ip": 2_130_706_433, "ipv6": 0, "x-a": "1, 3", "x-b": "2", "x-c": "a:b", "q": "2", "r": "ä b", "flag": "",
            "sub": "ana", "admin": true, "level": 3, "city": "Bern", "tier": "gold", "region": "a=b",
        });
        assert_eq!(properties.to_json(&[]), expected);
    }

    #[test]
    fn a_client_chooses_neither_its_address_nor_what_others_say() {
        let Value::Object(claims) = json!({"sub": "ana", "ipv6": "1", "x": {"ip": 2}}) else {
            panic!("an object")
        };
        let properties = properties()
            .with_headers(&headers(&[("ip", b"1"), ("sub", b"eve"), ("tier", b"gold")]))
            .with_query("ip=1&ipv6=2&sub=eve&tier=gold")
            .with_claims(claims.into())
            .with_custom("tier=bronze ip=9");
        let expected = json!({"ip": 2_130_706_433, "ipv6": 0, "sub": "ana", "tier": "bronze"});
        assert_eq!(properties.to_json(&[]), expected);
    }

    #[test]
    fn credentials_stay_here() {
        let sent = headers(&[
            ("authorization", b"Bearer canary"),
            ("cookie", b"canary"),
            ("proxy-authorization", b"canary"),
            ("apikey", b"canary"),
            ("x-a", b"1"),
        ]);
        let properties = properties().with_headers(&sent).with_query("ApiKey=canary&a=b");
        let expected = json!({"ip": 2_130_706_433, "ipv6": 0, "x-a": "1", "a": "b"});
        assert_eq!(properties.to_json(&["apikey".into()]), expected);
    }

    #[test]
    fn what_is_no_utf_8_is_replaced() {
        let properties = properties()
            .with_headers(&headers(&[("x-a", b"a\xffb")]))
            .with_query("q=%ff");
        let json = properties.to_json(&[]);
        assert_eq!((&json["x-a"], &json["q"]), (&json!("a\u{fffd}b"), &json!("\u{fffd}")));
    }

    proptest! {
        #[test]
        fn every_field_arrives(
            fields in prop::collection::btree_map("x-[a-z]{1,8}", "[ -~à-ÿ]{0,20}", 0..8),
            parameters in prop::collection::btree_map("[a-z]{1,4}_\\PC{0,4}", "\\PC{0,12}", 0..8),
        ) {
            let mut sent = HeaderMap::new();
            for (name, value) in &fields {
                sent.insert(HeaderName::from_bytes(name.as_bytes())?, HeaderValue::from_bytes(value.as_bytes())?);
            }
            let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&parameters).finish();
            let properties = properties().with_headers(&sent).with_query(&query);
            let copied: usize = fields.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
            prop_assert_eq!(properties.copied(), copied + query.len());
            // What stands in the text is what a reader of JSON finds there.
            let json: Map<String, Value> = serde_json::from_str(&properties.to_json(&[]).to_string())?;
            prop_assert_eq!(json.len(), 2 + fields.len() + parameters.len());
            for (name, value) in fields.iter().chain(&parameters) {
                prop_assert_eq!(json.get(name).and_then(Value::as_str), Some(value.as_str()));
            }
        }
    }
}
