//! The session: taken up as it is on disk, made anew where the credentials are at hand.

use super::attempt::{Missed, MissedKind};
use super::refusal::Refusal;
use super::remedy::{Refused, remedy};
use super::secret_files::SecretFile;
use crate::cloud::CloudError;
use crate::cloud::account::UserName;
use crate::cloud::address::Address;
use crate::cloud::grant_sign_in::{Grant, GrantSignIn, sign_in_with_grant};
use crate::cloud::http::HttpOptions;
use crate::cloud::oauth::Registration;
use crate::cloud::pull::GatewayPassword;
use crate::cloud::session::{Connection, Session, SessionStore};
use crate::cloud::sign_in::{SignIn, sign_in};
use crate::failure::sign_in_command;
use crate::project::ControlPlaneKind;
use crate::ui::Ui;
use secrecy::SecretString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// How to sign in.
#[derive(Debug)]
pub(super) struct Account {
    /// The control plane of what is followed.
    pub(super) address: Address,
    pub(super) kind: ControlPlaneKind,
    /// The organisation of what is followed.
    pub(super) organisation: String,
    pub(super) store: SessionStore,
    pub(super) http: HttpOptions,
    /// Who is to be signed in; `None`: whoever was.
    pub(super) user: Option<UserName>,
    /// `None`: nobody can be signed in again without a person.
    pub(super) password: Option<SecretString>,
    /// Where it came from, and another one may come.
    pub(super) password_file: Option<SecretFile>,
    /// Signs in as itself where there is no password.
    pub(super) client: Option<Registration>,
    /// The same for the client's secret.
    pub(super) client_secret_file: Option<SecretFile>,
    /// The control plane does not accept the password, or the client, for signing in.
    pub(super) sign_in_refused: Refusal,
    /// Its data for gateways are refused: to a wrong password, or for want of a role, in the same words.
    pub(super) data_refused: Refusal,
    /// The same for its block list for gateways.
    pub(super) blocks_refused: Refusal,
    pub(super) ui: Ui,
}

impl Account {
    /// Takes up the stored session; without one, signs in.
    pub(super) async fn connect(&mut self) -> Result<Arc<Connection>, Missed> {
        match Connection::open(self.store.clone(), &self.http, &self.ui) {
            Ok(connection) => {
                let session = connection.session().await;
                if session.address != self.address {
                    // Somebody else's session, which is left alone unless the credentials for this one are given.
                    return self.sign_in(self.not_signed_in().into()).await;
                }
                match stranger(self.user.as_ref(), &self.organisation, &session.user) {
                    None => Ok(Arc::new(connection)),
                    Some(reason) => self.sign_in(Missed::new(MissedKind::NotSignedIn, reason)).await,
                }
            }
            Err(error @ CloudError::NotSignedIn { .. }) => self.sign_in(error.into()).await,
            Err(error) => Err(error.into()),
        }
    }

    /// Whether this user's session is taken up.
    pub(super) fn takes_up(&self, user: &UserName) -> bool {
        stranger(self.user.as_ref(), &self.organisation, user).is_none()
    }

    /// Whether somebody can be signed in without a person.
    pub(super) fn can_sign_in(&self) -> bool {
        (self.password.is_some() || self.client.is_some()) && self.sign_in_refused.may_try(Instant::now())
    }

    /// Signs in again after the session was refused.
    pub(super) async fn sign_in_again(&mut self) -> Result<Arc<Connection>, Missed> {
        self.sign_in(self.not_signed_in().into()).await
    }

    /// `refusal` is returned where nobody can be signed in. What was refused is tried again after a long pause: the control
    /// plane would lock the account.
    async fn sign_in(&mut self, refusal: Missed) -> Result<Arc<Connection>, Missed> {
        if !self.sign_in_refused.may_try(Instant::now()) {
            return Err(refusal);
        }
        match (self.password.clone(), self.client.clone()) {
            (Some(password), _) => self.sign_in_as_user(password, refusal).await,
            (None, Some(client)) => self.sign_in_as_client(client).await,
            (None, None) => Err(refusal),
        }
    }

