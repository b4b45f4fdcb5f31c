//! Names and values that Docker and Kubernetes take.

/// A project's name as the name of objects and images: lower case, nothing but letters, digits and `-`.
pub(crate) fn object_name(project: &str) -> String {
    /// Leaves room for what is put behind it.
    const LONGEST: usize = 40;
    let mut name = String::new();
    for c in project.chars() {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() => name.push(c),
            _ if name.ends_with('-') || name.is_empty() => {}
            _ => name.push('-'),
        }
    }
    name.truncate(LONGEST);
    let name = name.trim_end_matches('-');
    match name.chars().next() {
        Some(first) if first.is_ascii_alphabetic() => name.to_owned(),
        // Names of Services begin with a letter.
        Some(_) => format!("gw-{name}"),
        None => "gateway".to_owned(),
    }
}

/// Whether a text is one label of a DNS name, as the names of Services are.
pub(super) fn is_label(text: &str) -> bool {
    let is_inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.len() <= 63
        && text.starts_with(is_inner)
        && text.ends_with(is_inner)
        && text.chars().all(|c| is_inner(c) || c == '-')
}

/// Whether a text is a DNS name in lower case.
pub(super) fn is_domain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_label)
}

/// Whether a host of an Ingress: a name, or one with `*` as its first part.
pub(super) fn is_host(text: &str) -> bool {
    let rest = text.strip_prefix("*.").unwrap_or(text);
    is_domain(rest)
}

/// Whether a text can be the value of a label.
pub(super) fn is_label_value(text: &str) -> bool {
    let is_end = |c: char| c.is_ascii_alphanumeric();
    text.is_empty()
        || text.len() <= 63
            && text.starts_with(is_end)
            && text.ends_with(is_end)
            && text.chars().all(|c| is_end(c) || "-_.".contains(c))
}

/// Whether a text can be the name of a label or annotation, with or without a domain in front.
pub(super) fn is_qualified_name(text: &str) -> bool {
    let (domain, name) = text
        .rsplit_once('/')
        .map_or((None, text), |(domain, name)| (Some(domain), name));
    domain.is_none_or(is_domain) && !name.is_empty() && is_label_value(name)
}

/// Whether a text names an image: registry and path, tag, digest.
pub(crate) fn is_image(text: &str) -> bool {
    let (text, digest) = text
        .split_once('@')
        .map_or((text, None), |(text, digest)| (text, Some(digest)));
    let is_digest = |digest: &str| {
        digest
            .strip_prefix("sha256:")
            .is_some_and(|hex| hex.len() == 64 && hex.chars().all(|c| c.is_ascii_hexdigit()))
    };
    let last = text.rsplit('/').next().unwrap_or(text);
    let (path, tag) = match last.split_once(':') {
        Some((_, tag)) => (&text[..text.len() - tag.len() - 1], Some(tag)),
        None => (text, None),
    };
    let mut parts = path.split('/').enumerate();
    text.len() <= 255
        && digest.is_none_or(is_digest)
        && tag.is_none_or(is_tag)
        // The first part may be a registry with a port.
        && parts.all(|(place, part)| is_path_part(part) || place == 0 && path.contains('/') && is_registry(part))
}

/// Whether a text is a registry: a host, with or without a port.
pub(super) fn is_registry(text: &str) -> bool {
    text.split('/').enumerate().all(|(place, part)| {
        let (host, port) = part
            .split_once(':')
            .map_or((part, None), |(host, port)| (host, Some(port)));
        let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok());
        is_path_part(part) || place == 0 && is_port && is_domain(&host.to_ascii_lowercase())
    })
}

