//! What a pull brings, for people and for programs.

use crate::cloud::pull::{Change, source_sentence};
use crate::context::Context;
use crate::lock::LockFile;
use crate::pulling::Pulled;
use crate::ui::count::{self, Counted};
use crate::ui::visible;
use mgw_bundle::snapshot::SnapshotSource;
use serde::Serialize;

/// Whether files were put in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tense {
    /// They were.
    Did,
    /// They would be.
    Would,
}

/// The result with `--output json`.
#[derive(Debug, Serialize)]
pub(super) struct PullResult<'a> {
    dry_run: bool,
    changed: bool,
    control_plane: &'a str,
    organisation: &'a str,
    labels: &'a [String],
    tags: &'a [String],
    all: bool,
    apis: Vec<PulledApi<'a>>,
    removed: &'a [String],
    policies: PolicyCounts,
    applications: usize,
    key_mappings: usize,
    subscriptions: usize,
    subscription_source: SnapshotSource,
    client_certificates: usize,
    backend_certificates: usize,
    warnings: &'a [String],
}

#[derive(Debug, Serialize)]
struct PulledApi<'a> {
    name: &'a str,
    version: &'a str,
    id: String,
    state: &'a str,
    change: Change,
    file: &'a str,
}

#[derive(Debug, Serialize)]
struct PolicyCounts {
    resource: usize,
    application: usize,
    subscription: usize,
}

/// Tells what changed, and what is to be known about it.
pub(super) fn tell(context: &Context, pulled: &Pulled, removed: &[String], tense: Tense) {
    let ui = &context.ui;
    let before = pulled.before();
    let (mut added, mut changed, mut unchanged) = (0, 0, 0);
    for api in &pulled.lock.apis {
        let (count, verb) = match before.change(api) {
            Change::Added => (&mut added, "Added"),
            Change::Changed => (&mut changed, "Changed"),
            Change::Unchanged => (&mut unchanged, "Unchanged"),
        };
        *count += 1;
        let id = mgw_bundle::api_id(&api.name, &api.version);
        ui.status(
            verb,
            format_args!("{} {}  {id}", visible(&api.name), visible(&api.version)),
        );
    }
    for api in removed {
        ui.status("Removed", visible(api));
    }
    if pulled.old.as_ref().is_some_and(LockFile::is_of_another_program) {
        ui.line("Every definition was read again: another version of mgw pulled before.");
    }
    for notice in &pulled.files.notices {
        ui.warn(visible(notice));
    }
    let (policies, snapshot) = (&pulled.files.policies, &pulled.files.subscriptions);
    ui.status(
        match tense {
            Tense::Did => "Pulled",
            Tense::Would => "Would pull",
        },
        format_args!(
            "{} ({added} added, {changed} changed, {unchanged} unchanged, {} removed), {}, {}, {}",
            count::apis(pulled.lock.apis.len()),
            removed.len(),
            Counted(
                policies.resource.len() + policies.application.len() + policies.subscription.len(),
                "policy",
                "policies"
            ),
            Counted(snapshot.applications.len(), "application", "applications"),
            Counted(snapshot.subscriptions.len(), "subscription", "subscriptions")
        ),
    );
    ui.line(source_sentence(snapshot.source, pulled.files.lacks_subscriptions));
    let certificates = &pulled.files.certificates.index;
    if !pulled.files.certificates.is_empty() {
        ui.line(format_args!(
            "{} and {} {}.",
            Counted(certificates.clients.len(), "client certificate", "client certificates"),
            Counted(
                certificates.backends.len(),
                "backend certificate",
                "backend certificates"
            ),
            match tense {
                Tense::Did => "were pulled",
                Tense::Would => "would be pulled",
            }
        ));
    }
}

pub(super) fn result<'a>(pulled: &'a Pulled, removed: &'a [String], tense: Tense, changed: bool) -> PullResult<'a> {
    let before = pulled.before();
    let (lock, policies, snapshot) = (&pulled.lock, &pulled.files.policies, &pulled.files.subscriptions);
    PullResult {
        dry_run: tense == Tense::Would,
        changed,
        control_plane: &lock.source.url,
        organisation: &lock.source.organisation,
        labels: &lock.source.labels,
        tags: &lock.source.tags,
        all: lock.source.all,
        apis: lock
            .apis
            .iter()
            .map(|api| PulledApi {
                name: &api.name,
                version: &api.version,
                id: mgw_bundle::api_id(&api.name, &api.version),
                state: &api.state,
                change: before.change(api),
                file: &api.path,
            })
            .collect(),
        removed,
        policies: PolicyCounts {
            resource: policies.resource.len(),
            application: policies.application.len(),
            subscription: policies.subscription.len(),
        },
        applications: snapshot.applications.len(),
        key_mappings: snapshot.key_mappings.len(),
        subscriptions: snapshot.subscriptions.len(),
        subscription_source: snapshot.source,
        client_certificates: pulled.files.certificates.index.clients.len(),
        backend_certificates: pulled.files.certificates.index.backends.len(),
        warnings: &pulled.files.notices,
    }
}
