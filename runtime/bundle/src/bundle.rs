//! A bundle that has been read and checked.

use crate::{Digest, GatewayConfig, Manifest, PublicKey, SubscriptionSnapshot};
use std::collections::BTreeMap;

/// A bundle whose every entry matched its manifest.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// The manifest as read.
    pub manifest: Manifest,
    /// Digest of the manifest's bytes: the identity of the bundle.
    pub digest: Digest,
    /// The compiled configuration.
    pub config: GatewayConfig,
    /// Subscription data, when the project pulled any.
    pub snapshot: Option<SubscriptionSnapshot>,
    /// Every entry but the manifest and its signature, by name.
    pub entries: BTreeMap<String, Vec<u8>>,
    /// Whose genuine signatures it bears; whether they are trusted is another question.
    pub signers: Vec<PublicKey>,
}
