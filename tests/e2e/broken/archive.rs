//! Zip files, whole and otherwise.

use std::io::{Cursor, Read, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

type Entries = Vec<(String, Vec<u8>)>;

/// A zip with these entries.
pub fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, contents) in entries {
        zip.start_file(*name, options()).expect("a name");
        zip.write_all(contents).expect("memory takes it");
    }
    zip.finish().expect("memory takes it").into_inner()
}

/// A gzip member that stores its contents; its check sum is not looked at by those who tell it by its head.
pub fn gzip(contents: &[u8]) -> Vec<u8> {
    let length = u16::try_from(contents.len()).expect("a small file");
    let mut all = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1];
    all.extend(length.to_le_bytes());
    all.extend((!length).to_le_bytes());
    all.extend(contents);
    all.extend([0; 4]);
    all.extend(u32::from(length).to_le_bytes());
    all
}

fn options() -> SimpleFileOptions {
    SimpleFileOptions::default().last_modified_time(zip::DateTime::default())
}

fn entries(zip: &[u8]) -> Entries {
    let mut archive = ZipArchive::new(Cursor::new(zip)).expect("a bundle to start from");
    (0..archive.len())
        .map(|index| {
            let mut entry = archive.by_index(index).expect("an entry");
            let name = entry.name().expect("a name").into_owned();
            let mut contents = Vec::new();
            entry.read_to_end(&mut contents).expect("it unpacks");
            (name, contents)
        })
        .collect()
}

/// Changes a bundle and packs it anew, with the comment that says it is whole: what is refused then is the change.
pub fn changed(zip: &[u8], how: &str) -> Vec<u8> {
    let mut entries = entries(zip);
    let (what, with) = how.split_once(' ').unwrap_or((how, ""));
    let (name, text) = with.split_once(' ').unwrap_or((with, ""));
    match what {
        // `add NAME TEXT`, behind the others and unknown to the manifest.
        "add" => entries.push((name.to_owned(), text.as_bytes().to_vec())),
        "remove" => entries.retain(|(entry, _)| entry != name),
        "set" => find(&mut entries, name).1 = text.as_bytes().to_vec(),
        "rename" => text.clone_into(&mut find(&mut entries, name).0),
        // `edit NAME OLD => NEW`: the manifest knows nothing of it.
        "edit" => edit(find(&mut entries, name), text),
        // `forge NAME OLD => NEW`: the manifest is made to agree.
        "forge" => {
            let entry = find(&mut entries, name);
            let before = digest(&entry.1);
            let length = entry.1.len();
            edit(entry, text);
            let (after, now) = (digest(&entry.1), entry.1.len());
            let manifest = find(&mut entries, "manifest.json");
            let text = String::from_utf8(manifest.1.clone()).expect("JSON");
            assert!(text.contains(&before), "the manifest lists {name}");
            let text = replace_size(&text.replace(&before, &after), name, length, now);
            manifest.1 = text.into_bytes();
        }
        "bare" | "methods" | "link" | "count" | "inflate" | "twice" => {}
        _ => panic!("there is no way {what:?} to change a bundle"),
    }
    pack(&entries, what, name, text)
}

fn find<'a>(entries: &'a mut Entries, name: &str) -> &'a mut (String, Vec<u8>) {
    entries
        .iter_mut()
        .find(|(entry, _)| entry == name)
        .unwrap_or_else(|| panic!("the bundle has no {name}"))
}

fn edit(entry: &mut (String, Vec<u8>), change: &str) {
    let (old, new) = change.split_once(" => ").expect("OLD => NEW");
    let text = String::from_utf8(entry.1.clone()).expect("a text");
    assert!(text.contains(old), "{old:?} does not stand in {}:\n{text}", entry.0);
    entry.1 = text.replacen(old, new, 1).into_bytes();
}

fn replace_size(manifest: &str, name: &str, old: usize, new: usize) -> String {
    let mut json: serde_json::Value = serde_json::from_str(manifest).expect("JSON");
    for entry in json["entries"].as_array_mut().expect("a list of entries") {
        if entry["name"] == name {
            assert_eq!(entry["size"], old);
            entry["size"] = new.into();
        }
    }
    serde_json::to_string(&json).expect("JSON")
}

fn pack(entries: &Entries, what: &str, name: &str, text: &str) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (entry, contents) in entries {
        let options = match what {
            "methods" => options().compression_method(CompressionMethod::Stored),
            _ => options(),
        };
        zip.start_file(entry, options).expect("a name");
        zip.write_all(contents).expect("memory takes it");
    }
    match what {
        "link" => zip.add_symlink(name, text, options()).expect("a name"),
        // `count NUMBER`: so many entries more.
        "count" => {
            for number in 0..name.parse::<usize>().expect("a count") {
                zip.start_file(format!("definitions/{number}.json"), options())
                    .expect("a name");
            }
        }
        // `inflate NAME MEGABYTES`: zeros, which deflate packs a thousand times smaller.
        "inflate" => {
            zip.start_file(name, options()).expect("a name");
            for _ in 0..text.parse::<usize>().expect("a size") {
                zip.write_all(&vec![0; 1 << 20]).expect("memory takes it");
            }
        }
        _ => {}
    }
    let mut all = zip.finish().expect("memory takes it").into_inner();
    if what == "twice" {
        // Another name of the same length becomes the name of an entry that is there.
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (entry, contents) in entries {
            zip.start_file(entry, options()).expect("a name");
            zip.write_all(contents).expect("memory takes it");
        }
        let other = format!("{}~", &name[..name.len() - 1]);
        zip.start_file(other.as_str(), options()).expect("a name");
        zip.write_all(b"{}").expect("memory takes it");
        all = zip.finish().expect("memory takes it").into_inner();
        while let Some(at) = all.windows(other.len()).position(|window| window == other.as_bytes()) {
            all[at..at + other.len()].copy_from_slice(name.as_bytes());
        }
    }
    if what == "bare" { all } else { whole(all) }
}

/// Puts the comment in that says the zip is whole.
fn whole(mut zip: Vec<u8>) -> Vec<u8> {
    // Without a comment the end record is the last 22 bytes; its last two are the comment's length.
    let length = zip.len();
    zip[length - 2..].copy_from_slice(&64_u16.to_le_bytes());
    let comment = digest(&zip);
    zip.extend(comment.into_bytes());
    zip
}

fn digest(bytes: &[u8]) -> String {
    mgw_bundle::Digest::of(bytes).to_string()
}
