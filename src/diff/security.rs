//! Credentials and scopes of one operation.

use super::admission::Admission;
use super::change::{About, listed};
use mgw_bundle::config::{Api, ApiKeyLocation, MutualTls, Requirement, Resource, Scheme, ScopeMatch, Scopes, Security};
use std::collections::BTreeSet;

/// What a mandatory client certificate adds to all that is shown.
const CERTIFICATE: &str = "a client certificate";

/// Who may call an operation: what it asks for, under what its API asks of connections.
#[derive(Debug, Clone, Copy)]
pub(super) struct Guard<'a> {
    pub(super) security: &'a Security,
    pub(super) mutual_tls: Option<MutualTls>,
}

impl<'a> Guard<'a> {
    /// The guard of an API's operation.
    pub(super) fn of(api: &Api, resource: &'a Resource) -> Self {
        Self {
            security: &resource.security,
            mutual_tls: api.mutual_tls,
        }
    }

    /// Whether nothing has to be shown.
    pub(super) fn admits_everybody(self) -> bool {
        !Admission::everybody().admits_more_than(&admission(self.security, self.needs_certificate()))
    }

    fn needs_certificate(self) -> bool {
        self.mutual_tls == Some(MutualTls::Mandatory)
    }
}

/// Compares who may call.
pub(super) fn compare(before: Guard<'_>, after: Guard<'_>, about: &mut About<'_>) {
    // Another way to treat client certificates is told once, about the API.
    if before.security == after.security {
        return;
    }
    // What is told of the operation is the same with and without it: both sides are asked for it.
    let certificate = before.needs_certificate() || after.needs_certificate();
    let (before, after) = (before.security, after.security);
    let (was, is) = (admission(before, certificate), admission(after, certificate));
    let (more, less) = (is.admits_more_than(&was), was.admits_more_than(&is));
    if more && !after.enabled {
        about.weakening("anybody may call it, without credentials");
    } else if more && after.optional && !before.optional {
        about.weakening("the application's credentials may be missing");
    } else if more {
        about.weakening(format!(
            "{} is enough, instead of {}",
            described(after),
            described(before)
        ));
    }
    if less {
        about.breaking(format!(
            "{} is needed, instead of {}",
            described(after),
            described(before)
        ));
    }
    if !more && !less && before != after {
        about.cosmetic("the same credentials are asked for in another way");
    }
}

/// Whether scopes are asked of any caller: of all but those with API keys, and so of a certificate alone, which has none.
pub(super) fn asks_scopes(security: &Security) -> bool {
    let mut schemes = security
        .alternatives
        .iter()
        .flat_map(|requirement| &requirement.schemes);
    security.enabled && (security.optional || schemes.any(|scheme| !matches!(scheme, Scheme::ApiKey { .. })))
}

/// Compares the scopes that a token must have.
pub(super) fn compare_scopes(before: &Scopes, after: &Scopes, about: &mut About<'_>) {
    let (was, is) = (scopes(before), scopes(after));
    if is.admits_more_than(&was) {
        about.weakening(format!("tokens need {}, not {}", named(after), named(before)));
    }
    if was.admits_more_than(&is) {
        about.breaking(format!("tokens need {}, not only {}", named(after), named(before)));
    }
}

/// Whom an operation admits; `certificate`: a client certificate is asked for besides.
fn admission(security: &Security, certificate: bool) -> Admission {
    if !security.enabled {
        return Admission::everybody();
    }
    let certificate = || certificate.then(|| CERTIFICATE.to_owned());
    if security.optional {
        return Admission(vec![certificate().into_iter().collect()]);
    }
    let set = |requirement: &Requirement| requirement.schemes.iter().map(shown).chain(certificate()).collect();
    Admission(security.alternatives.iter().map(set).collect())
}

fn scopes(scopes: &Scopes) -> Admission {
    let names = scopes.names.iter().cloned();
    match scopes.rule {
        _ if scopes.names.is_empty() => Admission::everybody(),
        ScopeMatch::Any => Admission(names.map(|name| BTreeSet::from([name])).collect()),
        ScopeMatch::All => Admission(vec![names.collect()]),
    }
}

/// What is shown for a scheme, in one spelling: names of headers are the same in any case.
fn shown(asked: &Scheme) -> String {
    match asked {
        Scheme::ApiKey {
            location: location @ ApiKeyLocation::Header,
            name,
        } => scheme(&Scheme::ApiKey {
            location: *location,
            name: name.to_ascii_lowercase(),
        }),
        asked => scheme(asked),
    }
}

fn scheme(scheme: &Scheme) -> String {
    match scheme {
        Scheme::Oauth2 => "an access token".to_owned(),
        Scheme::Basic => "user and password".to_owned(),
        Scheme::ApiKey { location, name } => {
            let place = match location {
                ApiKeyLocation::Header => "header",
                ApiKeyLocation::Query => "parameter",
            };
            format!("an API key in the {place} {name}")
        }
    }
}

fn described(security: &Security) -> String {
    if !security.enabled {
        return "nothing".to_owned();
    }
    let one = |requirement: &Requirement| {
        let schemes: Vec<String> = requirement.schemes.iter().map(scheme).collect();
        schemes.join(" with ")
    };
    let all: Vec<String> = security.alternatives.iter().map(one).collect();
    let text = all.join(" or ");
    if security.optional {
        format!("{text}, or none of it,")
    } else {
        text
    }
}

fn named(scopes: &Scopes) -> String {
    match (scopes.names.len(), scopes.rule) {
        (0, _) => "no scope".to_owned(),
        (1, _) => format!("the scope {}", listed(&scopes.names)),
        (_, ScopeMatch::Any) => format!("one of the scopes {}", listed(&scopes.names)),
        (_, ScopeMatch::All) => format!("all of the scopes {}", listed(&scopes.names)),
    }
}
