//! The APIs of a bundle, as people are told about them.

use crate::ui::count;
use crate::ui::push_line;
use mgw_bundle::Bundle;
use mgw_bundle::config::{
    Api, ApiKeyLocation, ApiState, Cors, Discovery, Endpoint, EndpointKind, Endpoints, MutualTls, Resource, Scheme,
    ScopeMatch, Security, Target,
};
use mgw_runtime::config::CredentialSetting;

/// Describes an API: where it is, who may call it, its operations and backends.
pub(super) fn describe(out: &mut String, bundle: &Bundle, api: &Api) {
    push_line(out, format_args!("{}:{}  {}", api.name, api.version, api.base_path));
    push_line(out, format_args!("  id          {}", api.id));
    let size = bundle.entries.get(&api.definition).map_or(0, Vec::len);
    let size = count::bytes(u64::try_from(size).unwrap_or(u64::MAX));
    push_line(out, format_args!("  definition  {}, {size} in the bundle", api.source));
    if let Some(path) = &api.default_version_path {
        push_line(out, format_args!("  also at     {path}"));
    }
    let transports = match (api.transports.http, api.transports.https) {
        (true, true) => "http, https",
        (true, false) => "http",
        (false, true) => "https",
        (false, false) => "none",
    };
    push_line(out, format_args!("  listeners   {transports}"));
    describe_callers(out, api);
    if let Some(policy) = &api.policy {
        push_line(out, format_args!("  policy      {}", policy.name));
    }
    describe_endpoints(out, "  ", &api.endpoints);
    for resource in &api.resources {
        describe_resource(out, resource, api.mutual_tls);
    }
}

/// What is decided for all operations together about who may call.
fn describe_callers(out: &mut String, api: &Api) {
    let state = match api.state {
        ApiState::Published => None,
        ApiState::Prototyped => Some("prototyped: called without subscriptions"),
        ApiState::Deprecated => Some("deprecated"),
        ApiState::Blocked => Some("blocked: every call is refused"),
    };
    if let Some(state) = state {
        push_line(out, format_args!("  state       {state}"));
    }
    let mutual_tls = match api.mutual_tls {
        None => None,
        Some(MutualTls::Mandatory) => Some("mandatory: callers show a client certificate"),
        Some(MutualTls::Optional) => Some("optional: a client certificate that is shown has to be accepted"),
    };
    if let Some(mutual_tls) = mutual_tls {
        push_line(out, format_args!("  mutual TLS  {mutual_tls}"));
    }
    if let Some(header) = &api.auth_header {
        push_line(out, format_args!("  header      {header}, with tokens and passwords"));
    }
    if let Some(cors) = &api.cors {
        push_line(out, format_args!("  CORS        {}", described(cors)));
    }
}

/// What pages of other origins may do.
pub(super) fn described(cors: &Cors) -> String {
    let lists = [
        ("origins", &cors.allow_origins),
        ("methods", &cors.allow_methods),
        ("headers", &cors.allow_headers),
        ("exposes", &cors.expose_headers),
    ];
    let told = lists.into_iter().filter(|(_, list)| !list.is_empty());
    let mut told: Vec<String> = told.map(|(what, list)| format!("{what} {}", list.join(", "))).collect();
    told.extend(cors.allow_credentials.then(|| "with credentials".to_owned()));
    told.extend(cors.max_age_seconds.map(|seconds| format!("kept {seconds} s")));
    match told.is_empty() {
        true => "no origin".to_owned(),
        false => told.join("; "),
    }
}

fn describe_resource(out: &mut String, resource: &Resource, mutual_tls: Option<MutualTls>) {
    let mut line = format!(
        "  {:<7} {}  [{}]",
        resource.method.as_str(),
        resource.template,
        credentials(&resource.security, mutual_tls)
    );
    if !resource.scopes.names.is_empty() {
        let between = match resource.scopes.rule {
            ScopeMatch::Any => " or ",
            ScopeMatch::All => " and ",
        };
        line.push_str(&format!("  scope {}", resource.scopes.names.join(between)));
    }
    if let Some(policy) = &resource.policy {
        line.push_str(&format!("  policy {}", policy.name));
    }
    push_line(out, format_args!("{line}"));
    describe_endpoints(out, "          ", &resource.endpoints);
}

fn describe_endpoints(out: &mut String, indent: &str, endpoints: &Endpoints) {
    let mut line = |kind: &str, endpoint: &Option<Endpoint>, sandbox: bool| {
        let Some(endpoint) = endpoint else { return };
        let urls: Vec<String> = endpoint.targets.iter().map(written).collect();
        push_line(out, format_args!("{indent}{kind:<11} {}", urls.join(" ")));
        push_line(out, format_args!("{indent}            {}", used(endpoint)));
        // Without a name nobody can set anything.
        let Some(name) = endpoint.name.as_deref() else { return };
        let kind = if sandbox { "sand" } else { "prod" };
        let mut replaced = format!("{name}_{kind}_endpoint_0");
        if urls.len() > 1 {
            replaced.push_str(&format!(" to _{}", urls.len() - 1));
        }
        if let Some(auth) = &endpoint.auth {
            let secret = CredentialSetting::secret_of(auth).of(name, sandbox);
            replaced.push_str(&format!(", secret in {secret}"));
        }
        push_line(out, format_args!("{indent}            replaced by {replaced}"));
    };
    line("production", &endpoints.production, false);
    line("sandbox", &endpoints.sandbox, true);
}

