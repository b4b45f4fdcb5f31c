//! Limits that count by a key template.

use super::entry::{Count, Entry};
use super::{CUSTOM, burst, entry, named, strict};
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::yaml::{Node, Source};
use mgw_bundle::config::{CustomPolicy, Policy, Quota};
use mgw_runtime::throttle::{KeyTemplate, MAX_CUSTOM_POLICIES};

const KEYS: [&str; 6] = ["keyTemplate", "count", "unitTime", "timeUnit", "burst", "strict"];

/// Reads `customPolicies`, in the order of the file.
pub(super) fn section(source: &Source, node: &Node, diagnostics: &mut Diagnostics) -> Vec<CustomPolicy> {
    named(
        source,
        CUSTOM,
        MAX_CUSTOM_POLICIES,
        node,
        diagnostics,
        |name, member, diagnostics| {
            let entry = entry(source, name, member, &KEYS, diagnostics)?;
            let key_template = key_template(&entry, diagnostics);
            let quota = quota(&entry, diagnostics);
            let burst = burst(&entry, diagnostics);
            let strict = strict(&entry, diagnostics);
            Some(CustomPolicy {
                key_template: key_template?,
                policy: Policy {
                    name: name.to_owned(),
                    quota: quota?,
                    stop_on_quota: true,
                    burst: burst?,
                    strict: strict?,
                    conditional: Vec::new(),
                },
            })
        },
    )
}

fn quota(entry: &Entry<'_>, diagnostics: &mut Diagnostics) -> Option<Quota> {
    let count = entry.count(diagnostics);
    let window_ms = entry.window(diagnostics)?;
    match count? {
        Count::AtMost(count) => Some(Quota::Requests { count, window_ms }),
        Count::None => {
            let message = format!("`count` of {} should be at least 1", entry.what);
            diagnostics.push(
                entry
                    .error(entry.member.key, message)
                    .remedy("Remove the policy where no limit is meant."),
            );
            None
        }
    }
}

fn key_template(entry: &Entry<'_>, diagnostics: &mut Diagnostics) -> Option<String> {
    const PROPERTY: &str = "$customProperty.";
    let node = entry.required("keyTemplate", diagnostics)?;
    let Some(text) = node.as_str() else {
        let what = format!("`keyTemplate` of {}", entry.what);
        let expected = "a text such as \"$userId:$apiContext\"";
        diagnostics.push(Diagnostic::expected(
            Code::Policies,
            entry.source,
            node,
            &what,
            expected,
        ));
        return None;
    };
    let problem = match KeyTemplate::parse(text) {
        Ok(_) if text.contains(PROPERTY) => "no request has custom properties here".to_owned(),
        Ok(_) => return Some(text.to_owned()),
        Err(error) => error.to_string(),
    };
    let message = format!("`keyTemplate` of {} cannot be used: {problem}", entry.what);
    let remedy = "Write texts and variables, as \"$userId:$apiContext\".";
    diagnostics.push(entry.error(node.span, message).remedy(remedy));
    None
}
