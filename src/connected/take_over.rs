//! One attempt: sign in, pull, check, compile, serve, keep.

use super::account::Account;
use super::attempt::{Missed, MissedKind, Taken};
use super::confirm::{confirm, missing};
use super::sight::loss;
use super::state_folder::{Seed, StateError, StateFolder};
use super::updates::Updates;
use crate::cloud::account::UserName;
use crate::cloud::address::Address;
use crate::cloud::control_plane::open;
use crate::cloud::http::Clocks;
use crate::cloud::pull::Selection;
use crate::cloud::session::Connection;
use crate::commands::version::TOOL;
use crate::compile::{Compiled, Followed, FollowedError, OwnParts, Packed, compile_pulled, pack};
use crate::diagnostics::{Diagnostic, Severity};
use crate::lock::LockFile;
use crate::project::Layout;
use crate::pulling::{Prepared, PullRequest, prepare};
use crate::ui::Progress;
use mgw_bundle::config::Block;
use mgw_bundle::{Bundle, Digest, api_id};
use mgw_runtime::RunningGateway;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The longest that the control plane is asked for.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// The bundle that the gateway was started with, and what it follows.
#[derive(Debug, Clone)]
pub(super) struct Base {
    pub(super) digest: Digest,
    pub(super) followed: Followed,
    own: Arc<OwnParts>,
    /// Whom it turns away.
    blocks: Vec<Block>,
}

impl Base {
    /// # Errors
    ///
    /// When the bundle follows nothing.
    pub(super) fn of_bundle(bundle: &Bundle) -> Result<Self, FollowedError> {
        Ok(Self {
            digest: bundle.digest,
            followed: Followed::of_bundle(bundle)?,
            own: Arc::new(OwnParts::of_bundle(bundle)?),
            blocks: bundle.config.policies.blocks.clone(),
        })
    }

    /// What a work folder is made from that belongs to it.
    pub(super) fn seed(&self) -> Seed {
        Seed {
            followed: self.followed.clone(),
            blocks: self.blocks.clone(),
        }
    }

    /// What is pulled: what the settings say, else what was pulled last.
    fn selection(&self) -> Result<Selection, Missed> {
        let settings = &self.followed.settings.pull;
        let wanted = if settings.is_empty() {
            self.followed.lock.source.wanted()
        } else {
            settings.clone()
        };
        Selection::new(&wanted).map_err(|error| Missed::failed(&error))
    }

    /// The control plane that it is pulled from.
    pub(super) fn address(&self) -> Result<Address, crate::cloud::address::AddressError> {
        Address::parse(&self.followed.lock.source.url)
    }
}

/// What the control plane said.
enum Asked {
    /// That no API has changed.
    Nothing,
    /// Everything, which is beside the work folder.
    Everything(Box<Everything>),
}

struct Everything {
    prepared: Prepared,
    next: Layout,
    /// When it was begun to ask for it.
    since: Instant,
}

/// A state folder that could not be used.
#[derive(Debug, Clone)]
pub(super) struct WantedFolder {
    pub(super) place: PathBuf,
    pub(super) keep: usize,
}

/// Everything that an attempt works with.
#[derive(Debug)]
pub(super) struct TakeOver {
    pub(super) account: Account,
    pub(super) base: Base,
    pub(super) folder: StateFolder,
    pub(super) gateway: Arc<RunningGateway>,
    /// The lock of what is served.
    pub(super) served: LockFile,
    /// What the work folder is still to be made from; `None`: it is that of what is served.
    pub(super) to_seed: Option<Seed>,
    /// The folder that was wanted, where another one took its place; nothing outlives the process meanwhile.
    pub(super) wanted: Option<WantedFolder>,
    /// Whether anything has to be asked for.
    updates: Updates,
    /// Why what is served could not be kept on disk.
    pub(super) state_error: Option<String>,
    /// Whose password the data for gateways are asked for with, if it is the account's.
    pub(super) data_user: Option<UserName>,
    /// What the clocks of the control plane and of this machine said last.
    pub(super) clocks: Option<Clocks>,
    /// What the last pull left out, as whole sentences.
    pub(super) notices: Vec<String>,
    /// The project that is served has been pulled by this process or is known to be what was pulled last.
    is_pulled: bool,
}

