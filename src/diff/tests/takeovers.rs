//! Requests that another API gets, or the same one at another path.

use super::*;
use mgw_runtime::route::{HeadRule, RouteTable};
use proptest::prelude::*;
use serde_json::json;

fn named(name: &str, base_path: &str, templates: &[&str]) -> Api {
    Api {
        name: name.into(),
        base_path: base_path.into(),
        resources: templates.iter().map(|template| resource(template)).collect(),
        ..api()
    }
}

fn of(apis: Vec<Api>) -> GatewayConfig {
    GatewayConfig { apis, ..config() }
}

fn told(before: &GatewayConfig, after: &GatewayConfig) -> Vec<String> {
    let changes = changes(before, after).into_iter();
    changes
        .map(|change| {
            let place = change.place.map(|place| format!(" {place}")).unwrap_or_default();
            format!("{} {}{place}: {}", change.class.name(), change.subject, change.what)
        })
        .collect()
}

/// What is told of who is admitted that was not before.
fn weakened(before: &GatewayConfig, after: &GatewayConfig) -> Vec<String> {
    let mut told = told(before, after);
    told.retain(|change| change.starts_with("weakening"));
    told
}

/// The same, with no credentials asked for.
fn open(mut api: Api) -> Api {
    for resource in &mut api.resources {
        resource.security.enabled = false;
    }
    api
}

fn default_at(path: &str, api: Api) -> Api {
    Api {
        default_version_path: Some(path.into()),
        ..api
    }
}

fn version(version: &str, api: Api) -> Api {
    Api {
        version: version.into(),
        ..api
    }
}

#[test]
fn requests_that_go_to_another_api_are_told_of_the_one_that_loses_them() {
    let shop = || {
        named(
            "Shop",
            "/shop",
            &["/a", "/v2", "/v2/b", "/{any}/b", "/v2x", "/*", "/v2/{id}"],
        )
    };
    let (alone, taken) = (of(vec![shop()]), of(vec![shop(), named("New", "/shop/v2", &["/b"])]));
    assert_eq!(
        told(&alone, &taken),
        [
            "breaking Shop 1 GET /*: its requests below /shop/v2 go to New 1, whose path is longer",
            "breaking Shop 1 GET /v2: its requests go to New 1, whose path is longer",
            "breaking Shop 1 GET /v2/b: its requests go to New 1, whose path is longer",
            "breaking Shop 1 GET /v2/{id}: its requests go to New 1, whose path is longer",
            "breaking Shop 1 GET /{any}/b: its requests below /shop/v2 go to New 1, whose path is longer",
            "compatible New 1: it is new, at /shop/v2",
        ]
    );
    let back = told(&taken, &alone);
    assert_eq!(back[0], "breaking New 1: it is gone");
    assert_eq!(
        back[1],
        "compatible Shop 1 GET /*: it serves requests below /shop/v2, which went to New 1"
    );
    assert_eq!(back.len(), 6, "{back:#?}");
    // An open API at the root takes what nobody else does.
    let root = open(named("Root", "/", &["/*"]));
    let (both, left) = (of(vec![shop(), root.clone()]), of(vec![root.clone()]));
    assert_eq!(
        told(&both, &left),
        [
            "breaking Shop 1: it is gone",
            "weakening Root 1 GET /*: it serves requests below /shop, which went to Shop 1, and anybody may call it",
        ]
    );
    // Whoever could call all of it before still can.
    let (both, left) = (
        of(vec![open(named("In", "/shop", &["/*"])), root.clone()]),
        of(vec![root.clone()]),
    );
    assert_eq!(
        told(&both, &left),
        [
            "breaking In 1: it is gone",
            "compatible Root 1 GET /*: it serves requests below /shop, which went to In 1",
        ]
    );
    // A path of its own takes from an API as well, and gives it back.
    let mut own = named("Shop", "/shop/v2", &["/v2/b", "/b"]);
    own.default_version_path = Some("/shop".into());
    let (alone, own) = (of(vec![named("Shop", "/shop", &["/v2/b", "/b"])]), of(vec![own]));
    assert_eq!(
        told(&alone, &own),
        [
            "breaking Shop 1 GET /v2/b: its requests go to another operation: the API is at /shop/v2 itself",
            "compatible Shop 1: it is at /shop/v2 too",
        ]
    );
    assert!(!told(&own, &alone).iter().any(|change| change.contains("GET")));
}

