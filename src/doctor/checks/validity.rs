//! Until when certificates are valid.

use crate::doctor::Finding;
use jiff::Timestamp;
use mgw_keystore::{CertificateFacts, Validity};

/// Certificates that end within this time are told.
const SOON: i64 = 30 * DAY;
const DAY: i64 = 86_400;

/// What there is to say of a certificate, `whose` it may be.
pub(super) fn decide(whose: &str, der: &[u8], now: i64, remedy: &str) -> Finding {
    match CertificateFacts::of(der) {
        Some(CertificateFacts {
            subject,
            issuer,
            validity,
            ..
        }) => {
            let shown = Shown {
                subject,
                issuer,
                validity,
            };
            of_facts(whose, &shown, now, remedy)
        }
        None => Finding::problem(format!("{whose} is no certificate"), remedy),
    }
}

/// What decides, of a certificate.
struct Shown {
    subject: String,
    issuer: String,
    validity: Validity,
}

fn of_facts(whose: &str, facts: &Shown, now: i64, remedy: &str) -> Finding {
    let (from, until) = (moment(facts.validity.not_before), moment(facts.validity.not_after));
    let issuer = match facts.issuer == facts.subject {
        true => "itself".to_owned(),
        false => facts.issuer.clone(),
    };
    let named = format!("{whose} ({}, from {issuer})", facts.subject);
    if now < facts.validity.not_before {
        return Finding::problem(
            format!("{named} is not valid before {from}"),
            "Set the clock of this machine right, or wait.",
        );
    }
    if now > facts.validity.not_after {
        return Finding::problem(format!("{named} expired on {until}"), remedy);
    }
    let left = facts.validity.not_after - now;
    if left < SOON {
        return Finding::warning(format!("{named} expires in {} days, on {until}", left / DAY), remedy);
    }
    Finding::ok(format!("{named} is valid until {until}"))
}

fn moment(unix_seconds: i64) -> String {
    Timestamp::from_second(unix_seconds).map_or_else(|_| format!("{unix_seconds} s"), |moment| moment.to_string())
}

pub(super) fn now() -> i64 {
    Timestamp::now().as_second()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn an_end_is_told_a_month_before() {
        let facts = Shown {
            subject: "CN=gateway".to_owned(),
            issuer: "CN=authority".to_owned(),
            validity: Validity {
                not_before: 1000,
                not_after: 1000 + 100 * DAY,
            },
        };
        for (now, verdict, words) in [
            (999, Verdict::Problem, "not valid before 1970-01-01T00:16:40Z"),
            (1000, Verdict::Ok, "from CN=authority) is valid until"),
            (1000 + 70 * DAY, Verdict::Ok, "valid until"),
            (1001 + 70 * DAY, Verdict::Warning, "expires in 29 days"),
            (1000 + 100 * DAY, Verdict::Warning, "expires in 0 days"),
            (1001 + 100 * DAY, Verdict::Problem, "expired on"),
        ] {
            let finding = of_facts("the certificate", &facts, now, "Renew it.");
            assert_eq!(finding.verdict, verdict, "{now}: {finding:?}");
            assert!(finding.text.contains(words), "{finding:?}");
        }
        assert_eq!(decide("it", b"x", 0, "y").verdict, Verdict::Problem);
    }
}
