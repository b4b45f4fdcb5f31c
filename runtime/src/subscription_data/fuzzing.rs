//! Entry point of the fuzz target into what the control plane tells of subscriptions.

use super::records::{Api, Application, KeyMapping, Subscription};
use super::wire::{Element, elements};

/// Most elements that are taken.
const MAX: usize = 64;

/// Reads a list of each kind: no more elements than are allowed, and each is read or counted.
pub fn subscription_data(bytes: &[u8]) {
    list::<Api>(bytes);
    list::<Application>(bytes);
    list::<KeyMapping>(bytes);
    list::<Subscription>(bytes);
}

fn list<T: Element>(bytes: &[u8]) {
    if let Ok(elements) = elements::<T>(bytes, MAX) {
        let malformed = usize::try_from(elements.malformed).unwrap_or(usize::MAX);
        assert!(elements.read.len().saturating_add(malformed) <= MAX);
    }
}
