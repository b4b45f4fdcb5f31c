//! Damage at random, and the same for the same seed.

/// SplitMix64: small, and good enough to choose places with.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound.max(1) as u64).expect("it is below a size")
    }
}

/// What mistakes are made of.
const PIECES: [&[u8]; 14] = [
    b"{", b"}", b"[", b"\"", b"'", b":", b",", b"\n", b"\t", b"-", b"&a", b"*a", b"\xff", b"\0",
];

/// `contents` with one to three mistakes.
pub fn damage(contents: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut all = contents.to_vec();
    for _ in 0..=chance.below(3) {
        let place = chance.below(all.len());
        match chance.below(5) {
            0 => all.truncate(place),
            1 => {
                if let Some(byte) = all.get_mut(place) {
                    *byte ^= 1 << chance.below(8);
                }
            }
            2 => {
                let end = (place + 1 + chance.below(12)).min(all.len());
                all.drain(place..end);
            }
            3 => {
                let piece = PIECES[chance.below(PIECES.len())];
                all.splice(place..place, piece.iter().copied());
            }
            _ => {
                let end = (place + chance.below(40)).min(all.len());
                let again = all[place..end].to_vec();
                all.splice(place..place, again);
            }
        }
    }
    all
}
