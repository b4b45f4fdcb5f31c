//! From `.proto` files to descriptors.

use super::nesting::{self, MAX_BRACKETS};
use super::{OPTIONS, OPTIONS_FILE, ProtoFile};
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::yaml::{Source, Span};
use miette::Diagnostic as _;
use protox::file::{File, FileResolver, GoogleFileResolver};
use protox::prost_reflect::DescriptorPool;
use protox::{Compiler, Error};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Deepest nesting of imports; the compiler calls itself for each.
const MAX_IMPORTS: usize = 64;

/// Other names under which the options are imported.
const OTHER_NAMES: [&str; 2] = ["wso2_options.proto", "wso2/wso2_options.proto"];

/// Definitions that have been compiled.
pub(super) struct Compiled {
    pub(super) pool: DescriptorPool,
    /// The project's own files by name.
    pub(super) sources: BTreeMap<String, Source>,
}

/// Compiles the files; `None` when one of them could not be read at all, which has been reported.
pub(super) fn compile(files: Vec<ProtoFile>, diagnostics: &mut Diagnostics) -> Option<Compiled> {
    let mut sources = BTreeMap::new();
    let mut parsed = HashMap::new();
    let mut faulty = false;
    for file in files {
        match parse(&file.shown, &file.name, file.bytes) {
            Ok((source, compiled)) => {
                parsed.insert(file.name.clone(), compiled);
                sources.insert(file.name, source);
            }
            Err(finding) => {
                faulty = true;
                diagnostics.push(*finding);
            }
        }
    }
    if faulty {
        return None;
    }
    if let Some(name) = too_deep(&parsed) {
        let message = format!("imports are nested more than {MAX_IMPORTS} deep here");
        let file = sources.get(name).map_or(name, Source::name).to_owned();
        diagnostics
            .push(Diagnostic::file(Code::Proto, file, message).remedy("Import fewer files through one another."));
        return None;
    }
    let mut compiler = Compiler::with_file_resolver(Resolver { parsed });
    compiler.include_source_info(true);
    // A file that many import is found faulty by each of them.
    let mut seen = HashSet::new();
    for (name, source) in &sources {
        if let Err(error) = compiler.open_file(name) {
            let source = error.file().and_then(|file| sources.get(file)).unwrap_or(source);
            let mut finding = finding(&error, source, &sources);
            if finding.remedy.is_none() {
                finding = finding
                    .remedy("Correct the line, or what it names: that has to stand in this file or in one that it imports, once.");
            }
            let text = error.to_string();
            let same = match circle_of(&text) {
                Some(names) => names
                    .into_iter()
                    .collect::<BTreeSet<_>>()
                    .into_iter()
                    .collect::<Vec<_>>()
                    .join(" "),
                None => finding.to_string(),
            };
            if seen.insert(same) {
                diagnostics.push(finding);
            }
        }
    }
    Some(Compiled {
        pool: compiler.descriptor_pool(),
        sources,
    })
}

/// Reads the syntax of one file.
pub(super) fn parse(shown: &str, name: &str, bytes: Vec<u8>) -> Result<(Source, File), Box<Diagnostic>> {
    let source = Source::new(shown, bytes).map_err(|error| Box::new(error.into()))?;
    if let Some(place) = nesting::too_deep(source.text()) {
        let message = format!("brackets are nested more than {MAX_BRACKETS} deep here");
        let finding = Diagnostic::error(Code::Proto, &source, span(place, 1), message);
        return Err(Box::new(
            finding.remedy("Nest messages and the values of options less deeply."),
        ));
    }
    match File::from_source(name, source.text()) {
        Ok(file) => Ok((source, file)),
        Err(error) => {
            let mut found = finding(&error, &source, &BTreeMap::new());
            if found.place.is_none() {
                // What is missing is missing at the end.
                found.place = Some((source.clone(), span(source.text().trim_end().len(), 0)));
            }
            if source.text().trim_start().starts_with("openapi:") {
                let message = "this is an OpenAPI definition, not a gRPC definition";
                found = Diagnostic::error(Code::Proto, &source, span(0, 1), message)
                    .remedy("Name it .yaml and put it into api_definitions/.");
            } else if found.remedy.is_none() {
                found = found.remedy(
                    "Look at the line and at what stands before it: a `;`, a bracket or a name may be missing.",
                );
            }
            Err(Box::new(found))
        }
    }
}

/// Finds imports: among the files of the project, then the gateway's options and what the protobuf compiler brings along.
struct Resolver {
    parsed: HashMap<String, File>,
}

