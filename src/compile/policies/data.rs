//! Amounts of data: `10MB`.

/// The units, as the control plane counts them.
const UNITS: [(&str, u64); 4] = [("B", 1), ("KB", 1 << 10), ("MB", 1 << 20), ("GB", 1 << 30)];

/// Reads a whole number and its unit in any case, with or without a blank between: bytes.
pub(super) fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (amount, unit) = text.split_at_checked(digits)?;
    let unit = unit.trim_start();
    let (_, size) = UNITS.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
    amount.parse::<u64>().ok()?.checked_mul(size)
}

/// An amount with the largest unit that leaves a whole number.
pub(crate) fn describe(bytes: u64) -> String {
    let unit = UNITS.into_iter().rev().find(|(_, size)| bytes.is_multiple_of(*size));
    unit.map_or_else(
        || format!("{bytes} B"),
        |(name, size)| format!("{} {name}", bytes / size),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_a_unit() {
        for (text, expected) in [
            ("10MB", Some(10 << 20)),
            ("10 mb", Some(10 << 20)),
            (" 512 Kb ", Some(512 << 10)),
            ("3GB", Some(3 << 30)),
            ("7B", Some(7)),
            ("0KB", Some(0)),
            ("10", None),
            ("MB", None),
            ("-1MB", None),
            ("1.5MB", None),
            ("10MiB", None),
            ("10 M B", None),
            ("", None),
            ("99999999999999999999B", None),
            ("18446744073709551615KB", None),
        ] {
            assert_eq!(bytes(text), expected, "{text}");
        }
    }

    #[test]
    fn amounts_are_shown_as_people_write_them() {
        for (amount, text) in [
            (10 << 20, "10 MB"),
            (1025, "1025 B"),
            (3 << 30, "3 GB"),
            (1536, "1536 B"),
        ] {
            assert_eq!(describe(amount), text);
            assert_eq!(bytes(text), Some(amount));
        }
    }
}
