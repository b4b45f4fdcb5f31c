//! Entry points of the fuzz targets into what is migrated.

use super::archive::Budget;
use super::draft::Draft;
use super::kind::Kind;
use super::tree::Tree;
use super::{apictl, archive, micro_gw, micro_gw_2};
use crate::context::Environment;
use crate::diagnostics::fuzzing::told;
use crate::fuzzing::files::files;

/// Drafts a project from the files of another tool. Every file of the draft has a path inside the project.
pub fn migrated_project(input: &[u8]) -> String {
    drafted(&Tree::of_files("old", files(input)))
}

/// The same from a zip archive, whose names lead nowhere else.
pub fn migrated_archive(bytes: &[u8]) -> String {
    match archive::unpack(bytes, &mut Budget::of_one()) {
        Ok(files) => {
            assert!(files.keys().all(|path| is_inside(path)), "{:?}", files.keys());
            drafted(&Tree::of_files("old.zip", files))
        }
        Err(error) => error.to_string(),
    }
}

fn drafted(tree: &Tree) -> String {
    let root = tree.root();
    let mut draft = Draft::default();
    match Kind::detect(&root) {
        Some(Kind::MicroGw2) => micro_gw_2::convert(&root, None, &mut draft),
        Some(Kind::MicroGw3) => {
            micro_gw::convert(&root, micro_gw::Given::default(), micro_gw::Manner::Copied, &mut draft);
        }
        Some(Kind::Apictl) => {
            let environments = apictl::Environments {
                settings: None,
                name: None,
                parameters: None,
                variables: &Environment::default(),
            };
            if let Err(error) = apictl::convert(&root, &environments, &mut draft) {
                return error.to_string();
            }
        }
        None => return String::new(),
    }
    assert!(
        draft.files.keys().all(|path| is_inside(path)),
        "{:?}",
        draft.files.keys()
    );
    told(draft.findings)
}

fn is_inside(path: &str) -> bool {
    !path.contains(['\\', '\0']) && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}
