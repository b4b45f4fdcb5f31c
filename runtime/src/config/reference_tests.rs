//! The configuration reference, `docs/src/reference/gateway-configuration.md`, is written from the catalogue.

use super::catalogue::{Kind, SECTIONS};
use super::{KeyDescription, keys};
use std::fmt::Write;
use std::path::Path;

const INTRODUCTION: &str = "# Gateway configuration

<!-- Generated from the catalogue of keys in `runtime/src/config/`; a test keeps it current. -->

The gateway reads `micro-gw.conf` (TOML), environment variables and `--set key=value`, with the keys of micro-gw 3.2 and
a few of its own. `--set` wins over the environment, the environment over the file, the file over the default.

- The environment variable of a key has `_` for every `.`, with case kept: `listenerConfig_httpPort=8080`. One that
  begins like a section and names no setting is told with a warning.
- `[[name]]` is an array of tables. Written as a single `[name]`, its keys can be overridden like any other; elements of
  an array cannot.
- Keys with a dash below are accepted so that files of micro-gw work; they have no effect and the gateway says so.
- A key that is not here is an error, except endpoint overrides at the root: `<endpoint>_prod_endpoint_<n>`,
  `<endpoint>_prod_<n>_etcdKey` ([Reach backends](../how-to/backends.md)), `<endpoint>_prod_basic_username`,
  `<endpoint>_prod_basic_password` and the like ([Backend credentials](../how-to/backend-credentials.md)), and the same with
  `_sand_`.
- Secrets are best given by the environment. No output shows them.

A file that trusts one issuer:

```toml
[[jwtTokenConfig]]
issuer = \"https://idp.example.com/oauth2/token\"
jwksURL = \"https://idp.example.com/oauth2/jwks\"
algorithms = [\"RS256\", \"ES256\"]

[security]
validateSubscriptions = true
```
";

/// `UPDATE_DOCS=1 cargo test -p mgw-runtime --lib config` writes the page anew.
#[test]
fn the_reference_page_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src/reference/gateway-configuration.md");
    let page = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).expect("the page is writable");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "gateway-configuration.md is out of date; write it with UPDATE_DOCS=1 cargo test -p mgw-runtime --lib config"
    );
}

#[test]
fn the_example_in_the_page_is_valid() {
    let example = INTRODUCTION
        .split("```toml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    let loaded = super::RuntimeConfig::load(super::Sources {
        file: Some(("example", example.expect("the page has an example"))),
        ..super::Sources::default()
    });
    assert_eq!(loaded.expect("the example is valid").0.issuers.len(), 1);
}

#[test]
fn the_examples_of_how_to_pages_are_valid() {
    for page in ["callers.md", "traffic-manager.md", "traffic-manager-decisions.md"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../docs/src/how-to")
            .join(page);
        let text = std::fs::read_to_string(path).expect("the page exists");
        let examples: Vec<_> = text
            .split("```toml\n")
            .skip(1)
            .filter_map(|rest| rest.split("```").next())
            .collect();
        assert!(!examples.is_empty(), "{page}");
        for example in examples {
            let loaded = super::RuntimeConfig::load(super::Sources {
                file: Some(("example", example)),
                ..super::Sources::default()
            });
            assert!(loaded.is_ok(), "{page}: {:?}", loaded.err());
        }
    }
}

fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    let mut descriptions = keys().into_iter();
    let mut last_heading = "";
    for section in SECTIONS {
        let rows: usize = section.iter().map(rows).sum();
        let Some(first) = section.first() else { continue };
        let heading = first.name.split('.').next().unwrap_or(first.name);
        // Keys of one table may be read by several elements.
        if heading != last_heading {
            let _ = write!(
                page,
                "\n## `{heading}`\n\n| Key | Value | Default | Meaning |\n|---|---|---|---|\n"
            );
            last_heading = heading;
        }
        for description in descriptions.by_ref().take(rows) {
            row(&mut page, &description);
        }
    }
    page
}

/// Rows that a key takes: one, or those of its table.
fn rows(key: &super::catalogue::Key) -> usize {
    match key.kind {
        Kind::Tables(inner) | Kind::Named(inner) => inner.iter().map(rows).sum(),
        _ => 1,
    }
}

fn row(page: &mut String, description: &KeyDescription) {
    let KeyDescription {
        name,
        kind,
        default,
        meaning,
        effective,
        aliases,
    } = description;
    let default = if default.is_empty() {
        String::new()
    } else {
        format!("`{default}`")
    };
    let mut meaning = if *effective { *meaning } else { "–" }.to_owned();
    for alias in aliases {
        let _ = write!(meaning, "; also `{alias}`");
    }
    let kind = kind.replace('|', "\\|");
    let _ = writeln!(page, "| `{name}` | {kind} | {default} | {meaning} |");
}
