//! The files of a new project.

use super::ControlPlaneSettings;
use std::collections::BTreeMap;

/// What the templates are told.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct Scaffold<'a> {
    /// Project name.
    pub(crate) name: &'a str,
    /// The folder as the user types it.
    pub(crate) folder: &'a str,
    /// Where its APIs come from, where that is known from the start.
    pub(crate) control_plane: Option<&'a ControlPlaneSettings>,
}

/// A template that cannot be filled in: a mistake of ours.
#[derive(Debug, thiserror::Error)]
#[error("the template of {file} cannot be filled in")]
pub struct ScaffoldError {
    file: &'static str,
    #[source]
    source: tera::Error,
}

const TEMPLATES: [(&str, &str); 5] = [
    ("mgw.toml", include_str!("../../templates/project/mgw.toml")),
    (".gitattributes", include_str!("../../templates/project/gitattributes")),
    (".gitignore", include_str!("../../templates/project/gitignore")),
    ("README.md", include_str!("../../templates/project/README.md")),
    (
        "conf/micro-gw.conf",
        include_str!("../../templates/project/micro-gw.conf"),
    ),
];

impl Scaffold<'_> {
    /// The files by their path inside the project.
    ///
    /// # Errors
    ///
    /// Only when a template is faulty.
    pub(crate) fn files(&self) -> Result<BTreeMap<String, Vec<u8>>, ScaffoldError> {
        let mut context = tera::Context::new();
        context.insert("name", self.name);
        context.insert("folder", self.folder);
        context.insert("control_plane", &self.control_plane);
        let mut files = BTreeMap::new();
        for (file, template) in TEMPLATES {
            let text =
                tera::Tera::one_off(template, &context, false).map_err(|source| ScaffoldError { file, source })?;
            files.insert(file.to_owned(), text.into_bytes());
        }
        files.insert("policies.yaml".into(), crate::compile::DEFAULT_POLICIES.into());
        // Git keeps no empty folders, and the folder is where the user is to put things.
        files.insert("api_definitions/.gitkeep".into(), Vec::new());
        Ok(files)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::{Layout, Settings};

    #[test]
    fn the_scaffold_is_a_project_that_names_itself() {
        let files = Scaffold {
            name: "shop",
            folder: "work/shop",
            control_plane: None,
        }
        .files()
        .unwrap();
        let folder = tempfile::TempDir::new().unwrap();
        std::fs::write(folder.path().join("mgw.toml"), &files["mgw.toml"]).unwrap();
        let settings = Settings::load(&Layout::new(folder.path()).settings()).unwrap().unwrap();
        assert_eq!(settings, Settings::new("shop"));
        let readme = String::from_utf8(files["README.md"].clone()).unwrap();
        assert!(readme.contains("mgw build work/shop") && !readme.contains("{{"));
        let names: Vec<_> = files.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                ".gitattributes",
                ".gitignore",
                "README.md",
                "api_definitions/.gitkeep",
                "conf/micro-gw.conf",
                "mgw.toml",
                "policies.yaml"
            ]
        );
    }

    #[test]
    fn a_control_plane_that_is_known_is_written() {
        use crate::project::ControlPlaneKind;
        for kind in [None, Some(ControlPlaneKind::Apim32)] {
            let plane = ControlPlaneSettings {
                url: "https://localhost:9443".into(),
                kind,
            };
            let scaffold = Scaffold {
                name: "shop",
                folder: "shop",
                control_plane: Some(&plane),
            };
            let text = String::from_utf8(scaffold.files().unwrap()["mgw.toml"].clone()).unwrap();
            let settings = Settings::parse(&text, std::path::Path::new("mgw.toml")).unwrap();
            assert_eq!(settings.control_plane, Some(plane));
        }
    }

    #[test]
    fn the_commented_settings_are_valid_when_they_are_uncommented() {
        let files = Scaffold {
            name: "shop",
            folder: "shop",
            control_plane: None,
        }
        .files()
        .unwrap();
        let text = String::from_utf8(files["mgw.toml"].clone()).unwrap();
        let (head, tail) = text.split_once("# [control-plane]").unwrap();
        let uncommented: String = format!("# [control-plane]{tail}")
            .lines()
            .map(|line| {
                format!(
                    "{}\n",
                    line.strip_prefix("# ").or(line.strip_prefix('#')).unwrap_or(line)
                )
            })
            .collect();
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("mgw.toml");
        std::fs::write(&path, format!("{head}{uncommented}")).unwrap();
        let settings = Settings::load(&path).unwrap().unwrap();
        assert_eq!(settings.pull.labels, ["dev"]);
        assert_eq!(settings.build.api_fault_responses, Some(true));
    }
}
