//! A case: a folder with a definition, settings and requests with what is expected of them.
//!
//! | File | What |
//! |---|---|
//! | `case.toml` | the requests and expectations, see [`description`] |
//! | `openapi.yaml` | the API |
//! | `micro-gw.conf` | the gateway's settings |
//! | anything else, such as `policies.yaml` | goes into the project as it is |
//!
//! What the case's page shows of a file is not in the folder: the page has it, and the case takes it from there.
//!
//! In all of them `http://localhost:3000` and `:3001` stand for two backends, `http://localhost:9443` for a key manager,
//! and `${id:NAME:VERSION}` for the id of an API. Beside the settings lie `issuer.pem` (the key of tokens),
//! `api-keys.pem` and `api-keys-private.pem` (the key of API keys), and the certificates and the store of [`certificates`].

pub mod certificates;
pub mod check;
pub mod description;
pub mod key_manager;
pub mod page;
pub mod stage;
pub mod tokens;

use description::Case;
use stage::{Mode, Stage};
use std::path::Path;

/// Runs one case and returns what does not hold.
pub async fn run(folder: &Path, mode: Mode) -> Vec<String> {
    let case = Case::read(folder);
    let mut stage = Stage::start(folder, &case, mode).await;
    let mut problems = Vec::new();
    for request in &case.request {
        let mut expected = request.expected(mode);
        expected.backend_query = expected.backend_query.map(|query| stage.fill(&query));
        for _ in 0..request.repeat {
            let sent = stage.send(request).await;
            problems.extend(
                check::compare(&expected, &sent)
                    .into_iter()
                    .map(|problem| format!("{}: {problem}", request.name)),
            );
        }
    }
    // Pages show the default behaviour.
    if let (Some(page), Mode::Default) = (&case.page, mode) {
        problems.extend(page::run(page, &stage));
    }
    stage.end().await;
    problems
}
