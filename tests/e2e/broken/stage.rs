//! A case in a folder of its own: its files, the command, and what the command said.

use super::damage::{Chance, damage};
use super::description::{Description, Format, Surroundings};
use super::make::make;
use super::promises;
use super::repairs;
use crate::support::{Outcome, Place};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Files of a case that are about it and not of it.
const ABOUT: [&str; 2] = ["case.toml", "expected.txt"];

/// The most address space that a command may have: a debug build with the stacks of its threads and some files in memory.
const KILOBYTES: &str = "4000000";

/// Seconds after which a command counts as one that hangs.
const SECONDS: &str = "60";

/// A secret; every case has it in its environment, and it stands in the secret places of many files.
pub const CANARY: &str = "CANARY-";

pub struct Case {
    /// `format/case`
    pub name: String,
    folder: Option<PathBuf>,
    base: PathBuf,
    format: Format,
    description: Description,
    seed: Option<u64>,
}

/// What a command did, and what it left.
pub struct Ran {
    pub outcome: Outcome,
    pub command: Vec<String>,
    pub place: Place,
    pub changed: Vec<String>,
    /// What was there, and what the case says is not.
    pub files: Vec<String>,
}

impl Case {
    pub fn read(format_folder: &Path, folder: &Path, format: &Format) -> Self {
        Self {
            name: format!("{}/{}", super::name(format_folder), super::name(folder)),
            folder: Some(folder.to_owned()),
            base: format_folder.join("base"),
            format: format.clone(),
            description: Description::read(&folder.join("case.toml")),
            seed: None,
        }
    }

    /// The good files of a format, as a case.
    pub fn base(format_folder: &Path, format: &Format) -> Self {
        Self {
            name: format!("{}/base", super::name(format_folder)),
            folder: None,
            base: format_folder.join("base"),
            format: format.clone(),
            description: Description::default(),
            seed: None,
        }
    }

    /// The same with mistakes.
    pub fn damaged_by(mut self, seed: u64) -> Self {
        self.name = format!("{} damaged by {seed}", self.name);
        self.seed = Some(seed);
        self
    }

    /// Compares with the golden file, or writes it.
    pub fn check(&self, update: bool) -> Vec<String> {
        let ran = self.run(&[]);
        let mut problems = promises::kept(self, &ran);
        problems.extend(self.as_json());
        let said = said(&ran);
        let golden = self.folder.as_ref().expect("a case has a folder").join("expected.txt");
        if update {
            fs::write(&golden, &said).expect("the corpus is writable");
        } else {
            let expected = fs::read_to_string(&golden).unwrap_or_default();
            if expected != said {
                problems.push(format!("{}: expected\n{expected}\ngot\n{said}", self.name));
            }
        }
        problems
    }

    /// The promises alone.
    pub fn holds(&self) -> Vec<String> {
        let mut problems = promises::kept(self, &self.run(&[]));
        problems.extend(self.as_json());
        problems
    }

    /// What is wrong with what `--fix` makes of it.
    pub fn repaired(&self) -> Vec<String> {
        let mut words = self.command().to_vec();
        match words.first_mut() {
            Some(command) if command == "check" => {}
            // What it tells of files, `check` tells as well.
            Some(command) if command == "audit" => *command = "check".to_owned(),
            _ => return Vec::new(),
        }
        let with = |more: &[&str]| {
            let more = more.iter().map(|word| (*word).to_owned());
            words.iter().cloned().chain(more).collect::<Vec<_>>()
        };
        let before = self.run_words(self.lay_out(), &with(&["--output", "json"]));
        if !repairs::are_known(&before) {
            return Vec::new();
        }
        let told = self.run_words(self.lay_out(), &words);
        let fix = with(&["--fix", "--output", "json"]);
        let mut fixed = self.run_words(self.lay_out(), &fix);
        let place = std::mem::replace(&mut fixed.place, Place::new());
        let again = self.run_words(place, &fix);
        let mut problems = repairs::kept(self, &before, &fixed, &again);
        problems.extend(repairs::as_offered(self, &told, &before, &fixed));
        problems
    }

