//! Several files in one input.

use std::collections::BTreeMap;

/// Takes an input apart: before each file stands a line `==> PATH <==`, as `tail` prints it for several files. What stands
/// before the first of them has the empty path. Paths lead nowhere else.
pub fn files(input: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut path = String::new();
    let mut contents = Vec::new();
    for line in input.split_inclusive(|byte| *byte == b'\n') {
        match header(line) {
            Some(next) => {
                files.insert(std::mem::replace(&mut path, next), std::mem::take(&mut contents));
            }
            None => contents.extend_from_slice(line),
        }
    }
    files.insert(path, contents);
    if files.get("").is_some_and(Vec::is_empty) {
        files.remove("");
    }
    files
}

fn header(line: &[u8]) -> Option<String> {
    let path = line.strip_prefix(b"==> ")?.trim_ascii_end().strip_suffix(b" <==")?;
    let path = std::str::from_utf8(path).ok()?;
    let is_name =
        |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', '\0', ':']) && part.len() < 200;
    (path.len() < 1000 && path.split('/').all(is_name)).then(|| path.to_owned())
}

/// The only or first file.
pub(crate) fn first(files: &mut BTreeMap<String, Vec<u8>>) -> (String, Vec<u8>) {
    files.pop_first().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_taken_apart() {
        let taken = |input: &str| -> Vec<(String, String)> {
            let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
            let files = files(input.as_bytes()).into_iter();
            files.map(|(path, bytes)| (path, text(bytes))).collect()
        };
        let pair = |path: &str, text: &str| (path.to_owned(), text.to_owned());
        assert_eq!(taken("a: 1\n"), [pair("", "a: 1\n")]);
        assert_eq!(
            taken("==> b/c <==\n1\n==> a <==\n2\n==> ../d <==\n"),
            [pair("a", "2\n==> ../d <==\n"), pair("b/c", "1\n")]
        );
        assert_eq!(taken(""), []);
    }
}
