//! `mgw login --from FILE`: what the settings of an on-premise gateway say about signing in.

use crate::cloud::account::UserName;
use crate::cloud::address::Address;
use crate::cloud::on_premise_properties::{GatewayFacts, OnPremiseProperties, Placed, WrittenAccount, WrittenPassword};
use crate::commands::credentials::CredentialArgs;
use crate::context::{Context, Environment};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::ControlPlaneKind;
use secrecy::SecretString;
use std::fmt::Display;
use std::path::{Path, PathBuf};

/// The file, and the account in it that is meant.
#[derive(Debug)]
pub(super) struct OldGateway {
    path: PathBuf,
    address: Option<Address>,
    kind: Option<ControlPlaneKind>,
    account: WrittenAccount,
    facts: GatewayFacts,
}

impl OldGateway {
    /// Reads the file. Where it has accounts of several organisations, flags and variables choose.
    pub(super) fn load(path: &Path, given: &CredentialArgs, context: &Context) -> Result<Self, Failure> {
        let file = OnPremiseProperties::load(path)?;
        let address = match &file.url {
            Some(url) => Some(Address::parse(&url.value).map_err(|error| {
                Failure::new(ExitCode::Invalid, at(path, url, format_args!(": {error}")))
                    .hint("Correct it, or give the address with --url.")
            })?),
            None => None,
        };
        for other in &file.other_urls {
            let same = |own: &Address| Address::parse(&other.value).is_ok_and(|other| other.host() == own.host());
            if address.as_ref().is_some_and(|own| !same(own)) {
                context.ui.warn(at(
                    path,
                    other,
                    " is another host: mgw asks everything of the one where it signs in",
                ));
            }
        }
        let account = chosen(path, file.accounts, given, &context.environment)?;
        let kind = file.is_cloud_dialect.then_some(ControlPlaneKind::ApiCloud);
        Ok(Self {
            path: path.to_owned(),
            address,
            kind,
            account,
            facts: file.gateway,
        })
    }

    /// The control plane that the gateway was of.
    pub(super) fn address(&self) -> Option<&Address> {
        self.address.as_ref()
    }

    /// The generation that the file speaks of, where it is of this control plane.
    pub(super) fn kind(&self, address: &Address) -> Option<ControlPlaneKind> {
        let is_meant = self.address.as_ref().is_none_or(|own| own == address);
        self.kind.filter(|_| is_meant)
    }

    /// Label and metadata.
    pub(super) fn facts(&self) -> Option<GatewayFacts> {
        (!self.facts.is_empty()).then(|| self.facts.clone())
    }

    /// Completes what flags and variables say of the user.
    pub(super) fn complete(
        &self,
        given: &CredentialArgs,
        environment: &Environment,
    ) -> Result<CredentialArgs, Failure> {
        let mut credentials = given.clone();
        if given.given_user(environment)?.is_some() {
            return Ok(credentials);
        }
        let of_file = |written: &Option<Placed<String>>| written.as_ref().map(|written| written.value.clone());
        let given_organisation = given.given_organisation(environment).map(str::to_owned);
        let organisation = given_organisation.or_else(|| of_file(&self.account.organisation));
        let user = of_file(&self.account.user);
        if given.given_email(environment).is_none() {
            match user {
                // It says everything by itself.
                Some(user) if is_complete(&user, organisation.as_deref()) => credentials.username = Some(user),
                // API Cloud's names have the form of e-mail addresses, those of one's own servers need not.
                Some(user) if !user.contains('@') => {
                    credentials.username = organisation
                        .as_ref()
                        .map(|organisation| format!("{user}@{organisation}"));
                }
                // Somebody of another organisation than the one that is named.
                Some(user) if names_organisation(&user) => {}
                user => credentials.email = user,
            }
        }
        credentials.org = organisation;
        Ok(credentials)
    }

