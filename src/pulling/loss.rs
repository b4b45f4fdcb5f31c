//! Whether a pull saw less than what is there was made from. What the user may not see any more must not look like what is no
//! longer there: subscribers would be turned away, limits and blocks lifted.

use crate::cloud::pull::Sight;
use crate::lock::{LockFile, Unseen};

/// Where certificates that were pulled are.
const CERTIFICATES: &str = "gen/control-plane/certificates/";

/// What is there, and was not shown this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss<'a> {
    /// A part of the control plane's state.
    Part(Unseen),
    /// A certificate, in this file.
    Certificate(&'a str),
}

impl Loss<'_> {
    /// What it is called.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Part(Unseen::Policies) => "the administrator's throttling policies",
            Self::Part(Unseen::BlockList) => "the entries of the block list",
            Self::Part(Unseen::GatewayData) => "the data for gateways",
            Self::Part(Unseen::Subscriptions) => "applications and subscriptions",
            Self::Certificate(_) => "certificates",
        }
    }

    /// What it takes to see it.
    pub(crate) fn remedy(&self) -> &'static str {
        match self {
            Self::Part(Unseen::Policies) => "the user needs the role of an administrator (apim:tier_view)",
            Self::Part(Unseen::BlockList) => {
                "the user needs the role of an administrator (apim:bl_view), or self-hosted an administrator's password"
            }
            Self::Part(Unseen::GatewayData) => {
                "the user's password and the role of an administrator are needed (/internal/data)"
            }
            Self::Part(Unseen::Subscriptions) => {
                "the user needs the roles of a publisher and a subscriber (apim:subscription_view, apim:subscribe)"
            }
            Self::Certificate(_) => {
                "the user needs the role of a publisher (apim:client_certificates_view, apim:ep_certificates_view)"
            }
        }
    }
}

/// What `before` has and the pull that `pulled` is of was not shown. A lock that does not say what was seen counts as one of
/// somebody who saw everything.
pub(crate) fn losses<'a>(before: &'a LockFile, pulled: &LockFile, sight: &Sight) -> Vec<Loss<'a>> {
    let was_seen = |part: &Unseen| before.unseen.as_ref().is_none_or(|unseen| !unseen.contains(part));
    let unseen = pulled.unseen.iter().flatten().copied();
    let mut losses: Vec<_> = unseen.filter(was_seen).map(Loss::Part).collect();
    if sight.hides_certificates {
        let is_lost = |path: &str| path.starts_with(CERTIFICATES) && pulled.files.iter().all(|file| file.path != path);
        let lost = before.files.iter().find(|file| is_lost(&file.path));
        losses.extend(lost.map(|file| Loss::Certificate(&file.path)));
    }
    losses
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
            assert_eq!(losses(&seen, &unseen, &sight), [Loss::Part(part)]);
            assert!(Loss::Part(part).remedy().contains(word));
            assert_eq!(losses(&unseen, &unseen, &sight), [], "{part:?} was not seen before");
            assert_eq!(losses(&unseen, &seen, &sight), [], "{part:?} is seen now");
        }
    }

    #[test]
    fn several_are_told_at_once() {
        let client = "gen/control-plane/certificates/clients/a.pem";
        let sight = Sight {
            hides_certificates: true,
            ..Sight::default()
        };
        let pulled = lock(&[Unseen::Policies, Unseen::Subscriptions], &[]);
        assert_eq!(
            losses(&lock(&[], &[client]), &pulled, &sight),
            [
                Loss::Part(Unseen::Policies),
                Loss::Part(Unseen::Subscriptions),
                Loss::Certificate(client)
            ]
        );
    }

    #[test]
    fn certificates_are_lost_only_where_they_are_hidden() {
        let client = "gen/control-plane/certificates/clients/a.pem";
        let (with, without) = (lock(&[], &[client]), lock(&[], &["gen/control-plane/policies.json"]));
        let hides = |hides_certificates| Sight {
            hides_certificates,
            ..Sight::default()
        };
        assert_eq!(losses(&with, &without, &hides(true)), [Loss::Certificate(client)]);
        assert_eq!(losses(&with, &without, &hides(false)), [], "somebody removed it");
        assert_eq!(losses(&without, &without, &hides(true)), [], "there was none");
        assert_eq!(losses(&with, &with, &hides(true)), [], "another one is hidden");
    }

    #[test]
    fn a_lock_that_says_nothing_lets_nothing_be_lost() {
        let mut silent = lock(&[], &[]);
        silent.unseen = None;
        let pulled = lock(&[Unseen::BlockList], &[]);
        assert_eq!(
            losses(&silent, &pulled, &Sight::default()),
            [Loss::Part(Unseen::BlockList)]
        );
        assert_eq!(
            losses(&silent, &lock(&[], &[]), &Sight::default()),
            [],
            "everything is seen"
        );
    }
}
