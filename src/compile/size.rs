//! Whether a bundle of the project could be read: what `mgw build` would refuse is told by `mgw check` too, with the file that takes most.

use super::files;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use mgw_bundle::config::Api;
use mgw_bundle::{GatewayConfig, Limits};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

/// Reports a configuration or entries beyond the limits that a bundle's reader has.
pub(super) fn check(
    root: &Path,
    config: &GatewayConfig,
    entries: &BTreeMap<String, Vec<u8>>,
    limits: &Limits,
    diagnostics: &mut Diagnostics,
) {
    let of_config = size(config);
    let largest = entries.values().map(|bytes| bytes.len() as u64).max().unwrap_or(0);
    let total = of_config + entries.values().map(|bytes| bytes.len() as u64).sum::<u64>();
    let (what, bytes, most) = if of_config > limits.entry_bytes {
        ("the configuration", of_config, limits.entry_bytes)
    } else if largest > limits.entry_bytes {
        ("the largest definition", largest, limits.entry_bytes)
    } else if total > limits.total_bytes {
        ("all of it", total, limits.total_bytes)
    } else {
        return;
    };
    let of_api = |api: &Api| size(api) + entries.get(&api.definition).map_or(0, |bytes| bytes.len() as u64);
    let Some((api, of_api)) = config
        .apis
        .iter()
        .map(|api| (api, of_api(api)))
        .max_by_key(|(_, size)| *size)
    else {
        return;
    };
    let message = format!(
        "the project is too large for a bundle: {what} takes {} MB, and the most is {} MB; {}:{} takes {} MB of it",
        megabytes(bytes),
        most >> 20,
        api.name,
        api.version,
        megabytes(of_api)
    );
    diagnostics.push(
        Diagnostic::file(Code::BundleSize, files::shown(root, &api.source), message)
            .remedy("Name fewer schemes and scopes in `security`, or divide the project into several."),
    );
}

fn megabytes(bytes: u64) -> u64 {
    bytes.div_ceil(1 << 20)
}

/// The bytes of a value as the bundle has it.
fn size(value: &impl Serialize) -> u64 {
    let mut counted = Counted(0);
    // Whatever cannot be serialised is told by the one who writes the bundle.
    let _ = serde_json::to_writer_pretty(&mut counted, value);
    counted.0
}

/// Counts what is written.
struct Counted(u64);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::compile_project;
    use super::super::tests::project;
    use super::*;

    #[test]
    fn what_a_reader_would_refuse_is_told_with_the_api_that_takes_most() {
        let definition = |name: &str, paths: &str| {
            format!(
                "openapi: 3.0.0\ninfo: {{title: {name}, version: '1'}}\nx-wso2-basePath: /{name}\n\
                 x-wso2-production-endpoints: {{urls: ['https://b.example']}}\npaths: {{{paths}}}\n"
            )
        };
        let (_folder, layout) = project(&[
            ("api_definitions/a.yaml", &definition("small", "/a: {get: {}}")),
            (
                "api_definitions/b.yaml",
                &definition("large", "/a: {get: {}}, /b: {get: {}}, /c: {get: {}}"),
            ),
        ]);
        let compiled = compile_project(&layout).unwrap();
        let found = |limits: Limits| {
            let mut diagnostics = Diagnostics::default();
            check(
                layout.root(),
                &compiled.config,
                &compiled.entries,
                &limits,
                &mut diagnostics,
            );
            let all: Vec<_> = diagnostics.iter().map(ToString::to_string).collect();
            all.join("\n").replace(&format!("{}/", layout.root().display()), "")
        };
        assert_eq!(found(Limits::default()), "");
        let entry_bytes = 1000;
        assert_eq!(
            found(Limits {
                entry_bytes,
                ..Limits::default()
            }),
            "api_definitions/b.yaml: error: the project is too large for a bundle: the configuration takes 1 MB, and the most is 0 MB; \
             large:1 takes 1 MB of it"
        );
        let total_bytes = 1000;
        let all = found(Limits {
            total_bytes,
            ..Limits::default()
        });
        assert!(all.contains(": all of it takes "), "{all}");
    }

    #[test]
    fn the_size_is_that_of_the_entry() {
        let value = ["a", "b"];
        assert_eq!(size(&value), serde_json::to_vec_pretty(&value).unwrap().len() as u64);
    }
}
