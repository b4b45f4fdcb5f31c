//! Entry point of the fuzz targets into the reader of `remote.lock`.

use super::RemoteLock;
use url::Url;

/// Reads a lock. What is good is written as what is read again, also with another file noted in it.
pub fn remote_lock(bytes: &[u8]) -> String {
    let parse = |text: &str| RemoteLock::parse("remote.lock", text.as_bytes().to_vec());
    let Ok(text) = std::str::from_utf8(bytes) else {
        return String::new();
    };
    match parse(text) {
        Ok(mut lock) => {
            let again = parse(&lock.text()).expect("it was written just now");
            assert_eq!(again, lock);
            let url = text
                .lines()
                .rev()
                .find_map(|line| Url::parse(line.trim_start_matches("# ")).ok());
            let url = url.filter(|url| matches!(url.scheme(), "http" | "https"));
            if let Some(url) = url {
                let place = lock.put(&url, bytes, None);
                let again = parse(&lock.text()).expect("what is noted can be read");
                assert_eq!(again.file(&url).map(|file| file.path.as_str()), Some(place.as_str()));
            }
            String::new()
        }
        Err(error) => error.to_string(),
    }
}
