//! The secrets of sign-ins, and where they must not be.

use crate::support::Place;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Characters of a PKCE verifier as it is made here: 32 bytes in base64url.
const VERIFIER: usize = 43;

/// Secrets as they become known.
#[derive(Debug, Default)]
pub struct Secrets {
    /// What is in no file, and what is in the session file alone.
    nowhere: BTreeSet<String>,
    session: BTreeSet<String>,
    /// Challenges, by which their verifiers are recognised: nobody but the two ends knows those.
    challenges: BTreeSet<String>,
}

impl Secrets {
    /// What is kept nowhere.
    pub fn of(secrets: &[&str]) -> Self {
        Self {
            nowhere: secrets.iter().map(|secret| (*secret).to_owned()).collect(),
            ..Self::default()
        }
    }

    /// Adds what the session file may hold, and nothing else.
    pub fn and_kept(mut self, secret: &str) -> Self {
        self.session.insert(secret.to_owned());
        self
    }

    pub fn add(&mut self, secret: &str) {
        assert!(secret.len() > 5, "{secret} would be found by chance");
        self.nowhere.insert(secret.to_owned());
    }

    pub fn add_challenge(&mut self, challenge: &str) {
        assert_eq!(challenge.len(), VERIFIER, "{challenge}");
        self.challenges.insert(challenge.to_owned());
    }

    /// Adds what the session file keeps; how much that is.
    pub fn add_session(&mut self, place: &Place) -> usize {
        let Ok(text) = std::fs::read_to_string(session_file(place)) else {
            return 0;
        };
        let session: Value = serde_json::from_str(&text).expect("a session");
        let keys = ["access_token", "refresh_token", "client_secret"].into_iter();
        let found: Vec<String> = keys
            .filter_map(|key| session[key].as_str().map(str::to_owned))
            .collect();
        let count = found.len();
        self.session.extend(found);
        count
    }

    /// How many are known.
    pub fn count(&self) -> usize {
        self.nowhere.len() + self.session.len() + self.challenges.len()
    }

    /// Asserts that a text shows none of them.
    #[track_caller]
    pub fn absent_from(&self, text: &str, what: &str) {
        for secret in self.nowhere.iter().chain(&self.session) {
            assert!(!text.contains(secret.as_str()), "{secret} in {what}:\n{text}");
        }
        if let Some(verifier) = self.verifier(text) {
            panic!("the verifier {verifier} in {what}:\n{text}");
        }
    }

    /// Asserts that no file of the user holds one, but the session file those that it is for.
    #[track_caller]
    pub fn absent_from_files(&self, place: &Place) {
        let (session, home) = (session_file(place), home(place));
        let mut folders = vec![home];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).expect("the folder is readable") {
                let path = entry.expect("the folder is readable").path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let bytes = std::fs::read(&path).expect("the file is readable");
                let text = String::from_utf8_lossy(&bytes);
                let what = path.display().to_string();
                if path == session {
                    for secret in &self.nowhere {
                        assert!(!text.contains(secret.as_str()), "{secret} is kept in {what}");
                    }
                    assert_eq!(self.verifier(&text), None, "the verifier is kept");
                } else {
                    self.absent_from(&text, &what);
                }
            }
        }
    }

    /// A word that one of the challenges was made from.
    fn verifier<'a>(&self, text: &'a str) -> Option<&'a str> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let words = text.split(|c| !is_part(c)).filter(|word| word.len() >= VERIFIER);
        let mut candidates = words.flat_map(|word| (0..=word.len() - VERIFIER).map(|at| &word[at..at + VERIFIER]));
        candidates.find(|word| self.challenges.contains(&challenge_of(word)))
    }
}

fn challenge_of(verifier: &str) -> String {
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
}

/// Where the session of a place is kept.
pub fn session_file(place: &Place) -> PathBuf {
    place.config_dir().join("sessions/default.json")
}

/// The user's home, which everything of a place is in.
fn home(place: &Place) -> PathBuf {
    place.path().parent().map(Path::to_owned).expect("it is in a folder")
}

#[test]
fn a_verifier_is_recognised_by_its_challenge() {
    // The example of RFC 7636.
    let mut secrets = Secrets::default();
    secrets.add_challenge("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    for text in [format!("a={verifier}&b"), format!("xx{verifier}y")] {
        assert_eq!(secrets.verifier(&text), Some(verifier));
    }
    assert_eq!(secrets.verifier("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), None);
}
