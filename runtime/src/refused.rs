//! Credentials that the control plane refuses are tried rarely: it locks accounts whose password is wrong again and again.

use crate::control_plane::NoAnswer;
use crate::pause::Pause;
use secrecy::{ExposeSecret, SecretString};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use url::{Origin, Url};

/// The pause after the first refusal, and the longest. Doubling, they make fewer than five attempts in the first five
/// minutes, which is what control planes lock an account for by default.
const PAUSES: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(3600));

/// The accounts of a gateway, by server, user name and the password that they began with.
#[derive(Debug, Clone, Default)]
pub(crate) struct Accounts(Arc<Mutex<Vec<AtServer>>>);

type AtServer = (Origin, Arc<Shared>);

/// An account at a server, as one service asks with it. One service may be refused where others are not, for want of a role;
/// then it alone pauses. Where everyone who had an answer was refused, it is the password: then those who were refused ask as
/// if they were one, since each on its own they would lock the account.
#[derive(Debug)]
pub(crate) struct Account {
    shared: Arc<Shared>,
    service: u64,
}

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
    /// The services that there have been.
    services: u64,
    /// What they said: those that had an answer.
    answers: HashMap<u64, Refused>,
    /// For all that were refused, while nobody is accepted.
    together: Refused,
}

/// A password, and which one it is: what a former one met says nothing about this one.
#[derive(Debug, Clone)]
pub(crate) struct Credentials {
    pub(crate) password: SecretString,
    number: u64,
}

impl Accounts {
    /// The account of a user at the server of a URL, for one more service.
    pub(crate) fn of(&self, server: &Url, user: &str, password: &SecretString) -> Account {
        let mut accounts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |(origin, shared): &&AtServer| {
            *origin == server.origin()
                && shared.user == user
                && shared.state().first.expose_secret() == password.expose_secret()
        };
        if let Some((_, shared)) = accounts.iter().find(is_it) {
            return Account::new(shared);
        }
        let shared = Arc::new(Shared::new(user, password));
        let account = Account::new(&shared);
        accounts.push((server.origin(), shared));
        account
    }

    /// Has a user sign in with another password at the server of a URL from now on.
    pub(crate) fn set_password(&self, server: &Url, user: &str, password: &SecretString) {
        let accounts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = accounts
            .iter()
            .filter(|(origin, shared)| *origin == server.origin() && shared.user == user);
        own.for_each(|(_, shared)| shared.state().set_password(password));
    }
}

impl Account {
    fn new(shared: &Arc<Shared>) -> Self {
        let mut state = shared.state();
        state.services += 1;
        let service = state.services;
        drop(state);
        let shared = Arc::clone(shared);
        Self { shared, service }
    }

    /// The user name.
    pub(crate) fn user(&self) -> &str {
        &self.shared.user
    }

    /// The credentials, if they may be tried.
    pub(crate) fn credentials(&self, now: Instant) -> Option<Credentials> {
        let state = self.shared.state();
        state.may_ask(self.service, now).then(|| state.credentials.clone())
    }

    /// Takes note of an answer to these credentials.
    pub(crate) fn note<T>(&self, credentials: &Credentials, answer: &Result<T, NoAnswer>, now: Instant) {
        let mut state = self.shared.state();
        if state.credentials.number == credentials.number {
            state.note(self.service, answer, now);
        }
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        // What somebody was told who asks no longer says nothing about the password of today.
        self.shared.state().answers.remove(&self.service);
    }
}

