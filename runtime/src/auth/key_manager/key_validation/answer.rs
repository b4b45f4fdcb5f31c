//! What the service answers.

use super::soap::{Element, OPERATION, SOAP, read};
use crate::refusal::Refusal;
use mgw_bundle::config::Burst;
use std::sync::Arc;

/// The namespace of the answer's members.
const MEMBERS: &str = "http://dto.impl.apimgt.carbon.wso2.org/xsd";
/// Most scopes that are read.
const MAX_SCOPES: usize = 256;

/// What the service says about an admitted caller. Absent: it does not say.
#[derive(Default, PartialEq, Eq)]
pub(crate) struct KeyInfo {
    pub(crate) application_id: Option<String>,
    pub(crate) application_name: Option<String>,
    pub(crate) application_tier: Option<String>,
    pub(crate) subscriber: Option<String>,
    pub(crate) subscriber_tenant: Option<String>,
    /// Tier of the subscription.
    pub(crate) tier: Option<String>,
    pub(crate) stop_on_quota: Option<bool>,
    /// Requests per window of [`Self::spike_unit`]; zero and less: no limit.
    pub(crate) spike_limit: Option<i64>,
    pub(crate) spike_unit: Option<String>,
    pub(crate) consumer_key: Option<String>,
    pub(crate) key_type: Option<String>,
    pub(crate) user: Option<String>,
    /// The token for backends that the key manager made.
    pub(crate) user_token: Option<String>,
    pub(crate) scopes: Vec<String>,
    /// When the token was issued, in milliseconds since the epoch.
    pub(crate) issued_ms: Option<u64>,
    /// For how long it is valid, in milliseconds; `None`: it does not expire.
    pub(crate) validity_ms: Option<u64>,
}

impl KeyInfo {
    /// Returns the rate limit of the subscription.
    pub(crate) fn burst(&self) -> Option<Burst> {
        let window_ms = match self.spike_unit.as_deref()? {
            "sec" => 1000,
            "min" => 60_000,
            "hour" => 3_600_000,
            _ => return None,
        };
        let count = u64::try_from(self.spike_limit?).ok().filter(|&count| count > 0)?;
        Some(Burst { count, window_ms })
    }
}

impl std::fmt::Debug for KeyInfo {
    /// Shows neither the token for backends nor the user.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("KeyInfo")
            .field("application_id", &self.application_id)
            .finish_non_exhaustive()
    }
}

/// A message of the service.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// The call is allowed.
    Authorized(Arc<KeyInfo>),
    /// It is not.
    Refused(Refusal),
    /// The service could not decide.
    Fault,
}

/// Reads a message. `None`: it is none of the service's.
pub(crate) fn parse(message: &[u8]) -> Option<Reply> {
    let envelope = read(message).filter(|root| root.is(SOAP, "Envelope"))?;
    let body = envelope.only(SOAP, "Body")?;
    if body.count(SOAP, "Fault") > 0 {
        return Some(Reply::Fault);
    }
    let response = body.only(OPERATION, "validateKeyResponse")?;
    let members = Members(response.only(OPERATION, "return")?);
    if !members.boolean("authorized")?? {
        let code = members.number("validationStatus")?;
        return Some(Reply::Refused(refusal(code)));
    }
    let info = KeyInfo {
        application_id: members.text("applicationId")?,
        application_name: members.text("applicationName")?,
        application_tier: members.text("applicationTier")?,
        subscriber: members.text("subscriber")?,
        subscriber_tenant: members.text("subscriberTenantDomain")?,
        tier: members.text("tier")?,
        stop_on_quota: members.boolean("stopOnQuotaReach")?,
        spike_limit: members.number("spikeArrestLimit")?,
        spike_unit: members.text("spikeArrestUnit")?,
        consumer_key: members.text("consumerKey")?,
        key_type: members.text("type")?,
        user: members.text("endUserName")?,
        user_token: members.text("endUserToken")?,
        scopes: members.scopes(),
        issued_ms: members.number("issuedTime")?.and_then(|time| u64::try_from(time).ok()),
        validity_ms: members
            .number("validityPeriod")?
            .filter(|&period| period != i64::MAX)
            .and_then(|period| u64::try_from(period).ok()),
    };
    Some(Reply::Authorized(Arc::new(info)))
}

/// The members of the answer. The outer `None` of each accessor: the member is there twice, or of another type.
struct Members<'a>(&'a Element);

