//! What entries of the lock say, against each other and at their places.

use super::{LockFile, error};
use crate::diagnostics::{Code, Diagnostic};
use crate::yaml::{Source, SyntaxError, toml_entry};
use std::collections::HashSet;

/// The first entry that stands there twice, whole or with another's file: nobody can tell which of the two counts.
pub(super) fn doubled(lock: &LockFile, source: &Source) -> Option<SyntaxError> {
    let at = |list, index, key, message: &str| {
        let span = toml_entry(source, list, index, key).unwrap_or_default();
        Some(SyntaxError::at(source, span, message))
    };
    let (mut apis, mut paths) = (HashSet::new(), HashSet::new());
    for (index, api) in lock.apis.iter().enumerate() {
        if !apis.insert((api.name.as_str(), api.version.as_str())) {
            return at("api", index, "name", "the same API has an entry above");
        }
        if !paths.insert(api.path.as_str()) {
            return at("api", index, "path", "the same file has an entry above");
        }
    }
    for (index, file) in lock.files.iter().enumerate() {
        if !paths.insert(file.path.as_str()) {
            return at("file", index, "path", "the same file has an entry above");
        }
    }
    None
}

impl LockFile {
    /// A finding about what the entry of an API says, where `bytes` are those of the lock that was read from `file`.
    pub(crate) fn api_finding(file: &str, bytes: &[u8], index: usize, key: &str, message: String) -> Diagnostic {
        let place = |source: &Source| toml_entry(source, "api", index, key);
        error::finding(Code::LockFile, file, bytes, place, message).remedy(error::REMEDY)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{LockError, LockedApi, LockedFile, LockedSource};
    use super::*;
    use mgw_bundle::Digest;
    use std::path::Path;

    /// What is said about a lock over these APIs and files, each a name or path.
    fn told(change: impl Fn(&mut Vec<LockedApi>, &mut Vec<LockedFile>)) -> String {
        let mut apis = vec![LockedApi::sample("a", "1", b""), LockedApi::sample("b", "1", b"")];
        let mut files = vec![LockedFile {
            path: "gen/control-plane/policies.json".into(),
            sha256: Digest::of(b""),
        }];
        change(&mut apis, &mut files);
        let text = LockFile::new(LockedSource::sample(), apis, files).to_text().unwrap();
        match LockFile::parse(&text, Path::new("mgw.lock")) {
            Ok(_) => String::new(),
            Err(error @ LockError::Parse { .. }) => {
                let finding = error.finding("mgw.lock", text.as_bytes()).expect("a finding");
                assert!(finding.remedy.is_some());
                let line = finding.position().map_or(0, |place| place.line);
                format!("{}: {error}", text.lines().nth(line as usize - 1).unwrap_or_default())
            }
            Err(error) => panic!("{error:?}"),
        }
    }

    #[test]
    fn an_entry_stands_once() {
        assert_eq!(told(|_, _| {}), "");
        assert_eq!(told(|apis, _| apis[1].version = "2".into()), "");
        let twice = told(|apis, _| apis.push(LockedApi::sample("a", "1", b"")));
        assert_eq!(twice, "name = \"a\": mgw.lock:23:8: the same API has an entry above");
        let shared = told(|apis, _| apis[1].path = apis[0].path.clone());
        assert_eq!(
            shared,
            "path = \"gen/api_definitions/a.json\": mgw.lock:27:8: the same file has an entry above"
        );
        let shared = told(|apis, files| files[0].path = apis[0].path.clone());
        assert!(shared.ends_with("the same file has an entry above"), "{shared}");
        let twice = told(|_, files| files.extend(files.clone()));
        assert!(
            twice.starts_with("path = \"gen/control-plane/policies.json\": "),
            "{twice}"
        );
    }

    #[test]
    fn an_api_is_in_a_state_in_which_it_is_served() {
        for state in ["published", "prototyped", "deprecated", "blocked"] {
            assert_eq!(told(|apis, _| apis[0].state = state.into()), "");
        }
        for state in ["nonsense", "retired", "created", "not deployed", "PUBLISHED", ""] {
            let told = told(|apis, _| apis[0].state = state.into());
            assert!(
                told.starts_with(&format!("state = {state:?}: mgw.lock:18:9: ")),
                "{told}"
            );
            assert!(
                told.ends_with("should stand there: `published`, `prototyped`, `deprecated` or `blocked`"),
                "{told}"
            );
        }
    }
}
