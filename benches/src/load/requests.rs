//! The requests of a case, and the file in which a load generator gets them.

use crate::failure::Failure;
use std::path::Path;

/// A GET request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub path: String,
    /// Bearer token.
    pub token: Option<String>,
}

/// Writes requests, one `path<TAB>token` a line. Tokens come by file and never by argument.
pub(crate) fn write_requests(path: &Path, requests: &[Request]) -> Result<(), Failure> {
    let text: String = requests
        .iter()
        .map(|request| format!("{}\t{}\n", request.path, request.token.as_deref().unwrap_or_default()))
        .collect();
    std::fs::write(path, text).map_err(Failure::file("write", path))
}

/// Reads what [`write_requests`] wrote.
pub(crate) fn read_requests(path: &Path) -> Result<Vec<Request>, Failure> {
    let text = std::fs::read_to_string(path).map_err(Failure::file("read", path))?;
    Ok(text.lines().map(parse).collect())
}

fn parse(line: &str) -> Request {
    let (path, token) = line.split_once('\t').unwrap_or((line, ""));
    Request {
        path: path.into(),
        token: (!token.is_empty()).then(|| token.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_come_back_as_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("requests");
        let requests = [("/a/1", None), ("/b", Some("x.y.z"))].map(|(path, token): (&str, Option<&str>)| Request {
            path: path.into(),
            token: token.map(Into::into),
        });
        write_requests(&file, &requests).unwrap();
        assert_eq!(read_requests(&file).unwrap(), requests);
    }
}
