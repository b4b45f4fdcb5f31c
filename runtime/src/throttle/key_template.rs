//! Key templates: what the limit of a custom policy counts by, such as `$userId:$apiContext`.

use std::fmt::{self, Write};
use std::net::IpAddr;

/// Longest template, in bytes.
pub const MAX_KEY_TEMPLATE: usize = 1024;
/// Most parts of a template, fields and texts between them.
const MAX_PARTS: usize = 64;
/// Before the name of a property.
const CUSTOM_PROPERTY: &str = "customProperty.";

/// A key template, taken apart once. Rendering it copies texts and nothing else.
///
/// ```
/// # use mgw_runtime::throttle::{ClientForm, KeyFields, KeyTemplate};
/// let template = KeyTemplate::parse("$userId:$apiContext").expect("a template");
/// let fields = KeyFields { user_id: "ana", api_context: "/ledger/1.0.0", ..KeyFields::default() };
/// let mut key = String::new();
/// assert!(template.render(&fields, &mut key));
/// assert_eq!(key, "ana:/ledger/1.0.0");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyTemplate {
    text: Box<str>,
    parts: Box<[Part]>,
}

/// What the fields of a template stand for in one request.
#[derive(Debug, Clone, Copy)]
pub struct KeyFields<'a> {
    /// `$resourceKey`
    pub resource_key: &'a str,
    /// `$userId`
    pub user_id: &'a str,
    /// `$apiContext`
    pub api_context: &'a str,
    /// `$apiVersion`
    pub api_version: &'a str,
    /// `$appTenant`
    pub app_tenant: &'a str,
    /// `$apiTenant`
    pub api_tenant: &'a str,
    /// `$appId`
    pub app_id: &'a str,
    /// `$clientIp`
    pub client: IpAddr,
    /// How `$clientIp` is written.
    pub client_form: ClientForm,
    /// Names and values for `$customProperty.<name>`.
    pub custom: &'a [(Box<str>, Box<str>)],
}

impl Default for KeyFields<'_> {
    /// Empty texts, and the unspecified address.
    fn default() -> Self {
        Self {
            resource_key: "",
            user_id: "",
            api_context: "",
            api_version: "",
            app_tenant: "",
            api_tenant: "",
            app_id: "",
            client: IpAddr::from([0, 0, 0, 0]),
            client_form: ClientForm::Text,
            custom: &[],
        }
    }
}

/// How an address is written in a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientForm {
    /// As usual: `192.0.2.1`.
    Text,
    /// As one decimal number, as traffic managers see addresses: `3221225985`.
    Number,
}