impl TakeOver {
    pub(super) fn new(
        account: Account,
        base: Base,
        folder: StateFolder,
        gateway: Arc<RunningGateway>,
        updates: Updates,
    ) -> Self {
        Self {
            served: base.followed.lock.clone(),
            to_seed: None,
            updates,
            account,
            base,
            folder,
            gateway,
            wanted: None,
            state_error: None,
            data_user: None,
            clocks: None,
            notices: Vec::new(),
            is_pulled: false,
        }
    }

    /// Asks the control plane and serves what it says. Whatever fails leaves everything as it was.
    ///
    /// `called_off` ends it while the control plane is asked: `None`, and it is as if nothing had been asked. What was
    /// said is served to the end.
    pub(super) async fn attempt(&mut self, called_off: impl Future<Output = ()>) -> Result<Option<Taken>, Missed> {
        self.seed()?;
        let asked = tokio::select! {
            biased;
            () = called_off => return Ok(None),
            asked = self.ask() => asked,
        };
        let taken = match asked {
            Ok(Asked::Nothing) => {
                self.keep(Ok(()));
                Ok(Taken::Spared)
            }
            Ok(Asked::Everything(asked)) => self.take(*asked).await,
            Err(missed) => Err(missed),
        };
        if taken.is_err() {
            self.updates.forget();
        }
        taken.map(Some)
    }

    /// Makes good that the work folder could not be written to at the start.
    fn seed(&mut self) -> Result<(), Missed> {
        if let Some(seed) = &self.to_seed {
            let seeded = self.folder.seed(seed);
            seeded.map_err(|error| Missed::failed(&error))?;
            self.to_seed = None;
        }
        Ok(())
    }

    /// Takes over other credentials that the files of secrets have brought; whether there are any.
    pub(super) fn renew_secrets(&mut self) -> bool {
        let (has_new, password) = self.account.renew_secrets();
        if let (Some(password), Some(user)) = (password, &self.data_user) {
            let server = self.account.address.join([]);
            self.gateway
                .set_control_plane_password(&server, user.as_str(), &password);
        }
        if has_new {
            self.updates.may_be_asked();
        }
        has_new
    }

    async fn ask(&mut self) -> Result<Asked, Missed> {
        let connection = self.account.connect().await?;
        let user = connection.session().await.user;
        let password = self.account.password_of(&user);
        if self.updates.are_none(&connection, &user, password.as_ref()).await? {
            return Ok(Asked::Nothing);
        }
        match self.pull(connection).await {
            Err(missed) if missed.kind == MissedKind::NotSignedIn && self.account.can_sign_in() => {
                let connection = self.account.sign_in_again().await?;
                self.pull(connection).await
            }
            result => result,
        }
    }

    /// Asks for everything; nothing is put in place.
    async fn pull(&mut self, connection: Arc<Connection>) -> Result<Asked, Missed> {
        let since = Instant::now();
        let session = connection.session().await;
        let has_data = session.generation().gateway_data.is_some();
        let request = PullRequest {
            selection: self.base.selection()?,
            password: has_data.then(|| self.account.data_password_of(&session.user)).flatten(),
        };
        let work = self.folder.work();
        let next = self.folder.make_next(&self.base.followed);
        let next = next.map_err(|error| Missed::failed(&error))?;
        let progress = Progress::hidden();
        let asking = async {
            let prepared = prepare(&work, &next, Arc::clone(&connection), &request, None, &progress).await?;
            let missing = missing(&self.served, &prepared.outcome().lock);
            confirm(&open(Arc::clone(&connection)), &missing, &request.selection).await?;
            Ok::<_, Missed>(prepared)
        };
        let prepared = tokio::time::timeout(LONGEST, asking).await;
        self.clocks = connection.http().clocks().or(self.clocks);
        let prepared = prepared.map_err(|_| too_slow())??;
        Ok(Asked::Everything(Box::new(Everything { prepared, next, since })))
    }

