//! Entry point of the fuzz targets into what a bundle says of itself.

use super::check;
use crate::compile::fuzzing::empty_config;
use crate::fuzzing::files::files;
use mgw_bundle::{Bundle, BundleContents, Limits, SigningKey, names, sign_bundle, write_bundle};

/// Packs the files of an input as entries of a bundle, reads the bundle back, and compares what the entries say of it with it.
/// A signature changes neither its identity nor its entries.
pub fn described_bundle(input: &[u8]) -> String {
    let mut entries = files(input);
    for name in [
        names::MANIFEST,
        names::SIGNATURE,
        names::CONFIG,
        names::SUBSCRIPTIONS,
        "",
    ] {
        entries.remove(name);
    }
    let contents = BundleContents {
        tool: "mgw 0.0.0",
        lock: None,
        config: &empty_config(),
        snapshot: None,
        entries: entries.clone(),
    };
    let (bytes, digest) = write_bundle(contents).expect("entries can be packed");
    let bundle = Bundle::read(&bytes, &Limits::default()).expect("it was packed just now");
    assert_eq!(bundle.digest, digest);
    entries
        .iter()
        .for_each(|(name, bytes)| assert_eq!(bundle.entries.get(name), Some(bytes)));
    thread_local!(static KEY: SigningKey = SigningKey::generate().expect("a key"));
    let signed = KEY.with(|key| sign_bundle(&bytes, key, &Limits::default()).expect("it can be signed"));
    let signed = Bundle::read(&signed, &Limits::default()).expect("it was signed just now");
    assert_eq!((signed.digest, &signed.entries), (bundle.digest, &bundle.entries));
    assert_eq!(signed.signers, [KEY.with(SigningKey::public)]);
    match check(&bundle) {
        Ok(attested) => format!("{attested:?}"),
        Err(disagreement) => disagreement.to_string(),
    }
}
