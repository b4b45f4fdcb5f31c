//! Pages of the documentation, executed: what a page tells its reader to type is typed, and what it shows is what comes.
//!
//! How to write such a page is described in CONTRIBUTING.md. Nothing is prepared for a page: what the page does not show, its
//! reader cannot do. Only the ports that it names are replaced by free ones.

mod block;
mod excerpt;
mod page;
mod ports;
mod terminal;

use block::{Ending, Kind, Step};
use page::Page;
use ports::Ports;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};
use terminal::{Terminal, Told};

/// How long anything may take; it is no measure of speed.
const PATIENCE: Duration = Duration::from_secs(60);
/// The pause before something is done again.
const PAUSE: Duration = Duration::from_millis(100);
/// The terminal of blocks that name none.
const FIRST: &str = "first";

/// What the blocks of a page put into files, by name; a file that is extended later is not among them.
pub fn files_of(name: &str, text: &str) -> BTreeMap<String, String> {
    let blocks = Page::of(name, text).blocks.into_iter();
    blocks
        .filter_map(|block| match block.kind {
            Kind::File {
                path,
                text,
                append: false,
            } => Some((path, text)),
            _ => None,
        })
        .collect()
}

#[test]
fn tutorial_from_api_cloud_to_your_own_machine() {
    execute("tutorial/api-cloud.md");
}

#[test]
fn when_the_cloud_is_down() {
    execute("how-to/cloud-outage.md");
}

#[test]
fn come_from_micro_gw() {
    execute("how-to/from-micro-gw.md");
}

#[test]
fn start_from_an_openapi_file() {
    execute("how-to/openapi-file.md");
}

#[test]
fn repair_a_project() {
    execute("how-to/repair.md");
}

#[test]
fn migrate_a_project() {
    execute("how-to/migrate.md");
}

#[test]
fn docker_and_kubernetes_files() {
    execute("how-to/docker-kubernetes.md");
}

#[test]
fn come_from_krakend() {
    execute("how-to/from-krakend.md");
}

#[test]
fn complete_command_lines() {
    execute("how-to/completions.md");
}

#[test]
fn find_out_what_is_wrong() {
    execute("how-to/doctor.md");
}

#[test]
fn test_a_project() {
    execute("how-to/test.md");
}

#[test]
fn explain_a_request() {
    execute("how-to/explain-request.md");
}

#[test]
fn audit_a_project() {
    execute("how-to/audit.md");
}

#[test]
fn several_projects_in_one_repository() {
    execute("how-to/workspaces.md");
}

#[test]
fn know_what_is_in_a_bundle() {
    execute("how-to/bundle-contents.md");
}

#[test]
fn sign_bundles() {
    execute("how-to/sign-bundles.md");
}

#[test]
fn come_from_the_on_premise_gateway() {
    execute("how-to/from-on-premise-gateway.md");
}

#[test]
fn sign_in() {
    execute("how-to/sign-in.md");
}

#[test]
fn see_what_changes() {
    execute("how-to/changes.md");
}

#[test]
fn change_an_api_while_the_gateway_runs() {
    execute("how-to/live-changes.md");
}

#[test]
fn follow_the_control_plane() {
    execute("how-to/connected.md");
}

#[test]
fn show_a_gateway_to_the_control_plane() {
    execute("how-to/gateway-status.md");
}

#[test]
fn keep_and_upload_usage_records() {
    execute("how-to/usage.md");
}

#[test]
fn usage_records_of_sites_without_a_way_out() {
    execute("how-to/usage-air-gapped.md");
}

#[test]
fn build_in_a_pipeline() {
    execute("how-to/pipeline.md");
}

#[test]
fn try_the_control_planes_failures() {
    execute("how-to/sandbox.md");
}

#[test]
fn no_page_that_is_meant_to_be_executed_is_forgotten() {
    let book = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src");
    let tests = include_str!("mod.rs");
    let mut folders = vec![book.clone()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().expect("the folder is there").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let Ok(text) = std::fs::read_to_string(&path) else {
                continue;
            };
            let name = path
                .strip_prefix(&book)
                .expect("it is in the book")
                .display()
                .to_string();
            let is_executed = tests.contains(&format!("execute(\"{name}\")"));
            let attributes = text.lines().filter(|line| line.trim_start().starts_with("```console "));
            assert!(is_executed || attributes.count() == 0, "{name} is not executed");
        }
    }
}

/// Executes a page from top to bottom.
fn execute(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src").join(name);
    let text = std::fs::read_to_string(path).expect("the page is there");
    let ports = Ports::free();
    let page = Page::of(name, &ports.replaced(&text));
    assert!(!page.blocks.is_empty(), "{name} has nothing to execute");
    let home = tempfile::TempDir::new().expect("a temporary folder can be created");
    let mut terminals: BTreeMap<&str, Terminal> = BTreeMap::new();
    for block in &page.blocks {
        let place = format!("{name}:{}", block.line);
        match &block.kind {
            Kind::File { path, text, append } => write(&home.path().join(path), text, *append),
            Kind::Console {
                terminal,
                steps,
                ending,
            } => {
                let terminal = terminals
                    .entry(terminal.as_str())
                    .or_insert_with(|| Terminal::new(home.path(), &ports));
                for (index, step) in steps.iter().enumerate() {
                    let is_last = index + 1 == steps.len();
                    let ending = if is_last { *ending } else { ending.of_others() };
                    perform(terminal, step, ending, &place);
                }
            }
        }
    }
}

/// Does one step, as often as it takes where that is allowed.
fn perform(terminal: &mut Terminal, step: &Step, ending: Ending, place: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let told = match (step, ending) {
            (Step::Key { key, .. }, _) => terminal.press(*key, deadline),
            (Step::Command { text, shown }, Ending::Stays) => terminal.start(text, shown, deadline),
            (Step::Command { text, .. }, _) => terminal.run(text, deadline),
        };
        let Some(problem) = problem(&told, step, ending) else {
            return;
        };
        let again = matches!(ending, Ending::Eventually) && Instant::now() < deadline;
        assert!(again, "{place}: {step}\n{problem}\n--- it printed\n{}", told.printed);
        std::thread::sleep(PAUSE);
    }
}

/// What is not as the page says.
fn problem(told: &Told, step: &Step, ending: Ending) -> Option<String> {
    let wanted = match (step, ending) {
        (_, Ending::Code(code)) => Some(code),
        // It is killed in the middle of something.
        (
            Step::Key {
                key: block::Key::Quit, ..
            },
            _,
        ) => None,
        (_, Ending::Stays) => None,
        (_, Ending::Success | Ending::Eventually) => Some(0),
    };
    if told.code.is_none() && ending != Ending::Stays {
        return Some("it does not end".to_owned());
    }
    if told.code.is_some() && ending == Ending::Stays && matches!(step, Step::Command { .. }) {
        return Some("it ended, though it was to stay".to_owned());
    }
    if let (Some(code), Some(wanted)) = (told.code, wanted)
        && code != wanted
    {
        return Some(format!("it ended with {code}, not {wanted}"));
    }
    let missing = excerpt::missing(step.shown(), &told.printed)?;
    Some(format!("it did not print, in this place: {missing}"))
}

fn write(path: &Path, text: &str, append: bool) {
    use std::io::Write;
    let mut options = std::fs::OpenOptions::new();
    options.create(true).write(true).append(append).truncate(!append);
    // As editors do that are told to save a file.
    let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    let file = folder.and_then(|()| options.open(path));
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