    async fn sign_in_as_client(&mut self, client: Registration) -> Result<Arc<Connection>, Missed> {
        let user = match &self.user {
            Some(user) => user.clone(),
            // The client is of the organisation that its control plane says, or of none that it tells.
            None => UserName::unknown(Some(&self.organisation)),
        };
        let request = GrantSignIn {
            address: self.address.clone(),
            kind: Some(self.kind),
            client,
            user: Some(user),
            grant: Grant::ClientCredentials,
        };
        // Nobody has to do anything elsewhere.
        let signed_in = sign_in_with_grant(request, &self.http, &self.ui, |_| {}).await;
        self.note_sign_in(&signed_in);
        self.keep(signed_in?.session).await
    }

    async fn sign_in_as_user(&mut self, password: SecretString, refusal: Missed) -> Result<Arc<Connection>, Missed> {
        let stored = self
            .store
            .load()
            .map_err(CloudError::from)?
            .filter(|session| session.address == self.address);
        let Some(user) = self.user.clone().or_else(|| stored.map(|session| session.user)) else {
            return Err(refusal);
        };
        if let Some(reason) = stranger(None, &self.organisation, &user) {
            return Err(Missed::new(MissedKind::NotSignedIn, reason));
        }
        let request = SignIn {
            address: self.address.clone(),
            kind: Some(self.kind),
            client_name: self.store.client_name().map_err(CloudError::from)?,
            user,
            password,
        };
        let signed_in = sign_in(request, &self.http, &self.ui).await;
        self.note_sign_in(&signed_in);
        let connection = self.keep(signed_in?.session).await?;
        // As the control plane spells it.
        self.user = Some(connection.session().await.user);
        Ok(connection)
    }

    fn note_sign_in<T>(&mut self, answer: &Result<T, CloudError>) {
        match answer {
            Ok(_) => self.sign_in_refused.lift(),
            Err(
                CloudError::WrongCredentials { .. }
                | CloudError::ClientRefused { .. }
                | CloudError::GrantNotAllowed { .. },
            ) => self.sign_in_refused.refused(Instant::now()),
            // Whether it would be accepted is not known.
            Err(_) => {}
        }
    }

    /// Notes what came of asking for the data for gateways with the password.
    pub(super) fn note_data(&mut self, is_refused: bool) {
        if is_refused {
            self.data_refused.refused(Instant::now());
        } else {
            // Signing in takes the same password.
            self.data_refused.lift();
            self.sign_in_refused.lift();
        }
    }

    /// Notes what came of asking for the block list for gateways with the password.
    pub(super) fn note_blocks(&mut self, is_refused: bool) {
        if is_refused {
            self.blocks_refused.refused(Instant::now());
        } else {
            self.blocks_refused.lift();
        }
    }

    /// Stores a session, and takes it up.
    async fn keep(&self, mut session: Session) -> Result<Arc<Connection>, Missed> {
        let lock = self.store.lock().await.map_err(CloudError::from)?;
        session.keep_gateway_of(self.store.load().ok().flatten());
        self.store.save(&session).map_err(CloudError::from)?;
        drop(lock);
        Ok(Arc::new(Connection::open(self.store.clone(), &self.http, &self.ui)?))
    }

    /// Returns the password where it is that of the user who is signed in and may be tried.
    pub(super) fn password_of(&self, user: &UserName) -> Option<SecretString> {
        let is_theirs = self.user.as_ref().is_none_or(|given| is_same(given, user));
        let may_try = self.sign_in_refused.may_try(Instant::now());
        self.password.clone().filter(|_| is_theirs && may_try)
    }

    /// The same for the data for gateways, which may be refused to a good password.
    pub(super) fn data_password_of(&self, user: &UserName) -> Option<GatewayPassword> {
        let now = Instant::now();
        let password = self.password_of(user).filter(|_| self.data_refused.may_try(now))?;
        Some(GatewayPassword::new(password).unless_blocks_are(!self.blocks_refused.may_try(now)))
    }

