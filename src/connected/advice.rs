//! What can be known at the start not to work, and its remedy.

use super::hub::{Derived, DerivedData};
use crate::cloud::generation::generation;
use crate::lock::{LockFile, Unseen};

const SIGN_IN: &str =
    "run mgw login, or set MGW_USERNAME and MGW_PASSWORD or MGW_PASSWORD_FILE, or MGW_CLIENT_ID and MGW_CLIENT_SECRET";

/// What is at hand when a gateway begins to follow its control plane.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outlook {
    /// There is a session, or there are credentials to make one.
    pub(super) is_signed_in: bool,
    pub(super) has_password: bool,
    /// It is known who is to be signed in.
    pub(super) names_user: bool,
    pub(super) data: DerivedData,
    pub(super) has_broker: bool,
}

impl Outlook {
    /// Sentences without a full stop. `base` is the lock of the bundle that the gateway is given.
    pub(super) fn advice(&self, base: &LockFile) -> Vec<String> {
        let mut advice = Vec::new();
        if !self.is_signed_in {
            advice.push(match (self.has_password, self.names_user) {
                (true, false) => {
                    "a password is given and nobody whose it is: set MGW_USERNAME, or MGW_EMAIL and MGW_ORG".to_owned()
                }
                _ => format!("nobody is signed in, so nothing is taken over from the control plane: {SIGN_IN}"),
            });
        }
        // A control plane without such data leaves nothing of them unseen.
        let has_data = generation(base.source.kind).subscription_data().is_some();
        let unseen = base.unseen.as_ref().filter(|_| has_data);
        let saw_data = unseen.is_some_and(|unseen| !unseen.contains(&Unseen::GatewayData));
        let DerivedData {
            subscriptions,
            revoked_tokens,
            ..
        } = self.data;
        if subscriptions != Derived::NotOffered && saw_data && !self.has_password {
            advice.push(
                "this bundle was pulled with a password, by which applications and subscriptions of everybody were seen; \
                 without it less is seen, and nothing is taken over: set MGW_USERNAME and MGW_PASSWORD or \
                 MGW_PASSWORD_FILE, or pull without a password and build again"
                    .to_owned(),
            );
        } else if subscriptions == Derived::NoPassword && self.is_signed_in {
            advice.push(
                "subscriptions come with the next pull, not at once: the control plane's data for gateways take a \
                 password; set MGW_USERNAME and MGW_PASSWORD or MGW_PASSWORD_FILE"
                    .to_owned(),
            );
        }
        if revoked_tokens == Derived::NoPassword && self.is_signed_in {
            advice.push(
                "tokens that the control plane revokes are accepted until they expire: its list of them takes a password; set \
                 MGW_USERNAME and MGW_PASSWORD or MGW_PASSWORD_FILE, or \
                 tokenRevocationConfig.persistent.enablePersistentStorageRetrieval = false"
                    .to_owned(),
            );
        }
        if self.has_broker && matches!(subscriptions, Derived::NoPassword | Derived::NotOffered) {
            let why = match subscriptions {
                Derived::NotOffered => "this control plane has no data for gateways that they would be about",
                _ => "they are about the data for gateways, which take a password",
            };
            advice.push(format!("the broker's notifications are not followed: {why}"));
        }
        advice
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::LockedSource;
    use crate::project::ControlPlaneKind;

    fn lock(unseen: Option<&[Unseen]>) -> LockFile {
        lock_of(ControlPlaneKind::Apim32, unseen)
    }

    fn lock_of(kind: ControlPlaneKind, unseen: Option<&[Unseen]>) -> LockFile {
        let source = LockedSource {
            kind,
            ..LockedSource::sample()
        };
        let mut lock = LockFile::new(source, Vec::new(), Vec::new());
        lock.unseen = unseen.map(<[Unseen]>::to_vec);
        lock
    }

    const GOOD: Outlook = Outlook {
        is_signed_in: true,
        has_password: true,
        names_user: true,
        data: all(Derived::Followed),
        has_broker: true,
    };

    const fn all(derived: Derived) -> DerivedData {
        DerivedData {
            subscriptions: derived,
            revoked_tokens: derived,
            takes_password: matches!(derived, Derived::Followed),
        }
    }

    /// Nobody gave a password, and the operator wants no list of revoked tokens.
    const SUBSCRIPTIONS_ALONE: DerivedData = DerivedData {
        subscriptions: Derived::NoPassword,
        revoked_tokens: Derived::Decided,
        takes_password: false,
    };

    #[track_caller]
    fn says(outlook: Outlook, lock: &LockFile, words: &[&str]) {
        let advice = outlook.advice(lock);
        assert_eq!(advice.len(), words.len(), "{advice:?}");
        for (sentence, word) in advice.iter().zip(words) {
            assert!(sentence.contains(word), "{word}: {sentence}");
        }
    }

    #[test]
    fn what_works_needs_no_advice() {
        says(GOOD, &lock(Some(&[])), &[]);
        let cloud = Outlook {
            data: all(Derived::NotOffered),
            has_password: false,
            has_broker: false,
            ..GOOD
        };
        says(cloud, &lock_of(ControlPlaneKind::ApiCloud, Some(&[])), &[]);
        // Neither are there for who says that they are not wanted.
        let refused = Outlook {
            data: all(Derived::Decided),
            ..cloud
        };
        says(refused, &lock_of(ControlPlaneKind::ApiCloud, Some(&[])), &[]);
        let decided = Outlook {
            data: all(Derived::Decided),
            has_password: false,
            ..GOOD
        };
        says(decided, &lock(Some(&[Unseen::GatewayData])), &[]);
    }

    #[test]
    fn who_cannot_sign_in_is_told_how() {
        let nobody = Outlook {
            is_signed_in: false,
            has_password: false,
            names_user: false,
            data: all(Derived::NotOffered),
            has_broker: false,
        };
        says(nobody, &lock(Some(&[])), &["mgw login"]);
        let unnamed = Outlook {
            has_password: true,
            ..nobody
        };
        says(unnamed, &lock(Some(&[])), &["MGW_EMAIL"]);
    }

    #[test]
    fn a_password_that_was_needed_is_asked_for() {
        let without = Outlook {
            has_password: false,
            data: SUBSCRIPTIONS_ALONE,
            has_broker: false,
            ..GOOD
        };
        says(without, &lock(Some(&[])), &["MGW_PASSWORD_FILE, or pull without"]);
        for unseen in [None, Some(&[Unseen::GatewayData][..])] {
            says(without, &lock(unseen), &["with the next pull"]);
        }
        let decided = Outlook {
            data: all(Derived::Decided),
            ..without
        };
        says(decided, &lock(Some(&[])), &["was pulled with a password"]);
    }

    #[test]
    fn revoked_tokens_that_are_not_heard_of_are_told() {
        let older = Outlook {
            has_password: false,
            has_broker: false,
            data: DerivedData {
                subscriptions: Derived::NotOffered,
                revoked_tokens: Derived::NoPassword,
                takes_password: false,
            },
            ..GOOD
        };
        says(older, &lock(Some(&[])), &["accepted until they expire"]);
    }

    #[test]
    fn a_broker_without_data_is_no_use() {
        let cloud = Outlook {
            data: all(Derived::NotOffered),
            ..GOOD
        };
        says(cloud, &lock(Some(&[])), &["no data for gateways"]);
        let without = Outlook {
            has_password: false,
            data: SUBSCRIPTIONS_ALONE,
            ..GOOD
        };
        says(
            without,
            &lock(Some(&[Unseen::GatewayData])),
            &["with the next pull", "take a password"],
        );
    }
}
