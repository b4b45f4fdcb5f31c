use super::fuzzing::as_sent;
use super::*;
use mgw_bundle::config::Resource;
use mgw_bundle::template::{Template, decoded};
use proptest::prelude::*;

pub(super) fn api(base_path: &str, resources: &[(&str, Method)]) -> Api {
    Api {
        resources: resources
            .iter()
            .map(|(template, method)| Resource::open(template, *method))
            .collect(),
        ..Api::plain(base_path, "1", base_path)
    }
}

fn table(apis: &[Api]) -> RouteTable {
    match RouteTable::build(apis, HeadRule::Declared) {
        Ok(table) => table,
        Err(error) => panic!("{error}"),
    }
}

fn found(table: &RouteTable, method: Method, path: &str) -> Option<(u32, u32)> {
    match table.find(Some(method), path) {
        Route::Resource { api, resource, .. } => Some((api.0, resource.0)),
        _ => None,
    }
}

#[test]
fn longest_base_path_at_a_segment_boundary_wins() {
    let every = [("/*", Method::Get)];
    let mut versioned = api("/shop/1.0", &every);
    versioned.default_version_path = Some("/store".into());
    let table = table(&[versioned, api("/shop", &every), api("/", &every)]);
    for (path, expected) in [
        ("/shop/1.0", 0),
        ("/shop/1.0/a", 0),
        ("/store/a", 0),
        ("/shop/1.00/a", 1),
        ("/shop/1x0/a", 1),
        ("/shop", 1),
        ("/SHOP", 2),
        ("/shops", 2),
        ("/", 2),
    ] {
        assert_eq!(
            found(&table, Method::Get, path).map(|found| found.0),
            Some(expected),
            "{path}"
        );
    }
}

#[test]
fn a_specific_template_without_the_method_hides_nothing() {
    let table = table(&[api(
        "/p",
        &[
            ("/pet/findByStatus", Method::Get),
            ("/pet/{petId}", Method::Delete),
            ("/pet/*", Method::Put),
        ],
    )]);
    assert_eq!(found(&table, Method::Get, "/p/pet/findByStatus"), Some((0, 0)));
    assert_eq!(found(&table, Method::Delete, "/p/pet/findByStatus"), Some((0, 1)));
    assert_eq!(found(&table, Method::Put, "/p/pet/findByStatus"), Some((0, 2)));
    let methods = MethodSet::default()
        .with(Method::Get)
        .with(Method::Delete)
        .with(Method::Put);
    let api = ApiIndex(0);
    assert_eq!(
        table.find(Some(Method::Post), "/p/pet/findByStatus"),
        Route::MethodNotAllowed { api, methods }
    );
    assert_eq!(
        table.find(None, "/p/pet/findByStatus"),
        Route::MethodNotAllowed { api, methods }
    );
    assert_eq!(
        table.find(Some(Method::Options), "/p/pet/findByStatus"),
        Route::UndeclaredOptions { api, methods }
    );
    assert_eq!(table.find(Some(Method::Get), "/p/pets"), Route::NoResource { api });
    assert_eq!(table.find(Some(Method::Options), "/p/pets"), Route::NoResource { api });
    assert_eq!(
        table.find(Some(Method::Options), "/p"),
        Route::UndeclaredOptions { api, methods }
    );
    assert_eq!(table.find(Some(Method::Get), "/q"), Route::NoApi);
}

#[test]
fn rest_needs_a_segment_except_at_the_root() {
    let table = table(&[
        api("/a", &[("/x/*", Method::Get), ("/x", Method::Post)]),
        api("/b", &[("/*", Method::Get)]),
    ]);
    assert_eq!(found(&table, Method::Get, "/a/x"), None);
    assert_eq!(found(&table, Method::Get, "/a/x/"), None);
    assert_eq!(found(&table, Method::Get, "/a/x/y/z"), Some((0, 0)));
    assert_eq!(found(&table, Method::Post, "/a/x/"), Some((0, 1)));
    for path in ["/b", "/b/", "/b/c", "/b/c/d/"] {
        assert_eq!(found(&table, Method::Get, path), Some((1, 0)), "{path}");
    }
}

