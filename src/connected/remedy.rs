//! What somebody has to do about an attempt that failed.

use super::attempt::{Missed, MissedKind};
use std::path::Path;

/// Sets clocks right.
const CLOCKS: &str = "Set the wrong clock right, with NTP for example.";

/// Nobody has to restart it.
const BY_ITSELF: &str = "the gateway goes on by itself";

/// A secret that the gateway was given and that the control plane refuses.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refused<'a> {
    /// Such as `password`.
    pub(super) name: &'static str,
    /// The variable for it.
    pub(super) variable: &'static str,
    /// The file that it came from, which is watched.
    pub(super) file: Option<&'a Path>,
}

/// Whole sentences; `None`: nothing that is known. `sign_in` is the command for it; `clocks_differ`: by more than tokens allow.
pub(super) fn remedy(
    missed: &Missed,
    refused: Option<Refused<'_>>,
    sign_in: &str,
    clocks_differ: bool,
) -> Option<String> {
    let is_signed_out = missed.kind == MissedKind::NotSignedIn;
    let of_credentials = match refused {
        Some(Refused { name, variable, file }) => {
            let file = file.map(|file| format!("write the new {name} to {}", file.display()));
            let restart = format!("restart the gateway with the new {name} in {variable}");
            Some(match (file, is_signed_out) {
                (Some(write), true) => format!("The {name} is refused: {write}, or run {sign_in}; {BY_ITSELF}."),
                (Some(write), false) => format!("The {name} is refused: {write}; {BY_ITSELF}."),
                (None, true) => format!("The {name} is refused: run {sign_in}, and {BY_ITSELF}; or {restart}."),
                (None, false) => format!("The {name} is refused: {restart}."),
            })
        }
        None => is_signed_out.then(|| format!("Run {sign_in}; {BY_ITSELF}.")),
    };
    let of_clocks = (clocks_differ && is_signed_out).then(|| CLOCKS.to_owned());
    let sentences: Vec<String> = of_clocks.into_iter().chain(of_credentials).collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGIN: &str = "mgw login";

    #[test]
    fn whoever_can_mend_it_is_told_how() {
        let missed = |kind| Missed::new(kind, "why");
        let variable = Refused {
            name: "password",
            variable: "MGW_PASSWORD",
            file: None,
        };
        let file = Refused {
            file: Some(Path::new("/run/secrets/password")),
            ..variable
        };
        for (kind, refused, expected) in [
            (MissedKind::Failed, None, None),
            (MissedKind::Busy, None, None),
            (MissedKind::Refused, None, None),
            (
                MissedKind::NotSignedIn,
                None,
                Some("Run mgw login; the gateway goes on by itself."),
            ),
            (
                MissedKind::NotSignedIn,
                Some(variable),
                Some(
                    "The password is refused: run mgw login, and the gateway goes on by itself; or restart the gateway \
                     with the new password in MGW_PASSWORD.",
                ),
            ),
            (
                MissedKind::Refused,
                Some(variable),
                Some("The password is refused: restart the gateway with the new password in MGW_PASSWORD."),
            ),
            (
                MissedKind::NotSignedIn,
                Some(file),
                Some(
                    "The password is refused: write the new password to /run/secrets/password, or run mgw login; the \
                     gateway goes on by itself.",
                ),
            ),
            (
                MissedKind::Refused,
                Some(file),
                Some(
                    "The password is refused: write the new password to /run/secrets/password; the gateway goes on by \
                     itself.",
                ),
            ),
        ] {
            let told = remedy(&missed(kind), refused, LOGIN, false);
            assert_eq!(told.as_deref(), expected, "{kind:?} {refused:?}");
        }
    }

    #[test]
    fn clocks_that_differ_end_sessions() {
        let ended = Missed::new(MissedKind::NotSignedIn, "why");
        let told = remedy(&ended, None, LOGIN, true).expect("a remedy");
        assert!(told.starts_with(CLOCKS) && told.contains(LOGIN), "{told}");
        let away = Missed::new(MissedKind::Failed, "why");
        assert_eq!(remedy(&away, None, LOGIN, true), None);
    }
}
