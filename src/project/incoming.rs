//! A definition on its way into a project: where it comes from, what its file is going to be called.

use super::Neighbours;
use crate::diagnostics::{Code, Diagnostics};
use crate::yaml::{self, Format};
use crate::{grpc, openapi};
use std::path::Path;
use url::Url;

/// Where a definition comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin<'a> {
    /// A file.
    File(&'a Path),
    /// An address of a web server.
    Url(Url),
    /// An address of something else.
    Foreign,
}

impl<'a> Origin<'a> {
    /// Tells URLs from paths.
    pub(crate) fn of(text: &'a str) -> Self {
        match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => Self::Url(url),
            Ok(url) if url.has_host() => Self::Foreign,
            _ => Self::File(Path::new(text)),
        }
    }
}

/// A definition that has been read.
#[derive(Debug)]
pub(crate) struct Incoming {
    /// The folder of the project that it belongs into.
    pub(crate) folder: &'static str,
    /// Name of its file there.
    pub(crate) file_name: String,
    /// Contents.
    pub(crate) bytes: Vec<u8>,
    /// The files that it refers to.
    pub(crate) beside: Neighbours,
}

impl Incoming {
    /// Takes the bytes of a definition under the name they came with.
    ///
    /// # Errors
    ///
    /// Bytes that are no definition at all; other mistakes are left to `check`.
    pub(crate) fn new(origin: &str, name: &str, bytes: Vec<u8>) -> Result<Self, Diagnostics> {
        let file_name = file_name(name, &bytes);
        if is_proto(&file_name) {
            return match grpc::services(origin, bytes.clone()) {
                Ok(_) => Ok(Self {
                    folder: "grpc_definitions",
                    file_name,
                    bytes,
                    beside: Neighbours::default(),
                }),
                Err(finding) => {
                    let mut diagnostics = Diagnostics::default();
                    diagnostics.push(*finding);
                    Err(diagnostics)
                }
            };
        }
        let format = Format::of_name(&file_name).unwrap_or(Format::Yaml);
        let mut diagnostics = Diagnostics::default();
        match yaml::parse(origin, bytes.clone(), format) {
            Err(error) => diagnostics.push(openapi::unreadable(error)),
            Ok((source, node)) => {
                let known = node.get("openapi").or_else(|| node.get("swagger")).is_some();
                let mut found = Diagnostics::default();
                let definition = openapi::read(source, node, &mut found);
                if definition.is_some() || known && !found.iter().any(|diagnostic| diagnostic.code == Code::Dialect) {
                    return Ok(Self {
                        folder: "api_definitions",
                        file_name,
                        bytes,
                        beside: Neighbours::default(),
                    });
                }
                diagnostics.extend(found);
            }
        }
        diagnostics.sort();
        Err(diagnostics)
    }
}

impl Incoming {
    /// Where its files go in a project, the definition first, so that none of them takes the place of another file: a
    /// definition alone gets another name then, several files come into a folder of their own.
    pub(crate) fn places(&self, is_taken: impl Fn(&str, &[u8]) -> bool) -> Vec<(String, &[u8])> {
        let at = |path: &str| format!("{}/{path}", self.folder);
        if self.stands_alone() {
            let name = distinct(self.file_name.clone(), |name| is_taken(&at(name), &self.bytes));
            return vec![(at(&name), &self.bytes)];
        }
        let stem = self.stem();
        let own = |number: u32| match number {
            0 => String::new(),
            1 => format!("{stem}/"),
            number => format!("{stem}-{number}/"),
        };
        let mut number = 0;
        loop {
            let at = |path: &str| at(&format!("{}{path}", own(number)));
            let mut places = vec![(
                at(&format!("{}{}", self.beside.folder, self.file_name)),
                self.bytes.as_slice(),
            )];
            let beside = self.beside.files.iter();
            places.extend(beside.map(|(path, bytes)| (at(path), bytes.as_slice())));
            if !places.iter().any(|(path, bytes)| is_taken(path, bytes)) || number == u32::MAX {
                return places;
            }
            number += 1;
        }
    }

    /// The same under a name that somebody chose: its file has it, or a folder around it and what it refers to.
    pub(crate) fn named(mut self, name: &str) -> Self {
        let (given, ending) = name.rsplit_once('.').unwrap_or((name, ""));
        let is_ending = is_proto(name) || Format::of_name(&format!("a.{ending}")).is_some();
        let stem = if is_ending { given } else { name };
        if self.stands_alone() {
            let ending = self.file_name.strip_prefix(self.stem()).unwrap_or_default();
            self.file_name = file_name(&format!("{stem}{ending}"), &self.bytes);
        } else {
            self.beside = self.beside.inside(&format!("{stem}/"));
        }
        self
    }

