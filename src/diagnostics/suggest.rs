//! "Did you mean …?"

/// Returns the candidate that `typed` is most probably a misspelling of.
pub(crate) fn nearest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let pairs = candidates.into_iter().map(|candidate| (candidate, candidate));
    scored(typed, pairs)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

/// Returns the one candidate that `typed` can be a slip of: hardly anything differs, and in every other one more does.
pub(crate) fn certain<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// Longer texts are no misspelt names.
    const LONGEST: usize = 128;
    if typed.len() > LONGEST {
        return None;
    }
    // Numbers are not misspelt but other ones.
    let numbers = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let typed_numbers = numbers(typed);
    let comparable = |candidate: &&str| candidate.len() <= LONGEST && numbers(candidate) == typed_numbers;
    let candidates: Vec<&str> = candidates.into_iter().filter(comparable).collect();
    let folded = plain(typed);
    let most = match folded.chars().count() {
        0..4 => 0,
        4..8 => 1,
        _ => 2,
    };
    let distance = |candidate: &str| strsim::damerau_levenshtein(&folded, &plain(candidate));
    let nearest = alone(candidates.iter().map(|candidate| (distance(candidate), *candidate)));
    let near = nearest.filter(|(distance, _)| *distance <= most);
    near.map(|(_, candidate)| candidate).or_else(|| {
        // One of several: `url` for `urls`, `policy` for `policies`.
        let forms = |text: &str| {
            [
                format!("{text}s"),
                format!("{}ies", text.strip_suffix('y').unwrap_or("?")),
            ]
        };
        let is_plural = |candidate: &str| {
            let other = plain(candidate);
            forms(&folded).contains(&other) || forms(&other).contains(&folded)
        };
        let plurals = candidates.iter().filter(|candidate| is_plural(candidate));
        let plural = alone(plurals.map(|candidate| (0, *candidate)));
        plural.filter(|_| folded.len() > 2).map(|(_, candidate)| candidate)
    })
}

/// The candidate that is the nearest, where only one is.
fn alone<'a>(candidates: impl Iterator<Item = (usize, &'a str)>) -> Option<(usize, &'a str)> {
    let mut nearest: Option<(usize, &str)> = None;
    let mut is_alone = true;
    for (distance, candidate) in candidates {
        match nearest {
            Some((_, other)) if other == candidate => {}
            Some((least, _)) if distance > least => {}
            Some((least, _)) if distance == least => is_alone = false,
            _ => (nearest, is_alone) = (Some((distance, candidate)), true),
        }
    }
    nearest.filter(|_| is_alone)
}

/// As [`certain`], for names that people give: `Gold` and `Bold` are two of them, and so no letter is taken for another.
pub(crate) fn certain_name<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = certain(typed, candidates)?;
    let (typed, folded) = (plain(typed), plain(name));
    let (short, long) = (typed.chars().count(), folded.chars().count());
    let is_slip = short.abs_diff(long) == 1 && short.max(long) > 5 && strsim::levenshtein(&typed, &folded) == 1;
    (typed == folded || is_slip).then_some(name)
}

/// How a name is put together is a slip of its own.
fn plain(text: &str) -> String {
    fold(text).replace('-', "")
}

/// Returns the candidates that `typed` may be a misspelling of, the likeliest first. Each is compared by its first text, and
/// returned by its second.
pub(crate) fn similar<'a>(typed: &str, candidates: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<&'a str> {
    let mut found: Vec<_> = scored(typed, candidates).collect();
    found.sort_by(|(a, one), (b, other)| b.total_cmp(a).then(one.cmp(other)));
    found.dedup();
    found.into_iter().map(|(_, candidate)| candidate).collect()
}

/// The second texts of candidates whose first ones are similar, each with how similar.
fn scored<'a>(
    typed: &str,
    candidates: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> impl Iterator<Item = (f64, &'a str)> {
    /// Below this similarity a suggestion confuses more than it helps.
    const THRESHOLD: f64 = 0.7;
    /// Longer texts are no misspelt names, and comparing them costs time.
    const LONGEST: usize = 128;
    let folded = (typed.len() <= LONGEST).then(|| fold(typed));
    let candidates = candidates.into_iter().filter(|(compared, _)| compared.len() <= LONGEST);
    candidates
        .filter_map(move |(compared, shown)| {
            let similarity = strsim::normalized_damerau_levenshtein(folded.as_deref()?, &fold(compared));
            Some((similarity, shown))
        })
        .filter(|(similarity, _)| *similarity >= THRESHOLD)
}

fn fold(text: &str) -> String {
    // Extensions share a prefix, which would make any two of them look alike.
    let text = text.to_lowercase().replace(['_', ' '], "-");
    text.strip_prefix("x-wso2-").unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::{certain, nearest, similar};

    #[test]
    fn similar_names_come_in_the_order_of_their_likeness() {
        let known = ["Ledger", "Orders", "Ordres", "Orders", "Borders"];
        let pairs = known.map(|name| (name, name));
        assert_eq!(similar("Orders", pairs), ["Orders", "Borders", "Ordres"]);
        assert_eq!(similar("Nope", pairs), Vec::<&str>::new());
        assert_eq!(similar(&"Orders".repeat(30), pairs), Vec::<&str>::new());
    }

    #[test]
    fn only_one_that_is_meant_beyond_doubt_is_certain() {
        let known = [
            "httpPort",
            "httpsPort",
            "host",
            "x-wso2-throttling-tier",
            "x-wso2-cors",
            "urls",
            "resourcePolicies",
            "apim-3.2",
        ];
        for (typed, expected) in [
            ("htpsPort", Some("httpsPort")),
            ("http-port", Some("httpPort")),
            ("HTTPSPORT", Some("httpsPort")),
            ("htttpPort", Some("httpPort")),
            ("x-wso2-throtling-tier", Some("x-wso2-throttling-tier")),
            ("x-wso2-core", Some("x-wso2-cors")),
            ("url", Some("urls")),
            ("resourcePolicy", Some("resourcePolicies")),
            ("apim-3.1", None),
            // As far from one as from the other.
            ("httpxPort", None),
            ("hosts", Some("host")),
            ("hst", None),
            ("port", None),
            ("x-wso2-throttling", None),
        ] {
            assert_eq!(certain(typed, known), expected, "{typed}");
        }
    }

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
