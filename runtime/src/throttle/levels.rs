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
}

impl Levels<'_> {
    pub(super) fn each(&self) -> [(LevelKind, &Level); 4] {
        [
            (LevelKind::Api, self.api),
            (LevelKind::Resource, self.resource),
            (LevelKind::Subscription, &self.subscription),
            (LevelKind::Application, self.application),
        ]
    }

    pub(super) fn limited(&self) -> impl Iterator<Item = (LevelKind, &Limits)> {
        self.each().into_iter().filter_map(|(kind, level)| match level {
            Level::Limited(limits) => Some((kind, limits.as_ref())),
            Level::Unlimited | Level::Unknown | Level::Conditional(_) => None,
        })
    }
}
