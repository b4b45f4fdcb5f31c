use super::*;
use crate::config::{FORMAT, Policies};
use crate::{BundleContents, write_bundle};

fn config() -> GatewayConfig {
    GatewayConfig {
        format: FORMAT,
        project: "shop".into(),
        apis: Vec::new(),
        policies: Policies::default(),
        backend_certificates: Vec::new(),
        api_fault_responses: false,
        global_fault_responses: false,
    }
}

/// A bundle with further entries, and its digest.
pub(crate) fn write(entries: &[(&str, &[u8])]) -> (Vec<u8>, Digest) {
    write_bundle(BundleContents {
        tool: "mgw",
        lock: None,
        config: &config(),
        snapshot: None,
        entries: entries
            .iter()
            .map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec()))
            .collect(),
    })
    .unwrap()
}

#[test]
fn what_is_written_is_read() {
    let (archive, digest) = write(&[("definitions/a.json", b"{}")]);
    let bundle = Bundle::read(&archive, &Limits::default()).unwrap();
    assert_eq!((bundle.digest, bundle.config), (digest, config()));
    assert_eq!(bundle.entries["definitions/a.json"], b"{}");
    assert_eq!(write(&[("definitions/a.json", b"{}")]).0, archive);
}

#[test]
fn any_flipped_bit_is_noticed() {
    let (archive, _) = write(&[("definitions/a.json", b"{}")]);
    for offset in 0..archive.len() {
        for bit in 0..8 {
            let mut damaged = archive.clone();
            damaged[offset] ^= 1 << bit;
            assert!(
                Bundle::read(&damaged, &Limits::default()).is_err(),
                "bit {bit} of byte {offset}"
            );
        }
    }
}

#[test]
fn any_missing_or_added_byte_is_noticed() {
    let (archive, _) = write(&[]);
    for length in 0..archive.len() {
        assert!(
            Bundle::read(&archive[..length], &Limits::default()).is_err(),
            "{length}"
        );
    }
    let mut longer = archive;
    longer.push(b'0');
    assert!(Bundle::read(&longer, &Limits::default()).is_err());
}

#[test]
fn names_that_leave_the_bundle_are_refused() {
    for name in ["../a", "/a", "a//b", "a/./b", "a\\b", "C:a"] {
        let (archive, _) = write(&[(name, b"")]);
        assert!(
            matches!(Bundle::read(&archive, &Limits::default()), Err(ReadError::Name { .. })),
            "{name}"
        );
    }
}

#[test]
fn sizes_are_bounded_before_anything_is_kept() {
    let (archive, _) = write(&[("definitions/a.json", &[b' '; 100_000])]);
    for limits in [
        Limits {
            archive_bytes: 10,
            ..Limits::default()
        },
        Limits {
            entry_bytes: 50_000,
            ..Limits::default()
        },
        Limits {
            total_bytes: 50_000,
            ..Limits::default()
        },
        Limits {
            entries: 2,
            ..Limits::default()
        },
    ] {
        assert!(
            matches!(Bundle::read(&archive, &limits), Err(ReadError::TooLarge { .. })),
            "{limits:?}"
        );
    }
}
