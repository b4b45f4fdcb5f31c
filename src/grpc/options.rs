//! The gateway's options of services and methods, told by their numbers: a project may have its own copy of the file that
//! defines them.

use protox::prost_reflect::{DynamicMessage, ReflectMessage, Value};

/// Numbers of the extensions.
pub(super) mod number {
    pub(in crate::grpc) const PRODUCTION: u32 = 50_001;
    pub(in crate::grpc) const SANDBOX: u32 = 50_002;
    pub(in crate::grpc) const SECURITY: u32 = 50_003;
    pub(in crate::grpc) const TIER: u32 = 50_004;
    pub(in crate::grpc) const METHOD_TIER: u32 = 50_006;
    pub(in crate::grpc) const METHOD_SCOPES: u32 = 50_007;
}

/// Endpoints as they are written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Endpoints {
    pub(super) urls: Vec<String>,
    /// `load_balance`, `failover`; `None`: what the number of URLs suggests.
    pub(super) kind: Option<&'static str>,
    pub(super) timeout_ms: Option<u64>,
}

/// The value of an extension.
pub(super) fn value(options: &DynamicMessage, number: u32) -> Option<&Value> {
    options
        .extensions()
        .find(|(extension, _)| extension.number() == number)
        .map(|(_, value)| value)
}

/// The texts of an option, given once, several times, or separated by commas.
pub(super) fn texts(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut add = |value: &Value| {
        if let Some(text) = value.as_str() {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            found.extend(parts.map(str::to_owned));
        }
    };
    match value {
        Value::List(values) => values.iter().for_each(&mut add),
        value => add(value),
    }
    found
}

/// The numbers of an enumeration's values, given once or several times.
pub(super) fn numbers(value: &Value) -> Vec<i32> {
    match value {
        Value::List(values) => values.iter().filter_map(Value::as_enum_number).collect(),
        value => value.as_enum_number().into_iter().collect(),
    }
}

/// Endpoints; `None` when the option is no message.
pub(super) fn endpoints(value: &Value) -> Option<Endpoints> {
    let message = value.as_message()?;
    let field = |name: &str| {
        let field = message.descriptor().get_field_by_name(name)?;
        message
            .has_field(&field)
            .then(|| message.get_field(&field).into_owned())
    };
    let urls = match field("url") {
        Some(Value::List(urls)) => urls.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(url)) => vec![url],
        _ => Vec::new(),
    };
    let kind = message.descriptor().get_field_by_name("type").and_then(|field| {
        let number = message.get_field(&field).as_enum_number()?;
        let kind = field.kind();
        let name = kind.as_enum()?.get_value(number)?.name().to_ascii_lowercase();
        ["load_balance", "failover"].into_iter().find(|known| *known == name)
    });
    let timeout_ms = field("advanceEndpointConfig").and_then(|advanced| {
        let advanced = advanced.as_message()?.clone();
        let field = advanced.descriptor().get_field_by_name("timeoutInMillis")?;
        if !advanced.has_field(&field) {
            return None;
        }
        let value = advanced.get_field(&field);
        let signed = value.as_i64().or_else(|| value.as_i32().map(i64::from));
        let unsigned = value.as_u64().or_else(|| value.as_u32().map(u64::from));
        unsigned.or_else(|| signed.and_then(|value| u64::try_from(value).ok()))
    });
    Some(Endpoints { urls, kind, timeout_ms })
}