#[test]
fn what_another_api_takes_over_is_compared_with_what_was_there() {
    let one = |path: &str, api: Api| Api {
        base_path: path.into(),
        ..api
    };
    let up = || named("Up", "/s", &["/*"]);
    let inside = || open(named("In", "/t", &["/x"]));
    // An open API moves below a closed one.
    assert_eq!(
        weakened(&of(vec![up(), inside()]), &of(vec![up(), one("/s/a", inside())])),
        [
            "weakening In 1 GET /x: below /s/a, where GET /* of Up 1 served its requests: anybody may call it, without credentials"
        ]
    );
    // It is the default version there.
    let second = || version("2", one("/s/a/2", inside()));
    assert_eq!(
        weakened(&of(vec![up(), second()]), &of(vec![up(), default_at("/s/a", second())])),
        [
            "weakening In 2 GET /x: below /s/a, where GET /* of Up 1 served its requests: anybody may call it, without credentials"
        ]
    );
    // Nobody served that.
    let narrow = || named("Up", "/s", &["/b"]);
    assert_eq!(
        weakened(
            &of(vec![narrow(), inside()]),
            &of(vec![narrow(), one("/s/a", inside())])
        ),
        Vec::<String>::new()
    );
    // A closed and an open one change places.
    let closed = || named("Up", "/s", &["/x"]);
    assert_eq!(
        weakened(
            &of(vec![closed(), inside()]),
            &of(vec![one("/t", closed()), one("/s", inside())])
        ),
        ["weakening In 1 GET /x: at /s, instead of Up 1: anybody may call it, without credentials"]
    );
    // One version is the default after the other.
    let first = || version("1", named("D", "/s/1", &["/x"]));
    let second = || version("2", open(named("D", "/s/2", &["/x"])));
    assert_eq!(
        told(
            &of(vec![default_at("/s", first()), second()]),
            &of(vec![first(), default_at("/s", second())])
        ),
        [
            "breaking D 1: it is not at /s any more",
            "weakening D 2 GET /x: at /s, instead of D 1: anybody may call it, without credentials",
            "compatible D 2: it is the default version, at /s",
        ]
    );
    // The same API can be at a path of its own.
    let mut mixed = named("D", "/s", &["/v2/b", "/b"]);
    mixed.resources[1].security.enabled = false;
    let own = default_at("/s", one("/s/v2", mixed.clone()));
    let taken = "weakening D 1 GET /b: below /s/v2, where GET /v2/b served its requests: anybody may call it, without credentials";
    assert_eq!(weakened(&of(vec![mixed.clone()]), &of(vec![own.clone()])), [taken]);
    assert_eq!(weakened(&of(vec![own]), &of(vec![mixed])), Vec::<String>::new());
}

#[test]
fn another_version_at_the_same_path_is_compared_with_the_former_one() {
    let orders = |of: &str| version(of, named("Orders", "/orders/v1", &["/x", "/y"]));
    let mut first = orders("1.4.2");
    first.resources[0].scopes.names = vec!["r".into()];
    first.resources[0].policy = uses("Ten", 0);
    let mut second = orders("1.4.3");
    second.transports.http = true;
    second.resources.remove(1);
    let gone = "breaking Orders 1.4.2: it is gone: Orders 1.4.3 is at /orders/v1 instead, which may break callers: where \
                subscriptions are checked, those to Orders 1.4.2 do not count there";
    let new = "compatible Orders 1.4.3: it is new, at /orders/v1 instead of Orders 1.4.2";
    assert_eq!(
        told(&of(vec![first]), &of(vec![second])),
        [
            gone,
            "breaking Orders 1.4.3 GET /y: it is gone",
            "weakening Orders 1.4.3: it is offered over plain HTTP",
            "weakening Orders 1.4.3 GET /x: it is limited by no policy, not by the policy Ten (no limit, not 10 requests per min)",
            "weakening Orders 1.4.3 GET /x: tokens need no scope, not the scope r",
            new,
        ]
    );
    assert_eq!(
        told(&of(vec![orders("1.4.2")]), &of(vec![orders("1.4.3")])),
        [gone, new]
    );
    // What was open before opens to nobody, and who shows nothing misses nothing.
    assert_eq!(
        told(&of(vec![open(orders("1.4.2"))]), &of(vec![open(orders("1.4.3"))])),
        [
            "compatible Orders 1.4.2: it is gone: Orders 1.4.3 is at /orders/v1 instead",
            new
        ]
    );
    // Another name is another API too.
    assert_eq!(
        told(
            &of(vec![named("D", "/d", &["/x"])]),
            &of(vec![open(named("E", "/d", &["/x"]))])
        ),
        [
            "breaking D 1: it is gone: E 1 is at /d instead, which may break callers: where subscriptions are checked, those to D \
             1 do not count there",
            "weakening E 1 GET /x: anybody may call it, without credentials",
            "compatible E 1: it is new, at /d instead of D 1",
        ]
    );
}