    /// Whether nothing depends on the name of its file. Parts may refer back to it, and it may call itself by its name.
    fn stands_alone(&self) -> bool {
        let name = self.file_name.as_bytes();
        self.beside.files.is_empty() && !self.bytes.windows(name.len()).any(|text| text == name)
    }

    fn stem(&self) -> &str {
        self.file_name.rsplit_once('.').map_or("api", |(stem, _)| stem)
    }
}

/// Whether a name is that of a gRPC definition.
fn is_proto(name: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, ending)| ending.eq_ignore_ascii_case("proto"))
}

/// Turns a name from outside into the name of a definition file.
pub(crate) fn file_name(name: &str, bytes: &[u8]) -> String {
    /// Longest name before its ending.
    const LONGEST: usize = 100;
    let safe: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "-_.".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    let safe = safe.trim_matches('.');
    let format = Format::of_name(safe);
    let (stem, ending) = match (format, safe.rsplit_once('.')) {
        (_, Some((stem, ending))) if format.is_some() || is_proto(safe) => (stem, ending.to_ascii_lowercase()),
        _ => {
            let ending = match Format::sniff(bytes) {
                Format::Json => "json",
                Format::Yaml => "yaml",
            };
            (safe, ending.to_owned())
        }
    };
    let stem: String = stem.trim_matches('.').chars().take(LONGEST).collect();
    // It may have been cut behind a dot.
    let stem = match stem.trim_end_matches('.') {
        "" => "api",
        stem => stem,
    };
    format!("{stem}.{ending}")
}

/// The file name that a web server gives: of `Content-Disposition`, else the last part of the path.
pub(crate) fn name_from_server(url: &Url, disposition: Option<&str>) -> String {
    let named = disposition.and_then(|value| {
        value.split(';').find_map(|part| {
            let (key, value) = part.trim().split_once('=')?;
            key.eq_ignore_ascii_case("filename")
                .then(|| value.trim_matches('"').to_owned())
        })
    });
    let named = named.filter(|name| !name.is_empty());
    let last = || {
        url.path_segments()
            .and_then(|mut parts| parts.rfind(|part| !part.is_empty()))
    };
    // A server's name may hold a path; only its last part can be meant.
    let name = named.or_else(|| last().map(str::to_owned)).unwrap_or_default();
    name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned()
}

