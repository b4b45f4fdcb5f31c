//! Numbers that look random and are the same in every run.

/// A generator of 64 bits of state (SplitMix64): small, fast, and good from any seed on.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    /// The generator of one subject: what it draws does not depend on who is simulated before it, or beside it.
    pub(crate) fn of(seed: u64, subject: u64) -> Self {
        let mut random = Self(seed);
        Self(random.next() ^ subject.wrapping_mul(0xD6E8_FEB8_6659_FD93))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    /// At least 0, below 1.
    pub(crate) fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Below `count`; 0 where that is 0.
    pub(crate) fn below(&mut self, count: u64) -> u64 {
        // The upper half of the product: each value as often as any other, but for one in 2^64 / count.
        ((u128::from(self.next()) * u128::from(count)) >> 64) as u64
    }

    /// A waiting time of this mean, of events that know nothing of each other.
    pub(crate) fn waiting(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.share()).ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same() {
        let draw = |seed, subject| {
            let mut random = Random::of(seed, subject);
            [random.next(), random.next(), random.next()]
        };
        assert_eq!(draw(1, 2), draw(1, 2));
        assert_ne!(draw(1, 2), draw(1, 3));
        assert_ne!(draw(1, 2), draw(2, 2));
    }

    #[test]
    fn means_are_as_asked_for() {
        let mut random = Random::of(7, 7);
        let count = 100_000;
        let mean = (0..count).map(|_| random.waiting(3.0)).sum::<f64>() / f64::from(count);
        assert!((2.9..3.1).contains(&mean), "{mean}");
        let mut hits = [0_u32; 5];
        for _ in 0..count {
            hits[random.below(5) as usize] += 1;
        }
        assert!(hits.iter().all(|hits| (19_000..21_000).contains(hits)), "{hits:?}");
    }
}
