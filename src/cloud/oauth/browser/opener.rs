//! Opens a page in the user's browser, with what the platform has for that.

use std::process::{Command, Stdio};
use url::Url;

/// Starts the platform's opener. `false` when there is none; the user has been shown the address anyway.
pub(crate) fn open_in_browser(url: &Url) -> bool {
    // The arguments go to the program as they are, past any shell.
    let (program, arguments): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(windows) {
        ("rundll32", &["url.dll,FileProtocolHandler"])
    } else {
        ("xdg-open", &[])
    };
    Command::new(program)
        .args(arguments)
        .arg(url.as_str())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .is_ok()
}
