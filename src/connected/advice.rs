//! What can be known at the start not to work, and its remedy.

use super::hub::Derived;
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
    pub(super) data: Derived,
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
        let saw_data = base
            .unseen
            .as_ref()
            .is_some_and(|unseen| !unseen.contains(&Unseen::GatewayData));
        if self.data != Derived::NotOffered && saw_data && !self.has_password {
            advice.push(
                "this bundle was pulled with a password, by which applications and subscriptions of everybody were seen; \
                 without it less is seen, and nothing is taken over: set MGW_USERNAME and MGW_PASSWORD or \
                 MGW_PASSWORD_FILE, or pull without a password and build again"
                    .to_owned(),
            );
        } else if self.data == Derived::NoPassword && self.is_signed_in {
            advice.push(
                "subscriptions come with the next pull, not at once: the control plane's data for gateways take a \
                 password; set MGW_USERNAME and MGW_PASSWORD or MGW_PASSWORD_FILE"
                    .to_owned(),
            );
        }
        if self.has_broker && matches!(self.data, Derived::NoPassword | Derived::NotOffered) {
            let why = match self.data {
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
        let source = LockedSource {
            url: "https://cp.example".into(),
            kind: ControlPlaneKind::Apim32,
            organisation: "carbon.super".into(),
            labels: Vec::new(),
            tags: Vec::new(),
            apis: Vec::new(),
            all: true,
        };
        let mut lock = LockFile::new(source, Vec::new(), Vec::new());
        lock.unseen = unseen.map(<[Unseen]>::to_vec);
        lock
    }

    const GOOD: Outlook = Outlook {
        is_signed_in: true,
        has_password: true,
        names_user: true,
        data: Derived::Followed,
        has_broker: true,
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
            data: Derived::NotOffered,
            has_password: false,
            has_broker: false,
            ..GOOD
        };
        says(cloud, &lock(Some(&[])), &[]);
        let decided = Outlook {
            data: Derived::Decided,
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
            data: Derived::NotOffered,
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
            data: Derived::NoPassword,
            has_broker: false,
            ..GOOD
        };
        says(without, &lock(Some(&[])), &["MGW_PASSWORD_FILE, or pull without"]);
        for unseen in [None, Some(&[Unseen::GatewayData][..])] {
            says(without, &lock(unseen), &["with the next pull"]);
        }
        let decided = Outlook {
            data: Derived::Decided,
            ..without
        };
        says(decided, &lock(Some(&[])), &["was pulled with a password"]);
    }

    #[test]
    fn a_broker_without_data_is_no_use() {
        let cloud = Outlook {
            data: Derived::NotOffered,
            ..GOOD
        };
        says(cloud, &lock(Some(&[])), &["no data for gateways"]);
        let without = Outlook {
            has_password: false,
            data: Derived::NoPassword,
            ..GOOD
        };
        says(
            without,
            &lock(Some(&[Unseen::GatewayData])),
            &["with the next pull", "take a password"],
        );
    }
}
