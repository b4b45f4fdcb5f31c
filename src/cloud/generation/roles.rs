//! The roles behind scopes, as a default installation binds them. Administrators may bind them otherwise.

/// The role that has a scope.
pub(crate) fn role(scope: &str) -> &'static str {
    match scope {
        "apim:subscribe" | "apim:app_manage" | "apim:sub_manage" => "the role Internal/subscriber",
        "apim:api_create" => "the role Internal/creator",
        "apim:api_publish" | "apim:subscription_view" => "the role Internal/publisher",
        "apim:api_view"
        | "apim:mediation_policy_view"
        | "apim:client_certificates_view"
        | "apim:ep_certificates_view"
        | "apim:publisher_settings" => "the role Internal/creator or Internal/publisher",
        _ => "the role admin",
    }
}

/// The roles of which one has one of these scopes.
pub(crate) fn role_of_any(scopes: &[String]) -> String {
    let mut roles: Vec<&str> = Vec::new();
    for role in scopes.iter().map(|scope| role(scope)) {
        if !roles.contains(&role) {
            roles.push(role);
        }
    }
    roles.join(", or ")
}

/// Scopes by the role that has them, in the order of their first.
pub(crate) fn by_role<'a>(scopes: &[&'a str]) -> Vec<(&'static str, Vec<&'a str>)> {
    let mut found: Vec<(&'static str, Vec<&str>)> = Vec::new();
    for scope in scopes {
        let role = role(scope);
        match found.iter_mut().find(|(known, _)| *known == role) {
            Some((_, of_role)) => of_role.push(scope),
            None => found.push((role, vec![scope])),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_told_with_their_roles() {
        let told = by_role(&["apim:tier_view", "apim:api_view", "apim:bl_view"]);
        assert_eq!(
            told,
            [
                ("the role admin", vec!["apim:tier_view", "apim:bl_view"]),
                ("the role Internal/creator or Internal/publisher", vec!["apim:api_view"]),
            ]
        );
        let one_of = ["apim:tier_view".to_owned(), "apim:admin".to_owned()];
        assert_eq!(role_of_any(&one_of), "the role admin");
    }
}
