//! A sign-in that waits for its user, and what can be seen of it from outside meanwhile.

use crate::support::{Outcome, Place};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long anything may take; it is no measure of speed.
const PATIENCE: Duration = Duration::from_secs(60);

/// A command that goes on until somebody does something elsewhere. What it prints goes into files outside of the place.
pub struct Underway {
    child: Child,
    printed: TempDir,
}

impl Underway {
    /// Starts it with something on standard input.
    pub fn start(mut command: Command, input: Option<&str>) -> Self {
        let printed = TempDir::new().expect("a temporary folder can be created");
        let file = |name: &str| std::fs::File::create(printed.path().join(name)).expect("the folder is writable");
        command.stdout(file("stdout")).stderr(file("stderr"));
        if input.is_some() {
            command.stdin(Stdio::piped());
        }
        let mut child = command.spawn().expect("the binary starts");
        if let (Some(input), Some(mut pipe)) = (input, child.stdin.take()) {
            std::io::Write::write_all(&mut pipe, input.as_bytes()).expect("it reads its input");
        }
        Self { child, printed }
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.printed.path().join(name)).expect("it is UTF-8")
    }

    /// Waits for a page whose address is shown, on either stream.
    pub fn page(&mut self) -> url::Url {
        self.until(|both| {
            // The address is whole once something stands behind it.
            let start = both
                .find("https://")
                .filter(|start| both[*start..].contains("code_challenge"))?;
            let end = both[start..].find(['"', '\n'])?;
            Some(both[start..start + end].parse().expect("a URL"))
        })
    }

    /// Waits until what is printed gives an answer.
    pub fn until<T>(&mut self, mut answer: impl FnMut(&str) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let both = self.read("stdout") + &self.read("stderr");
            if let Some(found) = answer(&both) {
                return found;
            }
            let ended = self.child.try_wait().expect("it can be asked");
            assert!(ended.is_none() && Instant::now() < deadline, "{ended:?}: {both}");
            std::thread::yield_now();
        }
    }

    /// What everybody on the machine can see: its own words, and words and variables of what it has started.
    pub fn seen_from_outside(&self) -> String {
        let own = self.child.id();
        let mut seen = read_lossy(format!("/proc/{own}/cmdline").into());
        for child in children(own) {
            seen.push_str(&read_lossy(format!("/proc/{child}/cmdline").into()));
            seen.push_str(&read_lossy(format!("/proc/{child}/environ").into()));
        }
        seen
    }

    /// Waits for the end.
    pub fn end(mut self) -> Outcome {
        let status = self.child.wait().expect("it can be waited for");
        Outcome {
            code: status.code().unwrap_or(-1),
            stdout: self.read("stdout"),
            stderr: self.read("stderr"),
        }
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// All that come from a process.
fn children(of: u32) -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").expect("there is a /proc");
    let processes = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let parent = |process: u32| -> Option<u32> {
        let stat = read_lossy(format!("/proc/{process}/stat").into());
        stat.rsplit(") ").next()?.split(' ').nth(1)?.parse().ok()
    };
    let own: Vec<u32> = processes.filter(|process| parent(*process) == Some(of)).collect();
    let later: Vec<u32> = own.iter().flat_map(|child| children(*child)).collect();
    [own, later].concat()
}

/// Nothing of what has ended meanwhile.
fn read_lossy(path: PathBuf) -> String {
    let bytes = std::fs::read(path).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', "\n")
}

/// A command that signs in at a control plane, telling as much as it can in one format.
pub fn login(place: &Place, url: &str, words: &[&str], format: &str) -> Command {
    let mut command = place.command(&["login", "--url", url, "--ca", "ca.pem", "-vv", "--output", format]);
    command.args(words);
    command
}

#[test]
fn what_is_started_by_what_was_started_is_seen() {
    let mut command = Command::new("bash");
    command.args(["-c", "CANARY=of-the-child sleep 1000 & echo up; wait"]);
    let mut shell = Underway::start(command, None);
    shell.until(|text| text.contains("up").then_some(()));
    // The new process has its own words and variables a little later.
    let seen = loop {
        let seen = shell.seen_from_outside();
        if seen.contains("of-the-child\n") && seen.contains("sleep\n1000") {
            break seen;
        }
    };
    for child in children(shell.child.id()) {
        let status = Command::new("kill").arg(child.to_string()).status();
        assert!(status.expect("kill is there").success(), "{seen}");
    }
}
