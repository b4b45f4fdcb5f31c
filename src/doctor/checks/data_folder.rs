//! The folder in which a gateway keeps what it makes itself.

use crate::doctor::{Finding, Sight};
use crate::failure::Failure;
use std::path::Path;

pub(in crate::doctor) fn look(sight: &Sight) -> Vec<Finding> {
    let folder = match sight.data_dir() {
        Ok(folder) => folder,
        Err(failure) => return vec![Finding::of(&failure)],
    };
    let existing = folder.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
    vec![match tempfile::NamedTempFile::new_in(existing) {
        Ok(_) if folder.exists() => Finding::ok(folder.display().to_string()),
        Ok(_) => Finding::ok(format!("{}, made at the first start", folder.display())),
        Err(error) => {
            let finding = Finding::of(&Failure::file("write to", &folder, error));
            Finding {
                remedy: Some("Give a folder that can be written to with --data-dir or MGW_DATA_DIR.".to_owned()),
                ..finding
            }
        }
    }]
}