impl FileResolver for Resolver {
    fn open_file(&self, name: &str) -> Result<File, Error> {
        if let Some(file) = self.parsed.get(name) {
            return Ok(file.clone());
        }
        if name == OPTIONS_FILE {
            return File::from_source(name, OPTIONS);
        }
        if OTHER_NAMES.contains(&name) {
            return File::from_source(name, &format!("syntax = \"proto3\"; import public \"{OPTIONS_FILE}\";"));
        }
        GoogleFileResolver::new().open_file(name)
    }
}

/// A file from which imports go too deep, if there is one. Circles are the compiler's to report.
fn too_deep(parsed: &HashMap<String, File>) -> Option<&str> {
    let mut depths = HashMap::new();
    let mut names: Vec<&String> = parsed.keys().collect();
    names.sort();
    names
        .into_iter()
        .find(|name| depth(name, parsed, &mut depths, 0) > MAX_IMPORTS)
        .map(String::as_str)
}

fn depth<'f>(
    name: &'f str,
    parsed: &'f HashMap<String, File>,
    depths: &mut HashMap<&'f str, usize>,
    level: usize,
) -> usize {
    if let Some(depth) = depths.get(name) {
        return *depth;
    }
    let Some(file) = parsed.get(name) else { return 1 };
    if level > MAX_IMPORTS {
        return MAX_IMPORTS + 1;
    }
    // Until it is known; a circle comes by here again.
    depths.insert(name, 0);
    let imports = &file.file_descriptor_proto().dependency;
    let deepest = imports
        .iter()
        .map(|import| depth(import, parsed, depths, level + 1))
        .max()
        .unwrap_or(0);
    depths.insert(name, deepest + 1);
    deepest + 1
}

/// An error of the compiler as a finding in the file it is about.
fn finding(error: &Error, source: &Source, sources: &BTreeMap<String, Source>) -> Diagnostic {
    let text = error.to_string();
    if let Some(names) = circle_of(&text) {
        return circle(&names, source, sources);
    }
    let help = error
        .help()
        .map(|help| in_our_quotes(&help.to_string()))
        .unwrap_or_default();
    // The compiler calls this a group name.
    let is_import = help.starts_with("imports may not");
    let message = if is_import {
        "this is not a name that can be imported".to_owned()
    } else {
        in_our_quotes(&text)
    };
    let is_missing_option = message.contains("`wso2.") && message.ends_with("is not defined");
    let label = error.labels().and_then(|mut labels| labels.next());
    let finding = match label {
        Some(label) => Diagnostic::error(Code::Proto, source, span(label.offset(), label.len()), message),
        None => Diagnostic::file(Code::Proto, source.name(), message),
    };
    if is_missing_option {
        finding.remedy(format!("Add `import \"{OPTIONS_FILE}\";`; the file need not be there."))
    } else if error.is_file_not_found() {
        finding.remedy("Imports are looked for below `grpc_definitions/`; copy the file there.")
    } else if help.is_empty() {
        finding
    } else {
        finding.remedy(sentence(&help))
    }
}

/// The names in an error about files that import each other: `a -> b -> a`.
fn circle_of(text: &str) -> Option<Vec<&str>> {
    let names = text.strip_prefix("import cycle detected: ")?;
    Some(names.split(" -> ").collect())
}

/// Files that import each other, found at the import that closes the circle.
fn circle(names: &[&str], source: &Source, sources: &BTreeMap<String, Source>) -> Diagnostic {
    let message = format!("these files import each other: {}", names.join(", "));
    let remedy = "Move what both need into a third file.";
    let closing = match names {
        [.., importer, imported] => sources.get(*importer).and_then(|source| {
            let quoted = [format!("\"{imported}\""), format!("'{imported}'")];
            let place = quoted.iter().find_map(|quoted| source.text().find(quoted.as_str()))?;
            Some(Diagnostic::error(
                Code::Proto,
                source,
                span(place, imported.len() + 2),
                message.clone(),
            ))
        }),
        _ => None,
    };
    let finding = closing.unwrap_or_else(|| Diagnostic::file(Code::Proto, source.name(), message));
    finding.remedy(remedy)
}

fn span(start: usize, length: usize) -> Span {
    let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
    Span {
        start: clamp(start),
        end: clamp(start.saturating_add(length)),
    }
}

fn in_our_quotes(text: &str) -> String {
    text.replace('\'', "`")
}

/// A fragment as a sentence.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string());
    let mut sentence = first.unwrap_or_default() + characters.as_str();
    if !sentence.ends_with('.') {
        sentence.push('.');
    }
    sentence
}
