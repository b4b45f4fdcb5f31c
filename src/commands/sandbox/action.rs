//! What can be asked of a running sandbox, as subcommands and as lines of a script.

use crate::commands::secrets::{secret_of_file, secret_of_stdin};
use crate::context::Environment;
use crate::exit::ExitCode;
use crate::failure::Failure;
use mgw_fixtures::seed::{ApiState, BlockTarget, SubscriptionStatus, TimeUnit};
use mgw_fixtures::simulator::{Action, Edit, Fault, PolicyLevel};
use secrecy::{ExposeSecret, SecretString};
use std::path::{Path, PathBuf};

/// The longest definition that is read, in bytes.
const MAX_DEFINITION: u64 = 4 * 1024 * 1024;

/// The longest certificate that is read, in bytes.
const MAX_CERTIFICATE: u64 = 64 * 1024;

/// Which running sandbox, and what it is asked.
#[derive(Debug, Clone, clap::Args)]
pub struct Ask<T: clap::Args> {
    /// What is asked.
    #[command(flatten)]
    pub what: T,
    /// The control file of the sandbox; the one started last unless given.
    #[arg(long, value_name = "FILE")]
    pub sandbox: Option<PathBuf>,
}

/// What a running sandbox is asked.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum SandboxCommand {
    /// List the gateways that showed themselves to the control plane, as its page of gateways does.
    Gateways(Ask<Nothing>),
    /// List what the control plane was asked, oldest first; the latest ten thousand requests.
    Requests(Ask<Nothing>),
    /// A change.
    #[command(flatten)]
    Change(Change),
}

/// What changes a running sandbox.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Change {
    /// Subscribe an application to an API.
    Subscribe(Ask<Subscription>),
    /// End a subscription.
    Unsubscribe(Ask<Subscriber>),
    /// Give a subscription another status.
    SetSubscription(Ask<Standing>),
    /// Add an application with a production key, and print the key.
    AddApplication(Ask<NewApplication>),
    /// Give an application another application policy.
    SetApplication(Ask<ApplicationPolicy>),
    /// Delete an application, with its keys and subscriptions.
    RemoveApplication(Ask<ApplicationName>),
    /// Upload a certificate of backends, in the place of the one with that alias.
    AddCertificate(Ask<NewCertificate>),
    /// Remove a certificate of backends.
    RemoveCertificate(Ask<Alias>),
    /// Give a user another password, which ends the sessions that the former one opened. It comes from a file or standard
    /// input, else from MGW_SANDBOX_PASSWORD.
    SetPassword(Ask<NewPassword>),
    /// Enable or disable the key manager.
    KeyManager(Ask<Switch>),
    /// Lock an account: nobody signs in with it, whatever the password.
    LockAccount(Ask<AccountName>),
    /// Unlock an account.
    UnlockAccount(Ask<AccountName>),
    /// Publish an API.
    Publish(Ask<ApiName>),
    /// Deprecate an API.
    Deprecate(Ask<ApiName>),
    /// Retire an API: it leaves the gateways.
    Retire(Ask<ApiName>),
    /// Give an API another definition; from 4.0 on in the working copy, until it is deployed again.
    Define(Ask<Definition>),
    /// Deploy an API again: the working copy as a new revision from 4.0 on.
    Redeploy(Ask<ApiName>),
    /// Give an API these labels, and no others.
    Label(Ask<Labels>),
    /// Add a published API with one operation, GET /item.
    AddApi(Ask<NewApi>),
    /// Delete an API.
    RemoveApi(Ask<ApiName>),
    /// Give a throttling policy another limit.
    SetPolicy(Ask<Policy>),
    /// Refuse requests.
    Block(Ask<Target>),
    /// Let blocked requests pass again.
    Unblock(Ask<Target>),
    /// Misbehave, as `--fault` says.
    Fault(Ask<Misbehaviour>),
    /// Refuse connections.
    Down(Ask<Nothing>),
    /// Show a new certificate of its own authority.
    NewCertificate(Ask<Nothing>),
    /// Show a certificate of an authority that nobody trusts.
    OtherCertificate(Ask<Nothing>),
    /// Behave again: up, with its own certificate, without faults.
    Heal(Ask<Nothing>),
}

/// No arguments.
#[derive(Debug, Clone, clap::Args)]
pub struct Nothing {}

/// An API.
#[derive(Debug, Clone, clap::Args)]
pub struct ApiName {
    /// The API.
    #[arg(value_name = "NAME:VERSION")]
    pub api: String,
}

