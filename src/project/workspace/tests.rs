use super::*;
use tempfile::TempDir;

fn workspace(file: &str, folders: &[&str]) -> TempDir {
    let root = tempfile::tempdir().expect("a folder");
    for folder in folders {
        let path = root.path().join(folder);
        std::fs::create_dir_all(&path).expect("writable");
        let name = folder.replace('/', "-");
        std::fs::write(path.join("mgw.toml"), format!("format = 1\nname = \"{name}\"\n")).expect("writable");
    }
    std::fs::write(root.path().join("mgw.toml"), file).expect("writable");
    root
}

fn members(root: &Path) -> Result<Vec<String>, String> {
    let told = |error| match error {
        WorkspaceError::Invalid { findings, .. } => {
            let first = findings.iter().next().map(ToString::to_string);
            first.unwrap_or_default().replace(&format!("{}/", root.display()), "")
        }
        error => error.to_string(),
    };
    let found = Workspace::at(root, Faulty::Refused).map_err(told)?;
    let members = found.expect("a workspace").members;
    Ok(members.into_iter().map(|member| member.name).collect())
}

fn of(members: &str) -> String {
    format!("format = 1\n[workspace]\nmembers = {members}\n")
}

const FOLDERS: [&str; 5] = ["shop", "teams/a", "teams/b", "teams/.hidden", "teams/target"];

#[test]
fn names_and_patterns_stand_for_projects() {
    for (patterns, expected) in [
        ("[\"shop\"]", &["shop"][..]),
        ("[\"teams/*\", \"shop\", \"./shop/\"]", &["shop", "teams-a", "teams-b"]),
        ("[\"t*s/b\"]", &["teams-b"]),
        ("[\"*\"]", &["shop"]),
        ("[\"*/*\"]\nexclude = [\"teams/a\"]", &["teams-b"]),
        ("[\"*\", \"inner/x\"]\nexclude = [\"inner\"]", &["inner-x", "shop"]),
    ] {
        let root = workspace(&of(patterns), &FOLDERS);
        std::fs::create_dir(root.path().join("teams/no-project")).expect("writable");
        if patterns.contains("inner") {
            let inner = root.path().join("inner");
            std::fs::create_dir_all(inner.join("x")).expect("writable");
            std::fs::write(inner.join("x/mgw.toml"), "format = 1\nname = \"inner-x\"\n").expect("writable");
            std::fs::write(inner.join("mgw.toml"), of("[\"x\"]")).expect("writable");
        }
        assert_eq!(members(root.path()).expect(patterns), expected, "{patterns}");
    }
}

#[test]
fn a_project_is_no_workspace() {
    let root = workspace("format = 1\nname = \"x\"\n", &[]);
    assert_eq!(Workspace::at(root.path(), Faulty::Refused).expect("read"), None);
    assert_eq!(
        Workspace::at(&root.path().join("nowhere"), Faulty::Refused).expect("read"),
        None
    );
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (file, expected) in [
        (
            of("[\"../shop\"]"),
            "mgw.toml:3:12: error: `../shop` leads out of the workspace",
        ),
        (
            of("[\"/etc\"]"),
            "mgw.toml:3:12: error: `/etc` leads out of the workspace",
        ),
        (of("[\"\"]"), "mgw.toml:3:12: error: `` is no folder"),
        (of("[\".\"]"), "mgw.toml:3:12: error: `.` is no folder"),
        (
            of("[\"shpo\"]"),
            "mgw.toml:3:12: error: `shpo` is no folder that is there",
        ),
        (of("[\"x*\"]"), "mgw.toml:3:12: error: `x*` stands for no project"),
        (
            of("[\"link\"]"),
            "mgw.toml:3:12: error: `link` leads out of the workspace by a link",
        ),
        (
            of("[\"li*\"]"),
            "mgw.toml:3:12: error: `li*` leads out of the workspace by a link",
        ),
        (of("[\"inner\"]"), "mgw.toml:3:12: error: `inner` is a workspace itself"),
        (
            of("[\"inn*\"]"),
            "mgw.toml:3:12: error: `inn*` stands for `inner` too, which is a workspace itself",
        ),
        (
            of("[\"**\"]"),
            "mgw.toml:3:12: error: `**` does not go down through all folders",
        ),
        (
            of("[\"empty\"]"),
            "mgw.toml:3:12: error: `empty` is not a project folder",
        ),
        (
            of("[\"shop\", \"same\"]"),
            "mgw.toml:3:12: error: same and shop are both called `shop`",
        ),
        (
            of("[\"shop\"]\nmember = 1"),
            "mgw.toml:4:1: error: unknown key `workspace.member`",
        ),
        (
            of("\"shop\""),
            "mgw.toml:3:11: error: `workspace.members` should be a list",
        ),
        (
            format!("name = \"x\"\n{}", of("[]")),
            "mgw.toml:1:1: error: unknown key `name`",
        ),
        (
            of("[]").replace("= 1", "= 2"),
            "mgw.toml:1:10: error: mgw.toml has format version 2",
        ),
        (
            of(&format!("[{}]", "\"shop\",".repeat(257))),
            "mgw.toml:3:1804: error: there are more than 256 patterns",
        ),
    ] {
        let root = workspace(&file, &FOLDERS);
        let path = |name: &str| root.path().join(name);
        let outside = tempfile::tempdir().expect("a folder");
        std::fs::write(outside.path().join("mgw.toml"), "format = 1\nname = \"out\"\n").expect("writable");
        std::os::unix::fs::symlink(outside.path(), path("link")).expect("writable");
        for folder in ["inner", "same", "empty"] {
            std::fs::create_dir(path(folder)).expect("writable");
        }
        std::fs::write(path("inner/mgw.toml"), of("[]")).expect("writable");
        std::fs::write(path("same/mgw.toml"), "format = 1\nname = \"shop\"\n").expect("writable");
        let error = members(root.path()).expect_err(&file);
        assert!(error.starts_with(expected), "{error}\n{expected}");
    }
}

#[test]
fn stars_match_any_text() {
    for (pattern, name, expected) in [
        ("*", "", true),
        ("*", "a", true),
        ("a*c", "abc", true),
        ("a*c", "ac", true),
        ("a*c", "abcd", false),
        ("**a", "ba", true),
        ("a", "b", false),
        ("", "a", false),
    ] {
        assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
    }
    let stars = "*a".repeat(2_000);
    assert!(!matches(&stars, &"a".repeat(1_000)));
}
