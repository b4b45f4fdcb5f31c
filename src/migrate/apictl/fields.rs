//! Every member of an API in its file: carried over, of use to portals alone, or without an equal here.

use super::api_file::{ApiFile, Shape};
use super::backends;
use crate::diagnostics::Code;
use crate::migrate::draft::Draft;
use crate::yaml::{Node, Value};

/// What the definition takes over, or what identifies the API.
const CARRIED: &[&str] = &[
    "id",
    "name",
    "version",
    "context",
    "provider",
    "lifeCycleStatus",
    "type",
    "isDefaultVersion",
    "endpointConfig",
    "endpointSecurity",
    "transport",
    "corsConfiguration",
    "authorizationHeader",
    "securityScheme",
    "apiThrottlingPolicy",
    "responseCachingEnabled",
    "cacheTimeout",
    "operations",
    // Told by what reads them.
    "primaryProductionEndpointId",
    "primarySandboxEndpointId",
    "mediationPolicies",
    "apiPolicies",
    "maxTps",
    "gatewayVendor",
    "advertiseInfo",
    "advertiseOnly",
    "endpointImplementationType",
    // Scopes that operations ask for stand in the definition; who gets them is the issuer's business.
    "scopes",
];

/// What says how an API is shown, sold or kept, and nothing of how it is served.
const PORTAL: &[&str] = &[
    "description",
    "displayName",
    "wsdlInfo",
    "wsdlUrl",
    "hasThumbnail",
    "thumbnailUri",
    "isRevision",
    "revisionedApiId",
    "revisionId",
    "tags",
    "labels",
    "policies",
    "organizationPolicies",
    "visibility",
    "visibleRoles",
    "visibleTenants",
    "visibleOrganizations",
    "subscriptionAvailability",
    "subscriptionAvailableTenants",
    "additionalProperties",
    "additionalPropertiesMap",
    "monetization",
    "accessControl",
    "accessControlRoles",
    "businessInformation",
    "workflowStatus",
    "createdTime",
    "lastUpdatedTime",
    "lastUpdatedTimestamp",
    "categories",
    "serviceInfo",
    "gatewayType",
    "gatewayEnvironments",
    "deploymentEnvironments",
    "destinationStatsEnabled",
    "initiatedFromGateway",
    "enableSubscriberVerification",
];

/// The same of the older model.
const OLDER: &[&str] = &[
    "uuid",
    "contextTemplate",
    "status",
    "transports",
    "apiSecurity",
    "apiLevelPolicy",
    "uriTemplates",
    "responseCache",
    "endpointSecured",
    "endpointAuthDigest",
    "endpointUTUsername",
    "endpointUTPassword",
    "productionMaxTps",
    "sandboxMaxTps",
    "inSequence",
    "outSequence",
    "faultSequence",
    "availableTiers",
    "gatewayLabels",
    "environments",
    "environmentList",
    "apiOwner",
    "apiHeaderChanged",
    "apiResourcePatternsChanged",
    "lastUpdated",
    "createdTimestamp",
    "rating",
    "isLatest",
    "isPublishedDefaultVersion",
    "technicalOwner",
    "technicalOwnerEmail",
    "businessOwner",
    "businessOwnerEmail",
    "visibleRolesList",
    "subscriptionAvailabilityTenants",
    "implementation",
    "monetizationCategory",
    "isMonetizationEnabled",
    "monetizationProperties",
    "apiCategories",
    "scopes",
    "endpointType",
    "swaggerDefinition",
    "graphQLSchema",
    "asDefaultVersion",
    "advertiseOnlyAPIVendor",
    "redirectURL",
    "tiers",
    "latest",
    "defaultVersion",
    "published",
    "enableStore",
    "testKey",
    "wsUriMapping",
];

/// Lists the members of the file that no definition takes over.
pub(super) fn list(file: &ApiFile, draft: &mut Draft) {
    let Some(members) = file.data().as_object() else {
        return;
    };
    backends::list(file, draft);
    let is_older = file.shape == Shape::Older;
    let mut portal = Vec::new();
    for (name, member) in members {
        let value = &member.node;
        if name == "type" && value.as_str() == Some("SOAPTOREST") {
            draft.lost(
                Code::MigrateBackend,
                &file.key(name),
                "calls are passed on as they are: the sequences that turn them into SOAP are not run",
                "Give it a backend that takes what its clients send.",
            );
        }
        if is_empty(value) || CARRIED.contains(&name.as_str()) {
            continue;
        }
        if let Some((message, remedy)) = effect(name, value) {
            draft.lost(Code::MigrateSetting, &file.key(name), message, remedy);
        } else if PORTAL.contains(&name.as_str()) || is_older && OLDER.contains(&name.as_str()) {
            if !is_older {
                portal.push(name.as_str());
            }
        } else if !EFFECTS.contains(&name.as_str()) {
            draft.lost(
                Code::MigrateSetting,
                &file.key(name),
                format!("`{name}` is not understood"),
                "See what it does there; where it changes how requests are answered, say so in the definition.",
            );
        }
    }
    if let Some(first) = portal.first() {
        draft.note(
            Code::MigrateSetting,
            &file.key(first),
            format!("what only portals use stays behind: {}", portal.join(", ")),
            "Keep it where the portal is.",
        );
    }
}