/// A subscription.
#[derive(Debug, Clone, clap::Args)]
pub struct Subscription {
    /// Of which application to which API.
    #[command(flatten)]
    pub subscriber: Subscriber,
    /// The subscription policy; the API's first one unless given.
    #[arg(long, value_name = "POLICY")]
    pub policy: Option<String>,
}

/// An application and the API it subscribes to.
#[derive(Debug, Clone, clap::Args)]
pub struct Subscriber {
    /// The application.
    pub application: String,
    /// The API.
    #[arg(value_name = "NAME:VERSION")]
    pub api: String,
}

/// Another status of a subscription.
#[derive(Debug, Clone, clap::Args)]
pub struct Standing {
    /// Of which application to which API.
    #[command(flatten)]
    pub subscriber: Subscriber,
    /// The status.
    #[arg(value_enum)]
    pub status: Status,
}

/// A status of a subscription.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum Status {
    /// All calls.
    Unblocked,
    /// None.
    Blocked,
    /// Those with sandbox keys.
    ProdOnlyBlocked,
    /// None until it is approved.
    OnHold,
    /// None; it was not approved.
    Rejected,
}

/// A new application.
#[derive(Debug, Clone, clap::Args)]
pub struct NewApplication {
    /// Its name.
    pub name: String,
    /// The application policy; `Unlimited` unless given.
    #[arg(long, value_name = "POLICY")]
    pub policy: Option<String>,
}

/// Another application policy.
#[derive(Debug, Clone, clap::Args)]
pub struct ApplicationPolicy {
    /// The application.
    pub application: String,
    /// The application policy.
    pub policy: String,
}

/// An application.
#[derive(Debug, Clone, clap::Args)]
pub struct ApplicationName {
    /// The application.
    pub application: String,
}

/// A certificate of backends.
#[derive(Debug, Clone, clap::Args)]
pub struct NewCertificate {
    /// The API.
    #[arg(value_name = "NAME:VERSION")]
    pub api: String,
    /// Its alias.
    pub alias: String,
    /// The URL that it is for.
    pub endpoint: String,
    /// The certificate in PEM form.
    pub file: PathBuf,
}

/// An alias of a certificate.
#[derive(Debug, Clone, clap::Args)]
pub struct Alias {
    /// The alias.
    pub alias: String,
}

/// Another password.
#[derive(Debug, Clone, clap::Args)]
pub struct NewPassword {
    /// E-mail address or full name of the user.
    pub user: String,
    /// A file with the password and nothing else.
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Read the password from standard input.
    #[arg(long, conflicts_with = "password_file")]
    pub password_stdin: bool,
}

/// Whether something is on.
#[derive(Debug, Clone, clap::Args)]
pub struct Switch {
    /// What it is to be.
    #[arg(value_enum)]
    pub state: OnOff,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum OnOff {
    /// On.
    Enable,
    /// Off.
    Disable,
}

/// An account.
#[derive(Debug, Clone, clap::Args)]
pub struct AccountName {
    /// The user's e-mail address.
    pub email: String,
}

/// Another definition.
#[derive(Debug, Clone, clap::Args)]
pub struct Definition {
    /// The API.
    #[arg(value_name = "NAME:VERSION")]
    pub api: String,
    /// An OpenAPI document in JSON.
    pub file: PathBuf,
}

/// The labels of an API.
#[derive(Debug, Clone, clap::Args)]
pub struct Labels {
    /// The API.
    #[arg(value_name = "NAME:VERSION")]
    pub api: String,
    /// All its labels.
    pub label: Vec<String>,
}

/// A new API.
#[derive(Debug, Clone, clap::Args)]
pub struct NewApi {
    /// Its name and version.
    #[arg(value_name = "NAME:VERSION")]
    pub api: String,
    /// A label, repeatable.
    #[arg(long)]
    pub label: Vec<String>,
}

/// Another limit.
#[derive(Debug, Clone, clap::Args)]
pub struct Policy {
    /// Which kind of policy.
    #[arg(value_enum)]
    pub level: Level,
    /// Its name.
    pub name: String,
    /// Requests in that time.
    pub requests: u32,
    /// The time.
    #[arg(long, value_enum, default_value_t = Per::Min)]
    pub per: Per,
}

/// A kind of throttling policy.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum Level {
    /// One application on one API.
    Subscription,
    /// An application on all its APIs together.
    Application,
    /// An API or one of its operations.
    Advanced,
}

