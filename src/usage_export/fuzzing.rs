//! Entry point of the fuzz targets into the reader of exported usage records.

use super::Import;
use std::io::{Seek, Write};

/// Reads an export and the files in it. What is read has the size that the export says.
pub fn usage_export(bytes: &[u8]) -> String {
    let mut file = tempfile::NamedTempFile::new().expect("there is room for a file");
    file.write_all(bytes)
        .and_then(|()| file.rewind())
        .expect("it can be written");
    let mut said = String::new();
    match Import::open(file.path()) {
        Ok(mut import) => {
            for entry in import.entries() {
                match import.read(&entry) {
                    Ok(read) => assert_eq!(read.len() as u64, entry.size),
                    Err(failure) => said.push_str(&format!("{failure:?}\n")),
                }
            }
        }
        Err(failure) => said.push_str(&format!("{failure:?}\n")),
    }
    said
}