impl Shared {
    fn new(user: &str, password: &SecretString) -> Self {
        Self {
            user: user.to_owned(),
            state: Mutex::new(State {
                first: password.clone(),
                credentials: Credentials {
                    password: password.clone(),
                    number: 0,
                },
                services: 0,
                answers: HashMap::new(),
                together: Refused::new(),
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether a service may try the credentials. One that was not refused finds out by itself.
    fn may_ask(&self, service: u64, now: Instant) -> bool {
        match self.answers.get(&service) {
            Some(own) if own.stands() => own.may_ask(now) && (!self.is_refused() || self.together.may_ask(now)),
            _ => true,
        }
    }

    fn note<T>(&mut self, service: u64, answer: &Result<T, NoAnswer>, now: Instant) {
        if answer.is_err() && !is_refusal(answer) {
            return;
        }
        self.answers
            .entry(service)
            .or_insert_with(Refused::new)
            .note(answer, now);
        if answer.is_ok() || self.is_refused() {
            self.together.note(answer, now);
        }
    }

    /// Whether everyone who had an answer was refused.
    fn is_refused(&self) -> bool {
        self.answers.values().all(Refused::stands)
    }

    /// Another password has not been refused.
    fn set_password(&mut self, password: &SecretString) {
        self.credentials = Credentials {
            password: password.clone(),
            number: self.credentials.number + 1,
        };
        self.answers.clear();
        self.together = Refused::new();
    }
}

fn is_refusal<T>(answer: &Result<T, NoAnswer>) -> bool {
    matches!(answer, Err(NoAnswer::Status(401)))
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

    /// Whether the last word was a refusal.
    fn stands(&self) -> bool {
        self.until.is_some()
    }

    /// Whether the credentials may be tried.
    fn may_ask(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| until <= now)
    }

    /// Takes note of an answer. Questions that were under way together are refused together, and count as one.
    fn note<T>(&mut self, answer: &Result<T, NoAnswer>, now: Instant) {
        match answer {
            Ok(_) => *self = Self::new(),
            Err(_) if is_refusal(answer) && self.may_ask(now) => self.until = Some(now + self.pause.next_pause()),
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSAL: Result<(), NoAnswer> = Err(NoAnswer::Status(401));

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    /// Whether a service asks; whether it did, it has this answer.
    fn asks(account: &Account, answer: &Result<(), NoAnswer>, now: Instant) -> bool {
        let credentials = account.credentials(now);
        credentials.is_some_and(|credentials| {
            account.note(&credentials, answer, now);
            true
        })
    }

    #[test]
    fn a_service_that_is_refused_alone_pauses_alone() {
        let accounts = Accounts::default();
        let [list, data] = ["https://cp:9443/revoked", "https://cp:9443/data"]
            .map(|server| accounts.of(&url(server), "ana", &"old".into()));
        let now = Instant::now();
        assert!(asks(&list, &REFUSAL, now));
        assert!(!asks(&list, &REFUSAL, now));
        assert!(asks(&data, &Ok(()), now), "nobody has refused it anything");
        let mut asked = Vec::new();
        for second in 1..1000 {
            let now = now + Duration::from_secs(second);
            assert!(asks(&data, &Ok(()), now));
            if asks(&list, &REFUSAL, now) {
                asked.push(second);
            }
        }
        assert_eq!(asked, [30, 90, 210, 450, 930]);
        // The password is changed at the control plane, so that it is refused to everybody.
        let now = now + Duration::from_secs(1000);
        assert!(asks(&data, &REFUSAL, now) && !asks(&data, &REFUSAL, now));
    }

    #[test]
    fn a_password_that_everybody_refuses_is_tried_as_by_one() {
        let accounts = Accounts::default();
        let account = |server: &str| accounts.of(&url(server), "ana", &"old".into());
        let services = ["https://cp:9443/a", "https://cp:9443/b", "https://cp:9443/c"].map(account);
        // One that was accepted and is no more.
        assert!(asks(&account("https://cp:9443/d"), &Ok(()), Instant::now()));
        let start = Instant::now();
        let mut asked = Vec::new();
        for second in 0..1000 {
            let now = start + Duration::from_secs(second);
            asked.extend(
                services
                    .iter()
                    .filter(|service| asks(service, &REFUSAL, now))
                    .map(|_| second),
            );
        }
        assert_eq!(asked, [0, 0, 0, 30, 90, 210, 450, 930]);
        // One that accepts it ends that for all, but for their own pauses.
        let now = start + Duration::from_secs(10_000);
        assert!(asks(&services[0], &Ok(()), now) && asks(&services[1], &Ok(()), now));
    }

    #[test]
    fn an_account_is_of_a_server_a_user_and_a_password() {
        let accounts = Accounts::default();
        let now = Instant::now();
        let account = |server: &str, user: &str, password: &str| accounts.of(&url(server), user, &password.into());
        let own = account("https://cp:9443/internal/data/v1", "ana", "old");
        let credentials = own.credentials(now).expect("nothing was refused");
        own.note(&credentials, &REFUSAL, now);
        let others = [
            ("https://cp:9443/throttle", "ana", "old", true),
            ("https://cp:9443", "ana", "other", false),
            ("https://cp:9443", "bo", "old", false),
            ("https://cp:9444", "ana", "old", false),
        ]
        .map(|(server, user, password, is_same)| (account(server, user, password), is_same));
        for (other, is_same) in &others {
            assert_eq!(Arc::ptr_eq(&other.shared, &own.shared), *is_same, "{other:?}");
        }
        // A new password counts for all of them, and what the former one meets does not.
        accounts.set_password(&url("https://cp:9443/other"), "ana", &"new".into());
        let again = account("https://cp:9443/throttle", "ana", "old");
        own.note(&credentials, &REFUSAL, now);
        let renewed = own.credentials(now).expect("it was not refused");
        assert_eq!(renewed.password.expose_secret(), "new");
        again.note(&renewed, &REFUSAL, now);
        assert!(again.credentials(now).is_none());
        again.note(&renewed, &Ok(()), now);
        assert!(again.credentials(now).is_some());
    }

    #[test]
    fn refusals_grow_far_apart_and_an_answer_ends_them() {
        let start = Instant::now();
        let mut refused = Refused::new();
        let mut attempts = Vec::new();
        for second in 0..4 * 3600 {
            let now = start + Duration::from_secs(second);
            if refused.may_ask(now) {
                attempts.push(second);
                refused.note(&REFUSAL, now);
                // Another one that was under way counts for nothing, and trouble of other kinds neither.
                refused.note(&REFUSAL, now);
                refused.note(&Err::<(), _>(NoAnswer::TooLate), now);
            }
        }
        assert_eq!(attempts, [0, 30, 90, 210, 450, 930, 1890, 3810, 7410, 11010]);
        refused.note(&Ok(()), start);
        assert!(refused.may_ask(start));
    }
}
