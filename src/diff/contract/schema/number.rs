//! Bounds of numbers, lengths and counts.

use serde_json::{Number, Value};
use std::cmp::Ordering;

/// The least or the most that is admitted.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bound {
    pub(super) value: Number,
    /// The value itself is not admitted.
    pub(super) is_exclusive: bool,
}

/// Which end of a range a bound is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Least,
    Most,
}

/// Whole numbers exactly, others as far as they are known.
pub(super) fn compare(one: &Number, other: &Number) -> Ordering {
    let whole = |number: &Number| {
        let signed = number.as_i64().map(i128::from);
        signed.or_else(|| number.as_u64().map(i128::from))
    };
    match (whole(one), whole(other)) {
        (Some(one), Some(other)) => one.cmp(&other),
        _ => {
            let real = |number: &Number| number.as_f64().unwrap_or_default();
            real(one).total_cmp(&real(other))
        }
    }
}

impl Bound {
    /// The stricter of two.
    pub(super) fn stricter(self, other: Self, end: End) -> Self {
        match self.strictness(&other, end) {
            Ordering::Less => other,
            _ => self,
        }
    }

    /// `Greater`: this one admits less.
    pub(super) fn strictness(&self, other: &Self, end: End) -> Ordering {
        let by_value = compare(&self.value, &other.value);
        let by_value = match end {
            End::Least => by_value,
            End::Most => by_value.reverse(),
        };
        by_value.then(self.is_exclusive.cmp(&other.is_exclusive))
    }

    /// The same for whole numbers: the first or last of them that is admitted. Those that are too large to tell stay.
    pub(super) fn of_whole(&self, end: End) -> Self {
        /// Up to here each whole number is known exactly.
        const LARGEST: f64 = 9_007_199_254_740_992.0;
        let signed = self.value.as_i64().map(i128::from);
        let (whole, is_itself) = match signed.or_else(|| self.value.as_u64().map(i128::from)) {
            Some(whole) => (whole, true),
            None => match self.value.as_f64() {
                Some(real) if real.abs() < LARGEST => {
                    let next = if end == End::Least { real.ceil() } else { real.floor() };
                    (next as i128, next == real)
                }
                _ => return self.clone(),
            },
        };
        let step = i128::from(self.is_exclusive && is_itself);
        let value = if end == End::Least { whole + step } else { whole - step };
        Number::from_i128(value).map_or_else(
            || self.clone(),
            |value| Self {
                value,
                is_exclusive: false,
            },
        )
    }

    /// The bound at one end of a schema's numbers: up to 3.0 `exclusiveMinimum` is a word on `minimum`, and a number since.
    pub(super) fn of_numbers(schema: &serde_json::Map<String, Value>, end: End) -> Option<Self> {
        let (plain, exclusive) = match end {
            End::Least => ("minimum", "exclusiveMinimum"),
            End::Most => ("maximum", "exclusiveMaximum"),
        };
        let number = |key: &str| schema.get(key).and_then(Value::as_number).cloned();
        let bound = |value, is_exclusive| Self { value, is_exclusive };
        let word = schema.get(exclusive).and_then(Value::as_bool).unwrap_or_default();
        let plain = number(plain).map(|value| bound(value, word));
        let exclusive = number(exclusive).map(|value| bound(value, true));
        match (plain, exclusive) {
            (Some(plain), Some(exclusive)) => Some(plain.stricter(exclusive, end)),
            (plain, exclusive) => plain.or(exclusive),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_ways_to_write_an_open_end_are_one() {
        for (one, other, end) in [
            (
                json!({"minimum": 3, "exclusiveMinimum": true}),
                json!({"exclusiveMinimum": 3}),
                End::Least,
            ),
            (
                json!({"maximum": 3, "exclusiveMaximum": true}),
                json!({"exclusiveMaximum": 3, "maximum": 4}),
                End::Most,
            ),
        ] {
            let bound = |schema: &Value| Bound::of_numbers(schema.as_object().unwrap(), end);
            assert_eq!(bound(&one), bound(&other));
            assert!(bound(&one).unwrap().is_exclusive);
        }
    }

    #[test]
    fn whole_numbers_have_a_first_and_a_last() {
        use End::{Least, Most};
        for (value, is_exclusive, end, expected) in [
            (json!(3), true, Least, json!(4)),
            (json!(3), false, Least, json!(3)),
            (json!(3), true, Most, json!(2)),
            (json!(3.5), true, Least, json!(4)),
            (json!(3.0), true, Least, json!(4)),
            (json!(10.5), false, Most, json!(10)),
            (json!(-0.5), false, Most, json!(-1)),
            (json!(9007199254740993_i64), true, Most, json!(9007199254740992_i64)),
        ] {
            let value = value.as_number().unwrap().clone();
            let bound = Bound { value, is_exclusive }.of_whole(end);
            assert_eq!((Value::from(bound.value), bound.is_exclusive), (expected, false));
        }
        for (value, end) in [(json!(1e300), Least), (json!(u64::MAX), Least)] {
            let value = value.as_number().unwrap().clone();
            let bound = Bound {
                value,
                is_exclusive: true,
            };
            assert_eq!(bound.of_whole(end), bound);
        }
    }

    #[test]
    fn large_whole_numbers_are_told_apart() {
        let number = |text: &str| serde_json::from_str::<Number>(text).unwrap();
        for (one, other, expected) in [
            ("9007199254740993", "9007199254740992", Ordering::Greater),
            ("18446744073709551615", "-1", Ordering::Greater),
            ("1.5", "2", Ordering::Less),
            ("2.0", "2", Ordering::Equal),
        ] {
            assert_eq!(compare(&number(one), &number(other)), expected, "{one} {other}");
        }
    }
}
