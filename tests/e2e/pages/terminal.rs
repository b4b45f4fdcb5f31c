//! A shell that is typed into. What a command sets stays set for the next one; what stays in the foreground can be interrupted.

use super::block::Key;
use super::excerpt;
use super::ports::Ports;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Begins a line in which the shell says something to the test, see [`Terminal::ask`].
const MARK: char = '\u{1e}';
/// The pause between two looks at what has been printed.
const LOOK: Duration = Duration::from_millis(50);

/// What came of a step.
pub struct Told {
    /// `None`: it has not ended.
    pub code: Option<i32>,
    pub printed: String,
}

/// A terminal with a shell.
pub struct Terminal {
    shell: Child,
    keyboard: ChildStdin,
    screen: Arc<Screen>,
    /// For temporary files, also of what is killed.
    _temporary: tempfile::TempDir,
    /// In it: where what is typed is read from.
    script: PathBuf,
    /// The process group of what stays in the foreground.
    foreground: Option<u32>,
}

#[derive(Default)]
struct Screen {
    text: Mutex<String>,
    changed: Condvar,
}

impl Screen {
    fn text(&self) -> MutexGuard<'_, String> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until what is printed from a place on gives an answer.
    fn until<T>(&self, start: usize, deadline: Instant, answer: impl Fn(&str) -> Option<T>) -> Option<T> {
        let mut text = self.text();
        loop {
            let found = answer(&text[start..]);
            if found.is_some() || Instant::now() > deadline {
                return found;
            }
            let waited = self.changed.wait_timeout(text, LOOK);
            text = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Terminal {
    /// Opens a terminal in a folder that is the user's home and the working folder.
    pub fn new(home: &Path, ports: &Ports) -> Self {
        let program = Path::new(env!("CARGO_BIN_EXE_mgw"));
        let mut path = program.parent().expect("it is in a folder").as_os_str().to_owned();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let temporary = tempfile::tempdir().expect("a temporary folder can be created");
        let script = temporary.path().join("typed");
        // Whoever starts the tests in the background has these ignored; a shell takes that over and cannot undo it.
        let mut shell = Command::new("env")
            .args(["--default-signal=INT,QUIT", "bash", "--noprofile", "--norc"])
            .current_dir(home)
            .env_clear()
            .env("PATH", path)
            .env("HOME", home)
            .env("TMPDIR", temporary.path())
            .envs(ports.variables())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .expect("bash is there");
        let screen = Arc::new(Screen::default());
        let output = shell.stdout.take().expect("it is piped");
        watch(output, Arc::clone(&screen));
        let keyboard = shell.stdin.take().expect("it is piped");
        let mut terminal = Self {
            shell,
            keyboard,
            screen,
            _temporary: temporary,
            script,
            foreground: None,
        };
        // Everything on one screen, as at a terminal; each command in a group of its own, which a key reaches.
        terminal.line("exec 2>&1; set -m; ulimit -c 0");
        terminal
    }

    fn line(&mut self, line: &str) {
        let typed = writeln!(self.keyboard, "{line}").and_then(|()| self.keyboard.flush());
        typed.expect("the shell is there");
    }

    /// Has the shell do something and print a number when it has; returns the number and what was printed before it.
    fn ask(&mut self, line: &str, number: &str, deadline: Instant) -> (Option<i32>, String) {
        let start = self.screen.text().len();
        self.line(&format!("{line}printf '{MARK}%s\\n' {number}"));
        let answer = self.screen.until(start, deadline, |text| {
            let (before, after) = text.split_once(MARK)?;
            let (number, _) = after.split_once('\n')?;
            Some((number.parse().ok(), before.to_owned()))
        });
        answer.unwrap_or_else(|| (None, self.screen.text()[start..].to_owned()))
    }

    fn type_in(&mut self, text: &str) {
        assert!(
            self.foreground.is_none(),
            "something else runs in this terminal: {text}"
        );
        std::fs::write(&self.script, text).expect("the file is writable");
    }

    /// Runs a command to its end.
    pub fn run(&mut self, text: &str, deadline: Instant) -> Told {
        self.type_in(&format!("{text}\n"));
        let line = format!(". '{}' </dev/null; ", self.script.display());
        let (code, printed) = self.ask(&line, "$?", deadline);
        Told { code, printed }
    }

    /// Starts a command that stays, and waits until it shows these lines.
    pub fn start(&mut self, text: &str, shown: &[String], deadline: Instant) -> Told {
        // In the place of the shell that runs the file, so that its process id is the command's.
        self.type_in(&format!("exec env {text}\n"));
        let start = self.screen.text().len();
        let line = format!(". '{}' </dev/null & ", self.script.display());
        let (group, _) = self.ask(&line, "$!", deadline);
        let group = group.and_then(|group| u32::try_from(group).ok()).expect("a process id");
        self.foreground = Some(group);
        let is_up = |text: &str| excerpt::missing(shown, text).is_none().then_some(true);
        let ended = || has_ended(group).then_some(false);
        let is_up = self.screen.until(start, deadline, |text| is_up(text).or_else(ended));
        let mut printed = String::new();
        for line in self.screen.text()[start..].lines().filter(|line| !line.contains(MARK)) {
            let _ = writeln!(printed, "{line}");
        }
        let code = if is_up == Some(false) { Some(-1) } else { None };
        Told { code, printed }
    }

    /// Presses a key and waits for the end of what runs.
    pub fn press(&mut self, key: Key, deadline: Instant) -> Told {
        let group = self.foreground.expect("something runs in this terminal");
        let signal = match key {
            Key::Interrupt => "INT",
            Key::Quit => "QUIT",
        };
        let line = format!("kill -{signal} -- -{group}; wait {group}; ");
        let (code, printed) = self.ask(&line, "$?", deadline);
        if code.is_some() {
            self.foreground = None;
        }
        Told { code, printed }
    }
}

/// Whether a process is gone, whether or not somebody has asked how it ended.
fn has_ended(process: u32) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{process}/stat"));
    !state.is_ok_and(|text| text.rsplit(") ").next().is_some_and(|rest| !rest.starts_with('Z')))
}

/// Keeps reading what is printed.
fn watch(mut output: impl Read + Send + 'static, screen: Arc<Screen>) {
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        let mut rest = Vec::new();
        while let Ok(count @ 1..) = output.read(&mut bytes) {
            rest.extend_from_slice(&bytes[..count]);
            // Half a character waits for its other half.
            let whole = match std::str::from_utf8(&rest) {
                Ok(text) => text.len(),
                Err(error) => error.valid_up_to(),
            };
            let text: Vec<u8> = rest.drain(..whole).collect();
            screen.text().push_str(&String::from_utf8_lossy(&text));
            screen.changed.notify_all();
        }
    });
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let groups = self.foreground.into_iter().chain([self.shell.id()]);
        for group in groups {
            let group = format!("-{group}");
            let _ = Command::new("kill")
                .args(["-KILL", "--", &group])
                .stderr(Stdio::null())
                .status();
        }
        let _ = self.shell.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terminal() -> (tempfile::TempDir, Terminal, Instant) {
        let home = tempfile::tempdir().expect("a temporary folder can be created");
        let terminal = Terminal::new(home.path(), &Ports::free());
        (home, terminal, Instant::now() + super::super::PATIENCE)
    }

