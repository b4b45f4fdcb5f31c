//! Entry point of the fuzz targets into the reader of `state.json`.

use super::record::Record;

/// Reads a record. What is good is written as what is read again.
pub fn state_record(bytes: &[u8]) -> String {
    match Record::parse(bytes) {
        Ok(record) => {
            assert_eq!(Record::parse(&record.to_bytes()), Ok(record));
            String::new()
        }
        Err(reason) => reason,
    }
}
