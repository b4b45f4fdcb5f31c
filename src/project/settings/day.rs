//! Days that are written in another way than `YYYY-MM-DD`.

use jiff::civil::Date;

/// The months by how their English names begin.
const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// The day that is meant by a text which can be read as one day only.
pub(super) fn meant(text: &str) -> Option<Date> {
    /// Longer texts are no days.
    const LONGEST: usize = 64;
    if text.len() > LONGEST || !text.is_ascii() {
        return None;
    }
    let text = text.trim();
    // With a time of day, it is the day of that time.
    let day = text.split(['T', 't']).next().filter(|_| text.contains([':']));
    if let Some(day) = day.and_then(|day| day.parse::<Date>().ok()) {
        return Some(day);
    }
    let parts: Vec<&str> = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|part| !part.is_empty())
        .collect();
    let [first, second, third] = parts[..] else { return None };
    let is_year = |part: &str| part.len() == 4;
    if is_year(first) {
        return of(first, number(second)?, third);
    }
    if !is_year(third) {
        return None;
    }
    if let Some(month) = month(first) {
        return of(third, month, second);
    }
    if let Some(month) = month(second) {
        return of(third, month, first);
    }
    let (day_first, month_first) = (
        number(second).and_then(|month| of(third, month, first)),
        number(first).and_then(|month| of(third, month, second)),
    );
    match (day_first, month_first) {
        // Nobody writes the month first between full stops.
        (Some(day), _) if text.contains('.') => Some(day),
        (Some(day), Some(other)) => (day == other).then_some(day),
        (Some(day), None) => Some(day),
        (None, other) => other.filter(|_| text.contains('/')),
    }
}

fn of(year: &str, month: i8, day: &str) -> Option<Date> {
    let year = year.bytes().all(|byte| byte.is_ascii_digit()).then_some(year)?;
    Date::new(year.parse().ok()?, month, number(day)?).ok()
}

/// One or two digits.
fn number(part: &str) -> Option<i8> {
    let is_number = part.len() <= 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| part.parse().ok())?
}

/// The number of a month that has an English name.
fn month(part: &str) -> Option<i8> {
    let name = part.to_ascii_lowercase();
    let index = MONTHS.iter().position(|month| name.starts_with(month))?;
    i8::try_from(index + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_read_as_one_day_is_one() {
        for (text, expected) in [
            ("2027/03/31", Some("2027-03-31")),
            ("2027.3.1", Some("2027-03-01")),
            ("2027-3-31", Some("2027-03-31")),
            (" 2027-03-31 ", Some("2027-03-31")),
            ("2027-03-31T12:00:00Z", Some("2027-03-31")),
            ("31.12.2027", Some("2027-12-31")),
            ("1.2.2027", Some("2027-02-01")),
            ("31/12/2027", Some("2027-12-31")),
            ("12/31/2027", Some("2027-12-31")),
            ("05/05/2027", Some("2027-05-05")),
            ("31 March 2027", Some("2027-03-31")),
            ("Mar 1, 2027", Some("2027-03-01")),
            ("31-Dec-2027", Some("2027-12-31")),
            // The fourth of March, or the third of April.
            ("03/04/2027", None),
            ("03-04-2027", None),
            // The month is none, or the day.
            ("12.31.2027", None),
            ("2027-02-30", None),
            ("2027-31-12", None),
            ("31.12.27", None),
            ("2027-03", None),
            ("next year", None),
            ("", None),
        ] {
            let day = meant(text).map(|day| day.to_string());
            assert_eq!(day.as_deref(), expected, "{text}");
        }
    }
}
