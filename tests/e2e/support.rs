//! What the cases share: a folder of their own, the binary with a clean environment, and its outcome.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A command under `strace`.
#[cfg(target_os = "linux")]
pub fn traced(command: &Command, options: &[&str]) -> Command {
    under("strace", &[&["-f", "-qq"], options].concat(), command)
}

/// A command that ignores SIGHUP as one under `nohup` does, or does not, whoever has started the tests.
#[cfg(target_os = "linux")]
pub fn ignoring_hang_up(command: &Command, ignores: bool) -> Command {
    let option = match ignores {
        true => "--ignore-signal=HUP",
        false => "--default-signal=HUP",
    };
    under("env", &[option], command)
}

/// A command of a shell that has set itself limits, such as `ulimit -f 0`.
pub fn limited(command: &Command, limits: &str) -> Command {
    under("bash", &["-c", &format!("{limits}; exec \"$0\" \"$@\"")], command)
}

/// A command that another program starts, in the same surroundings.
fn under(program: &str, options: &[&str], command: &Command) -> Command {
    let mut under = Command::new(program);
    under
        .args(options)
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear();
    if let Some(folder) = command.get_current_dir() {
        under.current_dir(folder);
    }
    for (name, value) in command.get_envs() {
        under.env(name, value.unwrap_or_default());
    }
    under
}

/// A `policies.yaml` of a project about which nothing is to be said.
pub const POLICIES: &str = "subscriptionPolicies:\n- Default: {count: 500, unitTime: 1, timeUnit: min}\n";

/// The folder of a place for temporary files of its commands.
const TEMPORARY: &str = "tmp";

/// A case's own folder with a user configuration folder inside; both are removed at the end.
pub struct Place {
    folder: TempDir,
}

impl Place {
    pub fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder can be created");
        for name in ["work", TEMPORARY] {
            std::fs::create_dir(folder.path().join(name)).expect("the folder is writable");
        }
        Self { folder }
    }

    /// The working folder of the commands.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// The user's configuration folder.
    pub fn config_dir(&self) -> PathBuf {
        self.folder.path().join("config")
    }

    /// The binary with nothing of the test's environment but `PATH`.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mgw"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("MGW_CONFIG_DIR", self.config_dir())
            // What a command that is killed leaves behind goes with the place.
            .env("TMPDIR", self.folder.path().join(TEMPORARY))
            .stdin(Stdio::null());
        command
    }

    /// Runs the binary to its end.
    pub fn mgw(&self, arguments: &[&str]) -> Outcome {
        Outcome::of(self.command(arguments))
    }

    /// Writes a file below the working folder.
    pub fn write(&self, name: &str, contents: &str) {
        let path = self.path().join(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).expect("the folder is writable");
        }
        std::fs::write(path, contents).expect("the folder is writable");
    }

    /// Reads a file below the working folder.
    pub fn read(&self, name: &str) -> String {
        let path = self.path().join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// How many files and folders are in the folder for temporary ones.
    pub fn temporary_files(&self) -> usize {
        let entries = std::fs::read_dir(self.folder.path().join(TEMPORARY));
        entries.expect("the folder is readable").count()
    }

    /// Every file below the working folder with its contents, to show that nothing changed.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        collect(&self.path(), &mut files);
        files.sort();
        files
    }
}

fn collect(folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).expect("the folder is readable") {
        let path = entry.expect("the folder is readable").path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            let contents = std::fs::read(&path).expect("the file is readable");
            files.push((path, contents));
        }
    }
}

/// What a command did.
#[derive(Debug)]
pub struct Outcome {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    pub fn of(mut command: Command) -> Self {
        let output = command.output().expect("the binary starts");
        Self::from_output(output)
    }

    pub fn from_output(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
        }
    }

    /// Asserts the exit code and returns the outcome for more.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "\n--- stdout\n{}\n--- stderr\n{}",
            self.stdout, self.stderr
        );
        self
    }

    /// Asserts that standard error holds `text`.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "no {text:?} in stderr:\n{}", self.stderr);
        self
    }

    /// Asserts that standard output holds `text`.
    #[track_caller]
    pub fn prints(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "no {text:?} in stdout:\n{}", self.stdout);
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}:\n{}", self.stdout))
    }
}
