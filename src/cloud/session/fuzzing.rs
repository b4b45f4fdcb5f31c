//! Entry point of the fuzz targets into the reader of session files.

use super::file;
use crate::cloud::address::Address;
use jiff::Timestamp;

/// Reads a session file. What is good is written as what is read again, and what is said of it shows no token.
pub fn session_file(bytes: &[u8]) -> String {
    let parse = |text: &str| Address::parse(text).ok();
    match file::read(bytes, parse) {
        Ok(session) => {
            let now = Timestamp::from_second(1_800_000_000).expect("a date");
            let _ = (
                session.is_due(now),
                session.end(),
                session.possible_kinds(),
                session.is_renewable(),
            );
            let written = file::write(&session).expect("a session is text");
            let again = file::read(&written, parse).expect("it was written just now");
            assert_eq!(*file::write(&again).expect("a session is text"), *written);
            format!("{session:?}")
        }
        Err(reason) => reason,
    }
}
