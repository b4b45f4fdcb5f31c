//! Setting everything up before the gateway serves.

use super::account::Account;
use super::advice::Outlook;
use super::follow::Following;
use super::hub;
use super::ledger::Ledger;
use super::refusal::Refusal;
use super::secret_files::SecretFile;
use super::state_folder::{Restored, Seed, StateError, StateFolder};
use super::take_over::{Base, TakeOver, WantedFolder, unix_ms};
use super::updates::Updates;
use crate::cloud::account::UserName;
use crate::cloud::http::HttpOptions;
use crate::cloud::oauth::Registration;
use crate::cloud::session::SessionStore;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::ControlPlaneKind;
use crate::ui::Ui;
use mgw_bundle::Bundle;
use mgw_runtime::config::{ConnectedSettings, RuntimeConfig};
use mgw_runtime::{ConnectedReport, Freshness, Pulls, RunningGateway, Thresholds};
use secrecy::SecretString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The pause between two polls of a control plane of one's own, and of API Cloud, which many share.
const POLL: Duration = Duration::from_secs(60);
const CLOUD_POLL: Duration = Duration::from_secs(600);

/// It is not stale earlier.
const LEAST_STALE: Duration = Duration::from_secs(30);

/// What the command line and the environment say.
#[derive(Debug)]
pub(crate) struct ConnectedOptions {
    /// The state folder; `None`: below `data_dir`.
    pub(crate) state: Option<PathBuf>,
    /// The gateway's own folder.
    pub(crate) data_dir: PathBuf,
    /// Time between two attempts; `None`: as the settings say, else as the control plane suggests.
    pub(crate) poll: Option<Duration>,
    /// The session.
    pub(crate) store: SessionStore,
    /// How the control plane is reached.
    pub(crate) http: HttpOptions,
    /// Who is to be signed in; `None`: whoever was.
    pub(crate) user: Option<UserName>,
    /// Their password; `None`: only the session counts, or the client.
    pub(crate) password: Option<SecretString>,
    /// The file that the password came from.
    pub(crate) password_file: Option<PathBuf>,
    /// Signs in as itself where there is no password.
    pub(crate) client: Option<Registration>,
    /// The file that the client's secret came from.
    pub(crate) client_secret_file: Option<PathBuf>,
}

/// Everything but the gateway.
#[derive(Debug)]
pub(crate) struct Prepared {
    account: Account,
    base: Base,
    folder: StateFolder,
    restored: Restored,
    /// The folder that another one stands in for.
    wanted: Option<WantedFolder>,
    /// Why nothing can be kept.
    state_error: Option<String>,
    settings: ConnectedSettings,
    poll: Duration,
    /// There is a session that will be taken up.
    has_session: bool,
    /// Whose password the data for gateways are asked for with, if it is the account's.
    data_user: Option<UserName>,
}

