//! Entry point of the fuzz targets into the reader of `toolkit-config.toml`.

use super::{ToolkitConfig, reset};
use crate::diagnostics::fuzzing::told;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::micro_gw_file::SettingsFile;
use crate::project::BuildSettings;

/// Reads a file, and blanks what identifies somebody: nothing of it is left then, and nothing else is another.
pub fn toolkit_config(bytes: &[u8]) -> String {
    let mut diagnostics = Diagnostics::default();
    match SettingsFile::parse("toolkit-config.toml", bytes.to_vec()) {
        Err(error) => diagnostics.push(Diagnostic::from(error).secret()),
        Ok(file) => {
            let config = ToolkitConfig::read(&file, &mut diagnostics);
            let _ = config.complete(BuildSettings::default());
            let (text, _) = reset("toolkit-config.toml", bytes.to_vec()).expect("it could be read just now");
            let (again, blanked) = reset("toolkit-config.toml", text.clone().into_bytes()).expect("it is still TOML");
            assert!(blanked.is_empty(), "{blanked:?} are still there");
            assert_eq!(again, text);
        }
    }
    told(diagnostics)
}
