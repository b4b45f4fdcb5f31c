use super::*;
use crate::config::{FORMAT, Policies};
use crate::{BundleContents, write_bundle};

pub(crate) fn config() -> GatewayConfig {
    GatewayConfig {
        format: FORMAT,
        project: "shop".into(),
        apis: Vec::new(),
        policies: Policies::default(),
        backend_certificates: Vec::new(),
        service_cors: None,
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

/// Puts an archive together again as somebody would who wants other programs to see something else, with a checksum that
/// fits.
fn tampered(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let (mut archive, _) = write(&[("definitions/a.json", b"{}")]);
    change(&mut archive);
    checksum::seal(&mut archive);
    archive
}

fn find(archive: &[u8], wanted: &[u8]) -> usize {
    archive
        .windows(wanted.len())
        .position(|window| window == wanted)
        .unwrap()
}

/// Sets the place of the directory in the archive's end.
fn move_directory(archive: &mut [u8], by: usize, lines: i16) {
    let end = archive.len() - 64 - 22;
    for field in [end + 8, end + 10] {
        let count = i16::from_le_bytes(archive[field..field + 2].try_into().unwrap());
        archive[field..field + 2].copy_from_slice(&(count + lines).to_le_bytes());
    }
    let start = u32::from_le_bytes(archive[end + 16..end + 20].try_into().unwrap());
    archive[end + 16..end + 20].copy_from_slice(&(start + by as u32).to_le_bytes());
}

#[test]
fn nothing_hides_in_an_archive() {
    assert!(Bundle::read(&tampered(|_| {}), &Limits::default()).is_ok());
    // Bytes between the last entry and the directory.
    let between = tampered(|archive| {
        let directory = find(archive, b"PK\x01\x02");
        archive.splice(directory..directory, *b"anything");
        move_directory(archive, 8, 0);
    });
    // A second line of the directory for an entry: the library goes by the last of a name.
    let twice = tampered(|archive| {
        let directory = find(archive, b"PK\x01\x02");
        let length = 46 + "manifest.json".len();
        let line = archive[directory..directory + length].to_vec();
        archive.splice(directory..directory, line);
        let end = archive.len() - 64 - 22;
        let size = u32::from_le_bytes(archive[end + 12..end + 16].try_into().unwrap());
        archive[end + 12..end + 16].copy_from_slice(&(size + length as u32).to_le_bytes());
        move_directory(archive, 0, 1);
    });
    // Another name before the entry than in the directory.
    let renamed = tampered(|archive| archive[30..43].copy_from_slice(b"manifest.jsoN"));
    // Another size.
    let resized = tampered(|archive| archive[18] ^= 1);
    // Bytes before everything.
    let before = tampered(|archive| {
        archive.splice(0..0, *b"#!/bin/sh\n");
    });
    for (name, archive) in [
        ("between", between),
        ("twice", twice),
        ("renamed", renamed),
        ("resized", resized),
        ("before", before),
    ] {
        let read = Bundle::read(&archive, &Limits::default());
        assert!(matches!(read, Err(ReadError::Hidden)), "{name}: {read:?}");
    }
}