/// Opens the state folder for the bundle that the gateway is given, and completes the settings. Nothing is asked of the
/// control plane: the gateway serves without it.
///
/// # Errors
///
/// When the bundle follows nothing, or another gateway works with the state folder.
pub(crate) fn prepare(
    bundle: &Bundle,
    config: &mut RuntimeConfig,
    options: ConnectedOptions,
    ui: &Ui,
) -> Result<Prepared, Failure> {
    let base = Base::of_bundle(bundle)?;
    let source = &base.followed.lock.source;
    let address = base.address()?;
    let settings = config.connected.clone();
    let own_poll = match source.kind {
        ControlPlaneKind::ApiCloud => CLOUD_POLL,
        _ => POLL,
    };
    let poll = options.poll.or(settings.poll).unwrap_or(own_poll);
    let place = match options.state {
        Some(folder) => folder,
        None => default_folder(&options.data_dir, &base.followed.settings.name, &source.url),
    };
    let Opened {
        folder,
        restored,
        wanted,
        error: state_error,
    } = open(&place, &base, settings.keep)?;
    for notice in &restored.notices {
        ui.warn(notice);
    }
    let account = Account {
        address,
        kind: source.kind,
        organisation: source.organisation.clone(),
        store: options.store,
        http: options.http,
        user: options.user,
        password: options.password,
        password_file: options.password_file.and_then(SecretFile::of),
        client: options.client,
        client_secret_file: options.client_secret_file.and_then(SecretFile::of),
        sign_in_refused: Refusal::default(),
        data_refused: Refusal::default(),
        blocks_refused: Refusal::default(),
        ui: ui.narrating(),
    };
    // A session that cannot be read is told with the first attempt.
    let session = account.store.load().ok().flatten();
    let session = session.filter(|session| session.address == account.address);
    let user = account
        .user
        .clone()
        .or_else(|| session.as_ref().map(|session| session.user.clone()));
    let is_signed_in = session.is_some();
    let has_session = session.as_ref().is_some_and(|session| account.takes_up(&session.user));
    let of_session = session.and_then(|session| session.extra_roots);
    let roots = of_session.or_else(|| account.http.extra_roots.clone());
    let ca_file = folder.file("control-plane-ca.pem");
    let has_broker = config.event_hub.is_some();
    let derived = hub::derive(config, &account, user.as_ref(), roots.as_deref(), ca_file, poll);
    let takes_password = derived.as_ref().is_ok_and(|data| data.takes_password);
    let data_user = user.as_ref().filter(|_| takes_password).cloned();
    match derived {
        Ok(data) => {
            let outlook = Outlook {
                is_signed_in: is_signed_in
                    || account.client.is_some()
                    || (user.is_some() && account.password.is_some()),
                has_password: account.password.is_some(),
                names_user: user.is_some(),
                data,
                has_broker,
            };
            for advice in outlook.advice(&base.followed.lock) {
                ui.warn(advice);
            }
        }
        Err(error) => ui.warn(format_args!(
            "the control plane's data for gateways are not followed: {error}"
        )),
    }
    Ok(Prepared {
        account,
        base,
        folder,
        restored,
        wanted,
        state_error,
        settings,
        poll,
        has_session,
        data_user,
    })
}

/// A state folder, whichever could be used.
struct Opened {
    folder: StateFolder,
    restored: Restored,
    /// The folder that it stands in for.
    wanted: Option<WantedFolder>,
    error: Option<String>,
}

/// Where nothing can be written, everything works but the memory of it.
fn open(place: &Path, base: &Base, keep: usize) -> Result<Opened, StateError> {
    let (folder, restored, error) = StateFolder::open(place, base.digest, keep)?;
    let stand_in = error
        .as_ref()
        .and_then(|_| StateFolder::temporary(base.digest, keep).ok());
    let wanted = stand_in.as_ref().map(|_| WantedFolder {
        place: place.to_owned(),
        keep,
    });
    Ok(Opened {
        // Where there is no other place either, every attempt tries again.
        folder: stand_in.unwrap_or(folder),
        restored,
        wanted,
        error: error.map(|error| super::attempt::sentence(&error)),
    })
}

/// One folder for each project and control plane.
fn default_folder(data_dir: &Path, project: &str, url: &str) -> PathBuf {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || "-.".contains(c) {
            c
        } else {
            '_'
        }
    };
    let host: String = host.chars().take(100).map(safe).collect();
    data_dir.join("connected").join(format!("{project}@{host}"))
}

impl Prepared {
    /// The last good bundle of an earlier process; `None`: the gateway's own is served.
    pub(crate) fn restored(&self) -> Option<&Bundle> {
        self.restored.bundle.as_ref()
    }

    /// The restored bundle cannot be served: it begins with the gateway's own.
    pub(crate) fn forget_restored(&mut self) {
        self.restored = Restored::default();
    }

