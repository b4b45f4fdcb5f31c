//! Who is signed in, where, and for how long.

use crate::cloud::session::Session;
use crate::doctor::{Finding, Sight};
use jiff::{SignedDuration, Timestamp};

/// A session that ends within this time is worth a word.
const SOON: SignedDuration = SignedDuration::from_hours(1);

pub(in crate::doctor) fn look(sight: &Sight) -> Vec<Finding> {
    let session = match &sight.session {
        Ok(Some(session)) => session,
        Ok(None) => {
            return vec![Finding::warning(
                "not signed in",
                "Run mgw login to pull APIs; building and serving need no session.",
            )];
        }
        Err(failure) => return vec![Finding::of(failure)],
    };
    let mut findings = vec![decide(&Facts::of(session), Timestamp::now())];
    let plane = sight.project.as_ref().ok().and_then(Option::as_ref);
    let plane = plane.and_then(|settings| settings.control_plane.as_ref());
    if let Some(plane) = plane {
        findings.extend(other_place(&session.address.to_string(), &plane.url));
        let kind = plane.kind.filter(|kind| *kind != session.kind);
        if let Some(kind) = kind {
            let (signed_in, wanted) = (value_name(session.kind), value_name(kind));
            findings.push(Finding::warning(
                format!("the session is for {signed_in}, and mgw.toml says {wanted}"),
                "Run mgw login in the project, or correct control-plane.kind in mgw.toml.",
            ));
        }
    }
    findings
}

/// What decides.
struct Facts {
    who: String,
    expires: Timestamp,
    is_renewable: bool,
}

impl Facts {
    fn of(session: &Session) -> Self {
        Self {
            who: format!("{} at {}", session.user, session.address),
            expires: session.expires,
            is_renewable: session.is_renewable(),
        }
    }
}

fn decide(
    Facts {
        who,
        expires,
        is_renewable,
    }: &Facts,
    now: Timestamp,
) -> Finding {
    if *is_renewable {
        return Finding::ok(format!("{who}, renewed when it is needed"));
    }
    let left = expires.duration_since(now);
    if !left.is_positive() {
        Finding::warning(format!("the session of {who} ended"), "Run mgw login.")
    } else if left < SOON {
        Finding::warning(
            format!("the session of {who} ends in {} min", left.as_mins()),
            "Run mgw login before long work: this session cannot be renewed.",
        )
    } else {
        Finding::ok(format!("{who}, until {expires}"))
    }
}

/// A session for another place than the project's.
fn other_place(session: &str, project: &str) -> Option<Finding> {
    let plain = |url: &str| url.trim_end_matches('/').to_ascii_lowercase();
    (plain(session) != plain(project)).then(|| {
        Finding::warning(
            format!("the session is for {session}, and the project pulls from another control plane"),
            "Run mgw login in the project, or choose another session with --profile.",
        )
    })
}

fn value_name(kind: crate::project::ControlPlaneKind) -> String {
    let name = clap::ValueEnum::to_possible_value(&kind).map(|value| value.get_name().to_owned());
    name.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn a_session_that_cannot_be_renewed_is_told_before_its_end() {
        let now: Timestamp = "2026-11-26T12:00:00Z".parse().unwrap();
        for (minutes, is_renewable, verdict, words) in [
            (-1, false, Verdict::Warning, "ended"),
            (0, false, Verdict::Warning, "ended"),
            (59, false, Verdict::Warning, "ends in 59 min"),
            (60, false, Verdict::Ok, "until 2026-11-26T13:00:00Z"),
            (-1, true, Verdict::Ok, "renewed"),
        ] {
            let facts = Facts {
                who: "ana at https://apim.example".to_owned(),
                expires: now + SignedDuration::from_mins(minutes),
                is_renewable,
            };
            let finding = decide(&facts, now);
            assert_eq!(finding.verdict, verdict, "{minutes} {is_renewable}");
            assert!(finding.text.contains(words), "{finding:?}");
        }
    }

    #[test]
    fn a_session_for_another_place_is_told() {
        assert!(other_place("https://a.example/", "https://A.example").is_none());
        assert!(other_place("https://a.example/", "https://b.example").is_some());
    }
}
