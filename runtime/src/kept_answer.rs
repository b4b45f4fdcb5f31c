//! What a service of the control plane said last, kept in the gateway's data folder: a gateway that starts while the
//! control plane is away begins with it.

use crate::own_file;
use aws_lc_rs::digest::{SHA256, digest};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt::Write;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use url::Url;

/// Below the data folder.
const FOLDER: &str = "control-plane";

/// The file of one service.
#[derive(Debug)]
pub(crate) struct KeptAnswer {
    path: PathBuf,
    service: String,
    limit: u64,
    /// Digest of the file, as far as this process knows it.
    last: Mutex<Option<[u8; 32]>>,
}

/// What the file says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept<T> {
    service: String,
    answer: T,
}

impl KeptAnswer {
    /// Names the file for what a user is answered by a service. Files of more than `limit` bytes are not read.
    pub(crate) fn new(data_dir: &Path, service: &Url, user: &str, limit: u64) -> Self {
        let service = format!("{user} {service}");
        // The name is free of whatever stands in the URL, and another service or user finds nothing.
        let mut name = String::new();
        for byte in sha256(service.as_bytes()) {
            // Writing to a string does not fail.
            let _ = write!(name, "{byte:02x}");
        }
        Self {
            path: data_dir.join(FOLDER).join(name).with_extension("json"),
            service,
            limit,
            last: Mutex::default(),
        }
    }

    /// Returns what was kept. `None`: nothing was, or it is of no use, which is told.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Option<T> {
        match self.load() {
            Ok(answer) => answer,
            Err(error) => {
                let file = self.path.display();
                tracing::warn!(%file, %error, "what the control plane said last cannot be read, and is done without");
                None
            }
        }
    }

    fn load<T: DeserializeOwned>(&self) -> io::Result<Option<T>> {
        let file = match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let mut bytes = Vec::new();
        file.take(self.limit.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > self.limit {
            return Err(io::Error::other("it is too large"));
        }
        // What is wrong with it would quote it.
        let kept: Kept<T> = serde_json::from_slice(&bytes).map_err(|_| io::Error::other("it is damaged"))?;
        if kept.service != self.service {
            return Err(io::Error::other("it is of another service"));
        }
        self.note(sha256(&bytes));
        Ok(Some(kept.answer))
    }

    /// Keeps an answer, unless it is what is kept. Failing to costs the next start and this one nothing. Blocks.
    pub(crate) fn write<T: Serialize>(&self, answer: T) {
        let kept = Kept {
            service: self.service.clone(),
            answer,
        };
        let written = serde_json::to_vec(&kept).map_err(io::Error::other).and_then(|bytes| {
            let digest = sha256(&bytes);
            if *self.last.lock().unwrap_or_else(PoisonError::into_inner) != Some(digest) {
                own_file::write(&self.path, &bytes)?;
                self.note(digest);
            }
            Ok(())
        });
        if let Err(error) = written {
            let file = self.path.display();
            tracing::warn!(%file, %error, "what the control plane says could not be kept for the next start");
        }
    }

    fn note(&self, digest: [u8; 32]) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(digest);
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, bytes).as_ref());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_found_for_the_same_service_and_user_only() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let kept = |url: &str, user| KeptAnswer::new(folder.path(), &Url::parse(url).expect("a URL"), user, 100);
        let own = kept("https://cp/list", "ana");
        assert_eq!(own.read::<Vec<u8>>(), None);
        own.write(vec![1_u8, 2]);
        assert_eq!(own.read::<Vec<u8>>(), Some(vec![1, 2]));
        assert_eq!(kept("https://cp/list", "ana").read::<Vec<u8>>(), Some(vec![1, 2]));
        for other in [kept("https://cp/list", "bo"), kept("https://cp/other", "ana")] {
            assert_eq!(other.read::<Vec<u8>>(), None);
            std::fs::copy(&own.path, &other.path)?;
            assert_eq!(other.read::<Vec<u8>>(), None, "a copied file");
        }
        own.write(vec![0_u8; 100]);
        assert_eq!(own.read::<Vec<u8>>(), None, "too large");
        std::fs::write(&own.path, "{")?;
        assert_eq!(own.read::<Vec<u8>>(), None);
        Ok(())
    }

    #[test]
    fn the_same_is_not_written_twice() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let url = Url::parse("https://cp/list").expect("a URL");
        let kept = KeptAnswer::new(folder.path(), &url, "ana", 100);
        kept.write(1);
        std::fs::remove_file(&kept.path)?;
        kept.write(1);
        assert!(!kept.path.exists());
        kept.write(2);
        let again = KeptAnswer::new(folder.path(), &url, "ana", 100);
        assert_eq!(again.read(), Some(2));
        std::fs::remove_file(&kept.path)?;
        again.write(2);
        assert!(!kept.path.exists(), "it knows what it has read");
        Ok(())
    }
}
