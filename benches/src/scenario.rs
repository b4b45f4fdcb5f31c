//! What is measured: subjects, scenarios, and the bars they are held against.

use serde::Serialize;

/// Whose processor time is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SubjectKind {
    /// Copies bytes both ways and knows no HTTP: what the kernel asks of every proxy.
    Floor,
    /// HAProxy with one thread.
    Haproxy,
    /// `mgw run` as a default installation has it.
    Mgw,
}

/// The work that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Scenario {
    /// Forwarding without looking at the caller.
    Plain,
    /// RS256 token, subscription and quota per subscriber, credentials removed; every request is admitted.
    FullPolicy,
    /// One token with a forged signature, again and again: 401.
    BadToken,
    /// A subscriber beyond the quota: 429.
    OverQuota,
}

/// One line of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub(crate) struct Case {
    pub subject: SubjectKind,
    pub scenario: Scenario,
}

/// Upper bounds for the gateway's ratios, in the same run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Target {
    /// Against the floor's plain forwarding.
    pub floor: f64,
    /// Against HAProxy in the same scenario.
    pub haproxy: f64,
}

impl SubjectKind {
    /// The name in the report.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Floor => "byte splice",
            Self::Haproxy => "HAProxy",
            Self::Mgw => "mgw",
        }
    }
}

impl Scenario {
    /// In the order of the report.
    pub(crate) const ALL: [Self; 4] = [Self::Plain, Self::FullPolicy, Self::BadToken, Self::OverQuota];

    /// The name in the report.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain proxy",
            Self::FullPolicy => "full policy",
            Self::BadToken => "bad token, 401",
            Self::OverQuota => "over quota, 429",
        }
    }

    /// The status that every answer of the scenario has.
    pub(crate) const fn status(self) -> u16 {
        match self {
            Self::Plain | Self::FullPolicy => 200,
            Self::BadToken => 401,
            Self::OverQuota => 429,
        }
    }

    /// What the gateway is held to.
    pub(crate) const fn target(self) -> Target {
        match self {
            Self::Plain => Target {
                floor: 1.6,
                haproxy: 1.1,
            },
            Self::FullPolicy => Target {
                floor: 1.8,
                haproxy: 0.27,
            },
            Self::BadToken | Self::OverQuota => Target {
                floor: 0.8,
                haproxy: 0.15,
            },
        }
    }
}

impl Case {
    /// The cases of a run, those to be compared next to each other.
    pub(crate) fn selected(subjects: &[SubjectKind], scenarios: &[Scenario]) -> Vec<Self> {
        let wanted = |case: &Self| {
            (subjects.is_empty() || subjects.contains(&case.subject))
                && (scenarios.is_empty() || scenarios.contains(&case.scenario))
        };
        Scenario::ALL
            .into_iter()
            .flat_map(|scenario| {
                [SubjectKind::Floor, SubjectKind::Haproxy, SubjectKind::Mgw].map(|subject| Self { subject, scenario })
            })
            .filter(|case| case.subject != SubjectKind::Floor || case.scenario == Scenario::Plain)
            .filter(wanted)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_knows_no_policy() {
        let cases = Case::selected(&[], &[]);
        assert_eq!(cases.len(), 9);
        let floors = cases.iter().filter(|case| case.subject == SubjectKind::Floor);
        assert!(floors.eq([&Case {
            subject: SubjectKind::Floor,
            scenario: Scenario::Plain
        }]));
    }

    #[test]
    fn a_selection_narrows_both_ways() {
        let cases = Case::selected(&[SubjectKind::Mgw], &[Scenario::BadToken, Scenario::Plain]);
        let names: Vec<_> = cases.iter().map(|case| (case.subject, case.scenario)).collect();
        assert_eq!(
            names,
            [
                (SubjectKind::Mgw, Scenario::Plain),
                (SubjectKind::Mgw, Scenario::BadToken)
            ]
        );
    }
}
