//! Key sets that outlive the process, so that a gateway that starts while an issuer is away can check its tokens.
//!
//! What is kept is public; who could change it could change the gateway's settings too. Its age counts like that of keys
//! in memory: older ones than `jwksMaxStale` are of no use to anybody.

use crate::own_file;
use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use std::fmt::Write;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Bytes of a file beside the document in it.
const OVERHEAD: u64 = 16_384;

/// The file of one issuer's key set.
#[derive(Debug, Clone)]
pub(super) struct KeptKeys {
    path: PathBuf,
    issuer: String,
    url: String,
    max_bytes: u64,
}

/// What the file says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Kept {
    issuer: String,
    url: String,
    fetched_at_ms: u64,
    document: String,
}

impl KeptKeys {
    /// Names the file for an issuer and its key URL below `data_dir`.
    pub(super) fn new(data_dir: &Path, issuer: &str, url: &str, max_bytes: usize) -> Self {
        // The name is free of whatever stands in the URL, and a changed URL finds nothing.
        let mut name = String::new();
        for byte in digest(&SHA256, format!("{issuer}\n{url}").as_bytes()).as_ref() {
            // Writing to a string does not fail.
            let _ = write!(name, "{byte:02x}");
        }
        Self {
            path: data_dir.join("jwks").join(name).with_extension("json"),
            issuer: issuer.to_owned(),
            url: url.to_owned(),
            max_bytes: u64::try_from(max_bytes).unwrap_or(u64::MAX),
        }
    }

    /// Returns the document and when it was fetched, in epoch milliseconds. `None`: there is none, or it is of no use.
    pub(super) fn read(&self, now_ms: u64) -> Option<(Vec<u8>, u64)> {
        // Quotes in the document are written with a backslash each.
        let limit = self.max_bytes.saturating_mul(2).saturating_add(OVERHEAD);
        let mut text = Vec::new();
        File::open(&self.path).ok()?.take(limit).read_to_end(&mut text).ok()?;
        let kept: Kept = serde_json::from_slice(&text).ok()?;
        // A clock that went back must not make keys last longer.
        let fits = kept.issuer == self.issuer && kept.url == self.url && kept.fetched_at_ms <= now_ms;
        fits.then(|| (kept.document.into_bytes(), kept.fetched_at_ms))
    }

    /// Keeps a document.
    ///
    /// # Errors
    ///
    /// When it cannot be written, or is no text.
    pub(super) fn write(&self, document: &[u8], fetched_at_ms: u64) -> io::Result<()> {
        let document = std::str::from_utf8(document).map_err(io::Error::other)?;
        let kept = Kept {
            issuer: self.issuer.clone(),
            url: self.url.clone(),
            fetched_at_ms,
            document: document.to_owned(),
        };
        own_file::write(&self.path, &serde_json::to_vec(&kept)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_found_for_the_same_issuer_and_url_only() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let kept = |issuer, url| KeptKeys::new(folder.path(), issuer, url, 100);
        let keys = kept("https://a", "https://a/jwks");
        assert!(keys.read(10).is_none());
        keys.write(b"{\"keys\":[]}", 7)?;
        assert_eq!(keys.read(10), Some((b"{\"keys\":[]}".to_vec(), 7)));
        assert!(keys.read(6).is_none(), "from the future");
        assert!(kept("https://b", "https://a/jwks").read(10).is_none());
        assert!(kept("https://a", "https://a/other").read(10).is_none());
        std::fs::copy(&keys.path, &kept("https://b", "https://a/jwks").path)?;
        assert!(kept("https://b", "https://a/jwks").read(10).is_none(), "a copied file");
        std::fs::write(&keys.path, "{")?;
        assert!(keys.read(10).is_none());
        Ok(())
    }
}
