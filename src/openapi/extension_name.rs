//! By what a key is known to be meant for the gateway, also where its beginning is misspelt.

/// What extensions of the gateway and of control planes begin with.
const PREFIXES: [&str; 3] = ["x-wso2-", "x-mgw-", "x-throttling-"];

/// Those that begin like nothing else.
const ALONE: [&str; 2] = ["x-auth-type", "x-scope"];

/// Longer names are no misspelt extensions, and comparing them costs time.
const LONGEST: usize = 64;

/// Whether a key is meant for the gateway; other vendors' extensions are none of our business.
pub(crate) fn is_gateway_extension(name: &str) -> bool {
    has_prefix(name) || {
        let typed = plain(name);
        ALONE.iter().any(|alone| is_alone(&typed, alone)) || PREFIXES.iter().any(|prefix| begins(&typed, prefix))
    }
}

/// Whether a key is an extension, whoever's it is, or meant as one of the gateway: whoever knows those tells of them.
pub(super) fn is_extension(key: &str) -> bool {
    key.starts_with("x-") || key.starts_with("X-") || is_gateway_extension(key)
}

/// Whether a name begins as extensions of the gateway do.
pub(crate) fn has_prefix(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || ALONE.contains(&name.as_str())
}

/// Whether a name can be a slip of one that is known, in its beginning too: `x-wso-mutual-ssl`, `x_wso2_mutual_ssl`.
pub(crate) fn is_slip(name: &str, known: &str) -> bool {
    let typed = plain(name);
    match PREFIXES.iter().find(|prefix| known.starts_with(**prefix)) {
        Some(prefix) => {
            // Behind a beginning that is not quite the right one, a short name is soon somebody else's.
            let most = if known.len() - prefix.len() < 8 { 1 } else { 2 };
            begins(&typed, prefix) && distance(&typed, &plain(known)) <= most
        }
        None => is_alone(&typed, known),
    }
}

/// Of short names others are one letter away, such as `x-score`, and `x-scopes` of the control plane's own APIs.
fn is_alone(typed: &str, alone: &str) -> bool {
    let known = plain(alone);
    if typed == known || known.strip_prefix('x') == Some(typed) {
        return true;
    }
    let is_near = typed.starts_with('x') && typed.len() <= known.len() && distance(typed, &known) == 1;
    is_near && (typed.len() < known.len() || strsim::levenshtein(typed, &known) == 2)
}

/// Whether something follows a prefix, which may have one slip in it. Without its `x` it has that one.
fn begins(typed: &str, prefix: &str) -> bool {
    let prefix = plain(prefix);
    if typed.len() > LONGEST {
        return false;
    }
    if !typed.starts_with('x') {
        let rest = prefix.strip_prefix('x').and_then(|prefix| typed.strip_prefix(prefix));
        return rest.is_some_and(|rest| !rest.is_empty());
    }
    let lengths = prefix.len() - 1..=prefix.len() + 1;
    let mut divided = lengths.filter_map(|length| typed.split_at_checked(length));
    divided.any(|(begins, rest)| !rest.is_empty() && distance(begins, &prefix) <= 1)
}

/// How a name is put together is a slip of its own.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(|c| !['-', '_', '.', ' '].contains(c));
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

fn distance(typed: &str, known: &str) -> usize {
    strsim::damerau_levenshtein(typed, known)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 8] = [
        "x-wso2-mutual-ssl",
        "x-wso2-cors",
        "x-wso2-owner",
        "x-wso2-endpoints",
        "x-mgw-life-cycle",
        "x-throttling-tier",
        "x-auth-type",
        "x-scope",
    ];

    #[test]
    fn slips_at_the_beginning_are_seen() {
        for (name, meant) in [
            ("x-wso2_mutual_ssl", "x-wso2-mutual-ssl"),
            ("x-wso-mutual-ssl", "x-wso2-mutual-ssl"),
            ("x-ws02-mutual-ssl", "x-wso2-mutual-ssl"),
            ("x-wso2mutual-ssl", "x-wso2-mutual-ssl"),
            ("x-wos2-mutual-ssl", "x-wso2-mutual-ssl"),
            ("x-wso2.mutual-ssl", "x-wso2-mutual-ssl"),
            ("x-wso22-mutual-sll", "x-wso2-mutual-ssl"),
            ("X-WSO2-mutual-ssl", "x-wso2-mutual-ssl"),
            ("x_wso2_mutual_ssl", "x-wso2-mutual-ssl"),
            ("wso2-mutual-ssl", "x-wso2-mutual-ssl"),
            ("x-wso-cors", "x-wso2-cors"),
            ("x_mgw_life_cycle", "x-mgw-life-cycle"),
            ("x-throtling-tier", "x-throttling-tier"),
            ("x-authType", "x-auth-type"),
            ("x-socpe", "x-scope"),
            ("x_scope", "x-scope"),
            ("scope", "x-scope"),
        ] {
            assert!(is_gateway_extension(name), "{name}");
            let found: Vec<_> = KNOWN.into_iter().filter(|known| is_slip(name, known)).collect();
            assert_eq!(found, [meant], "{name}");
        }
    }

    /// Whatever others put behind their own beginning.
    #[test]
    fn extensions_of_others_are_left_alone() {
        let others = [
            "ms",
            "aws",
            "amazon",
            "google",
            "kong",
            "tyk",
            "apigee",
            "azure",
            "gravitee",
            "krakend",
            "traefik",
            "oracle",
            "ibm",
            "sap",
            "redocly",
            "speakeasy",
            "stoplight",
            "fern",
            "readme",
            "swagger",
            "twilio",
            "box",
            "kubernetes",
            "kusk",
            "ws",
            "http",
            "codegen",
            "spring",
            "nullable",
            "go",
            "java",
            "so",
            "sso",
            "web",
        ];
        for other in others {
            for known in KNOWN {
                let rest = PREFIXES.iter().find_map(|prefix| known.strip_prefix(prefix));
                let name = format!("x-{other}-{}", rest.unwrap_or(&known[2..]));
                assert!(!KNOWN.into_iter().any(|known| is_slip(&name, known)), "{name}");
            }
        }
        for name in [
            "x-scopes",
            "x-score",
            "x-slope",
            "x-oauth-type",
            "x-auth-types",
            "x-author",
            "x-throttling-policy",
            "x-owner",
            "x-cors",
            "x-transports",
            "x-code-samples",
            "x-",
            "x",
            "",
            "security",
            "summary",
            "é",
            "xé-wso",
        ] {
            assert!(!KNOWN.into_iter().any(|known| is_slip(name, known)), "{name}");
        }
        assert!(!is_gateway_extension(&format!("wso2-{}", "a".repeat(LONGEST))));
    }
}