#[test]
fn the_raw_path_below_is_forwarded() {
    let table = table(&[api(
        "/shop.v1",
        &[("/pet/{petId}/uploadImage", Method::Get), ("/", Method::Get)],
    )]);
    for (path, expected) in [
        (
            "/shop.v1/pet;a=4;b=5/value1;x=10;y=15/uploadImage",
            "/pet;a=4;b=5/value1;x=10;y=15/uploadImage",
        ),
        ("/shop.v1/pet/shop.v1/uploadImage/", "/pet/shop.v1/uploadImage/"),
        ("/shop.v1", ""),
        ("/shop.v1/", "/"),
        ("/shop%2Ev1/pet/1/uploadImage", "/pet/1/uploadImage"),
    ] {
        assert!(
            matches!(table.find(Some(Method::Get), path), Route::Resource { below, .. } if below == expected),
            "{path}"
        );
    }
}

#[test]
fn a_path_with_two_readings_must_lead_to_one_resource() {
    let table = table(&[api(
        "/p",
        &[
            ("/{id}", Method::Get),
            ("/{id}/admin", Method::Get),
            ("/files/*", Method::Get),
        ],
    )]);
    let refused = |path| table.find(Some(Method::Get), path) == Route::Refused(PathRefusal::Ambiguous);
    // One segment to the gateway, two to a backend that decodes the slash.
    assert!(refused("/p/x%2Fadmin"));
    assert!(refused("/p/x%5Cadmin"));
    assert!(refused("/p/x\\admin"));
    assert!(refused("/p%2Fx"));
    assert!(refused("//p/x"));
    assert!(refused("/p//x"));
    // Both readings agree.
    assert_eq!(found(&table, Method::Get, "/p/files/a%2Fb"), Some((0, 2)));
    assert_eq!(found(&table, Method::Get, "/p/files/a//b"), Some((0, 2)));
    // Encoding hides no literal.
    assert_eq!(found(&table, Method::Get, "/p/x/%61dmin"), Some((0, 1)));
    assert_eq!(
        table.find(Some(Method::Get), "/p/../x"),
        Route::Refused(PathRefusal::Forbidden)
    );
}

/// `%252F` is the text `%2F`, which separates nothing for a backend either.
#[test]
fn a_doubly_encoded_slash_is_no_slash() {
    let table = table(&[api(
        "/p",
        &[
            ("/a%2Fb", Method::Get),
            ("/a%252Fb", Method::Get),
            ("/{x}%2F{y}", Method::Get),
            ("/{x}F{y}", Method::Get),
            ("/{x}25", Method::Get),
            ("/{id}", Method::Get),
            ("/*", Method::Post),
        ],
    )]);
    for (path, expected) in [
        ("/p/a%252Fb", 1),
        ("/p/a%252fb", 5),
        ("/p/x%252Fy", 3),
        ("/p/x%25252Fy", 3),
        ("/p/50%25", 5),
    ] {
        assert_eq!(found(&table, Method::Get, path), Some((0, expected)), "{path}");
    }
    let encoded = table.find(Some(Method::Get), "/p/a%2Fb");
    assert_eq!(encoded, Route::Refused(PathRefusal::Ambiguous));
    assert_eq!(found(&table, Method::Post, "/p/a%2Fb"), Some((0, 6)));
}

