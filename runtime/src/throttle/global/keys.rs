//! The keys by which the traffic manager counts, and the names by which it knows what is called. They are made with a
//! configuration or a caller, never for a request.

use super::live_blocks::SUPER_TENANT;
use crate::throttle::blocks::tenant_of;

/// Counts all callers of an API together.
pub(super) fn api(base_path: &str, version: &str) -> String {
    let context = context(base_path);
    match ends_with_version(context, version) {
        true => format!("{context}:{version}"),
        false => format!("{context}/{version}:{version}"),
    }
}

/// Counts all callers of a resource together. The version stands there even where the base path ends with it: the traffic
/// manager tells keys of resources by that.
pub(in crate::throttle) fn resource(base_path: &str, version: &str, template: &str, method: &str) -> String {
    format!("{}/{version}{template}:{method}", context(base_path))
}

/// Counts an application, or an address without credentials, at an API.
pub(super) fn subscription(who: &str, base_path: &str, version: &str) -> String {
    format!("{who}:{}:{version}", context(base_path))
}

/// Counts one user of one application.
pub(super) fn application(id: &str, user: &str) -> String {
    format!("{id}:{user}")
}

/// Returns the base path as it stands in keys.
pub(in crate::throttle) fn context(base_path: &str) -> &str {
    base_path.trim_end_matches('/')
}

/// Returns the tenant that owns an API.
pub(in crate::throttle) fn tenant_of_api(base_path: &str) -> &str {
    tenant_of(base_path).0.unwrap_or(SUPER_TENANT)
}

/// Returns the tenant that a user name ends with.
pub(in crate::throttle) fn tenant_of_user(name: &str) -> &str {
    name.rsplit_once('@')
        .map(|(_, tenant)| tenant)
        .filter(|tenant| !tenant.is_empty())
        .unwrap_or(SUPER_TENANT)
}

/// Returns the name that micro-gw gives the service of an API, by which the traffic manager knows it.
pub(super) fn service_name(name: &str, version: &str) -> String {
    let mut service = String::with_capacity(name.len() + version.len() + 2);
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        service.push('_');
    }
    for c in name.chars() {
        match c {
            '{' | '}' | '/' | '*' => service.push('_'),
            '-' => service.push_str("_hyphen_"),
            '.' => service.push_str("_dot_"),
            c if c.is_whitespace() => service.push_str("_space_"),
            c => service.push(c),
        }
    }
    service.push_str("__");
    let mut in_run = false;
    for c in version.chars() {
        if c.is_ascii_alphanumeric() {
            service.push(c);
        } else if !in_run {
            service.push('_');
        }
        in_run = !c.is_ascii_alphanumeric();
    }
    service
}

fn ends_with_version(context: &str, version: &str) -> bool {
    context.strip_suffix(version).is_some_and(|rest| rest.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_the_reference() {
        for (base_path, version, of_api, of_resource, of_subscription) in [
            (
                "/petstore/v1",
                "1.0.0",
                "/petstore/v1/1.0.0:1.0.0",
                "/petstore/v1/1.0.0/pet/{petId}:GET",
                "2:/petstore/v1:1.0.0",
            ),
            // Imported APIs: the key of the resource has the version twice.
            (
                "/petstore/1.0.0",
                "1.0.0",
                "/petstore/1.0.0:1.0.0",
                "/petstore/1.0.0/1.0.0/pet/{petId}:GET",
                "2:/petstore/1.0.0:1.0.0",
            ),
            (
                "/t/meridian/ledger1.0/",
                "1.0",
                "/t/meridian/ledger1.0/1.0:1.0",
                "/t/meridian/ledger1.0/1.0/pet/{petId}:GET",
                "2:/t/meridian/ledger1.0:1.0",
            ),
            ("/", "v1", "/v1:v1", "/v1/pet/{petId}:GET", "2::v1"),
        ] {
            assert_eq!(api(base_path, version), of_api);
            assert_eq!(resource(base_path, version, "/pet/{petId}", "GET"), of_resource);
            assert_eq!(subscription("2", base_path, version), of_subscription);
        }
        assert_eq!(application("2", "admin@carbon.super"), "2:admin@carbon.super");
    }

    #[test]
    fn tenants_show_in_paths_and_user_names() {
        for (path, tenant) in [
            ("/t/meridian/ledger/1", "meridian"),
            ("/ledger/1", "carbon.super"),
            ("/t/x", "carbon.super"),
        ] {
            assert_eq!(tenant_of_api(path), tenant, "{path}");
        }
        for (name, tenant) in [
            ("ana@meridian", "meridian"),
            ("ana@x.org@meridian", "meridian"),
            ("ana", "carbon.super"),
            ("ana@", "carbon.super"),
        ] {
            assert_eq!(tenant_of_user(name), tenant, "{name}");
        }
    }

    #[test]
    fn services_have_the_names_that_micro_gw_gives_them() {
        for (name, version, expected) in [
            ("Petstore", "1.0.0", "Petstore__1_0_0"),
            (
                "My Pet-Store.v2",
                "v1.0--beta",
                "My_space_Pet_hyphen_Store_dot_v2__v1_0_beta",
            ),
            ("3scale/{x}", "1", "_3scale__x___1"),
        ] {
            assert_eq!(service_name(name, version), expected);
        }
    }
}
