//! Certificates that end soon, and those that somebody else could make.

use crate::audit::certificates::{Role, Seen};
use crate::audit::finding::{Finding, Subject};
use crate::compile::day;
use crate::diagnostics::Code;
use crate::ui::visible;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// How long before its end a certificate is warned about, in days.
const SOON_DAYS: i64 = 30;

/// Applies the rules for certificates.
pub(in crate::audit) fn of_certificates<'a>(seen: &'a [Seen<'a>], today: Date) -> Vec<Finding<'a>> {
    let mut findings = Vec::new();
    for certificate in seen {
        if certificate.role != Role::Pulled {
            findings.extend(validity(certificate, today));
        }
        findings.extend(strength(certificate));
    }
    findings
}

fn subject<'a>(certificate: &'a Seen<'a>) -> Subject<'a> {
    Subject::File {
        file: &certificate.file,
        api: certificate.api,
    }
}

fn named(certificate: &Seen<'_>) -> String {
    match certificate.facts.subject.as_str() {
        "" => certificate.what.clone(),
        subject => format!("{} ({})", certificate.what, visible(subject)),
    }
}

fn validity<'a>(certificate: &'a Seen<'a>, today: Date) -> Option<Finding<'a>> {
    let validity = certificate.facts.validity;
    let named = named(certificate);
    let soon = today.checked_add(SOON_DAYS.days()).unwrap_or(Date::MAX);
    let (begins, ends) = (date(validity.not_before), date(validity.not_after));
    let message = if ends < today {
        format!("{named} expired on {}", day(validity.not_after))
    } else if begins > today {
        format!("{named} is not valid before {}", day(validity.not_before))
    } else if ends <= soon {
        format!("{named} expires on {}", day(validity.not_after))
    } else {
        return None;
    };
    let finding = if certificate.role == Role::Trusted {
        // Stores of authorities have old ones, and whoever relies on one sees it in what is refused.
        Finding::note
    } else {
        Finding::warning
    };
    let remedy = "Have a successor issued, and put it in its place: the gateway takes it over while it runs.";
    Some(finding(Code::CertificateExpiry, subject(certificate), message, remedy))
}

/// The day of a time; the last one there is for times beyond the calendar.
fn date(unix_seconds: i64) -> Date {
    Timestamp::from_second(unix_seconds).map_or(Date::MAX, |time| time.to_zoned(TimeZone::UTC).date())
}

fn strength<'a>(certificate: &'a Seen<'a>) -> Option<Finding<'a>> {
    let facts = &certificate.facts;
    let mut weaknesses = Vec::new();
    if facts.key.is_weak() {
        weaknesses.push(format!("its key is weak: {}", facts.key));
    }
    // Whoever trusts a certificate that signed itself does not look at the signature.
    if let Some(hash) = facts.signature.weakness().filter(|_| !facts.is_self_issued()) {
        weaknesses.push(format!("it is signed over {hash}"));
    }
    if weaknesses.is_empty() {
        return None;
    }
    let message = format!("{} can be forged: {}", named(certificate), weaknesses.join(", and "));
    let remedy = match certificate.role {
        Role::Pulled => "Have one issued with RSA of 2048 bits or more, or P-256, over SHA-256; upload it, and pull.",
        _ => "Have one issued with RSA of 2048 bits or more, or P-256, over SHA-256.",
    };
    Some(Finding::warning(
        Code::WeakCertificate,
        subject(certificate),
        message,
        remedy,
    ))
}
