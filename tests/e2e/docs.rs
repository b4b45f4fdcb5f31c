//! The documentation against the repository it describes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files with this suffix below a folder.
fn files(folder: &str, suffix: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![repository().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().expect("the folder is there") {
            let path = entry.expect("it can be listed").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(suffix) {
                found.push(path);
            }
        }
    }
    found
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("the file is text")
}

/// Targets of `[text](target)`, without those to other sites and to places in the same page.
fn links(text: &str) -> Vec<&str> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', '#']).next())
        .filter(|target| !target.is_empty() && !target.contains("://"))
        .collect()
}

/// The names of environment variables of ours in a text.
fn variables(text: &str) -> BTreeSet<String> {
    text.match_indices("MGW_")
        .map(|(start, _)| {
            text[start..]
                .chars()
                .take_while(|c| c.is_ascii_uppercase() || *c == '_')
                .collect::<String>()
        })
        .filter(|name| !name.ends_with('_'))
        .collect()
}

#[test]
fn every_relative_link_leads_to_a_file() {
    let mut pages = files("docs", ".md");
    pages.extend(["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(|name| repository().join(name)));
    let mut dead = Vec::new();
    let mut checked = 0;
    for page in &pages {
        for target in links(&read(page)) {
            checked += 1;
            if !page.with_file_name("").join(target).exists() {
                dead.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(dead.is_empty(), "{}", dead.join("\n"));
    assert!(checked > 40, "only {checked} links were found");
}

/// Pages are read as they are: by `mgw help`, in the repository, in an editor.
#[test]
fn no_page_leaves_an_example_to_the_tool_that_makes_the_book() {
    let mut left = Vec::new();
    for page in files("docs", ".md") {
        let text = read(&page);
        left.extend(
            (text.lines().enumerate())
                .filter(|(_, line)| line.contains("{{#"))
                .map(|(index, line)| format!("{}:{}: {line}", page.display(), index + 1)),
        );
    }
    assert!(left.is_empty(), "{}", left.join("\n"));
}

#[test]
fn every_page_of_the_book_is_in_its_summary() {
    let book = repository().join("docs/src");
    let summary = read(&book.join("SUMMARY.md"));
    let listed: BTreeSet<PathBuf> = links(&summary).into_iter().map(|target| book.join(target)).collect();
    let pages: BTreeSet<PathBuf> = files("docs/src", ".md")
        .into_iter()
        .filter(|page| !page.ends_with("SUMMARY.md"))
        .collect();
    assert_eq!(listed, pages);
}

#[test]
fn every_variable_is_in_the_reference_and_no_other() {
    let used: BTreeSet<String> = files("src", ".rs")
        .iter()
        .flat_map(|file| variables(&read(file)))
        .collect();
    let described = variables(&read(&repository().join("docs/src/reference/environment.md")));
    assert_eq!(used, described);
}
