//! Makes the files that a repository cannot hold well: large ones, other encodings, archives, pipes and links.
//!
//! Each way has a name and takes the rest of its line. Where a way starts from something, it is what the file has held
//! until then.

use super::archive;
use std::fs;
use std::path::Path;

/// Makes `file` below `work`.
pub fn make(work: &Path, file: &str, how: &str) {
    let path = work.join(file);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).expect("the folder is writable");
    }
    let (way, with) = how.split_once(' ').unwrap_or((how, ""));
    match way {
        "folder" => {
            let _ = fs::remove_file(&path);
            fs::create_dir_all(&path).expect("the folder is writable");
        }
        "nothing" => fs::remove_file(&path).expect("the file is there"),
        "mode" => mode(&path, with),
        "move" => {
            let target = work.join(with);
            fs::create_dir_all(target.parent().expect("it lies in a folder")).expect("the folder is writable");
            fs::rename(&path, target).expect("the file is there");
        }
        "pipe" => {
            let _ = fs::remove_file(&path);
            let made = std::process::Command::new("mkfifo").arg(&path).status();
            assert!(made.expect("mkfifo runs").success());
        }
        "link" => {
            let _ = fs::remove_file(&path);
            std::os::unix::fs::symlink(with, &path).expect("the folder is writable");
        }
        "zip" => write(&path, &archive::changed(&before(&path), with)),
        _ => write(&path, &bytes(&path, way, with)),
    }
}

fn bytes(path: &Path, way: &str, with: &str) -> Vec<u8> {
    match way {
        // An empty file, or one that holds nothing but zeros.
        "zeros" => vec![0; size(with)],
        "blanks" => vec![b' '; size(with)],
        "bytes" => hex(with),
        "append" => [before(path), hex(with)].concat(),
        "prepend" => [hex(with), before(path)].concat(),
        // `replace OLD => NEW`: texts, with `\xNN` for bytes.
        "replace" => {
            let (old, new) = with.split_once(" => ").expect("OLD => NEW");
            replaced(&before(path), &escaped(old), &escaped(new))
        }
        "cut" => {
            let mut all = before(path);
            // `cut -10`: ten bytes less.
            let length = match with.strip_prefix('-') {
                Some(less) => all.len() - less.parse::<usize>().expect("a number of bytes"),
                None => with.parse().expect("a number of bytes"),
            };
            assert!(length < all.len(), "there is nothing to cut off");
            all.truncate(length);
            all
        }
        "flip" => {
            let mut all = before(path);
            let place: usize = with.parse().expect("the place of a byte");
            all[place] ^= 0x40;
            all
        }
        // `nested 1000 [ ]`: opened and closed so often.
        "nested" | "opened" => {
            let mut words = with.split(' ');
            let count: usize = words.next().and_then(|word| word.parse().ok()).expect("a count");
            let open = words.next().expect("what opens").repeat(count);
            let close = words.next().map(|close| close.repeat(count)).unwrap_or_default();
            let whole = format!("{open}1{close}");
            whole.into_bytes()
        }
        // `repeat 1000 TEXT`: `#` is the number of the line.
        "repeat" => {
            let (count, text) = with.split_once(' ').expect("a count and a text");
            let count: usize = count.parse().expect("a count");
            let mut all = before(path);
            for number in 0..count {
                all.extend(text.replace('#', &number.to_string()).into_bytes());
                all.push(b'\n');
            }
            all
        }
        "utf-16-le" | "utf-16-be" | "utf-32-le" | "utf-32-be" | "latin-1" => {
            encoded(&before(path), way, with == "mark")
        }
        "crlf" => replaced(&before(path), b"\n", b"\r\n"),
        "cr" => replaced(&before(path), b"\n", b"\r"),
        "gzip" => archive::gzip(&before(path)),
        "zipped" => archive::zipped(&[("openapi.yaml", &before(path))]),
        // YAML in which ten aliases stand for ten aliases, and so on.
        "bomb" => bomb(with.parse().expect("a number of levels")),
        "chain" => chain(with.parse().expect("a number of links")),
        _ => panic!("there is no way {way:?} to make a file"),
    }
}

fn before(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_default()
}

fn write(path: &Path, contents: &[u8]) {
    fs::write(path, contents).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

fn mode(path: &Path, octal: &str) {
    use std::os::unix::fs::PermissionsExt;
    let mode = u32::from_str_radix(octal, 8).expect("an octal number");
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("the file is ours");
}

/// `33MB`, `10KB` or a number of bytes.
fn size(text: &str) -> usize {
    let (number, unit) = match (text.strip_suffix("MB"), text.strip_suffix("KB")) {
        (Some(number), _) => (number, 1 << 20),
        (None, Some(number)) => (number, 1 << 10),
        (None, None) => (text, 1),
    };
    number.parse::<usize>().expect("a size") * unit
}

fn hex(text: &str) -> Vec<u8> {
    text.split_whitespace()
        .map(|byte| u8::from_str_radix(byte, 16).expect("two hexadecimal digits"))
        .collect()
}

/// Texts with `\xNN` for bytes.
fn escaped(text: &str) -> Vec<u8> {
    let mut parts = text.split("\\x");
    let mut all = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        all.push(u8::from_str_radix(&part[..2], 16).expect("two hexadecimal digits"));
        all.extend(&part.as_bytes()[2..]);
    }
    all
}

fn replaced(all: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut rest = all;
    let mut out = Vec::with_capacity(all.len());
    while let Some(at) = rest.windows(old.len()).position(|window| window == old) {
        out.extend(&rest[..at]);
        out.extend(new);
        rest = &rest[at + old.len()..];
    }
    assert!(
        rest.len() < all.len(),
        "{:?} does not stand in the file",
        String::from_utf8_lossy(old)
    );
    out.extend(rest);
    out
}

fn encoded(all: &[u8], way: &str, mark: bool) -> Vec<u8> {
    let text = std::str::from_utf8(all).expect("UTF-8 to start from");
    let marked = if mark {
        format!("\u{feff}{text}")
    } else {
        text.to_owned()
    };
    match way {
        "utf-16-le" => marked.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        "utf-16-be" => marked.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        "utf-32-le" => marked.chars().flat_map(|c| (c as u32).to_le_bytes()).collect(),
        "utf-32-be" => marked.chars().flat_map(|c| (c as u32).to_be_bytes()).collect(),
        _ => text
            .chars()
            .map(|c| u8::try_from(c as u32).expect("a character of Latin-1"))
            .collect(),
    }
}

fn bomb(levels: usize) -> Vec<u8> {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..levels {
        let below = format!("*a{}", level - 1);
        text.push_str(&format!("a{level}: &a{level} [{}]\n", vec![below; 10].join(", ")));
    }
    text.into_bytes()
}

/// Schemas that refer to each other, the last one to the first.
fn chain(links: usize) -> Vec<u8> {
    let mut text = String::from(
        "openapi: 3.0.0\ninfo: {title: Shop, version: 1.0.0}\nx-wso2-basePath: /shop\n\
         x-wso2-production-endpoints: {urls: ['https://backend.example']}\n\
         paths:\n  /items:\n    get:\n      parameters: [{$ref: '#/components/parameters/P0'}]\n      \
         responses: {'200': {description: ok}}\ncomponents:\n  parameters:\n",
    );
    for link in 0..links {
        let next = (link + 1) % links;
        text.push_str(&format!("    P{link}: {{$ref: '#/components/parameters/P{next}'}}\n"));
    }
    text.into_bytes()
}