#[test]
fn an_api_may_take_over_one_of_two_paths() {
    let first = || version("1", default_at("/d", named("D", "/d/1", &["/x"])));
    let second = || version("2", default_at("/d", named("D", "/d/2", &["/x", "/y"])));
    assert_eq!(
        told(&of(vec![first()]), &of(vec![second()])),
        [
            "breaking D 1: it is gone",
            "compatible D 2: it is new, at /d/2",
            "compatible D 2 GET /y: at /d, instead of D 1: it is new",
        ]
    );
    let both = || named("D", "/d/1", &["/x"]);
    let other = || open(named("E", "/d", &["/x"]));
    assert_eq!(
        told(&of(vec![first()]), &of(vec![both(), other()])),
        [
            "breaking D 1: it is not at /d any more",
            "weakening E 1 GET /x: anybody may call it, without credentials",
            "compatible E 1: it is new, at /d instead of D 1",
        ]
    );
}

#[test]
fn definitions_of_two_versions_at_one_path_are_compared() {
    let one = |of: &str, needed: bool| {
        let api = Api {
            definition: "definitions/orders.json".into(),
            ..version(of, named("Orders", "/orders", &["/x"]))
        };
        let parameters = json!([{"name": "q", "in": "query", "required": needed, "schema": {"type": "string"}}]);
        let paths = json!({"/x": {"get": {"parameters": parameters, "responses": {}}}});
        let document =
            json!({"openapi": "3.0.3", "info": {"title": "Orders", "version": of}, "paths": paths}).to_string();
        let entries = BTreeMap::from([(api.definition.clone(), document.into_bytes())]);
        (self::of(vec![api]), entries)
    };
    let (before, after) = (one("1", false), one("2", true));
    let [before, after] = [&before, &after].map(|(config, entries)| Side {
        config,
        snapshot: None,
        entries,
    });
    let changes = compare(before, after);
    let change = changes
        .iter()
        .find(|change| change.place.is_some())
        .expect("it is told");
    assert_eq!((change.class, &*change.subject), (Class::Breaking, "Orders 2"));
    assert_eq!(change.what, "it needs the query parameter q, which could be left out");
}

#[test]
fn all_that_protects_requests_counts_where_another_api_gets_them() {
    type Edit = fn(&mut Api);
    let weaker = |edit: Edit| {
        let mut api = named("In", "/s/a", &["/x"]);
        api.resources[0].scopes.names = vec!["r".into()];
        api.resources[0].policy = uses("Ten", 0);
        api.mutual_tls = Some(MutualTls::Mandatory);
        let mut up = Api {
            name: "Up".into(),
            base_path: "/s".into(),
            ..api.clone()
        };
        up.resources[0].template = "/*".into();
        edit(&mut api);
        let there = weakened(&of(vec![up.clone()]), &of(vec![up.clone(), api.clone()]));
        // The same where the longer path goes, and the shorter one is left.
        (api.base_path, up.base_path) = ("/s".into(), "/s/a".into());
        (api.resources[0].template, up.resources[0].template) = ("/*".into(), "/x".into());
        api.resources[0].template = "/a/{x}".into();
        let back = weakened(&of(vec![up, api.clone()]), &of(vec![api]));
        (there, back)
    };
    assert_eq!(weaker(|_| {}), (vec![], vec![]));
    let table: [(Edit, &str, bool); 4] = [
        (
            |api| api.resources[0].scopes.names.clear(),
            "tokens need no scope, not the scope r",
            true,
        ),
        (
            |api| api.resources[0].policy = None,
            "it is limited by no policy, not by the policy Ten (no limit, not 10 requests per min)",
            true,
        ),
        (
            |api| api.mutual_tls = None,
            "no client certificate is needed any more",
            false,
        ),
        (|api| api.transports.http = true, "it is offered over plain HTTP", false),
    ];
    for (edit, what, is_of_operation) in table {
        let (there, back) = weaker(edit);
        let expected = match is_of_operation {
            true => [
                format!("weakening In 1 GET /x: below /s/a, where GET /* of Up 1 served its requests: {what}"),
                format!("weakening In 1 GET /a/{{x}}: below /s/a, where GET /x of Up 1 served its requests: {what}"),
            ],
            false => [(); 2].map(|()| format!("weakening In 1: below /s/a, instead of Up 1: {what}")),
        };
        assert_eq!([there, back].concat(), expected);
    }
}

