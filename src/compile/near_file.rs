//! Files of a project that a path which leads nowhere may mean.

use crate::diagnostics::{certain_name, nearest};
use crate::openapi::link::NearFile;
use crate::yaml::Format;
use std::path::Path;

/// Folders with more files are not looked through.
const MOST: usize = 1_000;

/// Looks for a definition or a part of one, part by part of a path in the project.
pub(super) fn near_file(root: &Path, relative: &str) -> Option<NearFile> {
    let (mut path, mut is_certain) = (String::new(), true);
    let mut folder = root.to_owned();
    let (folders, name) = relative.rsplit_once('/').unwrap_or(("", relative));
    for part in folders.split('/').filter(|part| !part.is_empty()) {
        let (is_there, meant) = match folder.join(part).is_dir() {
            true => (true, part.to_owned()),
            false => like(&folder, part, |entry, _| entry.is_dir())?,
        };
        is_certain &= is_there;
        folder.push(&meant);
        path.push_str(&meant);
        path.push('/');
    }
    let is_file = |entry: &Path, name: &str| Format::of_name(name).is_some() && entry.is_file();
    let (is_there, name) = match is_file(&folder.join(name), name) {
        true => (true, name.to_owned()),
        false => like(&folder, name, is_file)?,
    };
    path.push_str(&name);
    Some(NearFile {
        path,
        is_certain: is_certain && is_there,
    })
}

/// What in a folder is called like something, and whether it is meant beyond doubt.
fn like(folder: &Path, typed: &str, is_wanted: impl Fn(&Path, &str) -> bool) -> Option<(bool, String)> {
    let entries = std::fs::read_dir(named(folder)).ok()?.take(MOST + 1);
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    let is_whole = names.len() <= MOST;
    names.retain(|name| is_wanted(&folder.join(name), name));
    names.sort_unstable();
    let all = || names.iter().map(String::as_str);
    let certain = certain_name(typed, all()).filter(|_| is_whole);
    let meant = certain.or_else(|| nearest(typed, all()))?;
    Some((certain.is_some(), meant.to_owned()))
}

/// The folder that one is in may have no name here.
pub(super) fn named(folder: &Path) -> &Path {
    match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_file_with_nearly_that_name_is_certain() {
        let folder = tempfile::tempdir().unwrap();
        for file in [
            "schemas/order.yaml",
            "schemas/orders.txt",
            "schemas/item-1.yaml",
            "schemas/gold.yaml",
            "schemas/bold.yaml",
            "parts/pet.json",
            "partz/pet.json",
            "deep/er/thing.yml",
        ] {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        for (typed, expected) in [
            ("shemas/order.yaml", Some(("schemas/order.yaml", true))),
            ("schemas/ordr.yaml", Some(("schemas/order.yaml", true))),
            ("schemas/Order.yml", Some(("schemas/order.yaml", true))),
            ("Schemas/orders.yaml", Some(("schemas/order.yaml", true))),
            ("dep/eer/thing.yml", None),
            ("Deep/er/thinx.yml", Some(("deep/er/thing.yml", false))),
            // A letter for another one, another number, two that are as near.
            ("schemas/orxer.yaml", Some(("schemas/order.yaml", false))),
            ("schemas/item-2.yaml", Some(("schemas/item-1.yaml", false))),
            ("schemas/old.yaml", Some(("schemas/gold.yaml", false))),
            ("part/pet.json", Some(("partz/pet.json", false))),
            ("schemas/other.yaml", Some(("schemas/order.yaml", false))),
            ("schemas/customer.yaml", None),
            ("nowhere/order.yaml", None),
        ] {
            let near = near_file(folder.path(), typed);
            let near = near.as_ref().map(|near| (near.path.as_str(), near.is_certain));
            assert_eq!(near, expected, "{typed}");
        }
    }

    #[test]
    fn of_many_files_none_is_certain() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..=MOST {
            std::fs::write(folder.path().join(format!("x{number}")), "").unwrap();
        }
        std::fs::write(folder.path().join("order.yaml"), "").unwrap();
        let near = near_file(folder.path(), "oder.yaml");
        assert!(near.is_none_or(|near| !near.is_certain));
    }
}