/// How the targets of an endpoint are used, and how long they are waited for.
fn used(endpoint: &Endpoint) -> String {
    let how = match endpoint.kind {
        EndpointKind::Single => "",
        EndpointKind::LoadBalance => "load balance, ",
        EndpointKind::Failover => "failover, ",
    };
    let total = endpoint
        .total_timeout_ms
        .map_or_else(String::new, |total| format!(", all attempts {}", time(total)));
    format!("{how}timeout {}{total}", time(endpoint.timeout_ms))
}

fn time(milliseconds: u64) -> String {
    match milliseconds % 1000 {
        0 => format!("{} s", milliseconds / 1000),
        _ => format!("{milliseconds} ms"),
    }
}

/// A target as definitions write it.
fn written(target: &Target) -> String {
    let url = &target.url;
    match &target.discovery {
        None => url.clone(),
        Some(Discovery::Etcd { key }) => format!("etcd({key}, {url})"),
        Some(Discovery::Srv { name }) => format!("srv({name}, {url})"),
        Some(Discovery::File { path }) => format!("file({path}, {url})"),
    }
}

/// What callers show. Where security is off, nobody asks for a certificate either.
fn credentials(security: &Security, mutual_tls: Option<MutualTls>) -> String {
    if !security.enabled {
        return "open".to_owned();
    }
    let scheme = |scheme: &Scheme| match scheme {
        Scheme::Oauth2 => "oauth2".to_owned(),
        Scheme::Basic => "basic".to_owned(),
        Scheme::ApiKey { location, name } => match location {
            ApiKeyLocation::Header => format!("API key in header {name}"),
            ApiKeyLocation::Query => format!("API key in query {name}"),
        },
    };
    let alternatives: Vec<String> = security
        .alternatives
        .iter()
        .map(|requirement| requirement.schemes.iter().map(scheme).collect::<Vec<_>>().join(" and "))
        .collect();
    let alternatives = alternatives.join(" or ");
    match (mutual_tls, security.optional) {
        (Some(MutualTls::Mandatory), false) => format!("certificate, and {alternatives}"),
        (Some(MutualTls::Mandatory), true) => format!("certificate; {alternatives} optional"),
        (Some(MutualTls::Optional), true) => format!("certificate or {alternatives}"),
        (Some(MutualTls::Optional), false) | (None, _) => alternatives,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mgw_bundle::config::{EndpointAuth, Requirement};

    #[test]
    fn operators_see_what_they_can_set() {
        let urls = ["https://a".to_owned(), "https://b".to_owned()];
        let mut production = Endpoint::plain(Some("shop".into()), EndpointKind::Failover, urls, 2500);
        production.total_timeout_ms = Some(9000);
        production.targets[1].discovery = Some(Discovery::Etcd { key: "k".into() });
        production.auth = Some(EndpointAuth::Digest { username: "u".into() });
        let sandbox = Endpoint::plain(None, EndpointKind::Single, ["http://s".to_owned()], 60_000);
        let endpoints = Endpoints {
            production: Some(production),
            sandbox: Some(sandbox),
        };
        let mut out = String::new();
        describe_endpoints(&mut out, "  ", &endpoints);
        assert_eq!(
            out,
            "  production  https://a etcd(k, https://b)\n  \
             \u{20}           failover, timeout 2500 ms, all attempts 9 s\n  \
             \u{20}           replaced by shop_prod_endpoint_0 to _1, secret in shop_prod_digest_password\n  \
             sandbox     http://s\n  \
             \u{20}           timeout 60 s\n"
        );
    }

    #[test]
    fn who_may_call_an_api_is_told() {
        let told = |api: &Api| {
            let mut out = String::new();
            describe_callers(&mut out, api);
            out
        };
        let mut api = Api::plain("Shop", "1", "/shop");
        assert_eq!(told(&api), "");
        api.state = ApiState::Blocked;
        api.mutual_tls = Some(MutualTls::Mandatory);
        api.auth_header = Some("x-token".into());
        api.cors = Some(Cors {
            allow_origins: vec!["https://a".into(), "https://b".into()],
            allow_methods: vec!["GET".into()],
            allow_headers: Vec::new(),
            expose_headers: vec!["X-A".into()],
            allow_credentials: true,
            max_age_seconds: Some(60),
        });
        insta::assert_snapshot!(told(&api), @r"
          state       blocked: every call is refused
          mutual TLS  mandatory: callers show a client certificate
          header      x-token, with tokens and passwords
          CORS        origins https://a, https://b; methods GET; exposes X-A; with credentials; kept 60 s
        ");
    }

    #[test]
    fn certificates_are_among_what_callers_show() {
        let requirement = |scheme| Requirement { schemes: vec![scheme] };
        let mut security = Security {
            enabled: true,
            optional: false,
            alternatives: vec![requirement(Scheme::Oauth2), requirement(Scheme::Basic)],
        };
        for (mutual_tls, optional, expected) in [
            (None, false, "oauth2 or basic"),
            (Some(MutualTls::Optional), false, "oauth2 or basic"),
            (Some(MutualTls::Optional), true, "certificate or oauth2 or basic"),
            (Some(MutualTls::Mandatory), false, "certificate, and oauth2 or basic"),
            (
                Some(MutualTls::Mandatory),
                true,
                "certificate; oauth2 or basic optional",
            ),
        ] {
            security.optional = optional;
            assert_eq!(credentials(&security, mutual_tls), expected);
        }
        security.enabled = false;
        assert_eq!(credentials(&security, Some(MutualTls::Mandatory)), "open");
    }
}
