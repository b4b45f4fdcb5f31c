//! Entry point of the fuzz targets into the reader of gRPC definitions.

use super::ProtoFile;
use crate::diagnostics::Diagnostics;
use crate::diagnostics::fuzzing::told;
use crate::fuzzing::files::files;

/// Reads one or several `.proto` files, and shows what is wrong with them.
pub fn grpc_definition(input: &[u8]) -> String {
    let mut diagnostics = Diagnostics::default();
    let named = |path: String| match path.is_empty() {
        true => "x.proto".to_owned(),
        false => path,
    };
    let files = files(input).into_iter().map(|(path, bytes)| {
        let path = named(path);
        ProtoFile {
            shown: path.clone(),
            name: path,
            bytes,
        }
    });
    let _ = super::read(files.collect(), &mut diagnostics);
    told(diagnostics)
}
