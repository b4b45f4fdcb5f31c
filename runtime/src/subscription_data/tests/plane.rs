//! A control plane on loopback: serves the internal data API from lists, and misbehaves on request.

use crate::auth::tests::server::{Server, ok, status};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// What it answers with instead of its lists.
pub(crate) type Fault = Option<Vec<u8>>;

#[derive(Debug)]
struct State {
    lists: BTreeMap<&'static str, Vec<Value>>,
    fault: Fault,
}

pub(crate) struct Plane {
    server: Server,
    state: Arc<Mutex<State>>,
}

/// The members of each collection that its elements are found by.
const FILTERS: [(&str, &[(&str, &str)]); 4] = [
    ("apis", &[("context", "context"), ("version", "version")]),
    ("applications", &[("appId", "id")]),
    ("application-key-mappings", &[("consumerKey", "consumerKey")]),
    ("subscriptions", &[("apiId", "apiId"), ("appId", "appId")]),
];

impl Plane {
    /// One application with a key and a subscription.
    pub(crate) fn start() -> Self {
        let lists = BTreeMap::from([
            (
                "apis",
                vec![json!({"apiId": 41, "name": "Ledger", "version": "1.0.0", "context": "/ledger/1.0.0"})],
            ),
            (
                "applications",
                vec![json!({"id": 12, "uuid": "b1f4", "name": "Till", "subName": "bo", "policy": "Unlimited"})],
            ),
            (
                "application-key-mappings",
                vec![json!({"applicationId": 12, "consumerKey": "key1", "keyType": "PRODUCTION"})],
            ),
            (
                "subscriptions",
                vec![json!({"apiId": 41, "appId": 12, "policyId": "Gold", "subscriptionState": "UNBLOCKED"})],
            ),
        ]);
        let state = Arc::new(Mutex::new(State { lists, fault: None }));
        let answers = Arc::clone(&state);
        Self {
            server: Server::serve(move |request| answer(&answers.lock().expect("not poisoned"), request)),
            state,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.server.address)
    }

    pub(crate) fn fault(&self, fault: Fault) {
        self.state.lock().expect("not poisoned").fault = fault;
    }

    pub(crate) fn change(&self, collection: &'static str, change: impl FnOnce(&mut Vec<Value>)) {
        let mut state = self.state.lock().expect("not poisoned");
        change(state.lists.entry(collection).or_default());
    }

    /// The requests so far.
    pub(crate) fn received(&self) -> Vec<String> {
        self.server.received()
    }

    /// How often the last of the four lists was asked for.
    pub(crate) fn loads(&self) -> usize {
        let complete = |request: &&String| request.starts_with("GET /internal/data/v1/subscriptions HTTP");
        self.received().iter().filter(complete).count()
    }

    pub(crate) fn lookups(&self) -> usize {
        self.received().iter().filter(|request| request.contains('?')).count()
    }
}

fn answer(state: &State, request: &str) -> Vec<u8> {
    if let Some(fault) = &state.fault {
        return fault.clone();
    }
    if !request
        .to_ascii_lowercase()
        .contains("authorization: basic ywrtaw46y2fuyxj5")
    {
        return status("401 Unauthorized");
    }
    let target = request.split(' ').nth(1).unwrap_or_default();
    let url = url::Url::parse(&format!("http://plane{target}")).expect("a target");
    let Some(collection) = url.path().strip_prefix("/internal/data/v1/") else {
        return status("404 Not Found");
    };
    let Some((_, filters)) = FILTERS.iter().find(|(name, _)| *name == collection) else {
        return status("404 Not Found");
    };
    let wanted = |element: &&Value| {
        url.query_pairs().all(|(name, value)| {
            let member = filters
                .iter()
                .find(|(own, _)| *own == name)
                .map(|(_, member)| &element[*member]);
            member.is_some_and(|member| match member {
                Value::String(text) => *text == value,
                other => other.to_string() == value,
            })
        })
    };
    let list: Vec<&Value> = state
        .lists
        .get(collection)
        .into_iter()
        .flatten()
        .filter(wanted)
        .collect();
    ok(&json!({"count": list.len(), "list": list, "pagination": null}))
}
