//! The time zone.

use crate::doctor::{Finding, Sight};

pub(in crate::doctor) fn look(sight: &Sight) -> Vec<Finding> {
    let named = sight.environment.get("TZ");
    let is_known = named.is_none_or(|name| is_known(name.trim_start_matches(':')));
    vec![decide(named, is_known)]
}

fn is_known(name: &str) -> bool {
    // A rule such as CET-1CEST, or the name of a zone.
    jiff::tz::TimeZone::get(name).is_ok() || jiff::tz::TimeZone::posix(name).is_ok() || name.starts_with('/')
}

fn decide(named: Option<&str>, is_known: bool) -> Finding {
    match named {
        Some(name) if !is_known => Finding::warning(
            format!("TZ is `{name}`, which is no time zone here, so that local times are those of UTC"),
            "Correct it, or install the time zones (tzdata). Quotas and tokens go by UTC all the same.",
        ),
        Some(name) => Finding::ok(name),
        None => Finding::ok("the system's"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn an_unknown_zone_is_told() {
        assert!(is_known("UTC") && is_known("CET-1CEST,M3.5.0,M10.5.0/3") && !is_known("Europe/Atlantis"));
        assert_eq!(decide(None, true).verdict, Verdict::Ok);
        assert_eq!(decide(Some("UTC"), true).verdict, Verdict::Ok);
        assert_eq!(decide(Some("Europe/Atlantis"), false).verdict, Verdict::Warning);
    }
}
