//! Medians and percentiles of measured values.

/// Returns the middle of `values`, the mean of the two middle ones for an even count; `None` without values.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    let upper = values.len() / 2;
    let high = *values.get(upper)?;
    if values.len() % 2 == 1 {
        return Some(high);
    }
    let low = *values.get(upper.checked_sub(1)?)?;
    Some(f64::midpoint(low, high))
}

/// Returns the smallest of the sorted `values` that is not exceeded by `percent` of them (nearest rank); `None` without
/// values.
pub(crate) fn percentile(values: &[u32], percent: f64) -> Option<u32> {
    let rank = (percent / 100.0 * values.len() as f64).ceil() as usize;
    values
        .get(rank.saturating_sub(1).min(values.len().checked_sub(1)?))
        .copied()
}

/// Returns the spread of `values` around their median: the largest distance from it, as a share of it.
pub(crate) fn spread(values: &[f64]) -> Option<f64> {
    let middle = median(values.iter().copied())?;
    if middle == 0.0 {
        return None;
    }
    let largest = values.iter().map(|value| (value - middle).abs()).fold(0.0, f64::max);
    Some(largest / middle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median([]), None);
        assert_eq!(median([3.0]), Some(3.0));
        assert_eq!(median([9.0, 1.0, 4.0]), Some(4.0));
        assert_eq!(median([9.0, 1.0, 4.0, 5.0]), Some(4.5));
        assert_eq!(median([f64::NAN, 2.0, f64::INFINITY]), Some(2.0));
    }

    #[test]
    fn percentiles_take_the_nearest_rank() {
        let values: Vec<u32> = (1..=200).collect();
        assert_eq!(percentile(&values, 50.0), Some(100));
        assert_eq!(percentile(&values, 99.0), Some(198));
        assert_eq!(percentile(&values, 100.0), Some(200));
        assert_eq!(percentile(&values, 0.0), Some(1));
        assert_eq!(percentile(&[7], 99.0), Some(7));
        assert_eq!(percentile(&[], 50.0), None);
    }

    #[test]
    fn the_spread_is_relative_to_the_median() {
        assert_eq!(spread(&[10.0, 10.0, 12.0]), Some(0.2));
        assert_eq!(spread(&[10.0]), Some(0.0));
        assert_eq!(spread(&[0.0, 0.0]), None);
        assert_eq!(spread(&[]), None);
    }
}
