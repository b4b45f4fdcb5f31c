//! Lines, as the control plane's statistics read them.
//!
//! `streamId-KS-<stream>:<version>-ES-timestamp-KS-<ms>-ES-metadata-KS-<meta>-ES-correlationData-KS-null-ES-payLoadData-KS-<v1>-OS-<v2>…`

use super::record::{Ending, UsageRecord, tenant_of};
use super::values::{push, push_number};
use crate::auth::CallerKeyType;
use crate::config::StreamVersion;
use crate::refusal::Refusal;
use std::borrow::Cow;
use std::time::Duration;

/// What stands for those who showed no credentials.
const ANONYMOUS: &str = "anonymous";
/// The policy that they have.
const UNAUTHENTICATED: &str = "Unauthenticated";
/// Kind of gateway, and its label, as micro-gw said it.
const MICRO: &str = "MICRO";

/// Makes lines.
#[derive(Debug, Clone)]
pub(crate) struct Formatter {
    pub(crate) version: StreamVersion,
    /// Stands where the host would, which clients choose.
    pub(crate) data_center: Option<String>,
    /// Codes and texts of failures as micro-gw had them.
    pub(crate) compat: bool,
}

/// Who called, in the words of the records.
struct Who<'r> {
    consumer_key: &'r str,
    application: &'r str,
    application_id: &'r str,
    owner: &'r str,
    tier: &'r str,
    user: &'r str,
    tenant: &'r str,
    key_type: &'static str,
}

impl<'r> Who<'r> {
    fn of(record: &'r UsageRecord) -> Self {
        let Some(caller) = &record.caller else {
            return Self {
                consumer_key: ANONYMOUS,
                application: ANONYMOUS,
                application_id: ANONYMOUS,
                owner: ANONYMOUS,
                tier: UNAUTHENTICATED,
                user: ANONYMOUS,
                tenant: ANONYMOUS,
                key_type: key_type(CallerKeyType::Production),
            };
        };
        let (identity, grant) = (&caller.identity, &caller.grant);
        Self {
            consumer_key: identity.consumer_key.as_deref().unwrap_or(ANONYMOUS),
            application: &grant.application_name,
            application_id: &grant.application_id,
            owner: &grant.subscriber,
            tier: &grant.subscription_policy,
            user: &identity.user,
            tenant: grant.tenant.as_deref().unwrap_or_else(|| tenant_of(&identity.user)),
            key_type: key_type(grant.key_type),
        }
    }
}

/// Tokens with another word are sent to production.
fn key_type(key_type: CallerKeyType) -> &'static str {
    match key_type {
        CallerKeyType::Sandbox => "SANDBOX",
        CallerKeyType::Production | CallerKeyType::Other => "PRODUCTION",
    }
}

/// The payload under way.
struct Payload<'l> {
    line: &'l mut String,
    is_first: bool,
}

impl Payload<'_> {
    fn separate(&mut self) {
        if !self.is_first {
            self.line.push_str("-OS-");
        }
        self.is_first = false;
    }

    fn text(&mut self, text: &str) {
        self.separate();
        push(self.line, text);
    }

    fn texts(&mut self, texts: &[&str]) {
        texts.iter().for_each(|text| self.text(text));
    }

    fn number(&mut self, number: u64) {
        self.separate();
        push_number(self.line, number);
    }

    fn milliseconds(&mut self, duration: Duration) {
        self.separate();
        push_number(self.line, duration.as_millis());
    }
}

impl Formatter {
    /// Appends the line of a record with its line break. `false`: the record says nothing that could be counted.
    pub(crate) fn write(&self, record: &UsageRecord, line: &mut String) -> bool {
        if record.at_ms == 0 {
            return false;
        }
        let who = Who::of(record);
        let stream = match record.ending {
            Ending::Answered(_) => "request",
            Ending::Throttled(_) => "throttle",
            Ending::Failed(_) => "fault",
        };
        line.push_str("streamId-KS-org.wso2.apimgt.statistics.");
        line.push_str(stream);
        line.push(':');
        line.push_str(self.version.text());
        line.push_str("-ES-timestamp-KS-");
        push_number(line, record.at_ms);
        line.push_str("-ES-metadata-KS-");
        self.metadata(record, &who, line);
        line.push_str("-ES-correlationData-KS-null-ES-payLoadData-KS-");
        let mut payload = Payload { line, is_first: true };
        let host = self.host(record);
        match record.ending {
            Ending::Answered(status) => self.request(&mut payload, record, &who, &host, status.as_u16()),
            Ending::Throttled(refusal) => self.throttle(&mut payload, record, &who, &host, refusal),
            Ending::Failed(refusal) => self.fault(&mut payload, record, &who, &host, refusal),
        }
        if self.version != StreamVersion::V3_0_0 {
            // Additional properties; there are none.
            payload.text("null");
        }
        line.push('\n');
        true
    }