#[test]
fn matrix_parameters_lead_to_no_other_resource() {
    let table = table(&[
        api(
            "/p",
            &[
                ("/users/me", Method::Get),
                ("/users/{ids}", Method::Get),
                ("/users/{id}", Method::Delete),
                ("/pet/{petId}/uploadImage", Method::Get),
            ],
        ),
        api("/q", &[("/*", Method::Get)]),
        api("/q/r", &[("/*", Method::Get)]),
    ]);
    let refused = |path| table.find(Some(Method::Get), path) == Route::Refused(PathRefusal::Ambiguous);
    // To a backend that does not know matrix parameters this is the user `me;42`.
    assert!(refused("/p/users/me;42"));
    assert!(refused("/p/users/me;a=%2Fx/"));
    assert!(refused("/q/r;v=1/x"));
    // No backend finds another resource.
    for (path, expected) in [
        ("/p/users/7;v=1", (0, 1)),
        ("/p;a=1/users/me", (0, 0)),
        ("/p/users;a=1/me", (0, 0)),
        ("/p/pet;a=4;b=5/value1;x=10;y=15/uploadImage", (0, 3)),
        ("/q/x;v=1", (1, 0)),
    ] {
        assert_eq!(found(&table, Method::Get, path), Some(expected), "{path}");
    }
    // Another method's resource is not in the way.
    assert_eq!(found(&table, Method::Delete, "/p/users/me;42"), Some((0, 2)));
}

#[test]
fn shared_base_paths_are_named() {
    let apis = [api("/p", &[]), api("/p/", &[])];
    assert!(matches!(
        RouteTable::build(&apis, HeadRule::Declared),
        Err(RouteError::SharedBasePath { .. })
    ));
}

#[test]
fn every_form_of_template_is_found() {
    let table = table(&[api(
        "/t",
        &[
            ("/tiles/{z}/{x},{y}.png", Method::Get),
            ("/tiles/{z}/{id}.png", Method::Get),
            ("/report.{year}-{month}.{format}", Method::Get),
            ("/report*", Method::Get),
            ("/{from}-{to}", Method::Get),
            ("/{name}", Method::Get),
            ("/{a}.{b}/c", Method::Get),
        ],
    )]);
    for (path, expected) in [
        ("/t/tiles/3/4,5.png", Some(0)),
        ("/t/tiles/3/4%2C5.png", Some(0)),
        ("/t/tiles/3/4.png", Some(1)),
        ("/t/tiles/3/,5.png", Some(1)),
        ("/t/report.2026-11.pdf", Some(2)),
        ("/t/report.2026-11", Some(3)),
        ("/t/report", Some(3)),
        ("/t/reports/2026/11", Some(3)),
        ("/t/a-b", Some(4)),
        ("/t/a-", Some(5)),
        ("/t/a.b/c", Some(6)),
        ("/t/a-b/c", None),
    ] {
        assert_eq!(
            found(&table, Method::Get, path).map(|found| found.1),
            expected,
            "{path}"
        );
    }
}

#[test]
fn head_is_served_like_get_unless_told_otherwise() {
    let apis = [api(
        "/p",
        &[
            ("/a", Method::Get),
            ("/b", Method::Get),
            ("/b", Method::Head),
            ("/c", Method::Post),
            ("/{x}", Method::Head),
        ],
    )];
    let like_get = RouteTable::build(&apis, HeadRule::LikeGet).expect("the table");
    let declared = table(&apis);
    for (path, derived, plain) in [("/p/a", 0, 4), ("/p/b", 2, 2), ("/p/c", 4, 4)] {
        assert_eq!(found(&like_get, Method::Head, path), Some((0, derived)), "{path}");
        assert_eq!(found(&declared, Method::Head, path), Some((0, plain)), "{path}");
    }
    let methods = |table: &RouteTable, path| match table.find(Some(Method::Options), path) {
        Route::UndeclaredOptions { methods, .. } => methods.allow(),
        _ => http::HeaderValue::from_static("none"),
    };
    assert_eq!(methods(&like_get, "/p/a"), "GET, HEAD");
    assert_eq!(methods(&like_get, "/p/c"), "POST, HEAD");
    let apis = [api("/p", &[("/a", Method::Get)])];
    let like_get = RouteTable::build(&apis, HeadRule::LikeGet).expect("the table");
    assert_eq!(methods(&like_get, "/p"), "GET, HEAD");
    assert_eq!(methods(&table(&apis), "/p"), "GET");
    assert_eq!(found(&table(&apis), Method::Head, "/p/a"), None);
}

