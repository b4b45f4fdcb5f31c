//! Reads gRPC definitions: `.proto` files whose services become APIs.
//!
//! The files are compiled in process, with imports resolved among them and nowhere else: the folder is read before, so that no
//! import can lead out of it. Each service becomes the OpenAPI document that says the same, built from values that keep their
//! places in the `.proto` file. Everything that reads OpenAPI then reads it, and its findings point into the `.proto` file.

mod compiler;
mod document;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod nesting;
mod options;
mod places;

#[cfg(test)]
mod tests;

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::yaml::{Node, Source};

/// The file that defines the gateway's options; it need not be in the project.
pub const OPTIONS_FILE: &str = "wso2/options.proto";

/// Its text.
pub const OPTIONS: &str = include_str!("options.proto");

/// A `.proto` file of the project.
#[derive(Debug)]
pub(crate) struct ProtoFile {
    /// As messages call it.
    pub(crate) shown: String,
    /// As it is imported: its path below the folder of gRPC definitions.
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

/// A service as an OpenAPI document.
#[derive(Debug)]
pub(crate) struct Service {
    /// The `.proto` file.
    pub(crate) source: Source,
    /// Its name as it is imported.
    pub(crate) name: String,
    pub(crate) document: Node,
}

/// The full names of the services of one file; its imports and the names in it are not looked up.
///
/// # Errors
///
/// The first mistake in its syntax.
pub(crate) fn services(shown: &str, bytes: Vec<u8>) -> Result<Vec<String>, Box<Diagnostic>> {
    let (_, file) = compiler::parse(shown, shown, bytes)?;
    let file = file.file_descriptor_proto();
    let names = file.service.iter().map(|service| match file.package() {
        "" => service.name().to_owned(),
        package => format!("{package}.{}", service.name()),
    });
    Ok(names.collect())
}

/// Reads the services of all files. What is wrong goes to `diagnostics`.
pub(crate) fn read(files: Vec<ProtoFile>, diagnostics: &mut Diagnostics) -> Vec<Service> {
    let Some(compiled) = compiler::compile(files, diagnostics) else {
        return Vec::new();
    };
    let mut services = Vec::new();
    for file in compiled.pool.files() {
        let Some(source) = compiled.sources.get(file.name()) else {
            continue;
        };
        for service in file.services() {
            let places = places::Places::of(&file, source);
            if let Some(document) = document::of(&service, &places, diagnostics) {
                services.push(Service {
                    source: source.clone(),
                    name: file.name().to_owned(),
                    document,
                });
            }
        }
    }
    services
}
