//! Lists over several pages.

use super::{Rest, Root};
use crate::cloud::http::{Answer, Call};
use crate::cloud::{CloudError, json};
use serde_json::Value;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use url::Url;

/// A list longer than this is not a list of ours.
const MOST_ITEMS: usize = 100_000;

/// What lists call their items; certificates have a name of their own.
const LIST_KEYS: [&str; 2] = ["list", "certificates"];

/// The items of a list answer, all of them objects. Some servers leave out what is around them; an empty array alone says
/// nothing of a list.
pub(super) fn items(answer: &Answer) -> Result<Vec<Value>, CloudError> {
    let items = match answer.json()? {
        Value::Array(items) if items.is_empty() => Err(answer.unreadable("`[]`, in place of an object with a `list`")),
        Value::Array(items) => Ok(items),
        Value::Object(mut members) => match LIST_KEYS.iter().find_map(|key| members.remove(*key)) {
            Some(Value::Array(items)) => Ok(items),
            Some(Value::Null) | None => Err(answer.instead("an object without a `list`")),
            Some(_) => Err(answer.unreadable("a `list` that is not an array")),
        },
        _ => Err(answer.unreadable("something that is not a list")),
    }?;
    match items.iter().position(|item| !item.is_object()) {
        Some(index) => Err(answer.unreadable(format!("a list whose element {} is not an object", index + 1))),
        None => Ok(items),
    }
}

/// Whether two items that have one id are not the same thing.
fn are_two(a: &Value, b: &Value) -> bool {
    ["name", "version"]
        .iter()
        .any(|key| json::text(a, key) != json::text(b, key))
}

impl Rest {
    /// Reads a list without pages that takes one parameter.
    pub(in crate::cloud::control_plane) async fn query_list(
        &self,
        path: &[&str],
        (name, value): (&str, &str),
        scopes: &[&str],
    ) -> Result<Vec<Value>, CloudError> {
        let call = Call::get(self.url(Root::Publisher, path)).query(name, value);
        items(&self.connection.send(call, scopes).await?)
    }

    /// Reads every page. The total that the server names may count what the user cannot see, and some servers name
    /// none: an empty page ends the list, as does a page that brings nothing new.
    pub(in crate::cloud::control_plane) async fn all_pages(
        &self,
        url: &Url,
        query: &[(&str, &str)],
        scopes: &[&str],
        id_key: &str,
    ) -> Result<Vec<Value>, CloudError> {
        let mut all: Vec<Value> = Vec::new();
        let mut seen = HashMap::new();
        let mut offset = 0;
        loop {
            let mut call = Call::get(url.clone())
                .query("limit", &self.page.to_string())
                .query("offset", &offset.to_string());
            for (name, value) in query {
                call = call.query(name, value);
            }
            let answer = self.connection.send(call, scopes).await?;
            let page = items(&answer)?;
            let announced = json::member(&answer.json()?, "pagination").and_then(|pages| json::count(pages, "total"));
            let received = page.len();
            offset += received;
            let before = all.len();
            for item in page {
                // Pages that shift while they are read have some items twice.
                if let Some(id) = json::text(&item, id_key) {
                    match seen.entry(id) {
                        Entry::Occupied(known) => {
                            if all.get(*known.get()).is_some_and(|known| are_two(known, &item)) {
                                return Err(answer.unreadable(format!("a list with one `{id_key}` for two elements")));
                            }
                            continue;
                        }
                        Entry::Vacant(new) => new.insert(all.len()),
                    };
                }
                all.push(item);
            }
            let is_last = match announced {
                Some(total) => offset as u64 >= total && received < self.page,
                None => received < self.page,
            };
            if received == 0 || all.len() == before || is_last {
                return Ok(all);
            }
            if all.len() > MOST_ITEMS {
                return Err(answer.unreadable(format!("a list of more than {MOST_ITEMS} items")));
            }
        }
    }
}
