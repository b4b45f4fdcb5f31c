//! gRPC definitions: copied as they are written, but for credentials in comments and texts.

use super::own;
use crate::diagnostics::Code;
use crate::migrate::credentials::{Written, without};
use crate::migrate::draft::{Draft, Place};
use crate::migrate::settings_file::span;
use crate::migrate::tree::Branch;
use crate::yaml::Source;

/// Takes a definition over.
pub(super) fn take(root: &Branch<'_>, path: &str, draft: &mut Draft) {
    let Some((name, bytes)) = own(root, path, draft) else {
        return;
    };
    let source = match Source::new(&name, bytes) {
        Ok(source) => source,
        Err(error) => {
            // What cannot be read is not copied either: nobody knows what secrets are in it.
            draft
                .findings
                .push(crate::diagnostics::Diagnostic::from(error).secret());
            return;
        }
    };
    let mut text = String::with_capacity(source.text().len());
    let mut start = 0;
    let mut in_comment = false;
    let mut in_key = false;
    for line in source.text().split_inclusive('\n') {
        // A field `string password = 1` is no credential: outside of comments, only texts can be one.
        let written = match in_comment || line.contains("//") || line.contains("/*") {
            true => Written::InComment,
            false => Written::AsValue,
        };
        in_key |= line.contains("-----BEGIN ") && line.contains("PRIVATE KEY-----");
        let is_text = written == Written::InComment || line.contains(['"', '\'']);
        let content = line.trim_end_matches(['\n', '\r']);
        let clean = match in_key {
            true => Some(String::new()),
            false => without(content, written).filter(|_| is_text),
        };
        match clean {
            Some(clean) => {
                draft.lost(
                    Code::MigrateSecret,
                    &Place::At(source.clone(), span(start..start + content.len())),
                    "what looks like a credential in this line is not copied",
                    "Change the credential where it is one, because it stood in a file.",
                );
                text.push_str(&clean);
                text.push_str(line.get(content.len()..).unwrap_or_default());
            }
            None => text.push_str(line),
        }
        in_key &= !line.contains("-----END ");
        in_comment = match (line.rfind("/*"), line.rfind("*/")) {
            (Some(opened), Some(closed)) => opened > closed,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => in_comment,
        };
        start += line.len();
    }
    draft.files.insert(path.to_owned(), text.into_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::tree::tests::tree;

    #[test]
    fn fields_stay_and_credentials_go() {
        const PATH: &str = "grpc_definitions/a.proto";
        let text = "// password: canary\nmessage A {\n  string password = 1; /* old:\n   token = canary\n  */\n  string api_key = 2 [json_name = \"k\"];\n}\n";
        let tree = tree(&[(PATH, text)]);
        let mut draft = Draft::default();
        take(&tree.root(), PATH, &mut draft);
        let new = String::from_utf8(draft.files[PATH].clone()).unwrap();
        assert_eq!(new, text.replace("canary", "(left out)"));
        let told: Vec<String> = draft.findings.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(
            told[1].starts_with("old/grpc_definitions/a.proto:4:1: warning: what looks like"),
            "{told:?}"
        );
    }
}