/// The naive model of one template: tries every way to give texts to variables, character by character. Template and path
/// are decoded, with NUL for an encoded slash.
fn naive(template: &str, path: &str) -> bool {
    let path = path.strip_suffix('/').unwrap_or(path);
    if matches!(path, "" | "/") {
        return matches!(template, "/" | "/*");
    }
    let template = template.strip_suffix('/').unwrap_or(template);
    naive_from(template, path, false)
}

fn naive_from(template: &str, path: &str, after_slash: bool) -> bool {
    let mut characters = template.chars();
    match characters.next() {
        None => path.is_empty(),
        Some('*') => !after_slash || !path.is_empty(),
        Some('{') => {
            let rest = template.split_once('}').map_or("", |(_, rest)| rest);
            let longest = path.find('/').unwrap_or(path.len());
            (1..=longest)
                .filter_map(|end| path.get(end..))
                .any(|after| naive_from(rest, after, false))
        }
        Some(literal) => path
            .strip_prefix(literal)
            .is_some_and(|after| naive_from(characters.as_str(), after, literal == '/')),
    }
}

/// Looks at every template and keeps the best: what [`ResourceTable`] must equal.
fn reference(templates: &[(String, Method)], method: Method, path: &str) -> Option<usize> {
    templates
        .iter()
        .enumerate()
        .filter(|(_, (text, declared))| *declared == method && naive(text, path))
        .filter_map(|(index, (text, _))| Some((Template::parse(&as_sent(text)).ok()?, index)))
        .min()
        .map(|(_, index)| index)
}

fn segment() -> impl Strategy<Value = String> {
    let listed = prop::sample::select(vec![
        "a",
        "b",
        "ab",
        "{x}",
        "{y}",
        "{x}.js",
        "{x}.json",
        "{z}.s",
        "v{x}",
        "a{x}",
        "v{x}.s",
        "{a}-{b}",
        "{c}-{d}",
        "{a}.{b}",
        "{x}-{y}.js",
        "a{x}-{y}",
        "{a}-{b}-{c}",
        "é{x}é{y}",
        "%2F",
        "\0",
        "a%2F{x}",
        "a\0{x}",
        "{x}2F{y}",
        "{x}%",
    ])
    .prop_map(str::to_owned);
    let made = (
        "[ab.é\0%-]{0,2}",
        prop::collection::vec("[ab.%-]{1,2}", 0..3),
        "[ab.-]{0,2}",
    )
        .prop_map(|(prefix, between, suffix)| {
            let mut text = format!("{prefix}{{v}}");
            between
                .iter()
                .for_each(|between| text.push_str(&format!("{between}{{v}}")));
            text + &suffix
        });
    prop_oneof![3 => listed, 1 => made]
}

fn template_text() -> impl Strategy<Value = String> {
    let end = prop::sample::select(vec!["", "", "", "/*", "/a*", "/v*", "/ab*", "/a%2F*", "/"]);
    (prop::collection::vec(segment(), 0..4), end).prop_map(|(segments, end)| {
        let mut text: String = segments.iter().map(|segment| format!("/{segment}")).collect();
        text.push_str(end);
        if text.is_empty() { "/".into() } else { text }
    })
}

fn method() -> impl Strategy<Value = Method> {
    prop::sample::select(vec![Method::Get, Method::Post])
}

fn request_path() -> impl Strategy<Value = String> {
    let listed = prop::sample::select(vec![
        "a", "b", "ab", "c", "a.js", "a.json", ".s", "v1", "v", "vb.s", "v1.js", "", "a-b", "a--b", "-", "1-2-3",
        "aé-b.js", "éaéb", "éé", "%2F", "a%2Fb", "\0", "a\0b", "50%",
    ])
    .prop_map(str::to_owned);
    let part = prop_oneof![2 => listed, 1 => "[ab.é\0%-]{0,6}"];
    (prop::collection::vec(part, 0..5), any::<bool>()).prop_map(|(parts, slash)| {
        let mut text: String = parts.iter().map(|part| format!("/{part}")).collect();
        if slash || text.is_empty() {
            text.push('/');
        }
        text
    })
}

