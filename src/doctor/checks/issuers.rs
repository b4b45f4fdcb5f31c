//! Whose tokens are trusted.

use crate::doctor::{Finding, Sight};
use crate::serve::needs_tokens;
use crate::ui::count::Counted;

pub(in crate::doctor) fn look(sight: &Sight) -> Vec<Finding> {
    let Some(config) = sight.settings() else {
        return vec![Finding::skipped("the settings have to be in order first")];
    };
    let are_needed = sight.served().is_some_and(needs_tokens);
    vec![decide(
        config.issuers.len(),
        config.key_manager.server_url.is_some(),
        are_needed,
    )]
}

fn decide(issuers: usize, has_key_manager: bool, are_needed: bool) -> Finding {
    match (issuers, has_key_manager, are_needed) {
        (0, false, true) => Finding::warning(
            "no token issuer is trusted, and some operations need an access token: calls to them are answered 401",
            "Name your issuer under [[jwtTokenConfig]] in conf/micro-gw.conf, or try mgw run --local-issuer.",
        ),
        (0, false, false) => Finding::ok("none is trusted, and none is needed"),
        (0, true, _) => Finding::ok("a key manager is asked about opaque tokens"),
        (count, ..) => Finding::ok(Counted(count, "issuer is trusted", "issuers are trusted").to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn nobody_to_trust_is_told_where_tokens_are_needed() {
        assert_eq!(decide(0, false, true).verdict, Verdict::Warning);
        for (issuers, has_key_manager, are_needed) in [(0, false, false), (0, true, true), (1, false, true)] {
            assert_eq!(decide(issuers, has_key_manager, are_needed).verdict, Verdict::Ok);
        }
    }
}
