//! Credentials that the control plane refuses are tried rarely: it locks accounts whose password is wrong again and again.

use crate::control_plane::NoAnswer;
use crate::pause::Pause;
use secrecy::{ExposeSecret, SecretString};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use url::{Origin, Url};

/// The pause after the first refusal, and the longest. Doubling, they make fewer than five attempts in the first five
/// minutes, which is what control planes lock an account for by default.
const PAUSES: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(3600));

/// The accounts of a gateway, by server, user name and the password that they began with. What is refused to one service is
/// refused to all that ask with the same account: each on its own they would lock it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Accounts(Arc<Mutex<Vec<(Origin, Account)>>>);

/// An account at a server.
#[derive(Debug, Clone)]
pub(crate) struct Account(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    user: String,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// The password that it began with.
    first: SecretString,
    credentials: Credentials,
    refused: Refused,
}

/// A password, and which one it is: what a former one met says nothing about this one.
#[derive(Debug, Clone)]
pub(crate) struct Credentials {
    pub(crate) password: SecretString,
    number: u64,
}

impl Accounts {
    /// The account of a user at the server of a URL.
    pub(crate) fn of(&self, server: &Url, user: &str, password: &SecretString) -> Account {
        let mut accounts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |(origin, account): &&(Origin, Account)| {
            *origin == server.origin()
                && account.0.user == user
                && account.state().first.expose_secret() == password.expose_secret()
        };
        if let Some((_, account)) = accounts.iter().find(is_it) {
            return account.clone();
        }
        let account = Account::new(user, password);
        accounts.push((server.origin(), account.clone()));
        account
    }

    /// Has a user sign in with another password at the server of a URL from now on.
    pub(crate) fn set_password(&self, server: &Url, user: &str, password: &SecretString) {
        let accounts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = accounts
            .iter()
            .filter(|(origin, account)| *origin == server.origin() && account.0.user == user);
        own.for_each(|(_, account)| account.set_password(password));
    }
}

impl Account {
    fn new(user: &str, password: &SecretString) -> Self {
        Self(Arc::new(Shared {
            user: user.to_owned(),
            state: Mutex::new(State {
                first: password.clone(),
                credentials: Credentials {
                    password: password.clone(),
                    number: 0,
                },
                refused: Refused::new(),
            }),
        }))
    }

    /// The user name.
    pub(crate) fn user(&self) -> &str {
        &self.0.user
    }

    /// The credentials, if they may be tried.
    pub(crate) fn credentials(&self, now: Instant) -> Option<Credentials> {
        let state = self.state();
        state.refused.may_ask(now).then(|| state.credentials.clone())
    }

    /// Takes note of an answer to these credentials.
    pub(crate) fn note<T>(&self, credentials: &Credentials, answer: &Result<T, NoAnswer>, now: Instant) {
        let mut state = self.state();
        if state.credentials.number == credentials.number {
            state.refused.note(answer, now);
        }
    }

    /// Another password has not been refused.
    fn set_password(&self, password: &SecretString) {
        let mut state = self.state();
        state.credentials = Credentials {
            password: password.clone(),
            number: state.credentials.number + 1,
        };
        state.refused = Refused::new();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When the control plane may be asked.
#[derive(Debug)]
struct Refused {
    pause: Pause,
    until: Option<Instant>,
}

impl Refused {
    /// Nothing was refused so far.
    fn new() -> Self {
        Self {
            pause: Pause::new(PAUSES.0, PAUSES.1),
            until: None,
        }
    }

    /// Whether the credentials may be tried.
    fn may_ask(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| until <= now)
    }

    /// Takes note of an answer. Questions that were under way together are refused together, and count as one.
    fn note<T>(&mut self, answer: &Result<T, NoAnswer>, now: Instant) {
        match answer {
            Err(NoAnswer::Status(401)) if self.may_ask(now) => self.until = Some(now + self.pause.next_pause()),
            Ok(_) => *self = Self::new(),
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_one_for_all_who_ask_there() {
        let url = |text: &str| Url::parse(text).expect("a URL");
        let accounts = Accounts::default();
        let now = Instant::now();
        let refusal: Result<(), _> = Err(NoAnswer::Status(401));
        let account = |server: &str, user: &str, password: &str| accounts.of(&url(server), user, &password.into());
        let own = account("https://cp:9443/internal/data/v1", "ana", "old");
        let credentials = own.credentials(now).expect("nothing was refused");
        own.note(&credentials, &refusal, now);
        for (server, user, password, may_ask) in [
            ("https://cp:9443/throttle", "ana", "old", false),
            ("https://cp:9443", "ana", "other", true),
            ("https://cp:9443", "bo", "old", true),
            ("https://cp:9444", "ana", "old", true),
        ] {
            let found = account(server, user, password).credentials(now);
            assert_eq!(found.is_some(), may_ask, "{server} {user}");
        }
        // A new password counts for all of them, and what the former one meets does not.
        accounts.set_password(&url("https://cp:9443/other"), "ana", &"new".into());
        let again = account("https://cp:9443/throttle", "ana", "old");
        again.note(&credentials, &refusal, now);
        let renewed = again.credentials(now).expect("it was not refused");
        assert_eq!(renewed.password.expose_secret(), "new");
        again.note(&renewed, &refusal, now);
        assert!(own.credentials(now).is_none());
        own.note(&renewed, &Ok(()), now);
        assert!(own.credentials(now).is_some());
    }

    #[test]
    fn refusals_grow_far_apart_and_an_answer_ends_them() {
        let refusal: Result<(), _> = Err(NoAnswer::Status(401));
        let start = Instant::now();
        let mut refused = Refused::new();
        let mut attempts = Vec::new();
        for second in 0..4 * 3600 {
            let now = start + Duration::from_secs(second);
            if refused.may_ask(now) {
                attempts.push(second);
                refused.note(&refusal, now);
                // Another one that was under way counts for nothing, and trouble of other kinds neither.
                refused.note(&refusal, now);
                refused.note(&Err::<(), _>(NoAnswer::TooLate), now);
            }
        }
        assert_eq!(attempts, [0, 30, 90, 210, 450, 930, 1890, 3810, 7410, 11010]);
        refused.note(&Ok(()), start);
        assert!(refused.may_ask(start));
    }
}
