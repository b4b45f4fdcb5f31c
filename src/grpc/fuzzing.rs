//! Entry point of the fuzz targets into the reader of gRPC definitions.

use super::ProtoFile;
use crate::diagnostics::Diagnostics;

/// Reads a `.proto` file, and shows what is wrong with it.
pub fn grpc_definition(bytes: &[u8]) {
    let mut diagnostics = Diagnostics::default();
    let file = ProtoFile {
        shown: "x.proto".to_owned(),
        name: "x.proto".to_owned(),
        bytes: bytes.to_vec(),
    };
    let _ = super::read(vec![file], &mut diagnostics);
    diagnostics.sort();
    for diagnostic in diagnostics.iter() {
        let _ = crate::diagnostics::render(diagnostic, false);
    }
}
