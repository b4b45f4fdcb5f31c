//! A change and how grave it is.

use serde::{Deserialize, Serialize};

/// How grave a change is, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Nobody who calls sees it.
    Cosmetic,
    /// Whoever could call before still can.
    Compatible,
    /// Somebody is admitted, or something is let through, that was not before.
    Weakening,
    /// A call that was answered before may not be any more.
    Breaking,
}

impl Class {
    /// From most to least grave.
    pub(crate) const ALL: [Self; 4] = [Self::Breaking, Self::Weakening, Self::Compatible, Self::Cosmetic];

    /// Lower-case name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cosmetic => "cosmetic",
            Self::Compatible => "compatible",
            Self::Weakening => "weakening",
            Self::Breaking => "breaking",
        }
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    /// How grave it is.
    pub(crate) class: Class,
    /// What it is about: an API, a policy, an application.
    pub(crate) subject: String,
    /// The operation, as `GET /orders`, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) place: Option<String>,
    /// The change, as a sentence without a full stop.
    pub(crate) what: String,
}

/// Changes by class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Counts {
    /// [`Class::Breaking`]
    pub(crate) breaking: usize,
    /// [`Class::Weakening`]
    pub(crate) weakening: usize,
    /// [`Class::Compatible`]
    pub(crate) compatible: usize,
    /// [`Class::Cosmetic`]
    pub(crate) cosmetic: usize,
}

impl Counts {
    /// Counts changes.
    pub(crate) fn of(changes: &[Change]) -> Self {
        let count = |class| changes.iter().filter(|change| change.class == class).count();
        Self {
            breaking: count(Class::Breaking),
            weakening: count(Class::Weakening),
            compatible: count(Class::Compatible),
            cosmetic: count(Class::Cosmetic),
        }
    }
}

/// Changes as they are found.
#[derive(Debug, Default)]
pub(super) struct Changes {
    found: Vec<Change>,
}

impl Changes {
    /// Takes changes about something.
    pub(super) fn about(&mut self, subject: impl Into<String>) -> About<'_> {
        About {
            found: &mut self.found,
            subject: subject.into(),
            place: None,
            which: None,
        }
    }

    /// Takes those of a class that were found apart.
    pub(super) fn take(&mut self, others: Changes, class: Class) {
        let others = others.found.into_iter();
        self.found.extend(others.filter(|change| change.class == class));
    }

    /// How many there are so far.
    pub(super) fn len(&self) -> usize {
        self.found.len()
    }

    /// The gravest first, then by what they are about.
    pub(super) fn sorted(mut self) -> Vec<Change> {
        self.found.sort_by(|a, b| {
            let one = (&a.subject, &a.place, &a.what);
            b.class
                .cmp(&a.class)
                .then_with(|| one.cmp(&(&b.subject, &b.place, &b.what)))
        });
        self.found
    }
}

/// Takes changes about one thing.
#[derive(Debug)]
pub(super) struct About<'a> {
    found: &'a mut Vec<Change>,
    subject: String,
    place: Option<String>,
    /// Which requests are meant, where not all of them are.
    which: Option<String>,
}

impl About<'_> {
    /// Takes changes about one operation of it.
    pub(super) fn at(&mut self, place: String) -> About<'_> {
        About {
            found: self.found,
            subject: self.subject.clone(),
            place: Some(place),
            which: self.which.clone(),
        }
    }

    /// Takes changes for some of these requests alone, as `where GET /a serves them`; `None`: for all.
    pub(super) fn among(self, which: Option<String>) -> Self {
        let which = match (&self.which, which) {
            (Some(these), Some(some)) => Some(format!("{these}, {some}")),
            (these, some) => some.or_else(|| these.clone()),
        };
        Self { which, ..self }
    }

    /// Takes a change.
    pub(super) fn push(&mut self, class: Class, what: impl Into<String>) {
        let what = what.into();
        self.found.push(Change {
            class,
            subject: self.subject.clone(),
            place: self.place.clone(),
            what: match &self.which {
                Some(which) => format!("{which}: {what}"),
                None => what,
            },
        });
    }

    /// Takes a [`Class::Breaking`] change.
    pub(super) fn breaking(&mut self, what: impl Into<String>) {
        self.push(Class::Breaking, what);
    }

    /// Takes a [`Class::Weakening`] change.
    pub(super) fn weakening(&mut self, what: impl Into<String>) {
        self.push(Class::Weakening, what);
    }

    /// Takes a [`Class::Compatible`] change.
    pub(super) fn compatible(&mut self, what: impl Into<String>) {
        self.push(Class::Compatible, what);
    }

    /// Takes a [`Class::Cosmetic`] change.
    pub(super) fn cosmetic(&mut self, what: impl Into<String>) {
        self.push(Class::Cosmetic, what);
    }
}

/// A list in a sentence.
pub(super) fn listed<T: AsRef<str>>(names: &[T]) -> String {
    if names.is_empty() {
        return "nothing".to_owned();
    }
    names.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ")
}
