//! Opens a page in the user's browser, with what the platform has for that.

use std::ffi::OsStr;
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
    let mut command = Command::new(program);
    // Passwords, tokens and headers for us are no business of a browser.
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_ours(name)) {
        command.env_remove(name);
    }
    command
        .args(arguments)
        .arg(url.as_str())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .is_ok()
}

/// Whether a variable of the environment is meant for this program.
fn is_ours(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    ["MGW_", "WSO2_CLOUD_"].iter().any(|prefix| name.starts_with(prefix))
}