#[test]
fn requests_below_a_longer_path_stay_where_they_are() {
    let open_star = || open(named("In", "/s/a", &["/b/{id}"]));
    let deeper = || named("Deep", "/s/a/b", &["/{id}"]);
    let up = || named("Up", "/s", &["/*"]);
    let before = of(vec![up(), deeper()]);
    let after = of(vec![up(), deeper(), open_star()]);
    assert_eq!(
        weakened(&before, &after),
        ["weakening In 1: it is new, and anybody may call 1 of its operations"]
    );
}

/// Up to four APIs at these paths, with operations that are open or not.
fn apis() -> impl Strategy<Value = Vec<Api>> {
    let path = prop_oneof![Just("/"), Just("/s"), Just("/s/a"), Just("/s/a/b"), Just("/t")];
    let template = prop_oneof![
        Just("/*"),
        Just("/"),
        Just("/a"),
        Just("/a/*"),
        Just("/{x}"),
        Just("/a/{x}"),
        Just("/{x}/b"),
        Just("/b")
    ];
    let operations = proptest::collection::btree_map(template, any::<bool>(), 1..4);
    let sides = proptest::collection::btree_map(path, (0..3_usize, operations), 1..4);
    sides.prop_map(|sides| {
        let mut apis: Vec<Api> = Vec::new();
        for (path, (name, operations)) in sides {
            let name = ["A", "B", "C"][name];
            if let Some(first) = apis.iter_mut().find(|api| api.name == name) {
                first.default_version_path.get_or_insert_with(|| path.to_owned());
                continue;
            }
            let resources = operations.into_iter().map(|(template, is_open)| {
                let mut resource = resource(template);
                resource.security.enabled = !is_open;
                resource
            });
            apis.push(Api {
                resources: resources.collect(),
                ..named(name, path, &[])
            });
        }
        apis
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn what_opens_is_told_wherever_its_requests_went_before(before in apis(), after in apis()) {
        let closed = |apis: &[Api]| {
            let mut apis = apis.to_vec();
            for resource in apis.iter_mut().flat_map(|api| &mut api.resources) {
                resource.security.enabled = true;
            }
            of(apis)
        };
        prop_assert_eq!(weakened(&closed(&before), &closed(&after)), Vec::<String>::new());
        let (before, after) = (of(before), of(after));
        let tables = [&before, &after].map(|side| RouteTable::build(&side.apis, HeadRule::LikeGet).expect("it is routed"));
        let changes = changes(&before, &after);
        for parts in ["", "s", "s/a", "s/b", "s/c", "s/a/a", "s/a/b", "s/a/c", "s/a/b/a", "s/a/b/b", "s/a/b/c", "s/c/b", "t", "t/a", "t/a/b", "a", "a/b"] {
            let path = format!("/{parts}");
            let serving = |table: &RouteTable, side: &GatewayConfig| {
                let (api, resource) = table.resource_at(Method::Get, &path)?;
                let api = side.apis[api].clone();
                Some((api.resources[resource].clone(), api))
            };
            let (Some(was), Some((now, api))) = (serving(&tables[0], &before), serving(&tables[1], &after)) else {
                continue;
            };
            if !was.0.security.enabled || now.security.enabled {
                continue;
            }
            let places = [&was.0, &now].map(|resource| format!("GET {}", resource.template));
            let is_told = changes.iter().any(|change| {
                change.class == Class::Weakening
                    && change.subject == format!("{} {}", api.name, api.version)
                    && change.place.as_ref().is_some_and(|place| places.contains(place))
            });
            prop_assert!(is_told, "{path}: {changes:#?}");
        }
    }
}
