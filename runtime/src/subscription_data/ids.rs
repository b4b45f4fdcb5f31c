//! Ids of the control plane: numbers in the older generations, UUIDs beside them in the later ones.

use std::fmt;
use uuid::Uuid;

/// One id of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Id {
    /// A number, never 0.
    Number(u64),
    /// A UUID.
    Uuid(Uuid),
}

/// All that is known of an object's identity. Generations that have given numbers up send 0 or −1 beside the UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Ids {
    number: Option<u64>,
    uuid: Option<Uuid>,
}

impl Ids {
    /// Takes what is usable.
    pub(crate) fn new(number: Option<i64>, uuid: Option<&str>) -> Self {
        Self {
            number: number
                .and_then(|number| u64::try_from(number).ok())
                .filter(|number| *number > 0),
            uuid: uuid.and_then(|text| Uuid::try_parse(text).ok()),
        }
    }

    /// Reads an id of which nobody says what it is.
    pub(crate) fn from_text(text: &str) -> Self {
        Self::new(text.parse().ok(), Some(text))
    }

    /// Returns the id under which the object is kept: the number, which every generation knows, else the UUID.
    pub(crate) fn primary(self) -> Option<Id> {
        self.all().next()
    }

    /// Returns every id under which the object may be kept.
    pub(crate) fn all(self) -> impl Iterator<Item = Id> + Clone {
        let number = self.number.map(Id::Number);
        number.into_iter().chain(self.uuid.map(Id::Uuid))
    }

    /// Adds what `other` knows.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            number: self.number.or(other.number),
            uuid: self.uuid.or(other.uuid),
        }
    }

    /// Returns whether both are the same object, as far as one can tell.
    pub(crate) fn meets(self, other: Self) -> bool {
        self.all().any(|id| other.all().any(|own| own == id))
    }

    pub(crate) fn number(self) -> Option<u64> {
        self.number
    }

    pub(crate) fn uuid(self) -> Option<Uuid> {
        self.uuid
    }
}

impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(formatter),
            Self::Uuid(uuid) => uuid.fmt(formatter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_first_and_those_given_up_do_not_count() {
        const UUID: &str = "7d1c0a52-0000-4000-8000-000000000001";
        let uuid = Id::Uuid(Uuid::try_parse(UUID).expect("a UUID"));
        let cases = [
            (Some(41), Some(UUID), vec![Id::Number(41), uuid]),
            (Some(0), Some(UUID), vec![uuid]),
            (Some(-1), Some(UUID), vec![uuid]),
            (None, Some("canary"), vec![]),
            (Some(41), None, vec![Id::Number(41)]),
            (None, None, vec![]),
        ];
        for (number, text, expected) in cases {
            let ids = Ids::new(number, text);
            assert_eq!(ids.all().collect::<Vec<_>>(), expected);
            assert_eq!(ids.primary(), expected.first().copied());
        }
        assert_eq!(Ids::from_text("12").primary(), Some(Id::Number(12)));
        assert_eq!(Ids::from_text(UUID).primary(), Some(uuid));
        assert_eq!(Ids::from_text("app").primary(), None);
    }
}
