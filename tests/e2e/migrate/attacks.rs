//! Archives that want to do harm: refused as a whole, with nothing written anywhere.

use crate::support::Place;
use std::io::{Cursor, Write};
use std::path::Path;
use zip::write::{SimpleFileOptions, ZipWriter};

/// What makes an archive an export of an API.
const GOOD: [(&str, &str); 2] = [
    (
        "ledger/api.yaml",
        "type: api\nversion: v4.2.0\ndata:\n  name: Ledger\n  version: '1'\n  context: /ledger\n  endpointConfig:\n    \
         production_endpoints: {url: 'https://core.example'}\n",
    ),
    (
        "ledger/Definitions/swagger.yaml",
        "openapi: 3.0.1\ninfo: {title: Ledger, version: '1'}\npaths: {/a: {get: {responses: {}}}}\n",
    ),
];

fn archive(more: impl FnOnce(&mut ZipWriter<Cursor<Vec<u8>>>)) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in GOOD {
        writer.start_file(name, SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    more(&mut writer);
    writer.finish().unwrap().into_inner()
}

fn file(writer: &mut ZipWriter<Cursor<Vec<u8>>>, name: &str, bytes: &[u8]) {
    writer.start_file(name, SimpleFileOptions::default()).unwrap();
    writer.write_all(bytes).unwrap();
}

/// The same archive with other names of the same length, which no writer would give.
fn renamed(mut archive: Vec<u8>, name: &str, other: &str) -> Vec<u8> {
    assert_eq!(name.len(), other.len());
    for at in 0..archive.len() - name.len() {
        if archive[at..].starts_with(name.as_bytes()) {
            archive[at..at + name.len()].copy_from_slice(other.as_bytes());
        }
    }
    archive
}

#[test]
fn hostile_archives_are_refused_and_nothing_is_written() {
    let damaged = {
        let mut bytes = archive(|_| {});
        bytes[60] ^= 0xff;
        bytes
    };
    let encrypted = {
        // The flag that says so, in the header of the file and in the directory.
        let mut bytes = archive(|_| {});
        let directory = bytes.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
        bytes[6] |= 1;
        bytes[directory + 8] |= 1;
        bytes
    };
    for (name, bytes, said) in [
        (
            "slip",
            archive(|zip| file(zip, "../../escaped", b"x")),
            "leads out of the archive",
        ),
        (
            "absolute",
            archive(|zip| file(zip, "/tmp/escaped", b"x")),
            "leads out of the archive",
        ),
        (
            "backslash",
            archive(|zip| file(zip, "a\\..\\..\\escaped", b"x")),
            "leads out of the archive",
        ),
        (
            "link",
            archive(|zip| {
                zip.add_symlink("ledger/link", "/etc/passwd", SimpleFileOptions::default())
                    .unwrap()
            }),
            "is a link",
        ),
        (
            "twice",
            archive(|zip| file(zip, "ledger/API.yaml", b"x")),
            "stands in it twice",
        ),
        (
            "one-name-twice",
            renamed(
                archive(|zip| file(zip, "ledger/api.yamm", b"type: api\n")),
                "ledger/api.yamm",
                "ledger/api.yaml",
            ),
            "several files in it have one name",
        ),
        ("encrypted", encrypted, "is encrypted"),
        (
            "name",
            archive(|zip| file(zip, &format!("ledger/{}", "a/".repeat(600)), b"")),
            "leads out of the archive",
        ),
        (
            "bomb",
            archive(|zip| file(zip, "ledger/bomb", &vec![0; (32 << 20) + 1])),
            "has more than 32 MB",
        ),
        (
            "many",
            archive(|zip| (0..20_000).for_each(|number| file(zip, &format!("f{number}"), b""))),
            "more than 20000 files",
        ),
        ("damaged", damaged, "is not read"),
        ("cut", archive(|_| {})[..200].to_vec(), "no readable zip archive"),
        ("empty", Vec::new(), "neither a folder nor a zip archive"),
        (
            "text",
            b"<html>sign in</html>".to_vec(),
            "neither a folder nor a zip archive",
        ),
    ] {
        let place = Place::new();
        std::fs::write(place.path().join("export.zip"), bytes).unwrap();
        let before = place.files();
        let outcome = place.mgw(&["migrate", "export.zip", "shop"]).exits(3);
        assert!(outcome.stderr.contains(said), "{name}: {}", outcome.stderr);
        assert_eq!(place.files(), before, "{name}");
        let outside = place.path().parent().unwrap().to_owned();
        assert_eq!(names_in(&outside), ["tmp", "work"], "{name}");
        assert_eq!(names_in(&outside.join("tmp")), [""; 0], "{name}");
    }
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// An archive of these files alone.
fn only(files: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        file(&mut writer, name, text.as_bytes());
    }
    writer.finish().unwrap().into_inner()
}

/// What is wrong with the API in an archive is told, and the project that it was to replace stays byte for byte.
#[test]
fn archives_without_an_api_that_can_be_used_leave_the_project_as_it_is() {
    let [api, definition] = GOOD;
    let place = Place::new();
    std::fs::write(place.path().join("good.zip"), archive(|_| {})).unwrap();
    place.mgw(&["migrate", "good.zip", "shop"]).exits(0);
    let inner = only(&GOOD);
    for (name, bytes, said) in [
        ("nothing", only(&[]), &["is no project that is understood"][..]),
        (
            "other",
            only(&[("readme.txt", "x")]),
            &["is no project that is understood"],
        ),
        (
            "two-deep",
            archive_of("middle.zip", &archive_of("inner.zip", &inner)),
            &["is no project that is understood"],
        ),
        (
            "api-cut",
            only(&[("ledger/api.yaml", "type: api\ndata: {name: 'Led"), definition]),
            &["export.zip/ledger/api.yaml", "quote"],
        ),
        (
            "api-nameless",
            only(&[
                ("ledger/api.yaml", "type: api\ndata: {version: '1', context: /ledger}\n"),
                definition,
            ]),
            &["export.zip/ledger/api.yaml", "an API without `name`"],
        ),
        (
            "api-security",
            only(&[
                (
                    "ledger/api.yaml",
                    &api.1
                        .replace("  endpointConfig", "  securityScheme: 7\n  endpointConfig"),
                ),
                definition,
            ]),
            &[
                "export.zip/ledger/api.yaml",
                "an API whose `securityScheme` is not a list",
            ],
        ),
        (
            "no-definition",
            only(&[api]),
            &["export.zip/ledger", "there is no definition"],
        ),
        (
            "definition-cut",
            only(&[api, (definition.0, "openapi: 3.0.1\ninfo: {title: 'Led")]),
            &["export.zip/ledger/Definitions/swagger.yaml", "quote"],
        ),
        (
            "definition-html",
            only(&[api, (definition.0, "<html><body>Sign in</body></html>\n")]),
            &["export.zip/ledger/Definitions/swagger.yaml"],
        ),
        (
            "definition-empty",
            only(&[api, (definition.0, "")]),
            &["export.zip/ledger/Definitions/swagger.yaml"],
        ),
        (
            "definition-of-nothing",
            only(&[api, (definition.0, "openapi: 3.0.1\n")]),
            &["Ledger:1 has no operation that a gateway could serve"],
        ),
    ] {
        std::fs::write(place.path().join("export.zip"), bytes).unwrap();
        let before = place.files();
        let outcome = place.mgw(&["migrate", "export.zip", "shop", "--force"]).exits(3);
        let told = format!("{}{}", outcome.stdout, outcome.stderr);
        for said in said {
            assert!(told.contains(said), "{name}: no {said:?} in\n{told}");
        }
        assert!(told.contains("help: ") || told.contains("hint: "), "{name}: {told}");
        assert_eq!(place.files(), before, "{name}");
    }
}

fn archive_of(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    file(&mut writer, name, bytes);
    writer.finish().unwrap().into_inner()
}

#[test]
fn the_archive_that_they_are_made_from_is_a_good_one() {
    let place = Place::new();
    std::fs::write(place.path().join("export.zip"), archive(|_| {})).unwrap();
    place.mgw(&["migrate", "export.zip", "shop"]).exits(0);
    place.mgw(&["check", "shop"]).exits(0);
}

#[test]
fn a_hostile_archive_inside_another_one_leaves_out_its_api_alone() {
    let place = Place::new();
    let inner = archive(|zip| file(zip, "../escaped", b"x"));
    std::fs::write(
        place.path().join("all.zip"),
        archive(|zip| file(zip, "inner.zip", &inner)),
    )
    .unwrap();
    let outcome = place.mgw(&["migrate", "all.zip", "shop"]).exits(8);
    assert!(
        outcome
            .stdout
            .contains("left out: all.zip/inner.zip: this archive is not read: the name \"../escaped\""),
        "{}",
        outcome.stdout
    );
}

#[test]
fn links_in_a_folder_are_not_followed() {
    let place = Place::new();
    for (name, text) in GOOD {
        place.write(name, text);
    }
    place.write("secret.txt", "canary");
    std::os::unix::fs::symlink("../../secret.txt", place.path().join("ledger/Definitions/swagger.json")).unwrap();
    std::os::unix::fs::symlink("/", place.path().join("ledger/root")).unwrap();
    let outcome = place.mgw(&["migrate", "ledger", "shop"]).exits(8);
    for name in ["ledger/Definitions/swagger.json", "ledger/root"] {
        let line = format!("does not carry over: {name}: this is not read: it is a link");
        assert!(outcome.stdout.contains(&line), "{}", outcome.stdout);
    }
    assert!(!outcome.stdout.contains("canary"));
}

#[test]
fn alias_floods_and_deep_nesting_are_refused_by_line() {
    for (name, text) in [
        (
            "flood",
            format!(
                "type: api\ndata:\n  a: &a [x, x, x, x, x, x, x, x, x, x]\n{}",
                ('b'..='h')
                    .zip('a'..='g')
                    .map(|(next, last)| format!("  {next}: &{next} [{}]\n", vec![format!("*{last}"); 10].join(", ")))
                    .collect::<String>()
            ),
        ),
        (
            "deep",
            format!("type: api\ndata: {}{}\n", "[".repeat(5_000), "]".repeat(5_000)),
        ),
    ] {
        let place = Place::new();
        place.write("api/api.yaml", &text);
        let outcome = place.mgw(&["migrate", "api", "shop"]).exits(3);
        assert!(outcome.stderr.contains("api/api.yaml"), "{name}: {}", outcome.stderr);
    }
}
