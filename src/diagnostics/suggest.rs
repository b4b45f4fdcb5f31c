//! "Did you mean …?"

/// Returns the candidate that `typed` is most probably a misspelling of.
pub(crate) fn nearest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// Below this similarity a suggestion confuses more than it helps.
    const THRESHOLD: f64 = 0.7;
    /// Longer texts are no misspelt names, and comparing them costs time.
    const LONGEST: usize = 128;
    if typed.len() > LONGEST {
        return None;
    }
    let folded = fold(typed);
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= LONGEST)
        .map(|candidate| {
            (
                strsim::normalized_damerau_levenshtein(&folded, &fold(candidate)),
                candidate,
            )
        })
        .filter(|(similarity, _)| *similarity >= THRESHOLD)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

fn fold(text: &str) -> String {
    // Extensions share a prefix, which would make any two of them look alike.
    let text = text.to_lowercase().replace(['_', ' '], "-");
    text.strip_prefix("x-wso2-").unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn near_misses_are_found_and_far_ones_are_not() {
        let known = [
            "x-wso2-production-endpoints",
            "x-wso2-sandbox-endpoints",
            "x-wso2-transports",
        ];
        for (typed, expected) in [
            ("x-wso2-production-endpoint", Some("x-wso2-production-endpoints")),
            ("x-wso2-Sandbox_endpoints", Some("x-wso2-sandbox-endpoints")),
            ("x-wso2-transport", Some("x-wso2-transports")),
            ("x-other", None),
            ("x-wso2-foo", None),
        ] {
            assert_eq!(nearest(typed, known), expected, "{typed}");
        }
    }
}