/// Gives files of one name different ones: `api.yaml`, `api-2.yaml`.
pub(crate) fn distinct(name: String, taken: impl Fn(&str) -> bool) -> String {
    if !taken(&name) {
        return name;
    }
    let (stem, ending) = name.rsplit_once('.').unwrap_or((&name, "yaml"));
    (2_u32..)
        .map(|number| format!("{stem}-{number}.{ending}"))
        .find(|candidate| !taken(candidate))
        .unwrap_or_else(|| name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_safe_and_get_an_ending() {
        let long = |stem: &str, parts: usize| format!("{stem}{}.yaml", ".a".repeat(parts));
        let [cut, whole] = [long("pets", 60), long("pets", 48)];
        let [behind_a_dot, before_it] = [long("petss", 60), long("petss", 47)];
        for (name, bytes, expected) in [
            ("openapi.yaml", "", "openapi.yaml"),
            ("x.YML", "", "x.yml"),
            ("orders.Proto", "", "orders.proto"),
            ("swagger", "{}", "swagger.json"),
            ("swagger", "openapi: 3", "swagger.yaml"),
            ("v1.0", "openapi: 3", "v1.0.yaml"),
            ("../../etc/passwd", "", "_.._etc_passwd.yaml"),
            (cut.as_str(), "", whole.as_str()),
            (behind_a_dot.as_str(), "", before_it.as_str()),
            ("", "", "api.yaml"),
            ("...", "", "api.yaml"),
            (".json", "{}", "json.json"),
            ("a b\n.json", "{}", "a_b_.json"),
        ] {
            assert_eq!(file_name(name, bytes.as_bytes()), expected, "{name:?}");
        }
    }

    #[test]
    fn servers_name_files() {
        let url = |text| Url::parse(text).unwrap();
        for (address, disposition, expected) in [
            ("http://h/a/b.yaml?x=1", None, "b.yaml"),
            ("http://h/a/", None, "a"),
            ("http://h", None, ""),
            ("http://h/a", Some("attachment; filename=\"pets.json\""), "pets.json"),
            ("http://h/a", Some("attachment; FileName=pets.json"), "pets.json"),
            ("http://h/a", Some("attachment; filename=../../x.json"), "x.json"),
            ("http://h/a", Some("attachment"), "a"),
        ] {
            assert_eq!(
                name_from_server(&url(address), disposition),
                expected,
                "{address} {disposition:?}"
            );
        }
    }

    #[test]
    fn files_of_one_name_are_numbered() {
        let taken = ["a.yaml", "a-2.yaml"];
        assert_eq!(distinct("a.yaml".into(), |name| taken.contains(&name)), "a-3.yaml");
        assert_eq!(distinct("b.yaml".into(), |name| taken.contains(&name)), "b.yaml");
    }

    #[test]
    fn files_that_would_take_another_place_come_into_a_folder_of_their_own() {
        let incoming = incoming(
            "shop.yaml",
            "openapi",
            Neighbours {
                folder: "v1/".into(),
                files: [("common.yaml".to_owned(), b"mine".to_vec())].into(),
            },
        );
        let places = |taken: &[(&str, &str)]| {
            let is_taken = |path: &str, bytes: &[u8]| {
                taken
                    .iter()
                    .any(|(other, text)| *other == path && text.as_bytes() != bytes)
            };
            let places = incoming.places(is_taken);
            places.into_iter().map(|(path, _)| path).collect::<Vec<_>>().join(" ")
        };
        let plain = "api_definitions/v1/shop.yaml api_definitions/common.yaml";
        assert_eq!(places(&[]), plain);
        assert_eq!(places(&[("api_definitions/common.yaml", "mine")]), plain);
        assert_eq!(
            places(&[
                ("api_definitions/common.yaml", "other"),
                ("api_definitions/shop/v1/shop.yaml", "other")
            ]),
            "api_definitions/shop-2/v1/shop.yaml api_definitions/shop-2/common.yaml"
        );
    }

    fn incoming(file_name: &str, text: &str, beside: Neighbours) -> Incoming {
        Incoming {
            folder: "api_definitions",
            file_name: file_name.into(),
            bytes: text.into(),
            beside,
        }
    }

    #[test]
    fn a_definition_alone_gets_another_name() {
        let taken = |path: &str, bytes: &[u8]| path == "api_definitions/shop.yaml" && bytes != b"there";
        for (text, expected) in [
            ("there", "api_definitions/shop.yaml"),
            ("other", "api_definitions/shop-2.yaml"),
            // It would not find itself under another name.
            ("$ref: 'shop.yaml#/a'", "api_definitions/shop/shop.yaml"),
        ] {
            let incoming = incoming("shop.yaml", text, Neighbours::default());
            assert_eq!(incoming.places(taken)[0].0, expected, "{text}");
        }
    }

    #[test]
    fn a_name_is_that_of_the_file_or_of_a_folder() {
        let parts = || Neighbours {
            folder: "v1/".into(),
            files: [("common.yaml".to_owned(), b"mine".to_vec())].into(),
        };
        for (file_name, name, beside, expected) in [
            ("openapi.yaml", "pets", Neighbours::default(), "pets.yaml"),
            ("openapi.yaml", "pets.yml", Neighbours::default(), "pets.yaml"),
            ("swagger.json", "pets.yaml", Neighbours::default(), "pets.json"),
            ("swagger.json", "v1.0", Neighbours::default(), "v1.0.json"),
            ("a.proto", "b", Neighbours::default(), "b.proto"),
            ("a.proto", "b.proto", Neighbours::default(), "b.proto"),
            ("openapi.yaml", "pets", parts(), "pets/v1/openapi.yaml pets/common.yaml"),
            (
                "openapi.yaml",
                "pets.yaml",
                parts(),
                "pets/v1/openapi.yaml pets/common.yaml",
            ),
        ] {
            let incoming = incoming(file_name, "openapi", beside).named(name);
            let places = incoming.places(|_, _| false).into_iter();
            let places: Vec<_> = places
                .map(|(path, _)| path.replacen("api_definitions/", "", 1))
                .collect();
            assert_eq!(places.join(" "), expected, "{file_name} {name}");
        }
    }

    #[test]
    fn what_is_no_definition_is_refused() {
        for text in ["", "a: [", "a: 1\n", "<html></html>", "openapi: 9\n", "[1]"] {
            assert!(Incoming::new("x", "x.yaml", text.into()).is_err(), "{text:?}");
        }
        assert!(Incoming::new("x", "x.yaml", "openapi: 3.0.0\npaths: 5\n".into()).is_ok());
        assert!(Incoming::new("x", "x.proto", "openapi: 3.0.0\n".into()).is_err());
        // What it imports need not be there yet.
        let proto = Incoming::new("x", "x.proto", "syntax = \"proto3\"; import \"none.proto\";".into());
        assert!(proto.is_ok_and(|proto| proto.folder == "grpc_definitions"));
    }

    #[test]
    fn urls_are_told_from_paths() {
        assert!(matches!(Origin::of("https://h/a.yaml"), Origin::Url(_)));
        assert_eq!(Origin::of("C:/a.yaml"), Origin::File(Path::new("C:/a.yaml")));
        assert_eq!(Origin::of("a.yaml"), Origin::File(Path::new("a.yaml")));
    }
}
