//! Why what was pulled by somebody who sees less must not take the place of what is served.

use super::attempt::{Missed, MissedKind};
use crate::cloud::pull::{FailedRead, Sight};
use crate::lock::{LockFile, Unseen};
use crate::pulling::{Loss, losses};

/// `None`: nothing would be lost.
pub(super) fn loss(served: &LockFile, pulled: &LockFile, sight: &Sight) -> Option<Missed> {
    let loss = losses(served, pulled, sight).into_iter().next()?;
    let (name, remedy) = (loss.name(), loss.remedy());
    let refused = |reason: String| Missed::new(MissedKind::Refused, reason);
    Some(match (&sight.failed_data, loss) {
        // Nobody's role is in question: the control plane is in trouble.
        (Some(FailedRead { reason, is_busy }), Loss::Part(Unseen::GatewayData)) => {
            let kind = if *is_busy { MissedKind::Busy } else { MissedKind::Failed };
            Missed::new(
                kind,
                format!("{name} could not be read, what is served stays: {reason}"),
            )
        }
        (_, Loss::Certificate(path)) => refused(format!(
            "{name} cannot be seen any more, what is served has {path}: {remedy}"
        )),
        // It was noted that whoever pulled what is served saw this part.
        _ if served.unseen.is_some() => refused(format!(
            "{name} cannot be seen any more, what is served has them: {remedy}"
        )),
        _ => refused(format!(
            "{name} cannot be seen, and the lock of what is served does not say whether it has them: {remedy}; or pull, \
             build and start the gateway with a new bundle"
        )),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::{LockedFile, LockedSource};
    use mgw_bundle::Digest;

    fn lock(unseen: &[Unseen]) -> LockFile {
        LockFile::new(LockedSource::sample(), Vec::new(), Vec::new()).without(unseen.to_vec())
    }

    #[test]
    fn what_is_not_seen_any_more_is_told_with_its_remedy() {
        let told = loss(&lock(&[]), &lock(&[Unseen::Subscriptions]), &Sight::default()).expect("a loss");
        assert_eq!(told.kind, MissedKind::Refused);
        assert!(told.reason.contains("apim:subscribe"), "{told:?}");
        assert_eq!(loss(&lock(&[]), &lock(&[]), &Sight::default()), None);
    }

    #[test]
    fn a_lost_certificate_is_named() {
        let client = "gen/control-plane/certificates/clients/a.pem";
        let mut served = lock(&[]);
        served.files.push(LockedFile {
            path: client.to_owned(),
            sha256: Digest::of(b""),
        });
        let sight = Sight {
            hides_certificates: true,
            ..Sight::default()
        };
        assert!(loss(&served, &lock(&[]), &sight).is_some_and(|told| told.reason.contains(client)));
    }

    #[test]
    fn a_control_plane_in_trouble_is_no_question_of_roles() {
        let (seen, unseen) = (lock(&[]), lock(&[Unseen::GatewayData]));
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
            let fewer = loss(&seen, &lock(&[Unseen::BlockList]), &sight).expect("a loss");
            assert!(fewer.reason.contains("role"), "another part: {fewer:?}");
        }
    }

    #[test]
    fn a_lock_that_says_nothing_is_told_as_such() {
        let mut silent = lock(&[]);
        silent.unseen = None;
        let told = loss(&silent, &lock(&[Unseen::BlockList]), &Sight::default()).expect("a loss");
        assert_eq!(told.kind, MissedKind::Refused);
        assert!(told.reason.contains("does not say"), "{told:?}");
    }
}