/// Why a text is no key template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyTemplateError {
    /// There is nothing to count by.
    #[error("it names no field")]
    NoField,
    /// Longer than [`MAX_KEY_TEMPLATE`], or of too many parts.
    #[error("it is too long")]
    TooLong,
    /// It holds a character that no key has.
    #[error("it holds a control character")]
    Control,
    /// A `$` before something that is no field: its first bytes.
    #[error(
        "`${0}` is none of $resourceKey, $userId, $apiContext, $apiVersion, $appTenant, $apiTenant, $appId, $clientIp and \
         $customProperty.<name>"
    )]
    UnknownField(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(Box<str>),
    Field(Field),
    /// The property with this name.
    Custom(Box<str>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    ResourceKey,
    UserId,
    ApiContext,
    ApiVersion,
    AppTenant,
    ApiTenant,
    AppId,
    ClientIp,
}

/// No name begins another.
const FIELDS: [(&str, Field); 8] = [
    ("resourceKey", Field::ResourceKey),
    ("userId", Field::UserId),
    ("apiContext", Field::ApiContext),
    ("apiVersion", Field::ApiVersion),
    ("appTenant", Field::AppTenant),
    ("apiTenant", Field::ApiTenant),
    ("appId", Field::AppId),
    ("clientIp", Field::ClientIp),
];

impl KeyTemplate {
    /// Takes a template apart. A field ends where its name ends; the name of a property has letters, digits, `_`, `-` and
    /// dots inside.
    ///
    /// # Errors
    ///
    /// What is wrong with the template.
    pub fn parse(template: &str) -> Result<Self, KeyTemplateError> {
        if template.len() > MAX_KEY_TEMPLATE {
            return Err(KeyTemplateError::TooLong);
        }
        if template.chars().any(char::is_control) {
            return Err(KeyTemplateError::Control);
        }
        let mut parts = Vec::new();
        let mut rest = template;
        while let Some((before, behind)) = rest.split_once('$') {
            if !before.is_empty() {
                parts.push(Part::Text(before.into()));
            }
            let (part, behind) = field(behind).ok_or_else(|| unknown(behind))?;
            parts.push(part);
            rest = behind;
        }
        if parts.is_empty() {
            return Err(KeyTemplateError::NoField);
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.into()));
        }
        if parts.len() > MAX_PARTS {
            return Err(KeyTemplateError::TooLong);
        }
        Ok(Self {
            text: template.into(),
            parts: parts.into(),
        })
    }

    /// Returns the template as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the values of [`KeyFields::client_form`] by which the template has different keys. Traffic managers see
    /// addresses as numbers, and may write them either way.
    pub fn client_forms(&self) -> &'static [ClientForm] {
        match self.parts.contains(&Part::Field(Field::ClientIp)) {
            true => &[ClientForm::Text, ClientForm::Number],
            false => &[ClientForm::Text],
        }
    }

    /// Writes the key of a request over what `key` holds. `false`: the request has no such key, as a property is missing;
    /// then `key` holds part of it.
    pub fn render(&self, fields: &KeyFields<'_>, key: &mut String) -> bool {
        key.clear();
        for part in &self.parts {
            let text = match part {
                Part::Text(text) => text,
                Part::Field(Field::ResourceKey) => fields.resource_key,
                Part::Field(Field::UserId) => fields.user_id,
                Part::Field(Field::ApiContext) => fields.api_context,
                Part::Field(Field::ApiVersion) => fields.api_version,
                Part::Field(Field::AppTenant) => fields.app_tenant,
                Part::Field(Field::ApiTenant) => fields.api_tenant,
                Part::Field(Field::AppId) => fields.app_id,
                Part::Field(Field::ClientIp) => {
                    // Writing to a string does not fail.
                    let _ = write_address(key, fields.client, fields.client_form);
                    continue;
                }
                Part::Custom(name) => {
                    let Some((_, value)) = fields.custom.iter().find(|(own, _)| own == name) else {
                        return false;
                    };
                    value
                }
            };
            key.push_str(text);
        }
        true
    }
}

fn write_address(key: &mut String, address: IpAddr, form: ClientForm) -> fmt::Result {
    match (form, address.to_canonical()) {
        (ClientForm::Text, address) => write!(key, "{address}"),
        (ClientForm::Number, IpAddr::V4(address)) => write!(key, "{}", u32::from(address)),
        (ClientForm::Number, IpAddr::V6(address)) => write!(key, "{}", u128::from(address)),
    }
}

/// Reads the field that follows a `$`, and returns what stands behind it.
fn field(text: &str) -> Option<(Part, &str)> {
    if let Some(rest) = text.strip_prefix(CUSTOM_PROPERTY) {
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')));
        let (name, _) = rest.split_at(end.unwrap_or(rest.len()));
        // A dot at the end belongs to the text.
        let name = name.trim_end_matches('.');
        return (!name.is_empty()).then(|| (Part::Custom(name.into()), &rest[name.len()..]));
    }
    FIELDS
        .iter()
        .find_map(|(name, field)| Some((Part::Field(*field), text.strip_prefix(name)?)))
}