/// Nothing, or what stands for nothing.
pub(super) fn is_empty(node: &Node) -> bool {
    match &node.value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(true) | Value::Number(_) => false,
    }
}

/// Members that change how requests are answered, some of whose values need nothing.
const EFFECTS: [&str; 9] = [
    "enableSchemaValidation",
    "threatProtectionPolicies",
    "keyManagers",
    "audience",
    "audiences",
    "apiKeyHeader",
    "websubSubscriptionConfiguration",
    "asyncTransportProtocols",
    "subtypeConfiguration",
];

/// What is lost with a member, and what to do.
fn effect(name: &str, value: &Node) -> Option<(&'static str, &'static str)> {
    let all = ["all", "All", "ALL"];
    let is_all = value.as_array().is_some_and(|items| {
        items
            .iter()
            .all(|item| item.as_str().is_some_and(|text| all.contains(&text)))
    });
    match name {
        "enableSchemaValidation" => Some((
            "requests are not checked against the schemas of the definition",
            "Have the backend check them.",
        )),
        "threatProtectionPolicies" => {
            let list = value.get("list").and_then(Node::as_array).unwrap_or_default();
            (!list.is_empty()).then_some((
                "threat protection policies are not applied",
                "Bound requests in front of the gateway, or have the backend check them.",
            ))
        }
        "subtypeConfiguration" => {
            let subtype = value.get("subtype").and_then(Node::as_str).unwrap_or("DEFAULT");
            (!subtype.eq_ignore_ascii_case("DEFAULT")).then_some((
                "what is particular to this subtype of APIs is not applied: its calls are passed on as they are",
                "See what it does there; where it changes how requests are answered, say so in the definition.",
            ))
        }
        "keyManagers" if !is_all => Some((
            "the key managers whose tokens count for this API do not carry over: those of every issuer in the gateway's settings do",
            "List in `[[jwtTokenConfig]]` only issuers whose tokens may call every API of the project.",
        )),
        "audiences" if !is_all => Some((
            "the audiences that tokens for this API need do not carry over",
            "Set `audience` of the issuers in `[[jwtTokenConfig]]`; it counts for every API of the project.",
        )),
        "apiKeyHeader" if !value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("apikey")) => Some((
            "the name of the header with API keys does not carry over",
            "Add a security scheme of `type: apiKey` with this name to the definition.",
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Severity;
    use crate::migrate::tree::tests::tree;

    fn listed(text: &str) -> Vec<(Severity, String)> {
        let tree = tree(&[("api.yaml", text)]);
        let file = ApiFile::read(&tree.root()).unwrap().unwrap();
        let mut draft = Draft::default();
        list(&file, &mut draft);
        draft
            .findings
            .iter()
            .map(|finding| (finding.severity, finding.to_string()))
            .collect()
    }

    #[test]
    fn each_member_with_an_effect_is_told_at_its_line() {
        for (member, expected) in [
            ("name: A", None),
            (
                "enableSchemaValidation: true",
                Some("old/api.yaml:3:3: warning: requests are not checked"),
            ),
            ("enableSchemaValidation: false", None),
            ("keyManagers: [all]", None),
            ("type: SOAP", None),
            (
                "type: SOAPTOREST",
                Some("old/api.yaml:3:3: warning: calls are passed on as they are"),
            ),
            (
                "keyManagers: [Okta]",
                Some("old/api.yaml:3:3: warning: the key managers"),
            ),
            ("audiences: [all]", None),
            ("audiences: [x]", Some("old/api.yaml:3:3: warning: the audiences")),
            ("apiKeyHeader: ApiKey", None),
            (
                "apiKeyHeader: X-Key",
                Some("old/api.yaml:3:3: warning: the name of the header"),
            ),
            ("subtypeConfiguration: {subtype: DEFAULT, configuration: null}", None),
            (
                "subtypeConfiguration: {subtype: AIAPI}",
                Some("old/api.yaml:3:3: warning: what is particular to this subtype"),
            ),
            ("threatProtectionPolicies: {list: []}", None),
            (
                "threatProtectionPolicies: {list: [{policyId: x}]}",
                Some("old/api.yaml:3:3: warning: threat"),
            ),
            (
                "brandNew: 5",
                Some("old/api.yaml:3:3: warning: `brandNew` is not understood"),
            ),
            ("brandNew: null", None),
            (
                "tags: [a]",
                Some("old/api.yaml:3:3: note: what only portals use stays behind: tags"),
            ),
        ] {
            let found = listed(&format!("type: api\ndata:\n  {member}\n  context: /a\n"));
            match expected {
                Some(start) => {
                    assert_eq!(found.len(), 1, "{member} {found:?}");
                    assert!(found[0].1.starts_with(start), "{member} {found:?}");
                }
                None => assert!(found.is_empty(), "{member} {found:?}"),
            }
        }
    }
}
