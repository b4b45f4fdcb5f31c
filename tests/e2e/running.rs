//! A binary that stays up: started, waited for, told to stop, its output collected.

use crate::support::{Outcome, Place};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::fd::AsFd;
use std::process::{Child, ChildStdout, Command, Stdio};

/// A running `mgw`. It is killed when dropped.
pub struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Running {
    /// Starts the binary.
    pub fn start(place: &Place, arguments: &[&str]) -> Self {
        Self::of(place.command(arguments))
    }

    pub fn of(command: Command) -> Self {
        Self::saying(command, Stdio::piped())
    }

    /// Starts it with standard error somewhere where it can be read at any time.
    pub fn saying(mut command: Command, stderr: Stdio) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .expect("the binary starts");
        let stdout = BufReader::new(child.stdout.take().expect("standard output is piped"));
        Self { child, stdout }
    }

    /// Reads the next line of standard output; the test ends here when there is none.
    #[track_caller]
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("standard output is readable");
        if line.is_empty() {
            let output = std::mem::replace(&mut self.child, idle()).wait_with_output();
            let stderr = output.map(|output| String::from_utf8_lossy(&output.stderr).into_owned());
            panic!("the binary ended early:\n{}", stderr.unwrap_or_default());
        }
        line.trim_end().to_owned()
    }

    /// The JSON document that a command prints on one line once it is up.
    #[track_caller]
    pub fn json_line(&mut self) -> serde_json::Value {
        let line = self.line();
        let Ok(document) = serde_json::from_str(&line) else {
            // It has failed, and says why in a document of several lines.
            let mut rest = String::new();
            let _ = self.stdout.read_to_string(&mut rest);
            panic!("not up: {line}\n{rest}");
        };
        document
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by process id.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args([format!("-{name}"), self.child.id().to_string()])
            .status()
            .expect("kill is there");
        assert!(status.success());
    }

    /// Whatever it says from now on is thrown away: a pipe that nobody reads has an end, and whoever writes waits.
    pub fn ignore_output(&mut self) {
        let stdout = self.stdout.get_ref().as_fd().try_clone_to_owned();
        let stdout = File::from(stdout.expect("another handle"));
        let stderr = self.child.stderr.take().expect("standard error is piped");
        std::thread::spawn(move || io::copy(&mut { stdout }, &mut io::sink()));
        std::thread::spawn(move || io::copy(&mut { stderr }, &mut io::sink()));
    }

    /// The memory that it has at present, in KiB.
    pub fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        number.and_then(|number| number.parse().ok()).expect("a number")
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("the binary can be waited for").is_some()
    }

    /// Waits for the end.
    pub fn end(mut self) -> Outcome {
        let output = std::mem::replace(&mut self.child, idle())
            .wait_with_output()
            .expect("the binary can be waited for");
        Outcome::from_output(output)
    }
}

/// Takes the place of a child that has been handed over.
fn idle() -> Child {
    Command::new("true").spawn().expect("true is there")
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