    /// Whether the command starts a gateway.
    pub fn starts(&self) -> bool {
        self.command().first().is_some_and(|command| command == "run")
    }

    /// What is wrong with what `doctor` and `check` say of a gateway that does not start.
    pub fn found_before_a_start(&self) -> Vec<String> {
        let run = self.run(&[]);
        let is_stopped = run.outcome.stderr.contains("the gateway cannot start");
        // Sockets, and what is no matter of settings.
        if !is_stopped {
            return Vec::new();
        }
        let mut words = self.command().to_vec();
        "doctor".clone_into(&mut words[0]);
        words.extend(["--offline", "--only", "start"].map(str::to_owned));
        let doctor = self.run_words(self.lay_out(), &words);
        let mut problems = promises::of_output(self, &doctor);
        if doctor.outcome.code != 7 || !doctor.outcome.stdout.contains("micro-gw.conf:") {
            problems.push(format!("{}: doctor says\n{}", self.name, said(&doctor)));
        }
        // The password may be where the gateway is.
        if run.outcome.stderr.contains("it needs a password") {
            return problems;
        }
        let config = words
            .iter()
            .position(|word| word == "--config")
            .expect("it has settings");
        let words = ["check", &words[1], "--config", &words[config + 1]].map(str::to_owned);
        let check = self.run_words(self.lay_out(), &words);
        problems.extend(promises::of_output(self, &check));
        let is_told = check.outcome.code == 3 || check.outcome.stderr.contains("[missing-file]");
        if !is_told || !check.outcome.stderr.contains("micro-gw.conf") {
            problems.push(format!("{}: check says\n{}", self.name, said(&check)));
        }
        problems
    }

    /// Whether `base` is good.
    pub fn is_good(&self) -> Option<String> {
        let good = self.format.good?;
        let ran = self.run(&[]);
        (ran.outcome.code != good).then(|| format!("{}: {}", self.name, said(&ran)))
    }

    fn as_json(&self) -> Vec<String> {
        promises::kept_in_json(self, &self.run(&["--output", "json"]))
    }

    /// Whether the command may leave the folder as another one.
    pub fn writes(&self) -> bool {
        self.description.writes
    }

    /// Whether the input may be good all the same.
    pub fn is_random(&self) -> bool {
        self.seed.is_some()
    }

    fn command(&self) -> &[String] {
        self.description.command.as_deref().unwrap_or(&self.format.command)
    }

    fn run(&self, more: &[&str]) -> Ran {
        self.run_in(self.lay_out(), more)
    }

    fn run_in(&self, place: Place, more: &[&str]) -> Ran {
        let more = more.iter().map(|word| (*word).to_owned());
        let words: Vec<String> = self.command().iter().cloned().chain(more).collect();
        self.run_words(place, &words)
    }

