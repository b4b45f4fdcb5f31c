//! Entry point of the fuzz targets into the reader of test cases.

use super::read::read_file;
use crate::diagnostics::Diagnostics;
use crate::diagnostics::fuzzing::told;
use crate::yaml::Format;

/// Reads a file of `tests/`. Every case says the place that it is from.
pub fn test_file(bytes: &[u8]) -> String {
    let mut diagnostics = Diagnostics::default();
    let file = read_file("tests/x.yaml", bytes.to_vec(), Format::sniff(bytes), &mut diagnostics);
    for case in file.iter().flat_map(|file| &file.cases) {
        let line = case
            .place
            .strip_prefix("tests/x.yaml:")
            .and_then(|line| line.parse::<usize>().ok());
        let lines = bytes.split(|byte| matches!(byte, b'\n' | b'\r')).count();
        assert!(line.is_some_and(|line| (1..=lines).contains(&line)), "{}", case.place);
        assert!(case.times >= 1 && case.request.target.starts_with('/'));
        // It is sent as it stands.
        let sent = http::uri::PathAndQuery::try_from(case.request.target.as_str());
        assert!(sent.is_ok_and(|sent| sent.as_str() == case.request.target));
    }
    told(diagnostics)
}
