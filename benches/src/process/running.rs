//! A process that ends with the value that stands for it.

use crate::failure::Failure;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// How long a process may take to say where it listens.
const ANNOUNCEMENT: Duration = Duration::from_secs(10);

/// How long a process may take to stop when it is asked to.
const STOPPING: Duration = Duration::from_secs(60);

/// Lines of a process's output that an error repeats.
const LAST_LINES: usize = 12;

/// What to start and how.
#[derive(Debug, Clone)]
pub(crate) struct Launch<'a> {
    /// Shown in messages; also names the log file.
    pub name: &'static str,
    pub program: &'a Path,
    pub arguments: Vec<OsString>,
    /// Variables beside those of this program.
    pub environment: Vec<(&'static str, OsString)>,
    /// The processor it is bound to.
    pub processor: Option<usize>,
    /// Folder for its output.
    pub logs: &'a Path,
}

/// A running process. It is killed, by its own id, when this value is dropped: on success, error and interruption.
#[derive(Debug)]
pub(crate) struct Running {
    name: &'static str,
    child: Child,
    pid: u32,
    log: PathBuf,
}

impl Launch<'_> {
    /// Starts a process whose output goes to a file.
    pub(crate) fn start(&self) -> Result<Running, Failure> {
        self.spawn(|log| Ok(Stdio::from(log.try_clone()?)))
    }

    /// Starts one of this program's own roles, which says where it listens and stops when its input is closed.
    pub(crate) async fn start_role(&self) -> Result<(Running, SocketAddr), Failure> {
        let mut running = self.spawn(|_| Ok(Stdio::piped()))?;
        let announced = match running.child.stdout.take() {
            Some(stdout) => tokio::time::timeout(ANNOUNCEMENT, BufReader::new(stdout).lines().next_line()).await,
            None => Ok(Ok(None)),
        };
        let address = announced.ok().and_then(|line| line.ok()??.parse().ok());
        match address {
            Some(address) => Ok((running, address)),
            None => Err(running.late("say where it listens", ANNOUNCEMENT)),
        }
    }

    /// Runs a process to its end, at most for `limit`, and returns what it wrote to standard output.
    pub(crate) async fn output(&self, limit: Duration) -> Result<String, Failure> {
        let output = tokio::time::timeout(limit, self.command().stdin(Stdio::null()).output())
            .await
            .map_err(|_| Failure::Late {
                program: self.name.into(),
                what: "end",
                seconds: limit.as_secs(),
                said: String::new(),
            })?
            .map_err(|source| self.failed(source))?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() {
            return Ok(text(&output.stdout));
        }
        Err(Failure::Ended {
            program: self.name.into(),
            status: output.status.to_string(),
            said: last_lines(&(text(&output.stdout) + &text(&output.stderr))),
        })
    }

    fn spawn(&self, stdout: impl FnOnce(&std::fs::File) -> std::io::Result<Stdio>) -> Result<Running, Failure> {
        let path = self.logs.join(format!("{}.log", self.name.replace(' ', "-")));
        // Appending, so that emptying the file between rounds does not leave a hole.
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(Failure::file("open", &path))?;
        let stdout = stdout(&log).map_err(Failure::file("share", &path))?;
        let child = self
            .command()
            .stdin(Stdio::piped())
            .stdout(stdout)
            .stderr(log)
            .spawn()
            .map_err(|source| self.failed(source))?;
        let pid = child.id().ok_or(Failure::Accounting { what: "id", pid: 0 })?;
        Ok(Running {
            name: self.name,
            child,
            pid,
            log: path,
        })
    }

    fn command(&self) -> Command {
        let mut command = match self.processor {
            Some(processor) => {
                // `taskset` becomes the program it starts, so the id stays the same.
                let mut command = Command::new("taskset");
                command.arg("-c").arg(processor.to_string()).arg(self.program);
                command
            }
            None => Command::new(self.program),
        };
        command.args(&self.arguments).kill_on_drop(true);
        for (name, value) in &self.environment {
            command.env(name, value);
        }
        command
    }

    fn failed(&self, source: std::io::Error) -> Failure {
        Failure::Start {
            program: self.program.display().to_string(),
            source,
        }
    }
}

impl Running {
    /// Its id.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Where its output goes.
    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    /// Waits until it has ended well, and looks at it again and again meanwhile.
    pub(crate) async fn finish(&mut self, limit: Duration, mut look: impl FnMut(u32)) -> Result<(), Failure> {
        const PAUSE: Duration = Duration::from_millis(10);
        let begin = Instant::now();
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(None) => look(self.pid),
                _ => return self.check(),
            }
            if begin.elapsed() > limit {
                return Err(self.late("end", limit));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Fails when it has ended.
    pub(crate) fn check(&mut self) -> Result<(), Failure> {
        match self.child.try_wait() {
            Ok(Some(status)) => Err(Failure::Ended {
                program: self.name.into(),
                status: status.to_string(),
                said: self.said(),
            }),
            _ => Ok(()),
        }
    }

    /// Empties its log, so that a run under load does not fill the disk.
    pub(crate) fn empty_log(&self) -> Result<(), Failure> {
        std::fs::File::options()
            .write(true)
            .open(&self.log)
            .and_then(|file| file.set_len(0))
            .map_err(Failure::file("empty", &self.log))
    }

    /// Asks it to stop and waits until it has.
    pub(crate) async fn stop(mut self) -> Result<(), Failure> {
        let asking = Launch {
            name: "kill",
            program: Path::new("kill"),
            arguments: vec!["-TERM".into(), self.pid.to_string().into()],
            environment: Vec::new(),
            processor: None,
            logs: Path::new(""),
        };
        asking.output(STOPPING).await?;
        match tokio::time::timeout(STOPPING, self.child.wait()).await {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => Err(Failure::Ended {
                program: self.name.into(),
                status: status.to_string(),
                said: self.said(),
            }),
            Ok(Err(source)) => Err(Failure::Start {
                program: self.name.into(),
                source,
            }),
            Err(_) => Err(self.late("stop", STOPPING)),
        }
    }

    /// Ends it and waits until it is gone.
    pub(crate) async fn end(mut self) {
        // It may have ended by itself; both are fine.
        let _ = self.child.kill().await;
    }

    /// The error for something it did not do in time.
    pub(crate) fn late(&self, what: &'static str, limit: Duration) -> Failure {
        Failure::Late {
            program: self.name.into(),
            what,
            seconds: limit.as_secs(),
            said: self.said(),
        }
    }

    fn said(&self) -> String {
        last_lines(&std::fs::read_to_string(&self.log).unwrap_or_default())
    }
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines
        .get(lines.len().saturating_sub(LAST_LINES)..)
        .unwrap_or_default()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_repeat_the_end_of_a_log() {
        let text: String = (1..=20).map(|number| format!("line {number}\n")).collect();
        let last = last_lines(&text);
        assert!(last.starts_with("line 9\n") && last.ends_with("line 20"), "{last}");
        assert_eq!(last_lines(""), "");
        assert_eq!(last_lines("one\ntwo"), "one\ntwo");
    }
}
