//! Requests that the adapters of several generations make alike. What differs, they name.

mod certificates;
mod gateway_data;
mod pages;
mod policies;
mod store;

pub(super) use policies::{PolicyPlaces, View};
pub(super) use store::KeyPlace;

use super::{ApiDetails, ApiSummary, Definition};
use crate::cloud::generation::Reads;
use crate::cloud::http::{Answer, Call, Limit};
use crate::cloud::session::Connection;
use crate::cloud::{CloudError, json};
use serde_json::Value;
use std::sync::Arc;
use url::Url;

/// Reads of single objects that run at the same time.
pub(super) const CONCURRENT_READS: usize = 4;

/// Items per page.
const PAGE: usize = 100;

/// Scopes of the publisher's reads.
pub(super) const API_VIEW: &[&str] = &["apim:api_view"];

/// Which API of the control plane a path belongs to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Root {
    Publisher,
    Store,
    Admin,
}

/// A signed-in way to the REST APIs of a control plane.
#[derive(Debug, Clone)]
pub(super) struct Rest {
    connection: Arc<Connection>,
    page: usize,
}

impl Rest {
    /// Over a signed-in connection.
    pub(super) fn new(connection: Arc<Connection>) -> Self {
        Self { connection, page: PAGE }
    }

    #[cfg(test)]
    pub(super) fn with_page_size(self, page: usize) -> Self {
        Self { page, ..self }
    }

    /// The address of something below one of the APIs.
    pub(super) fn url(&self, root: Root, path: &[&str]) -> Url {
        let generation = self.connection.generation();
        let root = match root {
            Root::Publisher => generation.publisher,
            Root::Store => generation.store,
            Root::Admin => generation.admin,
        };
        self.connection.address().join(root.iter().chain(path).copied())
    }

    /// What it takes to read what not every generation guards alike.
    pub(super) fn reads(&self) -> &'static Reads {
        &self.connection.generation().reads
    }

    /// Reads a single object.
    pub(super) async fn read(
        &self,
        root: Root,
        path: &[&str],
        limit: Limit,
        scopes: &[&str],
    ) -> Result<Answer, CloudError> {
        let call = Call::get(self.url(root, path)).limit(limit);
        self.connection.send(call, scopes).await
    }

    /// Reads a list without pages.
    pub(super) async fn list(&self, root: Root, path: &[&str], scopes: &[&str]) -> Result<Vec<Value>, CloudError> {
        let answer = self.read(root, path, Limit::LIST, scopes).await?;
        pages::items(&answer)
    }

    /// Names of the items of a list without pages.
    pub(super) async fn names(&self, root: Root, path: &[&str], scopes: &[&str]) -> Result<Vec<String>, CloudError> {
        let list = self.list(root, path, scopes).await?;
        Ok(list.iter().filter_map(|item| json::text(item, "name")).collect())
    }

    /// Lists APIs that fit a search expression.
    pub(super) async fn apis(&self, query: Option<&str>) -> Result<Vec<ApiSummary>, CloudError> {
        let parameters: Vec<(&str, &str)> = query.iter().map(|text| ("query", *text)).collect();
        let url = self.url(Root::Publisher, &["apis"]);
        let items = self.all_pages(&url, &parameters, API_VIEW, "id").await?;
        // One that nobody can name may be the one that is meant.
        let read = |(number, item): (usize, &Value)| {
            ApiSummary::read(item)
                .map_err(|fault| unreadable(&url, format!("a list whose element {number} is an API {fault}")))
        };
        (1..).zip(&items).map(read).collect()
    }

    /// Reads the details of an API that was listed, or of its revision with that `id`, brought into the shape of 3.2 by
    /// `translate`.
    pub(super) async fn api(
        &self,
        id: &str,
        listed: &ApiSummary,
        translate: fn(&mut Value),
    ) -> Result<(ApiDetails, Value), CloudError> {
        let answer = self.read(Root::Publisher, &["apis", id], Limit::LIST, API_VIEW).await?;
        let mut document = answer.json()?;
        translate(&mut document);
        let api = ApiDetails::read(&document).map_err(|fault| answer.instead(format!("an API {fault}")))?;
        if (&api.name, &api.version) != (&listed.name, &listed.version) {
            return Err(answer.unreadable(format!("another API, {} {}", api.name, api.version)));
        }
        Ok((api, document))
    }

    /// Reads the definition of an API or a revision, unless it is the one with the `ETag` `known`. Some servers put the
    /// document into a string.
    pub(super) async fn definition(&self, id: &str, known: Option<&str>) -> Result<Definition, CloudError> {
        let url = self.url(Root::Publisher, &["apis", id, "swagger"]);
        let known = known.filter(|etag| is_usable(etag));
        let call = Call::get(url).limit(Limit::DEFINITION).unless(known);
        let answer = self.connection.send(call, API_VIEW).await?;
        if answer.is_unchanged() {
            return Ok(Definition::Unchanged);
        }
        let document = match answer.json()? {
            Value::String(text) => json::parse(text.as_bytes()).unwrap_or(Value::Null),
            document => document,
        };
        // Anything else would take the place of a good definition.
        let is_definition = ["openapi", "swagger"]
            .iter()
            .any(|key| json::text(&document, key).is_some());
        if is_definition {
            let etag = answer.etag.filter(|etag| is_usable(etag));
            Ok(Definition::Document { document, etag })
        } else {
            Err(answer.instead("something that is neither an OpenAPI nor a Swagger definition"))
        }
    }
}

/// The error for what was read at an address and is not what was expected.
pub(super) fn unreadable(url: &Url, problem: impl Into<String>) -> CloudError {
    CloudError::Answer {
        request: Call::get(url.clone()).name(),
        problem: problem.into(),
    }
}

/// Whether an `ETag` can be kept and sent back.
fn is_usable(etag: &str) -> bool {
    const LONGEST: usize = 256;
    !etag.is_empty() && etag.len() <= LONGEST && etag.bytes().all(|byte| byte.is_ascii_graphic())
}

/// `None` where the user lacks the role.
pub(super) fn permitted<T>(result: Result<T, CloudError>) -> Result<Option<T>, CloudError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if is_not_permitted(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether an error means that the user lacks a role, rather than that something is wrong.
fn is_not_permitted(error: &CloudError) -> bool {
    matches!(error, CloudError::MissingScope { .. }) || error.status() == Some(403)
}
