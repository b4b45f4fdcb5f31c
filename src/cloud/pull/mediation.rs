//! What is said about mediation: this gateway runs none of it, and leaving it out changes what an API does.

use super::endpoints::printable;
use super::{Notice, Topic};
use crate::cloud::control_plane::Mediation;
use std::collections::HashMap;

/// Places that are listed for one sequence or policy.
const LISTED: usize = 3;

/// One sentence for each sequence or policy, without the name of the API, in the order of their first place.
pub(super) fn notices(mediation: &[Mediation]) -> Vec<Notice> {
    let mut known: HashMap<(&str, &str), usize> = HashMap::new();
    let mut found: Vec<(&Mediation, Vec<&str>)> = Vec::new();
    for one in mediation {
        let position = *known.entry((one.what, &one.name)).or_insert(found.len());
        if position == found.len() {
            found.push((one, Vec::new()));
        }
        if let (Some((_, places)), Some(place)) = (found.get_mut(position), &one.place) {
            places.push(place);
        }
    }
    found
        .into_iter()
        .map(|(one, places)| {
            let name = printable(&one.name);
            Notice {
                topic: Topic::Mediation,
                at: one.at.clone(),
                text: format!(
                    "the {} `{name}`{} cannot be run by this gateway",
                    one.what,
                    listed(&places)
                ),
            }
        })
        .collect()
}

fn listed(places: &[&str]) -> String {
    let (shown, more) = places.split_at(places.len().min(LISTED));
    let shown: Vec<String> = shown.iter().map(|place| printable(place)).collect();
    match (shown.is_empty(), more.len()) {
        (true, _) => String::new(),
        (false, 0) => format!(" ({})", shown.join(", ")),
        (false, more) => format!(" ({} and {more} more)", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_told_once_with_its_places() {
        let one = |what, name: &str, place: Option<&str>| Mediation {
            what,
            name: name.into(),
            place: place.map(str::to_owned),
            at: Vec::new(),
        };
        let list = [
            one("mediation sequence", "log", Some("in flow")),
            one("mediation sequence", "bare", None),
            one("policy", "addHeader", Some("request of GET /a")),
            one("policy", "addHeader", Some("request of GET /b")),
            one("policy", "addHeader", Some("request of GET /c")),
            one("policy", "addHeader", Some("response of GET /c")),
            one("policy", "log", Some("fault of the API")),
        ];
        let texts: Vec<String> = notices(&list).into_iter().map(|notice| notice.text).collect();
        assert_eq!(
            texts,
            [
                "the mediation sequence `log` (in flow) cannot be run by this gateway",
                "the mediation sequence `bare` cannot be run by this gateway",
                "the policy `addHeader` (request of GET /a, request of GET /b, request of GET /c and 1 more) cannot be run by this gateway",
                "the policy `log` (fault of the API) cannot be run by this gateway",
            ]
        );
    }
}