    /// Follows the control plane of a gateway that serves.
    ///
    /// # Errors
    ///
    /// When there is no thread for it.
    pub(crate) fn start(mut self, gateway: Arc<RunningGateway>) -> Result<Following, Failure> {
        let now = Instant::now();
        let served = match &self.restored.bundle {
            Some(bundle) => Seed::of_bundle(bundle)?,
            None => self.base.seed(),
        };
        let settled = self.folder.settle();
        let seed_error = self.folder.seed(&served).and(settled).err();
        let seed_error = seed_error.map(|error| super::attempt::sentence(&error));
        let is_seeded = seed_error.is_none();
        let state_error = self.state_error.or(seed_error);
        let freshness = match self.restored.success_ms {
            Some(success_ms) => Freshness::restored(success_ms, unix_ms(), now),
            None => Freshness::never(now),
        };
        let report = ConnectedReport {
            control_plane: self.account.address.to_string(),
            freshness,
            thresholds: thresholds(&self.settings, self.poll),
            expired_refuses: self.settings.expired_refuses,
            last_success_ms: self.restored.success_ms.filter(|_| !freshness.is_never()),
            last_attempt_ms: None,
            last_error: None,
            remedy: None,
            failures_in_a_row: 0,
            // What is not asked yet is believed.
            signed_in: self.has_session,
            credentials_refused: false,
            clock_ahead_seconds: None,
            clock_skew: None,
            base: self.base.digest.to_string(),
            kept: self.folder.kept(),
            state_error: None,
            poll: self.poll,
            next_attempt_ms: None,
            pulls: Pulls::default(),
            locked_apis: served.followed.lock.apis.len(),
            refused_bundle: None,
        };
        let mut ledger = Ledger::new(report);
        ledger.note_state_folder(self.folder.kept(), state_error.clone());
        gateway.report_connected(ledger.report.clone());
        let updates = Updates::new(&self.account, &self.settings);
        let mut take_over = TakeOver::new(self.account, self.base, self.folder, gateway, updates);
        take_over.served = served.followed.lock.clone();
        take_over.to_seed = (!is_seeded).then_some(served);
        take_over.state_error = state_error;
        take_over.wanted = self.wanted;
        take_over.data_user = self.data_user;
        Following::start(take_over, ledger).map_err(|error| {
            Failure::new(
                ExitCode::Environment,
                "cannot start the thread that follows the control plane",
            )
            .because(error)
        })
    }
}

fn thresholds(settings: &ConnectedSettings, poll: Duration) -> Thresholds {
    let stale = settings.stale_after.unwrap_or_else(|| (poll * 3).max(LEAST_STALE));
    let emergency = settings.emergency_after.max(stale);
    Thresholds {
        stale,
        emergency,
        expired: settings.expired_after.max(emergency),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_told_apart_by_project_and_control_plane() {
        let folder = |project: &str, url: &str| default_folder(Path::new("/d"), project, url);
        assert_eq!(
            folder("shop", "https://localhost:9443/a"),
            Path::new("/d/connected/shop@localhost_9443_a")
        );
        assert_ne!(folder("shop", "https://a"), folder("shop", "https://b"));
        assert_ne!(folder("shop", "https://a"), folder("other", "https://a"));
        assert!(folder("shop", "https://../..").starts_with("/d/connected/"));
        assert_eq!(folder("shop", "https://../..").components().count(), 4);
    }

    #[test]
    fn thresholds_follow_the_poll() {
        let (mut config, _) = RuntimeConfig::load(Default::default()).expect("the defaults are valid");
        let minutes = |count: u64| Duration::from_secs(60 * count);
        assert_eq!(thresholds(&config.connected, minutes(10)).stale, minutes(30));
        assert_eq!(thresholds(&config.connected, Duration::from_secs(1)).stale, LEAST_STALE);
        let slow = thresholds(&config.connected, minutes(600));
        assert_eq!((slow.stale, slow.emergency), (minutes(1800), minutes(1800)));
        config.connected.stale_after = Some(Duration::from_secs(5));
        assert_eq!(thresholds(&config.connected, minutes(10)).stale, Duration::from_secs(5));
    }
}