/// A second trick in the path must not hide that the first leads elsewhere.
#[test]
fn every_reading_of_a_path_has_to_agree() {
    let table = table(&[api(
        "/a",
        &[("/{x}/c", Method::Get), ("/{x}", Method::Get), ("/*", Method::Get)],
    )]);
    for path in [
        "/a/x%2Fy//c",
        "/a/x//c",
        "/a/x%2Fc",
        "/a/x%3B%2Fc",
        "/a//x%2Fy/c",
        "/a/x;y%2Fz/c",
    ] {
        assert_eq!(
            table.find(Some(Method::Get), path),
            Route::Refused(PathRefusal::Ambiguous),
            "{path}"
        );
    }
    for path in ["/a/x%3By", "/a/x%3By/c", "/a/x;y/c", "/a/x;y=%20z/c"] {
        assert!(
            matches!(table.find(Some(Method::Get), path), Route::Resource { .. }),
            "{path}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn equals_the_reference(
        templates in prop::collection::btree_set((template_text(), method().prop_map(|method| method as u8)), 1..12),
        asked in method(),
        path in request_path(),
    ) {
        let templates: Vec<(String, Method)> = templates
            .into_iter()
            .map(|(text, method)| (text, Method::ALL[usize::from(method)]))
            .collect();
        let declared: Vec<Resource> = templates.iter().map(|(text, method)| Resource::open(&as_sent(text), *method)).collect();
        let table = ResourceTable::build(&declared, HeadRule::Declared).expect("every generated template is supported");
        let expected = reference(&templates, asked, &path).map(|index| ResourceIndex(index as u32));
        prop_assert_eq!(table.find(asked, &path), expected);
        for method in [Method::Get, Method::Post] {
            prop_assert_eq!(table.methods_at(&path).contains(method), reference(&templates, method, &path).is_some());
        }
    }

    /// What the values say by themselves is what the naive model says.
    #[test]
    fn a_template_matches_what_it_says(text in template_text(), path in request_path()) {
        let template = Template::parse(&as_sent(&text)).expect("every generated template is supported");
        prop_assert_eq!(template.matches(&path), naive(&text, &path), "{} {}", text, path);
    }

    /// The whole decision, with base paths and encodings, against one that looks at everything.
    #[test]
    fn routing_equals_the_naive_model(
        bases in prop::collection::btree_set(prop::sample::select(vec!["/", "/a", "/a/b", "/ab", "/b/a", "/a/b/v1"]), 1..5),
        templates in prop::collection::vec(prop::collection::btree_set(template_text(), 1..5), 5),
        path in request_path(),
        encoded in prop::collection::vec(any::<bool>(), 40),
        parameters in any::<bool>(),
    ) {
        let declared: Vec<Vec<(String, Method)>> = templates
            .into_iter()
            .map(|templates| templates.into_iter().map(|text| (text, Method::Get)).collect())
            .collect();
        let apis: Vec<Api> = bases
            .iter()
            .zip(&declared)
            .map(|(base, templates)| {
                let resources: Vec<(String, Method)> = templates.iter().map(|(text, method)| (as_sent(text), *method)).collect();
                let resources: Vec<(&str, Method)> = resources.iter().map(|(text, method)| (text.as_str(), *method)).collect();
                api(base, &resources)
            })
            .collect();
        let table = table(&apis);
        let mut sent = String::new();
        for (position, byte) in path.bytes().enumerate() {
            match byte {
                b'/' if parameters && position > 0 => sent.push_str(";p=1/"),
                b'/' => sent.push('/'),
                // Dots stay, so that a segment of dots is refused for what it is.
                b'.' => sent.push('.'),
                b'\0' => sent.push_str("%2F"),
                b'%' => sent.push_str("%25"),
                byte if !byte.is_ascii() || encoded.get(position % 40) == Some(&true) => sent.push_str(&format!("%{byte:02x}")),
                byte => sent.push(char::from(byte)),
            }
        }
        let decide = |path: &str| bases
            .iter()
            .zip(&declared)
            .enumerate()
            .filter(|(_, (base, _))| **base == "/" || path == **base || path.starts_with(&format!("{base}/")))
            .max_by_key(|(_, (base, _))| if **base == "/" { 0 } else { base.len() })
            .map(|(index, (base, templates))| {
                let below = if *base == "/" { path } else { path.get(base.len()..).unwrap_or("") };
                (index as u32, reference(templates, Method::Get, below).map(|index| index as u32))
            });
        let expected = decide(&path);
        // To backends that do not know matrix parameters.
        let kept = match path.strip_prefix('/') {
            Some(rest) if parameters => decide(&format!("/{}", rest.replace('/', ";p=1/"))),
            _ => expected,
        };
        let another = kept != expected && matches!(kept, Some((_, Some(_))));
        match table.find(Some(Method::Get), &sent) {
            Route::Resource { api, resource, .. } => {
                prop_assert!(!another, "{}", sent);
                prop_assert_eq!(Some((api.0, Some(resource.0))), expected, "{}", sent);
            }
            Route::NoResource { api } => prop_assert_eq!(Some((api.0, None)), expected, "{}", sent),
            Route::NoApi => prop_assert_eq!(None, expected, "{}", sent),
            Route::Refused(PathRefusal::Forbidden) => prop_assert!(path.split(['/', '\0']).any(|part| part == "." || part == ".."), "{}", sent),
            Route::Refused(PathRefusal::Ambiguous) => prop_assert!(another || path.contains("//") || path.contains('\0'), "{}", sent),
            other => prop_assert!(false, "{sent}: {other:?}"),
        }
    }

    #[test]
    fn no_path_breaks_the_table(path in "/?[a-z/.;%{}\\\\*0-9é]{0,40}") {
        let table = table(&[api("/a", &[("/{x}", Method::Get), ("/*", Method::Get)]), api("/", &[("/", Method::Get)])]);
        let _ = table.find(Some(Method::Get), &path);
    }

    /// Whatever the encoding, a path that is served reaches the same resource as its fully decoded and merged form.
    #[test]
    fn readings_agree(parts in prop::collection::vec("(a|b|%61|%2F|%252F|//|;m=1|%5C|\\\\|/|x){1,3}", 1..5)) {
        let raw = format!("/{}", parts.join("/"));
        let table = table(&[api("/a", &[("/{x}", Method::Get), ("/{x}/b", Method::Get), ("/b", Method::Get)])]);
        if let Route::Resource { api, resource, .. } = table.find(Some(Method::Get), &raw) {
            let bare: String = raw.split('/').map(|segment| segment.split(';').next().unwrap_or("")).collect::<Vec<_>>().join("/");
            let mut plain = decoded(&bare).replace('%', "%25").replace('\\', "/");
            while plain.contains("//") {
                plain = plain.replace("//", "/");
            }
            let again = table.find(Some(Method::Get), &plain);
            let agrees = matches!(again, Route::Resource { api: again_api, resource: again_resource, .. }
                if again_api == api && again_resource == resource);
            prop_assert!(agrees, "{raw} and {plain}");
            // Nor does it lead to another resource when a backend splits at some of the separators only.
            for kinds in 0..8 {
                let mut reading = bare.clone();
                for (kind, separator) in ["%2F", "%5C", "\\"].into_iter().enumerate() {
                    if kinds & 1 << kind != 0 {
                        reading = reading.replace(separator, "/");
                    }
                }
                if let Route::Resource { api: other_api, resource: other, .. } = table.find(Some(Method::Get), &reading) {
                    prop_assert!((other_api, other) == (api, resource), "{raw} and {reading}");
                }
            }
        }
    }
}
