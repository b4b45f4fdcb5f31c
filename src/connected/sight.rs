//! Whether a pull saw less than what is served was made from. What the user may not see any more must not look like what is
//! no longer there: blocks would be lifted, subscribers turned away.

use super::attempt::{Missed, MissedKind};
use crate::cloud::pull::{FailedRead, Sight};
use crate::lock::{LockFile, Unseen};

/// Where certificates that were pulled are.
const CERTIFICATES: &str = "gen/control-plane/certificates/";

/// Why what was pulled must not take the place of what is served; `None`: nothing would be lost.
pub(super) fn loss(served: &LockFile, pulled: &LockFile, sight: &Sight) -> Option<Missed> {
    let seen_before = |part: &Unseen| served.unseen.as_ref().is_none_or(|unseen| !unseen.contains(part));
    if let Some(part) = pulled.unseen.iter().flatten().find(|part| seen_before(part)) {
        return Some(lost_part(*part, served.unseen.is_some(), sight));
    }
    let is_lost = |path: &str| path.starts_with(CERTIFICATES) && pulled.files.iter().all(|file| file.path != path);
    let lost = served.files.iter().find(|file| is_lost(&file.path));
    lost.filter(|_| sight.hides_certificates).map(|file| {
        let reason = format!(
            "certificates cannot be seen any more, what is served has {}: the user needs the role of a publisher \
             (apim:client_certificates_view, apim:ep_certificates_view)",
            file.path
        );
        Missed::new(MissedKind::Refused, reason)
    })
}

/// `is_known`: it was noted that whoever pulled what is served saw this part.
fn lost_part(part: Unseen, is_known: bool, sight: &Sight) -> Missed {
    let (name, remedy) = told(part);
    match &sight.failed_data {
        // Nobody's role is in question: the control plane is in trouble.
        Some(FailedRead { reason, is_busy }) if part == Unseen::GatewayData => {
            let kind = if *is_busy { MissedKind::Busy } else { MissedKind::Failed };
            Missed::new(
                kind,
                format!("{name} could not be read, what is served stays: {reason}"),
            )
        }
        _ if is_known => Missed::new(
            MissedKind::Refused,
            format!("{name} cannot be seen any more, what is served has them: {remedy}"),
        ),
        _ => Missed::new(
            MissedKind::Refused,
            format!(
                "{name} cannot be seen, and the lock of what is served does not say whether it has them: {remedy}; or pull, \
                 build and start the gateway with a new bundle"
            ),
        ),
    }
}

/// A part's name, and what it takes to see it.
fn told(part: Unseen) -> (&'static str, &'static str) {
    match part {
        Unseen::Policies => (
            "the administrator's throttling policies",
            "the user needs the role of an administrator (apim:tier_view)",
        ),
        Unseen::BlockList => (
            "the entries of the block list",
            "the user needs the role of an administrator (apim:bl_view), or self-hosted an administrator's password",
        ),
        Unseen::GatewayData => (
            "the data for gateways",
            "the user's password and the role of an administrator are needed (/internal/data)",
        ),
        Unseen::Subscriptions => (
            "applications and subscriptions",
            "the user needs the roles of a publisher and a subscriber (apim:subscription_view, apim:subscribe)",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::{LockedFile, LockedSource};
    use mgw_bundle::Digest;

    fn lock(unseen: &[Unseen], files: &[&str]) -> LockFile {
        let file = |path: &&str| LockedFile {
            path: (*path).to_owned(),
            sha256: Digest::of(b""),
        };
        LockFile::new(LockedSource::sample(), Vec::new(), files.iter().map(file).collect()).without(unseen.to_vec())
    }

    #[test]
    fn every_part_that_is_not_seen_any_more_is_told() {
        let sight = Sight::default();
        for (part, word) in [
            (Unseen::Policies, "apim:tier_view"),
            (Unseen::BlockList, "apim:bl_view"),
            (Unseen::GatewayData, "/internal/data"),
            (Unseen::Subscriptions, "apim:subscribe"),
        ] {
            let (seen, unseen) = (lock(&[], &[]), lock(&[part], &[]));
            let told = loss(&seen, &unseen, &sight).expect("a loss");
            assert!(told.reason.contains(word), "{told:?}");
            assert_eq!(told.kind, MissedKind::Refused);
            assert_eq!(loss(&unseen, &unseen, &sight), None, "{part:?} was not seen before");
            assert_eq!(loss(&unseen, &seen, &sight), None, "{part:?} is seen now");
        }
    }

    #[test]
    fn certificates_are_lost_only_where_they_are_hidden() {
        let client = "gen/control-plane/certificates/clients/a.pem";
        let (with, without) = (lock(&[], &[client]), lock(&[], &["gen/control-plane/policies.json"]));
        let hides = |hides_certificates| Sight {
            hides_certificates,
            ..Sight::default()
        };
        assert!(loss(&with, &without, &hides(true)).is_some_and(|told| told.reason.contains(client)));
        assert_eq!(loss(&with, &without, &hides(false)), None, "somebody removed it");
        assert_eq!(loss(&without, &without, &hides(true)), None, "there was none");
        assert_eq!(loss(&with, &with, &hides(true)), None, "another one is hidden");
    }

    #[test]
    fn a_control_plane_in_trouble_is_no_question_of_roles() {
        let (seen, unseen) = (lock(&[], &[]), lock(&[Unseen::GatewayData], &[]));
        for (is_busy, kind) in [(false, MissedKind::Failed), (true, MissedKind::Busy)] {
            let sight = Sight {
                failed_data: Some(FailedRead {
                    reason: "GET /internal/data/v1/apis answered 503".into(),
                    is_busy,
                }),
                ..Sight::default()
            };
            let told = loss(&seen, &unseen, &sight).expect("a loss");
            assert_eq!(told.kind, kind);
            assert!(told.reason.contains("answered 503"), "{told:?}");
            assert!(!told.reason.contains("role"), "{told:?}");
            assert_eq!(loss(&unseen, &unseen, &sight), None, "it was not seen before either");
            let fewer = loss(&seen, &lock(&[Unseen::BlockList], &[]), &sight).expect("a loss");
            assert!(fewer.reason.contains("role"), "another part: {fewer:?}");
        }
    }

    #[test]
    fn a_lock_that_says_nothing_lets_nothing_be_lost() {
        let sight = Sight::default();
        let mut silent = lock(&[], &[]);
        silent.unseen = None;
        let told = loss(&silent, &lock(&[Unseen::BlockList], &[]), &sight).expect("a loss");
        assert_eq!(told.kind, MissedKind::Refused);
        assert!(told.reason.contains("does not say"), "{told:?}");
        assert_eq!(loss(&silent, &lock(&[], &[]), &sight), None, "everything is seen");
    }
}
