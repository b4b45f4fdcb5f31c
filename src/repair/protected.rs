//! Files that nobody mends by hand, and where to mend instead.

/// Why a file of the project, by its path in it, is not to be changed.
pub(super) fn reason(relative: &str) -> Option<&'static str> {
    let is_below = |folder: &str| relative.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    if is_below("gen") {
        return Some("`mgw pull` writes it: mend the API in the control plane, then pull");
    }
    if is_below("remote") {
        return Some("it is a copy of another server's file: have it mended there, then `mgw check --update-remote`");
    }
    if is_below("target") {
        return Some("`mgw build` writes it");
    }
    match relative {
        "mgw.lock" => Some("`mgw pull` writes it: pull again"),
        "remote.lock" => Some("`mgw check --update-remote` writes it"),
        _ => None,
    }
}
