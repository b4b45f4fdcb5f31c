//! The levels of one request.

use super::level::Limits;
use super::{Level, LevelKind};
use std::borrow::Cow;

/// What limits a request, in the order in which levels answer. Conditions have been looked at.
#[derive(Debug)]
pub struct Levels<'a> {
    pub(super) api: &'a Level,
    pub(super) resource: &'a Level,
    /// Borrowed from the caller; owned where the caller is an address.
    pub(super) subscription: Cow<'a, Level>,
    pub(super) application: &'a Level,
    /// Of custom policies; mostly none.
    pub(super) custom: Vec<Level>,
    /// Nobody is asked for credentials: custom policies answer before the subscription.
    pub(super) custom_first: bool,
}

impl Levels<'_> {
    pub(super) fn each(&self) -> impl Iterator<Item = (LevelKind, &Level)> {
        let custom = |levels| {
            let levels: std::slice::Iter<'_, Level> = levels;
            levels.map(|level| (LevelKind::Custom, level))
        };
        let (before, after) = if self.custom_first {
            (self.custom.iter(), [].iter())
        } else {
            ([].iter(), self.custom.iter())
        };
        [(LevelKind::Api, self.api), (LevelKind::Resource, self.resource)]
            .into_iter()
            .chain(custom(before))
            .chain([
                (LevelKind::Subscription, &*self.subscription),
                (LevelKind::Application, self.application),
            ])
            .chain(custom(after))
    }

    pub(super) fn limited(&self) -> impl Iterator<Item = (LevelKind, &Limits)> {
        self.each().filter_map(|(kind, level)| match level {
            Level::Limited(limits) => Some((kind, limits.as_ref())),
            Level::Unlimited | Level::Unknown | Level::Conditional(_) => None,
        })
    }
}