impl Members<'_> {
    fn text(&self, name: &str) -> Option<Option<String>> {
        Some(self.value(name)?.map(str::to_owned))
    }

    fn boolean(&self, name: &str) -> Option<Option<bool>> {
        match self.value(name)? {
            None => Some(None),
            Some("true" | "1") => Some(Some(true)),
            Some("false" | "0") => Some(Some(false)),
            Some(_) => None,
        }
    }

    fn number(&self, name: &str) -> Option<Option<i64>> {
        match self.value(name)? {
            None => Some(None),
            Some(text) => text.parse().ok().map(Some),
        }
    }

    fn value(&self, name: &str) -> Option<Option<&str>> {
        match self.0.count(MEMBERS, name) {
            0 => Some(None),
            1 => Some(self.0.only(MEMBERS, name)?.value()),
            _ => None,
        }
    }

    fn scopes(&self) -> Vec<String> {
        let scopes = self.0.children.iter().filter(|child| child.is(MEMBERS, "scopes"));
        let named = scopes.filter_map(Element::value).take(MAX_SCOPES);
        named.map(str::to_owned).collect()
    }
}

/// Codes that key managers use; whatever else they say is a failure without a name.
fn refusal(code: Option<i64>) -> Refusal {
    match code {
        Some(900_901) => Refusal::InvalidCredentials,
        Some(900_902) => Refusal::MissingCredentials,
        Some(900_903) => Refusal::TokenExpired,
        Some(900_904) => Refusal::TokenInactive,
        Some(900_905) => Refusal::WrongTokenType,
        Some(900_906) => Refusal::NoMatchingResource,
        Some(900_907) => Refusal::Blocked,
        Some(900_908) => Refusal::NotSubscribed,
        Some(900_909) => Refusal::SubscriptionInactive,
        Some(900_910) => Refusal::MissingScope,
        _ => Refusal::Unclassified,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(members: &str) -> String {
        format!(
            "<?xml version='1.0' encoding='UTF-8'?><s:Envelope xmlns:s='{SOAP}'><s:Body><ns:validateKeyResponse \
             xmlns:ns='{OPERATION}'><ns:return xmlns:d='{MEMBERS}' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' \
             xsi:type='d:APIKeyValidationInfoDTO'>{members}</ns:return></ns:validateKeyResponse></s:Body></s:Envelope>"
        )
    }

    fn read(members: &str) -> Option<Reply> {
        parse(answer(members).as_bytes())
    }

    fn info(members: &str) -> Arc<KeyInfo> {
        match read(members) {
            Some(Reply::Authorized(info)) => info,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_member_that_is_used_is_read() {
        let members = "<d:apiName>Ledger</d:apiName><d:applicationId>12</d:applicationId><d:applicationName>Till &amp; Co\
            </d:applicationName><d:applicationTier>50PerMin</d:applicationTier><d:authorized>true</d:authorized>\
            <d:authorizedDomains xsi:nil='true'/><d:consumerKey>key1</d:consumerKey><d:endUserName>ana@carbon.super\
            </d:endUserName><d:endUserToken>a.b.c</d:endUserToken><d:issuedTime>1700000000000</d:issuedTime>\
            <d:scopes>read</d:scopes><d:scopes>write</d:scopes><d:spikeArrestLimit>5</d:spikeArrestLimit>\
            <d:spikeArrestUnit>min</d:spikeArrestUnit><d:stopOnQuotaReach>false</d:stopOnQuotaReach>\
            <d:subscriber>ana</d:subscriber><d:subscriberTenantDomain>carbon.super</d:subscriberTenantDomain>\
            <d:throttlingDataList>x</d:throttlingDataList><d:tier>Gold</d:tier><d:type>SANDBOX</d:type>\
            <d:validationStatus>0</d:validationStatus><d:validityPeriod>3600000</d:validityPeriod>";
        let text = |text: &str| Some(text.to_owned());
        let expected = KeyInfo {
            application_id: text("12"),
            application_name: text("Till & Co"),
            application_tier: text("50PerMin"),
            subscriber: text("ana"),
            subscriber_tenant: text("carbon.super"),
            tier: text("Gold"),
            stop_on_quota: Some(false),
            spike_limit: Some(5),
            spike_unit: text("min"),
            consumer_key: text("key1"),
            key_type: text("SANDBOX"),
            user: text("ana@carbon.super"),
            user_token: text("a.b.c"),
            scopes: vec!["read".into(), "write".into()],
            issued_ms: Some(1_700_000_000_000),
            validity_ms: Some(3_600_000),
        };
        assert_eq!(read(members), Some(Reply::Authorized(Arc::new(expected))));
        let info = info(members);
        assert!(!format!("{info:?}").contains("a.b.c"));
    }

    #[test]
    fn codes_become_refusals() {
        for (status, expected) in [
            ("900901", Refusal::InvalidCredentials),
            ("900902", Refusal::MissingCredentials),
            ("900903", Refusal::TokenExpired),
            ("900904", Refusal::TokenInactive),
            ("900905", Refusal::WrongTokenType),
            ("900906", Refusal::NoMatchingResource),
            ("900907", Refusal::Blocked),
            ("900908", Refusal::NotSubscribed),
            ("900909", Refusal::SubscriptionInactive),
            ("900910", Refusal::MissingScope),
            ("900900", Refusal::Unclassified),
            ("900800", Refusal::Unclassified),
            ("0", Refusal::Unclassified),
            ("", Refusal::Unclassified),
        ] {
            let members = format!(
                "<d:authorized>false</d:authorized><d:validationStatus>{status}</d:validationStatus><d:tier>Gold</d:tier>"
            );
            assert_eq!(read(&members), Some(Reply::Refused(expected)), "{status}");
        }
        assert_eq!(
            read("<d:authorized>false</d:authorized>"),
            Some(Reply::Refused(Refusal::Unclassified))
        );
    }

    #[test]
    fn spikes_have_a_limit_and_a_unit() {
        for (limit, unit, expected) in [
            ("5", "sec", Some((5, 1000))),
            ("5", "min", Some((5, 60_000))),
            ("1", "hour", Some((1, 3_600_000))),
            ("5", "fortnight", None),
            ("5", "", None),
            ("0", "min", None),
            ("-1", "min", None),
            ("", "min", None),
        ] {
            let members = format!(
                "<d:authorized>true</d:authorized><d:spikeArrestLimit>{limit}</d:spikeArrestLimit>\
                 <d:spikeArrestUnit>{unit}</d:spikeArrestUnit>"
            );
            let burst = info(&members).burst().map(|burst| (burst.count, burst.window_ms));
            assert_eq!(burst, expected, "{limit} {unit}");
        }
    }

    #[test]
    fn tokens_may_have_no_end() {
        for (period, expected) in [("-1", None), ("9223372036854775807", None), ("0", Some(0)), ("", None)] {
            let members = format!("<d:authorized>true</d:authorized><d:validityPeriod>{period}</d:validityPeriod>");
            let info = info(&members);
            assert_eq!(info.validity_ms, expected, "{period}");
        }
    }

    #[test]
    fn what_does_not_say_yes_or_no_says_nothing() {
        let other = answer("<d:authorized>true</d:authorized>");
        for message in [
            answer(""),
            answer("<d:authorized/>"),
            answer("<d:authorized>yes</d:authorized>"),
            answer("<authorized>true</authorized>"),
            answer("<ns:authorized>true</ns:authorized>"),
            answer("<d:x><d:authorized>true</d:authorized></d:x>"),
            answer("<d:authorized>true</d:authorized><d:authorized>true</d:authorized>"),
            answer("<d:authorized>true</d:authorized><d:tier>a</d:tier><d:tier>b</d:tier>"),
            answer("<d:authorized>true</d:authorized><d:issuedTime>soon</d:issuedTime>"),
            answer("<d:authorized>false</d:authorized><d:validationStatus>no</d:validationStatus>"),
            other.replace(MEMBERS, "urn:else"),
            other.replace(OPERATION, "urn:else"),
            other.replace(SOAP, "urn:else"),
            "<html/>".into(),
        ] {
            assert_eq!(parse(message.as_bytes()), None, "{message}");
        }
        assert!(parse(other.as_bytes()).is_some());
    }

    #[test]
    fn prefixes_do_not_matter() {
        let message = format!(
            "<Envelope xmlns='{SOAP}'><Body><validateKeyResponse xmlns='{OPERATION}'><return><authorized \
             xmlns='{MEMBERS}'>true</authorized></return></validateKeyResponse></Body></Envelope>"
        );
        assert_eq!(parse(message.as_bytes()), Some(Reply::Authorized(Arc::default())));
    }

    #[test]
    fn faults_are_told_from_other_messages() {
        let fault = format!(
            "<s:Envelope xmlns:s='{SOAP}'><s:Body><s:Fault><faultcode>s:Server</faultcode><faultstring>no\
             </faultstring></s:Fault></s:Body></s:Envelope>"
        );
        assert_eq!(parse(fault.as_bytes()), Some(Reply::Fault));
        assert_eq!(parse(fault.replace("s:Fault", "Fault").as_bytes()), None);
    }
}
