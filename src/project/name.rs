//! What a project may be called.

/// Whether `name` can be a project's name: it becomes a folder, a file and part of image names.
pub(crate) fn is_project_name(name: &str) -> bool {
    name.len() <= 100
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

#[cfg(test)]
mod tests {
    use super::is_project_name;

    #[test]
    fn names_are_safe_file_names() {
        for name in ["shop", "Shop_2.0", "a-b", "1"] {
            assert!(is_project_name(name), "{name}");
        }
        for name in ["", ".", "..", "-x", "a/b", "a b", "ü", "a\\b", &"a".repeat(101)] {
            assert!(!is_project_name(name), "{name}");
        }
    }
}
