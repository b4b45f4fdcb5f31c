//! Whether anybody is there to be tested.

use super::client::Unanswered;
use super::report::{Ended, Outcome};

/// That many cases in a row without an answer, and nothing more is asked of a gateway that has never answered, or that lets
/// nobody connect any more.
const MOST_IN_VAIN: usize = 3;

/// The same for a gateway that has answered, and lets others connect: it may be slow backends that keep it from answering.
const MOST_LATE: usize = 10;

/// What is known of a gateway that is not our own.
#[derive(Debug, Default)]
pub(super) struct Presence {
    has_answered: bool,
    /// The cases since the last answer that had none.
    in_vain: Vec<usize>,
}

/// There is no gateway, or none any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Away {
    /// Why, as far as it is known.
    pub(crate) reason: String,
    /// It has answered something.
    pub(crate) has_answered: bool,
}

impl Presence {
    /// Notes how the case at this position ended; returns something when it is time to give up.
    pub(super) fn note(&mut self, case: usize, outcome: &Outcome) -> Option<Away> {
        if outcome.answers > 0 {
            self.has_answered = true;
            self.in_vain.clear();
        }
        let Ended::Unanswered(why) = &outcome.ended else {
            return None;
        };
        self.in_vain.push(case);
        let most = match (why, self.has_answered) {
            (Unanswered::NotReached(_), false) => 1,
            (Unanswered::NotReached(_), true) | (_, false) => MOST_IN_VAIN,
            (_, true) => MOST_LATE,
        };
        (self.in_vain.len() >= most).then(|| self.away(why))
    }

    /// What is to be said at the end, where nothing was ever answered.
    pub(super) fn nobody(&self, outcomes: &[Outcome]) -> Option<Away> {
        let last = outcomes.get(*self.in_vain.last().filter(|_| !self.has_answered)?)?;
        match &last.ended {
            Ended::Unanswered(why) => Some(self.away(why)),
            _ => None,
        }
    }

    /// The cases for whose answers nobody was there.
    pub(super) fn in_vain(&self) -> &[usize] {
        &self.in_vain
    }

    fn away(&self, why: &Unanswered) -> Away {
        Away {
            reason: why.reason().to_owned(),
            has_answered: self.has_answered,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn outcome(answers: u32, ended: Ended) -> Outcome {
        Outcome {
            name: String::new(),
            place: String::new(),
            answers,
            ended,
            took: Duration::ZERO,
        }
    }

    /// How many such cases end in giving up.
    fn last(presence: &mut Presence, why: &Unanswered) -> usize {
        let ended = outcome(0, Ended::Unanswered(why.clone()));
        (1..=100)
            .find(|case| presence.note(*case, &ended).is_some())
            .expect("an end")
    }

    #[test]
    fn nobody_is_asked_for_ever() {
        let refused = Unanswered::NotReached("refused".to_owned());
        let silent = Unanswered::Silent("silent".to_owned());
        let broken = Unanswered::Broken("broken".to_owned());
        let answered = outcome(1, Ended::Judged(Vec::new()));
        for (why, never, midway) in [(&refused, 1, 3), (&silent, 3, 10), (&broken, 3, 10)] {
            assert_eq!(last(&mut Presence::default(), why), never, "{why:?}");
            let mut presence = Presence::default();
            assert_eq!(presence.note(0, &answered), None);
            assert_eq!(last(&mut presence, why), midway, "{why:?}");
            assert_eq!(presence.in_vain().len(), midway);
        }
        // It is killed while requests are under way.
        let mut presence = Presence::default();
        presence.note(0, &answered);
        for case in 1..4 {
            assert_eq!(
                presence.note(case, &outcome(0, Ended::Unanswered(broken.clone()))),
                None
            );
        }
        assert_eq!(last(&mut presence, &refused), 1);
    }

    #[test]
    fn an_answer_in_between_is_a_sign_of_life() {
        let silent = outcome(0, Ended::Unanswered(Unanswered::Silent("silent".to_owned())));
        let mut presence = Presence::default();
        let repeated = outcome(2, Ended::Unanswered(Unanswered::Silent("silent".to_owned())));
        for case in 0..100 {
            assert_eq!(presence.note(case, &silent), None);
            // The last of several requests of a case had no answer.
            assert_eq!(presence.note(case, &repeated), None);
        }
        assert_eq!(presence.nobody(&[]), None);
    }

    #[test]
    fn few_cases_that_nobody_answers_are_no_failures() {
        let silent = outcome(0, Ended::Unanswered(Unanswered::Silent("silent".to_owned())));
        let mut presence = Presence::default();
        assert_eq!(presence.note(0, &silent), None);
        let away = presence.nobody(std::slice::from_ref(&silent));
        assert_eq!(
            away,
            Some(Away {
                reason: "silent".to_owned(),
                has_answered: false
            })
        );
    }
}
