//! What kind of token the key manager says that a token is.

use serde_json::{Map, Value};

/// Where key managers say it; RFC 7662 knows the first.
const MEMBERS: [&str; 3] = ["token_type", "token_use", "typ"];

/// What they call what is no access token. Other words, of which there are many, say how an access token is to be shown.
const OTHER_KINDS: [&str; 8] = [
    "refresh_token",
    "refresh",
    "offline",
    "urn:ietf:params:oauth:token-type:refresh_token",
    "id_token",
    "id",
    "urn:ietf:params:oauth:token-type:id_token",
    // RFC 8693: it is no access token.
    "n_a",
];

/// Whether an answer to an introspection is about an access token, as far as it says.
pub(crate) fn is_access_token(members: &Map<String, Value>) -> bool {
    let mut said = MEMBERS.iter().filter_map(|name| members.get(*name)?.as_str());
    !said.any(|kind| OTHER_KINDS.iter().any(|other| kind.eq_ignore_ascii_case(other)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn refresh_and_id_tokens_are_no_access_tokens() {
        for (members, expected) in [
            (json!({}), true),
            (json!({"token_type": "Bearer"}), true),
            (
                json!({"token_type": "bearer", "typ": "Bearer", "token_use": "access"}),
                true,
            ),
            (json!({"token_type": "access_token"}), true),
            (json!({"token_type": "DPoP"}), true),
            (json!({"token_type": "User"}), true),
            (json!({"token_type": null, "typ": 7}), true),
            (json!({"token_type": "refresh_token"}), false),
            (json!({"token_type": "Refresh"}), false),
            (json!({"token_type": "N_A"}), false),
            (
                json!({"token_type": "urn:ietf:params:oauth:token-type:refresh_token"}),
                false,
            ),
            (json!({"token_type": "Bearer", "token_use": "refresh_token"}), false),
            (json!({"token_type": "Bearer", "typ": "Offline"}), false),
            (json!({"typ": "ID"}), false),
        ] {
            let Value::Object(members) = members else {
                unreachable!("all are objects")
            };
            assert_eq!(is_access_token(&members), expected, "{members:?}");
        }
    }
}
