//! How much work a store asks for before it opens.
//!
//! Each check value and each entry may ask for a million rounds of key derivation, and a file has room for thousands of
//! entries: together they are bounded before the first round. What is inside an encrypted part shows only afterwards;
//! neither OpenSSL nor `keytool` derives keys there.

/// Most rounds of all derivations together: some seconds of work.
pub(super) const MAX_ROUNDS: u64 = 10_000_000;
/// Deepest nesting that is looked at.
const MAX_DEPTH: usize = 32;

const SEQUENCE: u8 = 0x30;
const OCTETS: u8 = 0x04;
const INTEGER: u8 = 0x02;
/// Whether a value consists of others.
const CONSTRUCTED: u8 = 0x20;

/// Returns the sum of all numbers of rounds that can be seen. In the structures of a store they are what follows a salt:
/// a whole number right after bytes.
pub(super) fn total(bytes: &[u8]) -> u64 {
    let mut sum = 0;
    let _ = walk(bytes, 0, &mut sum);
    sum
}

/// `None`: not DER to its end.
fn walk(mut bytes: &[u8], depth: usize, sum: &mut u64) -> Option<()> {
    let mut before = 0;
    while !bytes.is_empty() {
        let (tag, content, rest) = value(bytes)?;
        if tag == INTEGER && before == OCTETS {
            *sum = sum.saturating_add(number(content));
        }
        if depth < MAX_DEPTH && tag & CONSTRUCTED != 0 {
            walk(content, depth + 1, sum)?;
        } else if depth < MAX_DEPTH && tag == OCTETS && content.first() == Some(&SEQUENCE) {
            // Parts of a store are wrapped in bytes; other bytes only look like it.
            let mut inside = 0;
            if walk(content, depth + 1, &mut inside).is_some() {
                *sum = sum.saturating_add(inside);
            }
        }
        before = tag;
        bytes = rest;
    }
    Some(())
}

/// Takes one value: its tag, its content, and what follows.
fn value(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = digits
                .iter()
                .fold(0_usize, |sum, digit| (sum << 8) | usize::from(*digit));
            (length, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

fn number(digits: &[u8]) -> u64 {
    let digits = match digits {
        [0, rest @ ..] => rest,
        digits => digits,
    };
    if digits.len() > 8 {
        return u64::MAX;
    }
    digits.iter().fold(0, |sum, digit| (sum << 8) | u64::from(*digit))
}

#[cfg(test)]
mod tests {
    use super::total;

    #[test]
    fn rounds_are_found_where_salts_are() {
        let wrapped = [&[0x04, 0x09][..], &[0x30, 0x07, 0x04, 0x01, 9, 0x02, 0x02, 0x08, 0x00]].concat();
        for (bytes, expected) in [
            (&[0x30, 0x07, 0x04, 0x01, 9, 0x02, 0x02, 0x08, 0x00][..], 2048),
            (&wrapped, 2048),
            (&[0x30, 0x06, 0x02, 0x01, 5, 0x04, 0x01, 9], 0),
            (
                &[0x30, 0x0c, 0x04, 0x00, 0x02, 0x08, 0xff, 1, 1, 1, 1, 1, 1, 1],
                0xff01_0101_0101_0101,
            ),
            (&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff], 0),
            (&[0x30], 0),
            (&[], 0),
        ] {
            assert_eq!(total(bytes), expected, "{bytes:?}");
        }
        let deep: Vec<u8> = (0..100_000).map(|_| 0x30).collect();
        assert_eq!(total(&deep), 0);
    }
}
