//! Entry point of the fuzz targets into the reader of `deployment-config.toml`.

use super::{Facts, Gateway, Wanted, decide, manifests};
use crate::context::Environment;
use crate::diagnostics::fuzzing::told;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::micro_gw_file::SettingsFile;
use crate::yaml::{self, Format};
use std::path::Path;

/// Reads a file and decides what is written. The objects of Kubernetes that come of a good one are YAML.
pub fn deployment_config(bytes: &[u8]) -> String {
    let mut diagnostics = Diagnostics::default();
    match SettingsFile::parse("deployment-config.toml", bytes.to_vec()) {
        Err(error) => diagnostics.push(Diagnostic::from(error).secret()),
        Ok(file) => {
            for everything in [false, true] {
                let wanted = Wanted {
                    image: everything,
                    objects: everything,
                    ..Wanted::default()
                };
                let facts = Facts {
                    project: "shop",
                    root: Path::new("/nowhere/shop"),
                    settings: None,
                    environment: Some(&Environment::default()),
                };
                let mut found = Diagnostics::default();
                let deployment = decide(&file, &wanted, facts, |_, _, _| Ok(Gateway::default()), &mut found);
                if !found.has_errors() {
                    let text = manifests::manifest(&deployment).expect("objects are written");
                    for document in text.split("\n---\n").skip(1) {
                        let read = yaml::parse("shop.yaml", document.as_bytes().to_vec(), Format::Yaml);
                        assert!(read.is_ok(), "{read:?}");
                    }
                    manifests::chart(&deployment, "0.0.0").expect("a chart is written");
                }
                diagnostics.extend(found);
            }
        }
    }
    told(diagnostics)
}
