//! From a command line to a control plane that can be asked.

use super::{SelectionArgs, SourceArgs};
use crate::cloud::address::Address;
use crate::cloud::pull::{GatewayPassword, PullError, Selection};
use crate::cloud::session::{Connection, Session};
use crate::commands::interrupt::interruptible;
use crate::commands::toolkit::toolkit;
use crate::compile::CompileError;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::lock::ReadLock;
use crate::project::{ControlPlaneSettings, Layout, PullSettings, Settings};
use crate::pulling::{Prepared, PullRequest, prepare};
use crate::ui::visible;
use secrecy::SecretString;
use std::sync::Arc;

/// Which APIs a pull is for.
#[derive(Debug)]
pub(crate) enum Wanted<'a> {
    /// Those that flags, settings or lock name.
    Named(&'a SelectionArgs),
    /// Those that flags name and what was pulled before, as micro-gw imported.
    Added(&'a SelectionArgs),
    /// These.
    These(Selection),
}

/// Asks for everything that a project wants, and stages it at `stage_layout`: the project itself, or another folder
/// where the project is not to be written to.
pub(crate) fn prepare_at(
    layout: &Layout,
    stage_layout: &Layout,
    source: &SourceArgs,
    wanted: Wanted<'_>,
    context: &Context,
) -> Result<Prepared, Failure> {
    let ui = &context.ui;
    if !layout.root().is_dir() {
        return Err(CompileError::NotAProject(layout.root().to_owned()).into());
    }
    crate::lock::recover(layout)?;
    let settings = Settings::load(&layout.settings())?;
    let known = ReadLock::load(&layout.lock(), None)?;
    let old = known.as_ref().map(|known| &known.lock);
    let of_flags = |args: &SelectionArgs| -> Result<Selection, Failure> {
        match args.or_settings(settings.as_ref().map(|settings| &settings.pull), old) {
            Err(PullError::NothingSelected) => of_session(source, context),
            selection => Ok(selection?),
        }
    };
    let selection = match wanted {
        Wanted::These(selection) => selection,
        Wanted::Named(args) => of_flags(args)?,
        Wanted::Added(args) => match (args.named()?, old) {
            (named, Some(old)) if !named.is_empty() => named.and(&Selection::new(&old.source.wanted())?),
            _ => of_flags(args)?,
        },
    };
    let toolkit = toolkit(layout, source.config.as_deref(), context)?;
    let source = &source.completed_by(&toolkit, context)?;
    let of_project = settings.as_ref().and_then(|settings| settings.control_plane.as_ref());
    let named = of_project.or(toolkit.control_plane.as_ref());
    let (connection, password) = source.connect(named, context)?;
    refuse_other_control_plane(&connection, named)?;
    context.block_on(interruptible(async {
        let session = connection.session().await;
        let password = match password {
            Some(password) => Some(password),
            None => given_password(source, context, &session)?,
        };
        let password = password.map(GatewayPassword::new);
        let request = PullRequest { selection, password };
        // What is staged elsewhere is only looked at.
        let what = match layout.root() == stage_layout.root() {
            true => "Pulling from",
            false => "Asking",
        };
        let progress = ui.progress(format_args!("{what} {}", session.address));
        Ok(prepare(layout, stage_layout, Arc::new(connection), &request, known, &progress).await?)
    }))
}

/// The label of the on-premise gateway whose settings the session took over.
fn of_session(source: &SourceArgs, context: &Context) -> Result<Selection, Failure> {
    let session = source.session.store(&context.environment)?.load()?;
    let label = session.and_then(|session| session.gateway?.label);
    let label = label.ok_or(PullError::NothingSelected)?;
    context.ui.line(format_args!(
        "Label {}, as the on-premise gateway had it.",
        visible(&label)
    ));
    let settings = PullSettings {
        labels: vec![label],
        ..PullSettings::default()
    };
    Ok(Selection::new(&settings)?)
}

/// A project that names its control plane is not filled from another one by mistake.
fn refuse_other_control_plane(connection: &Connection, wanted: Option<&ControlPlaneSettings>) -> Result<(), Failure> {
    let Some(wanted) = wanted else { return Ok(()) };
    let address = Address::parse(&wanted.url)?;
    if address == *connection.address() {
        return Ok(());
    }
    Err(Failure::new(
        ExitCode::NotSignedIn,
        format!(
            "you are signed in at {}, and the project is of {address}",
            connection.address()
        ),
    )
    .hint(format!(
        "Run mgw login --url {address}, with --profile to keep both sessions."
    )))
}

/// The password for the data for gateways, when the control plane has such and the password is given for the same user.
fn given_password(source: &SourceArgs, context: &Context, session: &Session) -> Result<Option<SecretString>, Failure> {
    if session.generation().gateway_data.is_none() {
        return Ok(None);
    }
    if let Some(user) = source.credentials.given_user(&context.environment)?
        && user != session.user
    {
        context.ui.warn(format_args!(
            "credentials of {user} are not used: {} is signed in",
            session.user
        ));
        return Ok(None);
    }
    let password = source.credentials.given_password(context)?;
    if password.is_none() && session.generation().subscription_data().is_some() {
        context.ui.hint(
            "With the password (--password-stdin or MGW_PASSWORD) pull reads all applications and keys from the control \
             plane's data for gateways.",
        );
    }
    Ok(password)
}