pub(super) fn is_tag(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

fn is_path_part(text: &str) -> bool {
    let is_end = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.starts_with(is_end) && text.ends_with(is_end) && text.chars().all(|c| is_end(c) || "-_.".contains(c))
}

/// Whether a text is an amount of disk space, as `1Gi` or `500M`.
pub(super) fn is_quantity(text: &str) -> bool {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let suffix = &text[digits.len()..];
    digits.parse::<f64>().is_ok_and(|number| number > 0.0)
        && digits.chars().all(|c| c.is_ascii_digit() || c == '.')
        && ["", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].contains(&suffix)
}

/// Whether a text is an absolute path that leads nowhere else.
pub(super) fn is_absolute(text: &str) -> bool {
    text.starts_with('/')
        && !text.split('/').any(|part| part == "..")
        && !text.chars().any(|c| c.is_control() || c == ':')
}

/// Whether the name of a file can be that of an entry of a Secret or ConfigMap.
pub(super) fn is_entry(text: &str) -> bool {
    (1..=253).contains(&text.len())
        && text != "."
        && text != ".."
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

/// Whether an environment variable or a setting is for a secret, by its name.
pub(crate) fn names_secret(text: &str) -> bool {
    const WORDS: [&str; 6] = ["password", "passwd", "passphrase", "secret", "credential", "privatekey"];
    const ENDS: [&str; 4] = ["token", "pwd", "apikey", "truststorepass"];
    let folded = text.to_ascii_lowercase().replace(['_', '-', '.'], "");
    // A file that holds it is no secret, nor is who has it.
    let is_other = ["file", "path", "username"].iter().any(|end| folded.ends_with(end));
    !is_other && (WORDS.iter().any(|word| folded.contains(word)) || ENDS.iter().any(|end| folded.ends_with(end)))
}

/// Whether a value under such a name, or of a setting that is `known` to be one, is a secret: neither switched on or off, nor empty, nor the password that everybody
/// knows, that of the stores that come with micro-gw. Addresses may have a password in them.
pub(crate) fn holds_secret(name: &str, known: bool, value: &str) -> bool {
    let is_harmless = ["", "true", "false", "ballerina"].contains(&value.trim());
    let has_password = url::Url::parse(value.trim()).is_ok_and(|url| url.password().is_some());
    has_password || (known || names_secret(name)) && !is_harmless
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn projects_get_names_that_every_object_can_have() {
        for (project, expected) in [
            ("shop", "shop"),
            ("Pizza_Shack.v2", "pizza-shack-v2"),
            ("2shops", "gw-2shops"),
            ("--a--", "a"),
            ("---", "gateway"),
            ("ü", "gateway"),
        ] {
            assert_eq!(object_name(project), expected);
            assert!(is_label(expected));
        }
        assert!(is_label(&object_name(&"x".repeat(100))));
    }

    #[test]
    fn what_docker_and_kubernetes_take() {
        type Check = fn(&str) -> bool;
        let table: [(Check, &[&str], &[&str]); 9] = [
            (
                is_image,
                &[
                    "shop",
                    "shop:v1",
                    "a/b",
                    "registry.example:5000/a/b:1.0",
                    "localhost/x",
                    "a@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                ],
                &[
                    "",
                    "Shop",
                    "shop:",
                    "a b",
                    "a//b",
                    "shop:v1:2",
                    "-a",
                    "a@sha256:1",
                    "a\nb",
                    "$(x)",
                ],
            ),
            (
                is_registry,
                &["a.example", "a.example:5000", "docker.io/me"],
                &["", "http://a", "a b", "a:x"],
            ),
            (is_label, &["a", "a-1"], &["", "A", "-a", "a-", "a.b", "a_b"]),
            (
                is_host,
                &["a.example", "*.a.example"],
                &["*", "a..b", "https://a", "A.example"],
            ),
            (is_qualified_name, &["app", "a.example/b_c"], &["", "/a", "a/", "a b"]),
            (is_label_value, &["", "a", "A_b.c-1"], &["-a", "a b", "a/"]),
            (
                is_quantity,
                &["1Gi", "500M", "1.5Ti", "10"],
                &["", "Gi", "0", "1GB", "-1Gi", "1 Gi"],
            ),
            (is_absolute, &["/a", "/a/b.c/"], &["", "a", "/a/../b", "/a:b", "/a\nb"]),
            (is_entry, &["micro-gw.conf", "a_b"], &["", ".", "a/b", "a b"]),
        ];
        for (place, (check, good, bad)) in table.into_iter().enumerate() {
            for text in good {
                assert!(check(text), "{place} {text:?}");
            }
            for text in bad {
                assert!(!check(text), "{place} {text:?}");
            }
        }
        for name in [
            "keystore_password",
            "apim_eventHub_secret",
            "MGW_ACCESS_TOKEN",
            "b7a.users.passwd",
            "DB_PWD",
        ] {
            assert!(names_secret(name), "{name}");
        }
        for name in [
            "listenerConfig_httpPort",
            "MGW_PASSWORD_FILE",
            "tokenListenerPort",
            "apim_credentials_username",
        ] {
            assert!(!names_secret(name), "{name}");
        }
        for (name, value, expected) in [
            ("keyStorePassword", "hunter2", true),
            ("keyStorePassword", "ballerina", false),
            ("keyStorePassword", "", false),
            ("enableSecrets", "true", false),
            ("brokers", "amqp://admin:hunter2@broker:5672", true),
            ("brokers", "amqp://broker:5672", false),
        ] {
            assert_eq!(holds_secret(name, false, value), expected, "{name} {value}");
        }
        assert!(holds_secret("credentials", true, "hunter2") && !holds_secret("credentials", true, "ballerina"));
    }
}
