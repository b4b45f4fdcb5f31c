//! Resources that no request reaches, found by asking the gateway's own table.
//!
//! For each resource a request is made up that only it should get: its variables are given a text that stands nowhere in
//! any template. If such a request goes elsewhere, so does every other: whatever matches it matches without regard to what
//! the variables hold.

use super::samples::{samples, unused_character};
use super::{HeadRule, Route, RouteError, RouteTable};
use mgw_bundle::config::Api;
use mgw_bundle::template::Template;

/// A resource that no request reaches, or none at one of the paths of its API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreachable {
    /// Position of the API.
    pub api: usize,
    /// Position of the resource in the API.
    pub resource: usize,
    /// The path of the API, of two, at which it is not reached; `None`: it is reached nowhere.
    pub at: Option<String>,
    /// What its requests meet.
    pub instead: Instead,
}

/// What requests that are meant for another resource meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instead {
    /// 400: backends may read the path in another way.
    Refusal,
    /// The API at this position, whose base path is longer.
    Api(usize),
    /// Other resources of the API, the first of them at this position.
    Resource(usize),
    /// 404 or 405.
    Nothing,
}

/// Returns the resources that no request reaches, in order, and those that are reached at one path of their API and not at the other.
///
/// # Errors
///
/// When the APIs cannot be routed at all.
pub fn unreachable(apis: &[Api]) -> Result<Vec<Unreachable>, RouteError> {
    let table = RouteTable::build(apis, HeadRule::Declared)?;
    let mut templates = Vec::new();
    for (api_index, api) in apis.iter().enumerate() {
        for (index, resource) in api.resources.iter().enumerate() {
            let template = Template::parse(&resource.template).map_err(|reason| RouteError::Template {
                template: resource.template.clone(),
                reason,
            })?;
            templates.push((api_index, index, resource.method, template));
        }
    }
    let deepest = templates
        .iter()
        .map(|(.., template)| template.segments().len())
        .max()
        .unwrap_or(0);
    let texts = apis
        .iter()
        .flat_map(|api| std::iter::once(&api.base_path).chain(api.resources.iter().map(|resource| &resource.template)));
    let value = unused_character(texts);
    let mut found = Vec::new();
    for (api_index, index, method, template) in &templates {
        let Some(api) = apis.get(*api_index) else { continue };
        let missed_at = |base: &String| {
            let mut instead = None;
            let reached = samples(template, value, deepest + 1).any(|below| {
                let path = match base.as_str() {
                    "/" => below,
                    base if below == "/" => base.to_owned(),
                    base => format!("{base}{below}"),
                };
                let meets = match table.find(Some(*method), &path) {
                    Route::Resource { api, resource, .. } if api.0 as usize == *api_index => {
                        if resource.0 as usize == *index {
                            return true;
                        }
                        Instead::Resource(resource.0 as usize)
                    }
                    Route::Resource { api, .. }
                    | Route::UndeclaredOptions { api, .. }
                    | Route::MethodNotAllowed { api, .. }
                    | Route::NoResource { api }
                        if api.0 as usize != *api_index =>
                    {
                        Instead::Api(api.0 as usize)
                    }
                    Route::Refused(_) => Instead::Refusal,
                    _ => Instead::Nothing,
                };
                instead.get_or_insert(meets);
                false
            });
            instead.filter(|_| !reached)
        };
        let bases = std::iter::once(&api.base_path).chain(&api.default_version_path);
        let missed: Vec<(&String, Option<Instead>)> = bases.map(|base| (base, missed_at(base))).collect();
        let nowhere = missed.iter().all(|(_, instead)| instead.is_some());
        let told = if nowhere { 1 } else { missed.len() };
        for (base, instead) in missed.into_iter().take(told) {
            if let Some(instead) = instead {
                found.push(Unreachable {
                    api: *api_index,
                    resource: *index,
                    at: (!nowhere).then(|| base.clone()),
                    instead,
                });
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::tests::api;
    use super::*;
    use mgw_bundle::config::Method;

    fn dead(apis: &[Api]) -> Vec<(usize, usize, Instead)> {
        unreachable(apis)
            .expect("the APIs can be routed")
            .into_iter()
            .map(|found| (found.api, found.resource, found.instead))
            .collect()
    }

    #[test]
    fn what_is_reached_is_not_reported() {
        let templates = [
            "/",
            "/*",
            "/a",
            "/a*",
            "/a/*",
            "/{x}",
            "/{x}.json",
            "/{x}-{y}",
            "/a/{x}",
            "/a/{x}/{y}",
            "/{x}/y/*",
            "/50%25",
            "/a%252Fb",
            "/{x}%252F{y}",
            "/caf%C3%A9",
            "/a,b",
            "/Pets('{id}')",
            "/.well-known/x",
        ];
        let resources = templates.map(|template| (template, Method::Get));
        assert_eq!(dead(&[api("/p", &resources), api("/", &resources)]), []);
    }

    #[test]
    fn a_longer_base_path_hides_operations() {
        let apis = [
            api(
                "/shop",
                &[
                    ("/v2", Method::Get),
                    ("/v2/items/{id}", Method::Get),
                    ("/v3", Method::Get),
                    ("/*", Method::Get),
                ],
            ),
            api("/shop/v2", &[("/items/{id}", Method::Get)]),
        ];
        assert_eq!(dead(&apis), [(0, 0, Instead::Api(1)), (0, 1, Instead::Api(1))]);
    }

    #[test]
    fn an_api_hides_operations_at_the_path_of_its_default_version() {
        let resources = [("/v2/x", Method::Get), ("/x", Method::Get), ("/{any}/x", Method::Get)];
        let mut apis = vec![api("/shop/v2", &resources)];
        apis[0].default_version_path = Some("/shop".into());
        let at = |path: &str, resource, instead| Unreachable {
            api: 0,
            resource,
            at: Some(path.into()),
            instead,
        };
        let found = unreachable(&apis).expect("the APIs can be routed");
        assert_eq!(found, [at("/shop", 0, Instead::Resource(1))]);
        // Another API takes what is at the one path, and the other is left.
        apis.push(api("/shop/v2/x", &[("/", Method::Get)]));
        let found = unreachable(&apis).expect("the APIs can be routed");
        assert_eq!(
            found,
            [at("/shop", 0, Instead::Api(1)), at("/shop/v2", 1, Instead::Api(1))]
        );
        apis.push(api("/shop/x", &[("/", Method::Get)]));
        let found = unreachable(&apis).expect("the APIs can be routed");
        let nowhere = Unreachable {
            api: 0,
            resource: 1,
            at: None,
            instead: Instead::Api(1),
        };
        assert_eq!(found, [at("/shop", 0, Instead::Api(1)), nowhere]);
    }

    #[test]
    fn others_together_can_hide_a_star() {
        let apis = [api(
            "/p",
            &[
                ("/x/*", Method::Get),
                ("/x/{a}", Method::Get),
                ("/x/{a}/*", Method::Get),
                ("/y*", Method::Get),
                ("/y", Method::Get),
                ("/y{a}", Method::Get),
                ("/z/*", Method::Get),
                ("/z/{a}", Method::Post),
                ("/z/{a}/*", Method::Get),
            ],
        )];
        assert_eq!(dead(&apis), [(0, 0, Instead::Resource(1))]);
    }

    #[test]
    fn a_star_at_the_root_gets_the_root() {
        let others = [("/*", Method::Get), ("/{a}", Method::Get), ("/{a}/*", Method::Get)];
        assert_eq!(dead(&[api("/p", &others)]), []);
        let with_root = [&others[..], &[("/", Method::Get)]].concat();
        assert_eq!(dead(&[api("/p", &with_root)]), [(0, 0, Instead::Resource(3))]);
    }

    #[test]
    fn what_is_always_refused_is_reported() {
        let apis = [api(
            "/p",
            &[
                ("/a%2Fb", Method::Get),
                ("/a%3Bb", Method::Get),
                ("/a/%2e%2e/b", Method::Get),
                ("/c%2Fd/*", Method::Get),
                ("/c/*", Method::Get),
            ],
        )];
        let refused = dead(&apis);
        assert_eq!(refused.len(), 4, "{refused:?}");
        assert!(
            refused.iter().all(|(.., instead)| *instead == Instead::Refusal),
            "{refused:?}"
        );
    }

    #[test]
    fn the_first_of_equal_templates_hides_the_others() {
        let apis = [api(
            "/p",
            &[("/{x}", Method::Get), ("/{y}", Method::Get), ("/{y}", Method::Put)],
        )];
        assert_eq!(dead(&apis), [(0, 1, Instead::Resource(0))]);
    }
}
