//! Route tables of many operations.

use super::world::bare_api;
use mgw_bundle::config::{Api, Method, Resource};
use mgw_runtime::route::{HeadRule, RouteTable};

/// Operations of one API, where there are many APIs.
const PER_API: usize = 100;

/// How the operations are arranged.
#[derive(Debug, Clone, Copy)]
pub(super) enum Arrangement {
    /// APIs of up to 100 operations with literals and variables: `/items7/{id}/orders`.
    Apis,
    /// All in one API, side by side.
    OneApi,
    /// All in one API, with a variable inside fixed text: `/Items7('{id}')`.
    Patterns,
}

/// A table of `operations` and the path of one of them, from the middle.
pub(super) fn table(arrangement: Arrangement, operations: usize) -> Option<(RouteTable, String)> {
    let per_api = match arrangement {
        Arrangement::Apis => PER_API,
        Arrangement::OneApi | Arrangement::Patterns => operations,
    };
    let template = |number: usize| match arrangement {
        Arrangement::Apis | Arrangement::OneApi => format!("/items{number}/{{id}}/orders"),
        Arrangement::Patterns => format!("/Items{number}('{{id}}')/orders"),
    };
    let apis: Vec<Api> = (0..operations)
        .collect::<Vec<_>>()
        .chunks(per_api)
        .enumerate()
        .map(|(number, chunk)| {
            let mut api = bare_api(&format!("/shop{number}/v1"));
            let Some(pattern) = api.resources.pop() else { return api };
            api.resources = chunk
                .iter()
                .map(|operation| Resource {
                    template: template(operation % per_api),
                    method: Method::Get,
                    ..pattern.clone()
                })
                .collect();
            api
        })
        .collect();
    let middle = operations / 2;
    let below = template(middle % per_api).replace("{id}", "4711");
    let path = format!("/shop{}/v1{below}", middle / per_api);
    let table = RouteTable::build(&apis, HeadRule::LikeGet).ok()?;
    Some((table, path))
}
