//! Whether a pull saw less than what is served was made from. What the user may not see any more must not look like what is
//! no longer there: blocks would be lifted, subscribers turned away.

use crate::cloud::pull::Sight;
use crate::lock::{LockFile, Unseen};

/// Where certificates that were pulled are.
const CERTIFICATES: &str = "gen/control-plane/certificates/";

/// What would be lost, and what it takes to see it, as a sentence without a full stop; `None`: nothing would.
pub(super) fn loss(served: &LockFile, pulled: &LockFile, sight: &Sight) -> Option<String> {
    if let Some(part) = pulled.unseen.iter().find(|part| !served.unseen.contains(part)) {
        let (name, remedy) = told(*part);
        return Some(format!(
            "{name} cannot be seen any more, what is served has them: {remedy}"
        ));
    }
    let is_lost = |path: &str| path.starts_with(CERTIFICATES) && pulled.files.iter().all(|file| file.path != path);
    let lost = served.files.iter().find(|file| is_lost(&file.path));
    lost.filter(|_| sight.hides_certificates).map(|file| {
        format!(
            "certificates cannot be seen any more, what is served has {}: the user needs the role of a publisher \
             (apim:client_certificates_view, apim:ep_certificates_view)",
            file.path
        )
    })
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
            "the user needs the role of an administrator (apim:bl_view)",
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
    use crate::project::ControlPlaneKind;
    use mgw_bundle::Digest;

    fn lock(unseen: &[Unseen], files: &[&str]) -> LockFile {
        let source = LockedSource {
            url: "https://cp.example".into(),
            kind: ControlPlaneKind::Apim32,
            organisation: "carbon.super".into(),
            labels: Vec::new(),
            tags: Vec::new(),
            apis: Vec::new(),
            all: true,
        };
        let file = |path: &&str| LockedFile {
            path: (*path).to_owned(),
            sha256: Digest::of(b""),
        };
        LockFile::new(source, Vec::new(), files.iter().map(file).collect()).without(unseen.to_vec())
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
            assert!(told.contains(word), "{told}");
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
        assert!(loss(&with, &without, &hides(true)).is_some_and(|told| told.contains(client)));
        assert_eq!(loss(&with, &without, &hides(false)), None, "somebody removed it");
        assert_eq!(loss(&without, &without, &hides(true)), None, "there was none");
        assert_eq!(loss(&with, &with, &hides(true)), None, "another one is hidden");
    }
}
