//! What the service is asked.

use super::soap::{OPERATION, SOAP};
use crate::questions::QuestionKey;
use aws_lc_rs::digest::{Context, SHA256};
use quick_xml::escape::escape;
use secrecy::{ExposeSecret, SecretString};

/// The tenant of base paths that name none.
const SUPER_TENANT: &str = "carbon.super";

/// May the bearer of a token use this operation? Everything that the answer depends on.
#[derive(Debug)]
pub(crate) struct KeyQuestion {
    pub(crate) token: SecretString,
    /// Base path of the API.
    pub(crate) base_path: String,
    /// Version of the API.
    pub(crate) version: String,
    /// Path template of the resource.
    pub(crate) template: String,
    pub(crate) method: &'static str,
}

impl KeyQuestion {
    /// Returns a digest by which the same question is recognised.
    pub(super) fn key(&self) -> QuestionKey {
        let mut context = Context::new(&SHA256);
        for part in self.parts() {
            // Lengths keep the parts apart.
            context.update(&part.len().to_le_bytes());
            context.update(part.as_bytes());
        }
        let mut key = [0; 32];
        key.copy_from_slice(context.finish().as_ref());
        key
    }

    fn parts(&self) -> [&str; 5] {
        let token = self.token.expose_secret();
        [token, &self.base_path, &self.version, &self.template, self.method]
    }

    /// Returns the SOAP envelope.
    pub(super) fn envelope(&self) -> String {
        let context = context(&self.base_path, &self.version);
        let members = [
            ("context", context.as_str()),
            ("version", &self.version),
            ("accessToken", self.token.expose_secret()),
            ("requiredAuthenticationLevel", "Any"),
            ("clientDomain", "*"),
            ("matchingResource", &self.template),
            ("httpVerb", self.method),
            ("tenantDomain", tenant(&self.base_path)),
            ("keyManagers", "all"),
        ];
        let members: String = members
            .iter()
            .map(|(name, value)| format!("<xsd:{name}>{}</xsd:{name}>", escape(*value)))
            .collect();
        format!(
            "<soapenv:Envelope xmlns:soapenv=\"{SOAP}\" xmlns:xsd=\"{OPERATION}\"><soapenv:Header/><soapenv:Body>\
             <xsd:validateKey>{members}</xsd:validateKey></soapenv:Body></soapenv:Envelope>"
        )
    }
}

/// The key manager knows APIs by a context that ends with the version.
fn context(base_path: &str, version: &str) -> String {
    if base_path.split('/').any(|segment| segment == version) {
        base_path.to_owned()
    } else {
        format!("{}/{version}", base_path.trim_end_matches('/'))
    }
}

/// APIs of a tenant are below `/t/<tenant>`.
fn tenant(base_path: &str) -> &str {
    let named = base_path.strip_prefix("/t/").and_then(|rest| rest.split('/').next());
    named.filter(|tenant| !tenant.is_empty()).unwrap_or(SUPER_TENANT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question() -> KeyQuestion {
        KeyQuestion {
            token: "a<b>&\"'c".into(),
            base_path: "/t/meridianpay/ledger".into(),
            version: "2.1.0".into(),
            template: "/entries/{id}".into(),
            method: "GET",
        }
    }

    #[test]
    fn values_cannot_end_their_element() {
        assert_eq!(
            question().envelope(),
            "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" \
             xmlns:xsd=\"http://org.apache.axis2/xsd\"><soapenv:Header/><soapenv:Body><xsd:validateKey>\
             <xsd:context>/t/meridianpay/ledger/2.1.0</xsd:context><xsd:version>2.1.0</xsd:version>\
             <xsd:accessToken>a&lt;b&gt;&amp;&quot;&apos;c</xsd:accessToken>\
             <xsd:requiredAuthenticationLevel>Any</xsd:requiredAuthenticationLevel>\
             <xsd:clientDomain>*</xsd:clientDomain><xsd:matchingResource>/entries/{id}</xsd:matchingResource>\
             <xsd:httpVerb>GET</xsd:httpVerb><xsd:tenantDomain>meridianpay</xsd:tenantDomain>\
             <xsd:keyManagers>all</xsd:keyManagers></xsd:validateKey></soapenv:Body></soapenv:Envelope>"
        );
    }

    #[test]
    fn the_context_ends_with_the_version_where_it_does_not_name_it() {
        for (base_path, version, expected) in [
            ("/ledger", "1.0.0", "/ledger/1.0.0"),
            ("/ledger/1.0.0", "1.0.0", "/ledger/1.0.0"),
            ("/1.0.0/ledger", "1.0.0", "/1.0.0/ledger"),
            ("/v10/ledger", "v1", "/v10/ledger/v1"),
            ("/", "1", "/1"),
        ] {
            assert_eq!(context(base_path, version), expected, "{base_path}");
        }
    }

    #[test]
    fn the_tenant_stands_in_the_base_path() {
        for (base_path, expected) in [
            ("/ledger", "carbon.super"),
            ("/t/meridianpay/ledger", "meridianpay"),
            ("/t/meridianpay", "meridianpay"),
            ("/t/", "carbon.super"),
            ("/tea/meridianpay", "carbon.super"),
        ] {
            assert_eq!(tenant(base_path), expected, "{base_path}");
        }
    }

    #[test]
    fn every_part_makes_another_question() {
        let base = question().key();
        assert_eq!(base, question().key());
        let changes: [fn(&mut KeyQuestion); 5] = [
            |question| question.token = "other".into(),
            |question| question.base_path.push('x'),
            |question| question.version.push('x'),
            |question| question.template.push('x'),
            |question| question.method = "PUT",
        ];
        for change in changes {
            let mut other = question();
            change(&mut other);
            assert_ne!(other.key(), base);
        }
        let shifted = KeyQuestion {
            base_path: "/t/meridianpay/ledger2".into(),
            version: ".1.0".into(),
            ..question()
        };
        assert_ne!(shifted.key(), base);
    }
}