    /// Older consumers know the key type alone.
    fn metadata(&self, record: &UsageRecord, who: &Who<'_>, line: &mut String) {
        let name = match (record.ending, self.version) {
            (Ending::Answered(_), StreamVersion::V3_1_0 | StreamVersion::V3_2_0) => "clientType",
            (_, StreamVersion::V3_2_0) => "keyType",
            _ => return line.push_str(who.key_type),
        };
        let id = record.texts.id();
        // A text is always JSON.
        let id = serde_json::to_string(&id).unwrap_or_default();
        line.push_str("{\"");
        line.push_str(name);
        line.push_str("\":\"");
        line.push_str(who.key_type);
        line.push_str("\",\"correlationID\":");
        push(line, &id);
        line.push('}');
    }

    fn request(&self, payload: &mut Payload<'_>, record: &UsageRecord, who: &Who<'_>, host: &str, status: u16) {
        let (api, marks) = (&record.api, &record.marks);
        let template = template(record);
        payload.texts(&[who.consumer_key, who.application, who.application_id, who.owner]);
        payload.texts(&[&api.context, &api.name, &api.version, template, template]);
        payload.texts(&[
            record.method.as_str(),
            &api.creator,
            &api.creator_tenant,
            who.tier,
            host,
        ]);
        payload.texts(&[who.user, who.tenant]);
        payload.text(&record.client.to_string());
        payload.text(&record.texts.agent());
        payload.number(record.at_ms);
        payload.text(if record.over_quota { "true" } else { "false" });
        let backend = marks.answered.saturating_sub(marks.called);
        payload.milliseconds(marks.answered);
        payload.milliseconds(marks.called);
        payload.milliseconds(backend);
        payload.text("false");
        payload.number(record.bytes);
        payload.text(protocol(record));
        payload.number(status.into());
        let key = record.caller.as_ref().map(|caller| caller.grant.key_type);
        let key = key.unwrap_or(CallerKeyType::Production);
        let destination = record.by.as_ref().map(|by| api.destination(record.resource, key, by));
        payload.text(&destination.unwrap_or_default());
        payload.milliseconds(marks.authenticated);
        payload.milliseconds(marks.throttled.saturating_sub(marks.authenticated));
        // What interceptors took, of requests and of answers.
        payload.texts(&["0", "0"]);
        payload.milliseconds(backend);
        payload.texts(&["0", MICRO, MICRO]);
    }

    fn throttle(&self, payload: &mut Payload<'_>, record: &UsageRecord, who: &Who<'_>, host: &str, refusal: Refusal) {
        let api = &record.api;
        payload.texts(&[who.user, who.tenant, &api.name, &api.version, &api.base_path]);
        payload.texts(&[&api.creator, &api.creator_tenant]);
        if self.version == StreamVersion::V3_2_0 {
            payload.texts(&[template(record), record.method.as_str()]);
        }
        payload.texts(&[
            who.application_id,
            who.application,
            who.owner,
            throttle_reason(refusal),
            MICRO,
        ]);
        payload.number(record.at_ms);
        payload.text(host);
    }

    fn fault(&self, payload: &mut Payload<'_>, record: &UsageRecord, who: &Who<'_>, host: &str, refusal: Refusal) {
        let api = &record.api;
        let template = template(record);
        payload.texts(&[who.consumer_key, &api.name, &api.version, &api.base_path, template]);
        if self.version == StreamVersion::V3_2_0 {
            payload.text(template);
        }
        payload.texts(&[record.method.as_str(), &api.creator, who.user, who.tenant]);
        payload.texts(&[&api.creator_tenant, host, who.application_id, who.application]);
        if self.version == StreamVersion::V3_2_0 {
            payload.text(who.owner);
        }
        payload.text(protocol(record));
        payload.number(refusal.code(self.compat).into());
        payload.text(refusal.texts(self.compat).0);
        payload.number(record.at_ms);
    }

    fn host<'r>(&'r self, record: &'r UsageRecord) -> Cow<'r, str> {
        match &self.data_center {
            Some(name) => Cow::Borrowed(name),
            None => record.texts.host(),
        }
    }
}

fn template(record: &UsageRecord) -> &str {
    record.api.templates.get(record.resource).map_or("", String::as_str)
}

fn protocol(record: &UsageRecord) -> &'static str {
    if record.tls { "https" } else { "http" }
}

fn throttle_reason(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::ApiQuota => "API_LIMIT_EXCEEDED",
        Refusal::ApplicationQuota => "APPLICATION_LIMIT_EXCEEDED",
        Refusal::SubscriptionQuota => "SUBSCRIPTION_LIMIT_EXCEEDED",
        _ => "RESOURCE_LIMIT_EXCEEDED",
    }
}

#[cfg(test)]
mod tests;
