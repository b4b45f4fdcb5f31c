//! An API definition that is named where a project or a bundle belongs.

use super::Failure;
use crate::exit::ExitCode;
use crate::openapi::is_definition;
use crate::shell;
use crate::whole_file::read_public;
use crate::yaml::{Format, limits, parse};
use std::path::Path;

/// What is said of a file that is an API definition by its name and by what is in it; `None`: it is something else.
pub(crate) fn not_a_project(path: &Path) -> Option<Failure> {
    let name = path.file_name()?.to_str()?;
    let format = Format::of_name(name)?;
    let bytes = read_public(path, limits::MAX_FILE_BYTES).ok()?;
    let (_, document) = parse(name, bytes, format).ok()?;
    is_definition(&document).then(|| {
        Failure::new(
            ExitCode::Usage,
            format!("{} is an API definition, and no project or bundle", path.display()),
        )
        .hint(format!(
            "Make a project with it: `mgw init NAME --api {}`.",
            shell::path(path)
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_is_known_by_its_name_and_by_what_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text, expected) in [
            ("petstore.yaml", "openapi: 3.0.0\n", true),
            ("petstore.json", "{\"swagger\": \"2.0\"}", true),
            ("values.yaml", "a: 1\n", false),
            ("broken.yaml", "openapi: [\n", false),
            // Somebody put it in the place of a bundle.
            ("shop.zip", "openapi: 3.0.0\n", false),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            let told = not_a_project(&path);
            assert_eq!(
                told.map(|told| told.code),
                expected.then_some(ExitCode::Usage),
                "{name}"
            );
        }
        assert!(not_a_project(&folder.path().join("none.yaml")).is_none());
    }
}