/// A unit of time.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum Per {
    /// Each second.
    Sec,
    /// Each minute.
    Min,
    /// Each hour.
    Hour,
    /// Each day.
    Day,
}

/// Requests to refuse.
#[derive(Debug, Clone, clap::Args)]
pub struct Target {
    /// api:/CONTEXT/VERSION, application:OWNER:NAME, user:EMAIL, ip:ADDRESS or ip-range:FROM-TO
    pub target: BlockTarget,
}

/// A fault.
#[derive(Debug, Clone, clap::Args)]
pub struct Misbehaviour {
    /// EFFECT@PATH or EFFECT@PATH*COUNT
    pub fault: Fault,
}

impl SandboxCommand {
    /// The control file that was named.
    pub(super) fn sandbox(&self) -> Option<&Path> {
        match self {
            Self::Gateways(ask) | Self::Requests(ask) => ask.sandbox.as_deref(),
            Self::Change(change) => change.sandbox(),
        }
    }
}

impl Change {
    fn sandbox(&self) -> Option<&Path> {
        let file = match self {
            Self::SetSubscription(ask) => &ask.sandbox,
            Self::AddApplication(ask) => &ask.sandbox,
            Self::SetApplication(ask) => &ask.sandbox,
            Self::RemoveApplication(ask) => &ask.sandbox,
            Self::AddCertificate(ask) => &ask.sandbox,
            Self::RemoveCertificate(ask) => &ask.sandbox,
            Self::SetPassword(ask) => &ask.sandbox,
            Self::KeyManager(ask) => &ask.sandbox,
            Self::LockAccount(ask) | Self::UnlockAccount(ask) => &ask.sandbox,
            Self::Subscribe(ask) => &ask.sandbox,
            Self::Unsubscribe(ask) => &ask.sandbox,
            Self::Publish(ask)
            | Self::Deprecate(ask)
            | Self::Retire(ask)
            | Self::Redeploy(ask)
            | Self::RemoveApi(ask) => &ask.sandbox,
            Self::Define(ask) => &ask.sandbox,
            Self::Label(ask) => &ask.sandbox,
            Self::AddApi(ask) => &ask.sandbox,
            Self::SetPolicy(ask) => &ask.sandbox,
            Self::Block(ask) | Self::Unblock(ask) => &ask.sandbox,
            Self::Fault(ask) => &ask.sandbox,
            Self::Down(ask) | Self::NewCertificate(ask) | Self::OtherCertificate(ask) | Self::Heal(ask) => &ask.sandbox,
        };
        file.as_deref()
    }

