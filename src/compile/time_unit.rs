//! The units of time that windows are given in. Months and years have fixed lengths.

const SECOND_MS: u64 = 1000;
const MINUTE_MS: u64 = 60 * SECOND_MS;
const DAY_MS: u64 = 24 * 60 * MINUTE_MS;

/// Names as micro-gw writes them, and milliseconds.
pub(crate) const UNITS: [(&str, u64); 7] = [
    ("sec", SECOND_MS),
    ("min", MINUTE_MS),
    ("hour", 60 * MINUTE_MS),
    ("day", DAY_MS),
    ("week", 7 * DAY_MS),
    ("month", 30 * DAY_MS),
    ("year", 365 * DAY_MS),
];

/// The same names, and what people write for them in full.
pub(crate) const NAMES: [&str; 9] = ["sec", "min", "hour", "day", "week", "month", "year", "second", "minute"];

/// What an abbreviation stands for that nobody takes for another unit; `m` is a minute to some and a month to others.
pub(crate) fn abbreviated(unit: &str) -> Option<&'static str> {
    Some(match unit.trim().to_ascii_lowercase().as_str() {
        "s" => "sec",
        "h" | "hr" | "hrs" => "hour",
        "d" => "day",
        "w" | "wk" | "wks" => "week",
        "mon" | "mth" => "month",
        "y" | "yr" | "yrs" => "year",
        _ => return None,
    })
}

/// Longest window in milliseconds, so that the gateway's arithmetic cannot overflow.
pub(crate) const MAX_WINDOW_MS: u64 = 100 * 365 * DAY_MS;

/// Returns the length of a unit in milliseconds: in any case, in the singular or plural, short or in full.
pub(crate) fn milliseconds(unit: &str) -> Option<u64> {
    let unit = unit.trim().to_ascii_lowercase();
    let short = match unit.strip_suffix('s').unwrap_or(&unit) {
        "second" => "sec",
        "minute" => "min",
        other => other,
    };
    UNITS
        .into_iter()
        .find(|(name, _)| *name == short)
        .map(|(_, length)| length)
}

/// A window in the largest unit that divides it.
pub(crate) fn describe(milliseconds: u64) -> String {
    UNITS
        .into_iter()
        .rev()
        .find(|(_, length)| milliseconds >= *length && milliseconds.is_multiple_of(*length))
        .map_or_else(
            || format!("{milliseconds} ms"),
            |(unit, length)| match milliseconds / length {
                1 => unit.to_owned(),
                many => format!("{many} {unit}"),
            },
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_known_by_all_their_names() {
        for (names, length) in [
            ("sec SEC Second seconds", SECOND_MS),
            ("min Min minutes MINUTE", MINUTE_MS),
            ("hour hours", 60 * MINUTE_MS),
            ("day Days", DAY_MS),
            ("week", 7 * DAY_MS),
            ("month months", 30 * DAY_MS),
            ("year YEARS", 365 * DAY_MS),
        ] {
            for name in names.split(' ') {
                assert_eq!(milliseconds(name), Some(length), "{name}");
            }
        }
        for name in ["", "s", "m", "ms", "minn", "mi n", "moon"] {
            assert_eq!(milliseconds(name), None, "{name}");
        }
        for (short, name) in [("s", Some("sec")), ("H", Some("hour")), ("m", None), ("ms", None)] {
            assert_eq!(abbreviated(short), name, "{short}");
        }
        assert!(NAMES.iter().all(|name| milliseconds(name).is_some()));
    }

    #[test]
    fn windows_are_shown_in_the_largest_unit() {
        for (length, text) in [
            (1500, "1500 ms"),
            (1000, "sec"),
            (120_000, "2 min"),
            (7 * DAY_MS, "week"),
        ] {
            assert_eq!(describe(length), text);
        }
    }
}