    /// Takes over what the files of secrets have brought. Returns whether there is something new to sign in with, and the
    /// password where it is new.
    pub(super) fn renew_secrets(&mut self) -> (bool, Option<SecretString>) {
        let file = self.password_file.as_mut();
        let password = file.and_then(|file| file.another(self.password.as_ref()));
        let known = self.client.as_ref().and_then(|client| client.secret.as_ref());
        let file = self.client_secret_file.as_mut();
        let client_secret = file.and_then(|file| file.another(known));
        let has_new = password.is_some() || client_secret.is_some();
        if let Some(password) = &password {
            self.password = Some(password.clone());
        }
        if let (Some(client), Some(secret)) = (&mut self.client, client_secret) {
            client.secret = Some(secret);
        }
        if has_new {
            self.sign_in_refused.lift();
            self.data_refused.lift();
            self.blocks_refused.lift();
            tracing::info!("there is another password, or another secret of the client");
        }
        (has_new, password)
    }

    /// What somebody has to do about an attempt that failed.
    pub(super) fn remedy(&self, missed: &Missed, clocks_differ: bool) -> Option<String> {
        let refused = match self.password {
            Some(_) => Refused {
                name: "password",
                variable: "MGW_PASSWORD",
                file: self.password_file.as_ref().map(SecretFile::path),
            },
            None => Refused {
                name: "client secret",
                variable: "MGW_CLIENT_SECRET",
                file: self.client_secret_file.as_ref().map(SecretFile::path),
            },
        };
        let sign_in = sign_in_command(self.store.profile().as_str());
        remedy(
            missed,
            self.sign_in_refused.stands().then_some(refused),
            &sign_in,
            clocks_differ,
        )
    }

    /// Where the session is kept.
    pub(super) fn session_file(&self) -> PathBuf {
        self.store.path()
    }

    fn not_signed_in(&self) -> CloudError {
        CloudError::NotSignedIn {
            profile: self.store.profile().to_string(),
        }
    }
}

/// Why a signed-in user is not the one that is wanted: of the organisation of what is followed, and whom somebody named.
fn stranger(wanted: Option<&UserName>, organisation: &str, user: &UserName) -> Option<String> {
    if !user.tenant().eq_ignore_ascii_case(organisation) {
        return Some(format!(
            "{user} is of the organisation {}, what is served is of {organisation}",
            user.tenant()
        ));
    }
    let wanted = wanted.filter(|wanted| !is_same(wanted, user))?;
    Some(format!("{user} is signed in, {wanted} is to be"))
}

/// Whether two names mean the same user: the control plane may have spelt the stored one its own way.
fn is_same(one: &UserName, other: &UserName) -> bool {
    let plain = |user: &UserName| {
        let name = user.as_str().to_lowercase();
        let tenant = format!("@{}", user.tenant().to_lowercase());
        name.strip_suffix(&tenant).unwrap_or(&name).to_owned()
    };
    one.tenant().eq_ignore_ascii_case(other.tenant()) && plain(one) == plain(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_wanted_user_of_the_organisation_is_no_stranger() {
        let user = |name: &str| UserName::complete(name).expect("a name");
        let ana = user("ana@meridian");
        for (wanted, organisation, signed_in, is_stranger) in [
            (None, "meridian", "ana@meridian", false),
            (Some(&ana), "meridian", "ana@meridian", false),
            (Some(&ana), "meridian", "Ana@meridian", false),
            (Some(&ana), "meridian", "ben@meridian", true),
            (None, "other", "ana@meridian", true),
            (Some(&ana), "other", "ana@other", true),
            (None, "carbon.super", "ana@carbon.super", false),
            (None, "meridian", "ana@carbon.super", true),
        ] {
            let found = stranger(wanted, organisation, &user(signed_in));
            assert_eq!(
                found.is_some(),
                is_stranger,
                "{wanted:?} {organisation} {signed_in}: {found:?}"
            );
        }
    }
}