fn unknown(text: &str) -> KeyTemplateError {
    let name = text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '.');
    KeyTemplateError::UnknownField(name.take(32).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fields(custom: &[(Box<str>, Box<str>)]) -> KeyFields<'_> {
        KeyFields {
            resource_key: "/ledger/1.0.0/1.0.0/x:GET",
            user_id: "ana@carbon.super",
            api_context: "/ledger/1.0.0",
            api_version: "1.0.0",
            app_tenant: "carbon.super",
            api_tenant: "meridian",
            app_id: "12",
            client: IpAddr::from([192, 0, 2, 1]),
            client_form: ClientForm::Text,
            custom,
        }
    }

    #[test]
    fn every_field_is_rendered() {
        let custom = [("re.gion".into(), "emea".into()), ("a_b-1".into(), "$userId".into())];
        let mut key = "left over".to_owned();
        for (template, expected) in [
            ("$resourceKey", "/ledger/1.0.0/1.0.0/x:GET"),
            ("$userId:$apiContext", "ana@carbon.super:/ledger/1.0.0"),
            ("$apiVersion$appTenant", "1.0.0carbon.super"),
            ("<$apiTenant>", "<meridian>"),
            ("app $appId", "app 12"),
            ("$clientIp/x", "192.0.2.1/x"),
            ("$customProperty.re.gion:$appId", "emea:12"),
            ("$customProperty.re.gion.", "emea."),
            // A value is no template.
            ("$customProperty.a_b-1", "$userId"),
            ("$userIdé", "ana@carbon.superé"),
        ] {
            let template = KeyTemplate::parse(template).unwrap_or_else(|error| panic!("{template}: {error}"));
            assert!(template.render(&fields(&custom), &mut key), "{template:?}");
            assert_eq!(key, expected);
        }
    }

    #[test]
    fn addresses_have_two_forms() {
        let template = KeyTemplate::parse("$clientIp").expect("a template");
        assert_eq!(template.client_forms(), [ClientForm::Text, ClientForm::Number]);
        let other = KeyTemplate::parse("$userId").expect("one");
        assert_eq!(other.client_forms(), [ClientForm::Text]);
        let mut key = String::new();
        for (client, text, number) in [
            ("192.0.2.1", "192.0.2.1", "3221225985"),
            ("::ffff:192.0.2.1", "192.0.2.1", "3221225985"),
            ("2001:db8::1", "2001:db8::1", "42540766411282592856903984951653826561"),
        ] {
            for (client_form, expected) in [(ClientForm::Text, text), (ClientForm::Number, number)] {
                let fields = KeyFields {
                    client: client.parse().expect("an address"),
                    client_form,
                    ..fields(&[])
                };
                assert!(template.render(&fields, &mut key));
                assert_eq!(key, expected);
            }
        }
    }

    #[test]
    fn a_request_without_the_property_has_no_key() {
        let template = KeyTemplate::parse("$userId:$customProperty.region").expect("a template");
        assert!(!template.render(&fields(&[]), &mut String::new()));
        let custom = [("region".into(), "".into())];
        assert!(template.render(&fields(&custom), &mut String::new()));
    }

    #[test]
    fn what_is_no_template_is_refused() {
        let unknown = |name: &str| KeyTemplateError::UnknownField(name.to_owned());
        let (long, many) = ("$userId".repeat(147), "$appId:".repeat(33));
        for (text, error) in [
            ("", KeyTemplateError::NoField),
            ("plain", KeyTemplateError::NoField),
            ("$", unknown("")),
            ("$$userId", unknown("")),
            ("$userid", unknown("userid")),
            ("$userId:$api", unknown("api")),
            ("$customProperty", unknown("customProperty")),
            ("$customProperty.", unknown("customProperty.")),
            ("$customProperty.:x", unknown("customProperty.")),
            ("$userId\n", KeyTemplateError::Control),
            (&long, KeyTemplateError::TooLong),
            (&many, KeyTemplateError::TooLong),
        ] {
            assert_eq!(KeyTemplate::parse(text), Err(error), "{text:.40}");
        }
    }

    proptest! {
        /// The control plane's own way: one replacement after the other. It differs where a value holds a field's name.
        #[test]
        fn rendering_is_replacing(template in "(\\$(resourceKey|userId|apiContext|apiVersion|appTenant|apiTenant|appId|clientIp)|[a-z:/ ]{1,5}){1,12}") {
            let fields = fields(&[]);
            let mut expected = template.clone();
            for (name, value) in [
                ("$resourceKey", fields.resource_key), ("$userId", fields.user_id), ("$apiContext", fields.api_context),
                ("$apiVersion", fields.api_version), ("$appTenant", fields.app_tenant), ("$apiTenant", fields.api_tenant),
                ("$appId", fields.app_id), ("$clientIp", "192.0.2.1"),
            ] {
                expected = expected.replace(name, value);
            }
            let parsed = KeyTemplate::parse(&template);
            prop_assert_eq!(parsed.is_ok(), template.contains('$'));
            if let Ok(parsed) = parsed {
                let mut key = String::new();
                prop_assert!(parsed.render(&fields, &mut key));
                prop_assert_eq!(key, expected);
                prop_assert_eq!(parsed.as_str(), template.as_str());
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[$a-zA-Z.\\PC]{0,60}") {
            let _ = KeyTemplate::parse(&text);
        }
    }
}