    /// The file's password, where it is that of this user, and goes where the gateway sent it. `None`: it is asked for.
    ///
    /// # Errors
    ///
    /// Where it cannot be used and nobody can be asked.
    pub(super) fn password(
        &self,
        user: &UserName,
        address: &Address,
        context: &Context,
    ) -> Result<Option<SecretString>, Failure> {
        let Some(written) = &self.account.password else {
            return Ok(None);
        };
        let owner = self.account.user.as_ref().map(|owner| owner.value.as_str());
        let is_owner = |owner: &str| {
            let name = user.as_str();
            name == owner || !names_organisation(owner) && name.starts_with(&format!("{owner}@"))
        };
        if owner.is_some_and(|owner| !is_owner(owner)) {
            return Ok(None);
        }
        if self.address.as_ref().is_some_and(|own| own != address) {
            let text = at(&self.path, written, " is for another control plane, and is not used");
            context.ui.warn(text);
            return Ok(None);
        }
        let unusable = |why: String| -> Result<Option<SecretString>, Failure> {
            let text = at(&self.path, written, format_args!(" {why}"));
            if context.ui.is_interactive() {
                context.ui.warn(text);
                return Ok(None);
            }
            Err(Failure::new(ExitCode::InputNeeded, text)
                .hint("Give the password with --password-stdin, MGW_PASSWORD or MGW_PASSWORD_FILE."))
        };
        match &written.value {
            WrittenPassword::Plain(password) => {
                context.ui.warn(at(
                    &self.path,
                    written,
                    " holds a password in clear text; mgw does not need it any more once you are signed in",
                ));
                Ok(Some(password.clone()))
            }
            WrittenPassword::Environment(name) => match context.environment.get(name) {
                Some(value) => Ok(Some(value.to_owned().into())),
                None => unusable(format!("names the variable {name}, which is not set")),
            },
            WrittenPassword::Sealed(how) => unusable(format!("{how}, which mgw cannot open")),
        }
    }
}

/// Whether a name is that of a user of an organisation of API Cloud.
fn names_organisation(user: &str) -> bool {
    UserName::complete(user).is_ok_and(|name| name.has_email_and_organisation())
}

/// Whether a user name needs nothing beside it: it ends with the organisation, or none is named.
fn is_complete(user: &str, organisation: Option<&str>) -> bool {
    match organisation {
        Some(organisation) => user.ends_with(&format!("@{organisation}")),
        None => names_organisation(user) || !user.contains('@'),
    }
}

fn chosen(
    path: &Path,
    accounts: Vec<WrittenAccount>,
    given: &CredentialArgs,
    environment: &Environment,
) -> Result<WrittenAccount, Failure> {
    let tenant = |account: &WrittenAccount| {
        let user = account.user.as_ref()?;
        Some(UserName::complete(&user.value).ok()?.tenant().to_owned())
    };
    if accounts.len() < 2 {
        return Ok(accounts.into_iter().next().unwrap_or_default());
    }
    let of_user = given.given_user(environment)?.map(|user| user.tenant().to_owned());
    let wanted = of_user.or_else(|| given.given_organisation(environment).map(str::to_owned));
    let names: Vec<String> = accounts.iter().filter_map(tenant).collect();
    let place = accounts.iter().find_map(|account| account.user.as_ref());
    let text = place.map_or_else(String::new, |place| {
        at(path, place, format_args!(" has users of {}", names.join(", ")))
    });
    let mut meant = accounts
        .into_iter()
        .filter(|account| wanted.is_some() && tenant(account) == wanted);
    match (meant.next(), meant.next()) {
        (Some(account), None) => Ok(account),
        _ => Err(Failure::new(ExitCode::InputNeeded, text)
            .hint("Say with --org or MGW_ORG which organisation is meant; a profile is of one.")),
    }
}

fn at<T>(path: &Path, placed: &Placed<T>, what: impl Display) -> String {
    format!("{}:{}: `{}`{what}", path.display(), placed.line, placed.key)
}
