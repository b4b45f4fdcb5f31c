//! Revisions of an API and where they are deployed.

use crate::cloud::control_plane::Revision;
use crate::cloud::control_plane::api::is_path_segment;
use crate::cloud::json;
use jiff::Timestamp;
use serde_json::Value;

/// A revision that is deployed somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Deployed {
    revision: Revision,
    /// When it was deployed last, in milliseconds since 1970; 0 when that is not told.
    time: i64,
}

/// Reads the list of revisions, keeping the deployed ones; the error says what is wrong with one of
/// these, as a fragment behind "a revision".
pub(super) fn read(list: &[Value]) -> Result<Vec<Deployed>, &'static str> {
    list.iter().filter_map(|value| deployed(value).transpose()).collect()
}

/// The revision that is deployed to an environment. An environment has one of each API; should there be more, the latest.
pub(super) fn in_environment(deployed: &[Deployed], environment: &str) -> Option<Revision> {
    newest(deployed.iter().filter(|one| one.is_in(environment)))
}

/// The revision that was deployed last, wherever.
pub(super) fn latest(deployed: &[Deployed]) -> Option<Revision> {
    newest(deployed.iter())
}

impl Deployed {
    fn is_in(&self, environment: &str) -> bool {
        self.revision.environments.iter().any(|name| name == environment)
    }
}

fn newest<'a>(candidates: impl Iterator<Item = &'a Deployed>) -> Option<Revision> {
    candidates
        .max_by_key(|one| (one.time, one.revision.number))
        .map(|one| one.revision.clone())
}

fn deployed(value: &Value) -> Result<Option<Deployed>, &'static str> {
    if json::member(value, "deploymentInfo").is_some_and(|list| !list.is_array()) {
        return Err("whose `deploymentInfo` is not a list");
    }
    let deployments: Vec<&Value> = json::items(value, "deploymentInfo")
        .iter()
        .filter(|place| is_in_effect(place))
        .collect();
    let names = deployments.iter().map(|place| json::text(place, "name"));
    let names: Option<Vec<String>> = names.collect();
    let mut environments = names.ok_or("with a deployment without `name`")?;
    environments.sort();
    environments.dedup();
    if environments.is_empty() {
        return Ok(None);
    }
    let id = json::text(value, "id").filter(|id| is_path_segment(id));
    let time = deployments
        .iter()
        .filter_map(|place| milliseconds(&json::text(place, "deployedTime")?))
        .max();
    let name = json::text(value, "displayName").unwrap_or_default();
    Ok(Some(Deployed {
        revision: Revision {
            id: id.ok_or("without an `id` that can be asked for")?,
            number: name.rsplit(' ').next().and_then(|number| number.parse().ok()),
            environments,
        },
        time: time.unwrap_or(0),
    }))
}

/// A deployment may wait for approval (from 4.3 on), or be refused. `CREATED` is also what servers write that know no
/// approval, so the time decides: only what was deployed has one.
fn is_in_effect(deployment: &Value) -> bool {
    match json::text(deployment, "status").unwrap_or_default().as_str() {
        "REJECTED" => false,
        "CREATED" => json::text(deployment, "deployedTime").is_some(),
        _ => true,
    }
}

/// Milliseconds since 1970, or a date and time without zone.
fn milliseconds(text: &str) -> Option<i64> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let complete = text.parse::<Timestamp>().ok();
    let instant = complete.or_else(|| {
        let local: jiff::civil::DateTime = text.parse().ok()?;
        local
            .to_zoned(jiff::tz::TimeZone::UTC)
            .ok()
            .map(|zoned| zoned.timestamp())
    })?;
    Some(instant.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn revision(id: &str, number: u32, places: &[(&str, &str)]) -> Value {
        let deployments: Vec<Value> = places
            .iter()
            .map(|(name, time)| json!({"revisionUuid": id, "name": name, "deployedTime": time}))
            .collect();
        json!({"id": id, "displayName": format!("Revision {number}"), "deploymentInfo": deployments})
    }

    fn id(found: Option<Revision>) -> Option<String> {
        found.map(|revision| revision.id)
    }

    #[test]
    fn an_environment_has_its_own_revision() {
        let list = [
            revision("one", 1, &[("prod", "1767000000000")]),
            revision("two", 2, &[("dev", "1767000000001"), ("test", "1767000000002")]),
            revision("three", 3, &[]),
        ];
        let found = read(&list).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(id(in_environment(&found, "prod")).as_deref(), Some("one"));
        assert_eq!(id(in_environment(&found, "dev")).as_deref(), Some("two"));
        assert_eq!(in_environment(&found, "de"), None);
        let latest = latest(&found).unwrap();
        assert_eq!((latest.id.as_str(), latest.number), ("two", Some(2)));
        assert_eq!(latest.environments, ["dev", "test"]);
    }

    #[test]
    fn the_latest_is_the_one_deployed_last_however_times_are_written() {
        for (first, second, expected) in [
            ("1767000000000", "1766999999999", "a"),
            ("2026-03-01 10:00:00", "2026-03-01 10:00:01", "b"),
            ("2026-03-01T10:00:00Z", "2026-03-01 09:00:00", "a"),
            ("2026-03-01 10:00:00", "2026-03-01 10:00:00", "b"),
            ("yesterday", "1", "b"),
        ] {
            let found = read(&[revision("a", 1, &[("x", first)]), revision("b", 2, &[("y", second)])]).unwrap();
            assert_eq!(id(latest(&found)).as_deref(), Some(expected), "{first} {second}");
        }
    }

    #[test]
    fn what_waits_or_was_refused_is_not_deployed() {
        for (deployment, expected) in [
            (json!({"name": "x", "status": "REJECTED", "deployedTime": "1"}), false),
            (json!({"name": "x", "status": "CREATED", "deployedTime": null}), false),
            (json!({"name": "x", "status": "CREATED", "deployedTime": "1"}), true),
            (json!({"name": "x", "status": "APPROVED"}), true),
            (json!({"name": "x"}), true),
        ] {
            let list = [json!({"id": "r", "displayName": null, "deploymentInfo": [deployment.clone()]})];
            assert_eq!(!read(&list).unwrap().is_empty(), expected, "{deployment}");
        }
    }

    #[test]
    fn what_is_deployed_and_cannot_be_asked_for_is_told() {
        let places = json!([{"name": "x"}]);
        for (value, expected) in [
            (
                json!({"deploymentInfo": places}),
                "without an `id` that can be asked for",
            ),
            (
                json!({"id": "..", "deploymentInfo": places}),
                "without an `id` that can be asked for",
            ),
            (
                json!({"id": "r", "deploymentInfo": {"name": "x"}}),
                "whose `deploymentInfo` is not a list",
            ),
            (
                json!({"id": "r", "deploymentInfo": [{"name": ""}]}),
                "with a deployment without `name`",
            ),
        ] {
            assert_eq!(read(std::slice::from_ref(&value)), Err(expected), "{value}");
        }
        // One that is deployed nowhere is not asked for.
        assert_eq!(
            read(&[json!({"deploymentInfo": []}), json!({"id": "r"})]),
            Ok(Vec::new())
        );
    }
}