    #[test]
    fn what_a_command_sets_stays_set() {
        let (_home, mut terminal, deadline) = terminal();
        assert_eq!(terminal.run("export A=1; mkdir f && cd f", deadline).code, Some(0));
        let told = terminal.run("echo \"$A in ${PWD##*/}\" >&2; (exit 3)", deadline);
        assert_eq!((told.code, told.printed.as_str()), (Some(3), "1 in f\n"));
    }

    #[test]
    fn what_stays_is_interrupted_or_killed() {
        let (_home, mut terminal, deadline) = terminal();
        let program = "A=1 bash -c 'trap \"echo bye; exit 5\" INT; echo \"up $A\"; while :; do sleep 0.1; done'";
        let shown = ["up 1".to_owned()];
        assert_eq!(terminal.start(program, &shown, deadline).code, None);
        let told = terminal.press(Key::Interrupt, deadline);
        assert_eq!(
            (told.code, told.printed.contains("bye")),
            (Some(5), true),
            "{}",
            told.printed
        );
        let program = "A=1 sh -c 'trap \"echo bye\" INT; echo \"up $A\"; exec sleep 1000'";
        assert_eq!(terminal.start(program, &shown, deadline).code, None);
        assert_eq!(terminal.press(Key::Quit, deadline).code, Some(128 + 3));
        assert!(
            terminal.start("true", &shown, deadline).code.is_some(),
            "it did not stay"
        );
    }
    #[test]
    fn what_stays_ends_with_its_terminal() {
        let (_home, mut terminal, deadline) = terminal();
        let shown = ["up".to_owned()];
        terminal.start("sh -c 'echo up; exec sleep 1000'", &shown, deadline);
        let group = terminal.foreground.expect("it stays");
        assert!(!has_ended(group));
        drop(terminal);
        while !has_ended(group) {
            assert!(Instant::now() < deadline, "{group} is still there");
            std::thread::sleep(LOOK);
        }
    }
}
