//! The body of an upload: one part named `file`.

/// Returns the body and its media type. `name` is a name of the spool: it holds nothing that would have to be escaped.
pub(super) fn multipart(name: &str, archive: &[u8], boundary: &str) -> (Vec<u8>, String) {
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: \
         application/zip\r\n\r\n"
    );
    let tail = format!("\r\n--{boundary}--\r\n");
    let mut body = Vec::with_capacity(head.len() + archive.len() + tail.len());
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(archive);
    body.extend_from_slice(tail.as_bytes());
    (body, format!("multipart/form-data; boundary={boundary}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_has_one_part() {
        let (body, media_type) = multipart("a.zip", b"zip", "b");
        assert_eq!(
            String::from_utf8_lossy(&body),
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.zip\"\r\nContent-Type: \
             application/zip\r\n\r\nzip\r\n--b--\r\n"
        );
        assert_eq!(media_type, "multipart/form-data; boundary=b");
    }
}
