//! The program that goes into an image: for Linux, whatever the image is built on.

use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::whole_file::refuse_unfit;
use std::io::Read;
use std::path::{Path, PathBuf};

/// A program for Linux.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Program {
    pub(super) path: PathBuf,
    /// What Docker calls its kind of machine.
    pub(super) platform: &'static str,
}

impl Program {
    /// The one that is named, else the one that runs.
    ///
    /// # Errors
    ///
    /// When it is not for Linux: on other systems one has to be named.
    pub(crate) fn find(named: Option<&Path>) -> Result<Self, Failure> {
        let path = match named {
            Some(path) => path.to_owned(),
            None => std::env::current_exe().map_err(|error| {
                Failure::new(ExitCode::Environment, "cannot find the running program").because(error)
            })?,
        };
        let mut head = Vec::new();
        refuse_unfit(&path)
            .and_then(|()| std::fs::File::open(&path))
            .and_then(|file| file.take(20).read_to_end(&mut head))
            .map_err(|error| Failure::file("read", &path, error))?;
        let platform = platform(&head).ok_or_else(|| {
            Failure::new(
                ExitCode::Usage,
                format!("{} is no program for Linux on x86-64 or ARM64", path.display()),
            )
            .hint("An image needs one: name mgw for Linux with --program FILE or MGW_LINUX_PROGRAM.")
        })?;
        Ok(Self { path, platform })
    }
}

/// The machine that the head of an ELF file names.
fn platform(head: &[u8]) -> Option<&'static str> {
    if !head.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    match head.get(18..20)? {
        [0x3e, 0] => Some("linux/amd64"),
        [0xb7, 0] => Some("linux/arm64"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::platform;

    #[test]
    fn programs_are_known_by_their_heads() {
        let head = |machine: u8| {
            let mut head = b"\x7fELF\x02\x01".to_vec();
            head.resize(18, 0);
            head.extend([machine, 0]);
            head
        };
        assert_eq!(platform(&head(0x3e)), Some("linux/amd64"));
        assert_eq!(platform(&head(0xb7)), Some("linux/arm64"));
        for other in [
            &head(0x03)[..],
            b"\xcf\xfa\xed\xfe",
            b"MZ",
            b"#!/bin/sh",
            b"",
            &head(0x3e)[..19],
        ] {
            assert_eq!(platform(other), None);
        }
    }
}
