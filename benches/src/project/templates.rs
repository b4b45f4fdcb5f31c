//! Path templates, and paths that match them.

/// Number of path templates.
const COUNT: usize = 100;

/// A regular expression for what follows the prefix of a path.
pub(crate) const PATH_END: &str = "/[^/]+/lines/[^/]+$";

/// Returns the path templates of an API.
pub(super) fn templates() -> Vec<String> {
    (0..COUNT)
        .map(|number| format!("/orders{number}/{{order}}/lines/{{line}}"))
        .collect()
}

/// Returns a path that matches template `template` (taken round and round), different for every `value`.
pub(super) fn path(template: usize, value: usize) -> String {
    format!("/orders{}/{}/lines/{}", template % COUNT, 1000 + value, value % 10)
}

/// Returns the literal beginnings of the secured API's paths, up to the first parameter.
pub(crate) fn prefixes() -> Vec<String> {
    let base = super::base_path(super::SECURED_API);
    (0..COUNT).map(|number| format!("{base}/orders{number}/")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_match_their_template() {
        let templates = templates();
        assert_eq!(templates.len(), 100);
        for number in [0, 7, 99, 100] {
            let template = &templates[number % 100];
            let (path, value) = (path(number, 42), 42);
            let filled = template
                .replace("{order}", &(1000 + value).to_string())
                .replace("{line}", &(value % 10).to_string());
            assert_eq!(path, filled);
        }
    }

    #[test]
    fn prefixes_begin_the_paths() {
        let path = super::super::base_path(super::super::SECURED_API) + &path(3, 5);
        assert_eq!(prefixes().iter().filter(|prefix| path.starts_with(*prefix)).count(), 1);
    }
}