    async fn take(&mut self, Everything { prepared, next, since }: Everything) -> Result<Taken, Missed> {
        let outcome = prepared.outcome();
        let (lock, sight) = (outcome.lock.clone(), &outcome.files.sight);
        self.notices.clone_from(&outcome.files.notices);
        if let Some(is_refused) = sight.refuses_password {
            self.account.note_data(is_refused);
        }
        if let Some(is_refused) = sight.refuses_blocks {
            self.account.note_blocks(is_refused);
        }
        if !self.base.followed.lock.source.is_same_place(&lock.source) {
            return Err(Missed::new(
                MissedKind::Refused,
                "what was pulled is of another organisation",
            ));
        }
        if let Some(missed) = loss(&self.served, &lock, sight) {
            return Err(missed);
        }
        if self.is_pulled && self.served == lock {
            prepared.discard();
            self.keep(Ok(()));
            self.updates.pulled(since);
            return Ok(Taken::Unchanged);
        }
        prepared.commit()?;
        let (own, pulled) = (Arc::clone(&self.base.own), lock.clone());
        let packed = blocking(move || packed(&next, &own, &pulled)).await??;
        let taken = self.serve(packed, lock).await?;
        if self.is_pulled {
            self.updates.pulled(since);
        } else {
            // The next attempt puts the work folder right, which one that is spared would not.
            self.updates.forget();
        }
        Ok(taken)
    }

    async fn serve(&mut self, packed: Packed, lock: LockFile) -> Result<Taken, Missed> {
        let Packed { bytes, bundle } = packed;
        let digest = bundle.digest;
        let is_new = digest != self.gateway.bundle();
        if is_new {
            let gateway = Arc::clone(&self.gateway);
            let reloaded = blocking(move || gateway.reload(&bundle)).await?;
            reloaded.map_err(|error| Missed::new(MissedKind::Refused, super::attempt::sentence(&error)))?;
        }
        self.served = lock;
        // Traffic comes first: what cannot be kept is served all the same.
        self.folder.serve(digest, bytes);
        let promoted = self.folder.promote_next();
        self.is_pulled = promoted.is_ok();
        self.keep(promoted);
        Ok(if is_new { Taken::Changed } else { Taken::Unchanged })
    }

    /// Notes that the control plane says what is served, and keeps that where it is not kept yet.
    fn keep(&mut self, promoted: Result<(), StateError>) {
        let kept = self.folder.renew(unix_ms());
        let moved = self.move_to_wanted();
        self.note(promoted.and(kept).and(moved));
    }

    /// Goes over to the folder that was wanted, once it can be written to.
    fn move_to_wanted(&mut self) -> Result<(), StateError> {
        let Some(wanted) = &self.wanted else {
            return Ok(());
        };
        let (mut folder, restored, error) = StateFolder::open(&wanted.place, self.base.digest, wanted.keep)?;
        if let Some(error) = error {
            return Err(error);
        }
        for notice in restored.notices {
            tracing::warn!(notice, "the state folder was damaged");
        }
        folder.settle()?;
        folder.take_over_from(&self.folder, &self.base.seed())?;
        folder.renew(unix_ms())?;
        tracing::info!(folder = %wanted.place.display(), "what is served is kept there from now on");
        let stand_in = std::mem::replace(&mut self.folder, folder);
        self.folder.succeed(stand_in);
        self.wanted = None;
        Ok(())
    }