    fn run_words(&self, place: Place, words: &[String]) -> Ran {
        let before = picture(&place.path());
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let inner = place.command(&words);
        let mut bounded = Command::new("sh");
        bounded
            .args([
                "-c",
                "ulimit -v \"$0\" && exec timeout --kill-after=5 \"$@\"",
                KILOBYTES,
                SECONDS,
            ])
            .arg(inner.get_program())
            .args(inner.get_args())
            .env_clear()
            .current_dir(place.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for (name, value) in inner.get_envs() {
            bounded.env(name, value.unwrap_or_default());
        }
        bounded.env("MGW_CONFIG_DIR", "../config");
        self.surround(&mut bounded);
        let mut child = bounded.spawn().expect("there is a shell");
        let mut input = child.stdin.take().expect("it is piped");
        // A command that does not read its input may have ended by now.
        let _ = input.write_all(self.description.input.as_deref().unwrap_or_default().as_bytes());
        drop(input);
        let output = child.wait_with_output().expect("it ends");
        let outcome = Outcome {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap_or_else(|error| format!("no UTF-8: {error}")),
            stderr: String::from_utf8(output.stderr).unwrap_or_else(|error| format!("no UTF-8: {error}")),
        };
        let after = picture(&place.path());
        let changed = after
            .iter()
            .filter(|entry| !before.contains(entry))
            .chain(before.iter().filter(|entry| !after.contains(entry)))
            .map(|(path, _)| path.clone())
            .collect();
        let made = self.surroundings().into_iter().flat_map(|part| &part.make);
        let mut files: Vec<String> = made.map(|make| make.file.clone()).collect();
        files.extend(before.into_iter().map(|(path, _)| path));
        files.extend(self.command().iter().filter(|word| word.contains('.')).cloned());
        files.extend(self.description.surroundings.environment.values().cloned());
        Ran {
            files,
            outcome,
            command: self.command().to_vec(),
            place,
            changed,
        }
    }

    fn surroundings(&self) -> [&Surroundings; 2] {
        [&self.format.surroundings, &self.description.surroundings]
    }

    fn surround(&self, command: &mut Command) {
        // Secrets that whoever runs the program may have set.
        for name in [
            "MGW_PASSWORD",
            "MGW_CLIENT_SECRET",
            "SHOP_PASSWORD",
            "WSO2_CLOUD_PASSWORD",
        ] {
            command.env(name, format!("{CANARY}{name}"));
        }
        for surroundings in self.surroundings() {
            command.envs(&surroundings.environment);
        }
    }

    fn lay_out(&self) -> Place {
        let place = Place::new();
        let work = place.path();
        if self.base.is_dir() {
            copy(&self.base, &work);
        }
        let [format, case] = self.surroundings();
        self.prepare(&place, format);
        if let Some(folder) = &self.folder {
            copy(folder, &work.join(&self.format.to));
        }
        self.prepare(&place, case);
        if let Some(seed) = self.seed {
            let mut chance = Chance::new(seed);
            let damaged = &self.format.damage;
            let file = work.join(&damaged[chance.below(damaged.len())]);
            let contents = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            fs::write(&file, damage(&contents, &mut chance)).expect("the folder is writable");
        }
        place
    }

    fn prepare(&self, place: &Place, surroundings: &Surroundings) {
        for words in &surroundings.before {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let mut command = place.command(&words);
            command.envs(&surroundings.environment);
            Outcome::of(command).exits(0);
        }
        for one in &surroundings.make {
            make(&place.path(), &one.file, &one.how);
        }
    }
}

/// What the golden file of a case holds.
fn said(ran: &Ran) -> String {
    let Outcome { code, stdout, stderr } = &ran.outcome;
    let words = ran.command.iter().map(|word| match word.contains([' ', '"']) {
        true => format!("'{word}'"),
        false => word.clone(),
    });
    let mut said = format!("$ mgw {}\n", words.collect::<Vec<_>>().join(" "));
    if !stdout.is_empty() {
        said.push_str(&format!("--- standard output\n{stdout}"));
    }
    if !stderr.is_empty() {
        said.push_str(&format!("--- standard error\n{stderr}"));
    }
    said.push_str(&format!("--- exit code {code}\n"));
    said
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder is writable");
    for entry in fs::read_dir(from).expect("the corpus is readable") {
        let entry = entry.expect("the corpus is readable");
        let name = entry.file_name();
        if ABOUT.iter().any(|about| name == *about) {
            continue;
        }
        let target = to.join(&name);
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).expect("the folder is writable");
        }
    }
}

/// Everything below a folder: what it is, how large, and when it was written.
fn picture(folder: &Path) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            let meta = fs::symlink_metadata(&path).expect("nobody else removes it");
            if meta.is_dir() {
                open.push(path.clone());
            }
            // The times of folders tell of temporary files that are gone again.
            let is = format!("{:?} {} {:?}", meta.file_type(), meta.len(), meta.modified().ok());
            all.push((path.display().to_string(), is));
        }
    }
    all.sort();
    all
}
