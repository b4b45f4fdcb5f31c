//! Who writes a value and who reads it, and what a change means for callers then.

use crate::diff::Class;

/// Which way values go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Direction {
    /// Callers send them: what was taken has to be taken still.
    Sent,
    /// Callers get them: nothing may come that did not come before.
    Received,
    /// The schema stands where what is wider inside may be narrower outside: behind `not`, `if` and the like.
    Either,
}

/// What a change does to the values that a schema admits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Some are admitted no more.
    Narrower,
    /// More are admitted.
    Wider,
    /// Some are admitted no more, and others are.
    Other,
    /// Nobody can tell, for a reason.
    Unclear(&'static str),
}

/// Why nothing is decided about a schema under [`Direction::Either`].
const EITHER: &str = "whether more or less is admitted by it depends on the values";

impl Direction {
    /// How grave a change is, and where that is not certain, why it may break callers.
    pub(super) fn weigh(self, effect: Effect) -> (Class, Option<&'static str>) {
        match (self, effect) {
            (_, Effect::Unclear(reason)) => (Class::Breaking, Some(reason)),
            (Self::Either, _) => (Class::Breaking, Some(EITHER)),
            (_, Effect::Other) | (Self::Sent, Effect::Narrower) | (Self::Received, Effect::Wider) => {
                (Class::Breaking, None)
            }
            (Self::Sent, Effect::Wider) | (Self::Received, Effect::Narrower) => (Class::Compatible, None),
        }
    }

    /// The mark of a property that does not go this way.
    pub(super) fn excluded_by(self) -> Option<&'static str> {
        match self {
            Self::Sent => Some("readOnly"),
            Self::Received => Some("writeOnly"),
            Self::Either => None,
        }
    }
}