    /// The base that a bundle is, where it can be followed instead of the one that there is.
    fn next_base(&self, bundle: &Bundle) -> Result<Base, Missed> {
        let base = Base::of_bundle(bundle).map_err(|error| Missed::failed(&error))?;
        let address = base.address().map_err(|error| Missed::failed(&error))?;
        let (own, new) = (&self.base.followed.lock.source, &base.followed.lock.source);
        if address != self.account.address || own.kind != new.kind || own.organisation != new.organisation {
            // Sessions, credentials and the event hub belong to the one that there is.
            let reason = "it follows another control plane or organisation: restart the gateway with it";
            return Err(Missed::new(MissedKind::Refused, reason));
        }
        Ok(base)
    }

    /// Serves another base, and begins anew with it.
    pub(super) async fn rebase(&mut self, bundle: Arc<Bundle>) -> Result<(), Missed> {
        let next = self.next_base(&bundle);
        // The gateway counts those itself that it is given.
        let base = next.inspect_err(|missed| self.gateway.refuse_bundle(missed.reason.clone()))?;
        let gateway = Arc::clone(&self.gateway);
        let reloaded = blocking(move || gateway.reload(&bundle)).await?;
        reloaded.map_err(|error| Missed::new(MissedKind::Refused, super::attempt::sentence(&error)))?;
        self.served = base.followed.lock.clone();
        self.is_pulled = false;
        self.updates.forget();
        let begun = self.folder.begin(base.digest);
        let seeded = self.folder.seed(&base.seed());
        self.to_seed = seeded.is_err().then(|| base.seed());
        let begun = begun.and(seeded);
        self.base = base;
        self.note(begun);
        Ok(())
    }

    fn note(&mut self, kept: Result<(), StateError>) {
        // What a folder that stands in for another one keeps is gone with the process.
        let lasting = self.state_error.take().filter(|_| self.wanted.is_some());
        self.state_error = kept.err().map(|error| super::attempt::sentence(&error)).or(lasting);
    }
}

fn too_slow() -> Missed {
    let reason = format!(
        "the control plane did not say everything within {} s",
        LONGEST.as_secs()
    );
    Missed::new(MissedKind::Failed, reason)
}

/// Compiles what was pulled, and packs it. Nothing incomplete comes out of here.
fn packed(layout: &Layout, own: &OwnParts, lock: &LockFile) -> Result<Packed, Missed> {
    let refused = |reason: String| Missed::new(MissedKind::Refused, reason);
    let compiled = compile_pulled(layout, own).map_err(|error| refused(super::attempt::sentence(&error)))?;
    if let Some(error) = first_error(&compiled) {
        return Err(refused(error));
    }
    let ids: std::collections::BTreeSet<&str> = compiled.config.apis.iter().map(|api| api.id.as_str()).collect();
    let absent = lock
        .apis
        .iter()
        .find(|api| !ids.contains(api_id(&api.name, &api.version).as_str()));
    if let Some(api) = absent {
        return Err(refused(format!(
            "{} {} was pulled and cannot be served",
            api.name, api.version
        )));
    }
    pack(&compiled, TOOL).map_err(|error| refused(super::attempt::sentence(&error)))
}

fn first_error(compiled: &Compiled) -> Option<String> {
    let is_error = |finding: &&Diagnostic| finding.severity == Severity::Error;
    let first = compiled.diagnostics.iter().find(is_error)?;
    let file = Path::new(&first.file).file_name().unwrap_or_default().to_string_lossy();
    let message = &first.message;
    Some(match compiled.diagnostics.iter().filter(is_error).count() {
        1 => format!("what was pulled has an error: {file}: {message}"),
        count => format!("what was pulled has {count} errors, the first one: {file}: {message}"),
    })
}

/// What takes the processor does not keep the loop from its other work.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Missed> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Missed::failed(&error))
}

/// The time in milliseconds since the epoch.
pub(super) fn unix_ms() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0)
}
