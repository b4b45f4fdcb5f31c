//! Good files of every format, damaged at random: nothing panics, every finding is at a place of its file, and no secret is
//! told. The same seeds give the same damage. `tests/e2e/broken` does the same through the program, with fewer cases.

#[path = "../../tests/e2e/broken/damage.rs"]
mod bytes;

use super::tests::inputs;
use super::{READERS, Reader};
use bytes::{Chance, damage};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Cases of one reader; `DAMAGE_CASES` sets another number.
const CASES: usize = 80;

/// Values of every kind, in the syntax of YAML, JSON and TOML.
const VALUES: [&str; 15] = [
    "null",
    "true",
    "-1",
    "0.5",
    "1e999",
    "18446744073709551616",
    "\"\"",
    "'x'",
    "[]",
    "{}",
    "[[]]",
    "{a: 1}",
    "~",
    "2026-01-31",
    "|\n  x",
];

/// How something is opened again and again.
const DEEP: [&str; 6] = ["[", "{a: ", "{\"a\":", "- ", "a.", "("];

/// A mistake that keeps the form of a text.
fn mistake(text: &str, chance: &mut Chance) -> String {
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    let (one, other) = (chance.below(lines.len()), chance.below(lines.len()));
    match chance.below(7) {
        0 => lines.swap(one, other),
        1 => {
            lines.remove(one);
        }
        2 => lines.insert(other, lines[one]),
        3 => return replaced(text, chance, renamed),
        4 => return replaced(text, chance, |_, chance| VALUES[chance.below(VALUES.len())].to_owned()),
        5 => {
            let deep = DEEP[chance.below(DEEP.len())].repeat(1 + chance.below(400));
            return replaced(text, chance, |_, _| deep.clone());
        }
        // A word that has been repeated before may be long.
        _ => {
            return replaced(text, chance, |word, chance| {
                word.repeat(1 + chance.below(2_000).min(40_000 / word.len()))
            });
        }
    }
    lines.concat()
}

/// The text with one of its words replaced.
fn replaced(text: &str, chance: &mut Chance, by: impl Fn(&str, &mut Chance) -> String) -> String {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '$' | '/');
    let mut words = Vec::new();
    let mut rest = 0;
    while let Some(start) = text[rest..].find(is_part).map(|found| rest + found) {
        let end = text[start..]
            .find(|c| !is_part(c))
            .map_or(text.len(), |found| start + found);
        words.push(start..end);
        rest = end;
    }
    // A secret that is damaged is still one, and would not be found.
    words.retain(|word| !text[word.clone()].contains("CANARY"));
    if words.is_empty() {
        return text.to_owned();
    }
    let word = words.swap_remove(chance.below(words.len()));
    let mut changed = text.to_owned();
    changed.replace_range(word.clone(), &by(&text[word], chance));
    changed
}

/// A word that is nearly the same.
fn renamed(word: &str, chance: &mut Chance) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    let place = chance.below(letters.len());
    match chance.below(4) {
        0 => {
            letters.remove(place);
        }
        1 => letters.insert(place, 'x'),
        2 => letters[place] = if letters[place].is_uppercase() { 'q' } else { 'Q' },
        _ => letters.insert(place, letters[place]),
    }
    letters.into_iter().collect()
}

/// What is wrong with what a reader does, if anything.
fn broken(target: &str, read: Reader, seed: usize, good: &[u8]) -> Option<String> {
    let mut chance = Chance::new(seed as u64);
    let mut input = good.to_vec();
    for _ in 0..=chance.below(3) {
        input = match String::from_utf8(input) {
            Ok(text) if !text.is_empty() && chance.below(3) > 0 => mistake(&text, &mut chance).into_bytes(),
            Ok(text) => damage(text.as_bytes(), &mut chance),
            Err(error) => damage(error.as_bytes(), &mut chance),
        };
    }
    let shown = || format!("{target}, seed {seed}: \"{}\"", input.escape_ascii());
    match catch_unwind(AssertUnwindSafe(|| read(&input))) {
        Err(_) => Some(format!("{} panics", shown())),
        // A canary that was damaged into a place where no secret belongs is no secret.
        Ok(said) if said.contains("CANARY-") => Some(format!("{} tells a secret:\n{said}", shown())),
        Ok(_) => None,
    }
}

#[test]
fn damaged_files_are_told_about_and_nothing_else() {
    let cases = std::env::var("DAMAGE_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(CASES);
    let mut problems = Vec::new();
    for (target, read) in READERS {
        let good = inputs(target);
        for seed in 0..cases {
            let (_, bytes) = &good[seed % good.len()];
            problems.extend(broken(target, read, seed, bytes));
        }
    }
    assert!(
        problems.is_empty(),
        "{} problems\n{}",
        problems.len(),
        problems.join("\n\n")
    );
}