    /// What is to be done. Definitions, certificates and passwords are read from where they are.
    pub(super) fn action(self, environment: &Environment) -> Result<Action, Failure> {
        let state = |ask: Ask<ApiName>, state| Edit::LifeCycle {
            api: ask.what.api,
            state,
        };
        let edit = match self {
            Self::Subscribe(Ask { what, .. }) => Edit::Subscribe {
                application: what.subscriber.application,
                api: what.subscriber.api,
                policy: what.policy,
            },
            Self::Unsubscribe(Ask { what, .. }) => Edit::Unsubscribe {
                application: what.application,
                api: what.api,
            },
            Self::SetSubscription(Ask { what, .. }) => Edit::SubscriptionStatus {
                application: what.subscriber.application,
                api: what.subscriber.api,
                status: what.status.into(),
            },
            Self::AddApplication(Ask { what, .. }) => Edit::AddApplication {
                name: what.name,
                consumer_key: random()?,
                consumer_secret: random()?,
                policy: what.policy,
            },
            Self::SetApplication(Ask { what, .. }) => Edit::ApplicationPolicy {
                application: what.application,
                policy: what.policy,
            },
            Self::RemoveApplication(Ask { what, .. }) => Edit::RemoveApplication {
                application: what.application,
            },
            Self::AddCertificate(Ask { what, .. }) => Edit::BackendCertificate {
                pem: certificate(&what.file)?,
                api: what.api,
                alias: what.alias,
                endpoint: what.endpoint,
            },
            Self::RemoveCertificate(Ask { what, .. }) => Edit::RemoveBackendCertificate { alias: what.alias },
            Self::SetPassword(Ask { what, .. }) => Edit::Password {
                password: what.password(environment)?.expose_secret().to_owned(),
                user: what.user,
            },
            Self::KeyManager(Ask { what, .. }) => Edit::KeyManager {
                enabled: what.state == OnOff::Enable,
            },
            Self::LockAccount(Ask { what, .. }) => Edit::Account {
                email: what.email,
                locked: true,
            },
            Self::UnlockAccount(Ask { what, .. }) => Edit::Account {
                email: what.email,
                locked: false,
            },
            Self::Publish(ask) => state(ask, ApiState::Published),
            Self::Deprecate(ask) => state(ask, ApiState::Deprecated),
            Self::Retire(ask) => state(ask, ApiState::Retired),
            Self::Define(Ask { what, .. }) => Edit::Definition {
                api: what.api,
                document: definition(&what.file)?,
            },
            Self::Redeploy(Ask { what, .. }) => Edit::Redeploy { api: what.api },
            Self::Label(Ask { what, .. }) => Edit::Labels {
                api: what.api,
                labels: what.label,
            },
            Self::AddApi(Ask { what, .. }) => {
                let (name, version) = what.api.split_once(':').unwrap_or((&what.api, ""));
                Edit::AddApi {
                    name: name.to_owned(),
                    version: version.to_owned(),
                    labels: what.label,
                }
            }
            Self::RemoveApi(Ask { what, .. }) => Edit::RemoveApi { api: what.api },
            Self::SetPolicy(Ask { what, .. }) => Edit::PolicyLimit {
                level: what.level.into(),
                name: what.name,
                requests: what.requests,
                every: 1,
                unit: what.per.into(),
            },
            Self::Block(Ask { what, .. }) => Edit::Block { target: what.target },
            Self::Unblock(Ask { what, .. }) => Edit::Unblock { target: what.target },
            Self::Fault(Ask { what, .. }) => return Ok(Action::Fault(what.fault)),
            Self::Down(_) => return Ok(Action::Down),
            Self::NewCertificate(_) => return Ok(Action::NewCertificate),
            Self::OtherCertificate(_) => return Ok(Action::OtherCertificate),
            Self::Heal(_) => return Ok(Action::Heal),
        };
        Ok(Action::Edit(edit))
    }
}

impl NewPassword {
    fn password(&self, environment: &Environment) -> Result<SecretString, Failure> {
        if self.password_stdin {
            return secret_of_stdin("password");
        }
        if let Some(path) = &self.password_file {
            return secret_of_file(path);
        }
        let given = environment.get("MGW_SANDBOX_PASSWORD");
        given.map(|text| text.to_owned().into()).ok_or_else(|| {
            Failure::new(ExitCode::Usage, "no new password is given").hint(
                "Set MGW_SANDBOX_PASSWORD, name a file with --password-file, or pipe it in with --password-stdin.",
            )
        })
    }
}

/// A key that is not known anywhere.
fn random() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|_| Failure::new(ExitCode::Environment, "the operating system gives no random numbers"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn certificate(path: &Path) -> Result<String, Failure> {
    use std::io::Read;
    let mut text = String::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(MAX_CERTIFICATE).read_to_string(&mut text))
        .map_err(|error| Failure::file("read", path, error))?;
    Ok(text)
}

fn definition(path: &Path) -> Result<serde_json::Value, Failure> {
    use std::io::Read;
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(MAX_DEFINITION).read_to_end(&mut bytes))
        .map_err(|error| Failure::file("read", path, error))?;
    serde_json::from_slice(&bytes).map_err(|error| {
        Failure::new(
            ExitCode::Invalid,
            format!("{}:{}:{}: not JSON", path.display(), error.line(), error.column()),
        )
        .because(error)
        .hint("The simulator takes OpenAPI documents in JSON, as the publisher API answers them.")
    })
}

impl From<Status> for SubscriptionStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Unblocked => Self::Unblocked,
            Status::Blocked => Self::Blocked,
            Status::ProdOnlyBlocked => Self::ProdOnlyBlocked,
            Status::OnHold => Self::OnHold,
            Status::Rejected => Self::Rejected,
        }
    }
}

impl From<Level> for PolicyLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Subscription => Self::Subscription,
            Level::Application => Self::Application,
            Level::Advanced => Self::Advanced,
        }
    }
}

impl From<Per> for TimeUnit {
    fn from(per: Per) -> Self {
        match per {
            Per::Sec => Self::Sec,
            Per::Min => Self::Min,
            Per::Hour => Self::Hour,
            Per::Day => Self::Day,
        }
    }
}
