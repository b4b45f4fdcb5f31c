//! Adapters over servers of tests.

use super::adapter::Adapter;
use super::{ApiDetails, ApiSummary, ControlPlane, Definition, open};
use crate::cloud::address::Address;
use crate::cloud::generation::generation;
use crate::cloud::http::tests::{quick, silent};
use crate::cloud::session::{Connection, Session, SessionStore};
use crate::cloud::test_server::{Received, TestServer};
use crate::project::ControlPlaneKind;
use serde_json::{Value, json};
use std::sync::Arc;
use url::Url;

/// Somebody who has every scope is signed in at a server of this kind.
pub(super) fn plane(server: &TestServer, folder: &tempfile::TempDir, kind: ControlPlaneKind) -> Adapter {
    let scopes = generation(kind).wanted_scopes();
    plane_with(server, folder, kind, &scopes)
}

/// Somebody with these scopes is signed in.
pub(super) fn plane_with(
    server: &TestServer,
    folder: &tempfile::TempDir,
    kind: ControlPlaneKind,
    scopes: &[&str],
) -> Adapter {
    let store = SessionStore::for_tests(folder.path());
    let session = Session {
        kind,
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        ..Session::for_tests(Address::unchecked(server.url()))
    };
    store.save(&session).unwrap();
    open(Arc::new(Connection::open(store, &quick(), &silent()).unwrap())).with_page_size(2)
}

/// An entry of a list.
pub(super) fn listed(id: &str) -> ApiSummary {
    let document = json!({"id": id, "name": "Ledger", "version": "1", "lifeCycleStatus": "PUBLISHED"});
    ApiSummary::read(&document).unwrap()
}

/// Details without much in them.
pub(super) fn details(id: &str) -> ApiDetails {
    let document = json!({"id": id, "name": "Ledger", "version": "1", "context": "/l"});
    ApiDetails::read(&document).unwrap()
}

/// The definition of an API of which none is known.
pub(super) async fn definition(plane: &Adapter, api: &ApiDetails) -> Value {
    match plane.definition(api, None).await.unwrap() {
        Definition::Document { document, .. } => document,
        Definition::Unchanged => panic!("nothing was known"),
    }
}

/// A parameter of a request, decoded.
pub(super) fn parameter(request: &Received, name: &str) -> Option<String> {
    let url = Url::parse(&format!("http://localhost{}", request.target)).unwrap();
    let found = url.query_pairs().find(|(key, _)| key == name);
    found.map(|(_, value)| value.into_owned())
}

/// The path of a request.
pub(super) fn path(request: &Received) -> &str {
    request.target.split('?').next().unwrap_or_default()
}
