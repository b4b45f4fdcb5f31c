//! What differs between generations of control planes: base paths, scopes and shapes, as data.

mod roles;
mod table;

pub(crate) use roles::{by_role, role_of_any};

use crate::project::ControlPlaneKind;

/// Segments of a path below the base URL.
pub(crate) type Segments = &'static [&'static str];

/// The paths and scopes of one generation.
#[derive(Debug)]
pub(crate) struct Generation {
    /// Which one.
    pub(crate) kind: ControlPlaneKind,
    /// Its name for people.
    pub(crate) title: &'static str,
    /// Dynamic client registration. Generations that share it are told apart by their publisher API.
    pub(crate) registration: Segments,
    /// Token endpoint.
    pub(crate) token: Segments,
    /// Revocation endpoint.
    pub(crate) revocation: Segments,
    /// Publisher API.
    pub(crate) publisher: Segments,
    /// Store API, the developer portal from 4.0 on.
    pub(crate) store: Segments,
    /// Admin API.
    pub(crate) admin: Segments,
    /// Data for gateways, where the control plane has such a service.
    pub(crate) gateway_data: Option<&'static GatewayService>,
    /// Where gateways are told which APIs have changed, where that is told, below [`Address::services`].
    ///
    /// [`Address::services`]: crate::cloud::address::Address::services
    pub(crate) updated_apis: Option<Segments>,
    /// The shape of its answers.
    pub(crate) shape: Shape,
    /// The scopes of everything `mgw` does.
    pub(crate) scopes: &'static [&'static str],
    /// Scopes that allow changes too. Some generations let nobody read certain things without one; they are asked for
    /// when the generation is certain, and nothing is ever changed with them.
    pub(crate) broad_scopes: &'static [&'static str],
    /// What it takes to read what not every generation guards alike.
    pub(crate) reads: Reads,
}

/// The service with data for gateways, which takes user name and password.
#[derive(Debug)]
pub(crate) struct GatewayService {
    /// Where it is. The block list and the key templates of custom policies are there everywhere.
    pub(crate) root: Segments,
    /// Whether applications, key mappings and subscriptions are there.
    pub(crate) has_subscriptions: bool,
    /// Whether revoked tokens are there.
    pub(crate) has_revoked_tokens: bool,
}

/// Scopes of which any one allows a read.
pub(crate) type AnyOf = &'static [&'static str];

/// The sufficient scopes of reads that generations guard in different ways. A scope that does not suffice must not be
/// here: its holder would be taken for somebody whose token is bad.
#[derive(Debug)]
pub(crate) struct Reads {
    /// The publisher's list of subscriptions.
    pub(crate) subscriptions: AnyOf,
    /// Client certificates of an API.
    pub(crate) client_certificates: AnyOf,
    /// Certificates of backends.
    pub(crate) backend_certificates: AnyOf,
    /// Revisions of an API, from 4.0 on.
    pub(crate) revisions: AnyOf,
    /// The publisher's settings, where environments are read from.
    pub(crate) settings: AnyOf,
}

/// Which adapter reads a generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// 2.6.
    V0,
    /// 3.x and API Cloud.
    V1,
    /// 4.x.
    V4,
}

impl Generation {
    /// The data for gateways, where subscriptions and keys are among them.
    pub(crate) fn subscription_data(&self) -> Option<&'static GatewayService> {
        self.gateway_data.filter(|service| service.has_subscriptions)
    }

    /// Every scope that is wanted.
    pub(crate) fn wanted_scopes(&self) -> Vec<&'static str> {
        self.scopes.iter().chain(self.broad_scopes).copied().collect()
    }
}

/// Returns the data of a generation.
pub(crate) fn generation(kind: ControlPlaneKind) -> &'static Generation {
    match kind {
        ControlPlaneKind::ApiCloud => &table::API_CLOUD,
        ControlPlaneKind::Apim26 => &table::APIM_2_6,
        ControlPlaneKind::Apim30 => &table::APIM_3_0,
        ControlPlaneKind::Apim31 => &table::APIM_3_1,
        ControlPlaneKind::Apim32 => &table::APIM_3_2,
        ControlPlaneKind::Apim40 => &table::APIM_4_0,
        ControlPlaneKind::Apim41 => &table::APIM_4_1,
        ControlPlaneKind::Apim42 => &table::APIM_4_2,
    }
}

/// Generations that register clients at the same place, the likeliest first.
pub(crate) type Family = Vec<&'static Generation>;

/// What to try at an address, the likeliest first. A self-hosted server of 3.1 or later answers without a version segment
/// too, so API Cloud comes last there.
pub(crate) fn families(is_api_cloud_host: bool) -> Vec<Family> {
    let mut families: Vec<Family> = vec![
        vec![&table::APIM_4_2, &table::APIM_3_2, &table::APIM_4_1, &table::APIM_4_0],
        vec![&table::APIM_3_1],
        vec![&table::APIM_3_0],
        vec![&table::APIM_2_6],
    ];
    let cloud: Family = vec![&table::API_CLOUD];
    if is_api_cloud_host {
        families.insert(0, cloud);
    } else {
        families.push(cloud);
    }
    families
}

/// The scopes to ask for while it is not certain which of a family it is: servers drop those that they do not know.
pub(crate) fn first_scopes(family: &[&'static Generation]) -> Vec<&'static str> {
    let mut scopes: Vec<&'static str> = match family {
        [only] => only.wanted_scopes(),
        several => several.iter().flat_map(|one| one.scopes.iter().copied()).collect(),
    };
    scopes.sort_unstable();
    scopes.dedup();
    scopes
}

/// Returns the wanted scopes that were not granted.
pub(crate) fn missing_scopes<'a>(wanted: &[&'a str], granted: &[String]) -> Vec<&'a str> {
    wanted
        .iter()
        .copied()
        .filter(|scope| !granted.iter().any(|have| have == scope))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    #[test]
    fn scopes_that_were_dropped_are_found() {
        let granted = ["apim:api_view".to_owned(), "openid".to_owned()];
        assert_eq!(
            missing_scopes(&["apim:api_view", "apim:tier_view"], &granted),
            ["apim:tier_view"]
        );
    }

    #[test]
    fn paths_are_those_of_the_product() {
        for (kind, registration, publisher, store, admin) in [
            ("api-cloud", "", "publisher", "store", "admin"),
            ("apim-2.6", "v0.14", "publisher/v0.14", "store/v0.14", "admin/v0.14"),
            ("apim-3.0", "v0.15", "publisher/v1.0", "store/v1.0", "admin/v0.15"),
            ("apim-3.1", "v0.16", "publisher/v1", "store/v1", "admin/v0.16"),
            ("apim-3.2", "v0.17", "publisher/v1", "store/v1", "admin/v1"),
            ("apim-4.0", "v0.17", "publisher/v2", "devportal/v2", "admin/v2"),
            ("apim-4.1", "v0.17", "publisher/v3", "devportal/v2", "admin/v3"),
            ("apim-4.2", "v0.17", "publisher/v4", "devportal/v3", "admin/v4"),
        ] {
            let found = generation(ControlPlaneKind::from_str(kind, false).unwrap());
            let below = |segments: Segments| segments.join("/");
            let expected = ["client-registration", registration, "register"].map(str::to_owned);
            let expected: Vec<String> = expected.into_iter().filter(|part| !part.is_empty()).collect();
            assert_eq!(below(found.registration), expected.join("/"), "{kind}");
            assert_eq!(below(found.publisher), format!("api/am/{publisher}"), "{kind}");
            assert_eq!(below(found.store), format!("api/am/{store}"), "{kind}");
            assert_eq!(below(found.admin), format!("api/am/{admin}"), "{kind}");
        }
    }

    #[test]
    fn data_for_gateways_are_where_the_product_has_them() {
        use ControlPlaneKind as Kind;
        for (kind, root, has_subscriptions, has_revoked_tokens) in [
            (Kind::Apim26, "throttle/data/v1", false, false),
            (Kind::Apim30, "throttle/data/v1", false, true),
            (Kind::Apim31, "throttle/data/v1", false, true),
            (Kind::Apim32, "internal/data/v1", true, true),
            (Kind::Apim40, "internal/data/v1", true, true),
            (Kind::Apim41, "internal/data/v1", true, true),
            (Kind::Apim42, "internal/data/v1", true, true),
        ] {
            let service = generation(kind).gateway_data.expect("a service");
            assert_eq!(
                (
                    service.root.join("/").as_str(),
                    service.has_subscriptions,
                    service.has_revoked_tokens
                ),
                (root, has_subscriptions, has_revoked_tokens),
                "{kind:?}"
            );
        }
        assert!(generation(Kind::ApiCloud).gateway_data.is_none());
    }

    #[test]
    fn every_generation_is_tried_once_and_api_cloud_first_at_its_own_host() {
        for is_cloud in [true, false] {
            let families = families(is_cloud);
            let mut tried: Vec<String> = families.iter().flatten().map(|one| format!("{:?}", one.kind)).collect();
            let mut all: Vec<String> = ControlPlaneKind::value_variants()
                .iter()
                .map(|kind| format!("{kind:?}"))
                .collect();
            tried.sort();
            all.sort();
            assert_eq!(tried, all);
            for family in &families {
                assert!(family.iter().all(|one| one.registration == family[0].registration));
                assert!(family.iter().all(|one| one.token == family[0].token));
            }
            assert_eq!(families[0][0].kind == ControlPlaneKind::ApiCloud, is_cloud);
        }
    }

    #[test]
    fn the_right_to_see_apis_opens_what_the_product_lets_it_open() {
        let opens = |kind: ControlPlaneKind| {
            let reads = &generation(kind).reads;
            [
                reads.subscriptions,
                reads.client_certificates,
                reads.backend_certificates,
                reads.revisions,
                reads.settings,
            ]
            .map(|scopes| scopes.contains(&"apim:api_view"))
        };
        use ControlPlaneKind as Kind;
        for (kind, expected) in [
            (Kind::Apim26, [false; 5]),
            (Kind::Apim30, [false; 5]),
            (Kind::Apim31, [false, true, true, false, false]),
            (Kind::Apim32, [false, true, true, false, false]),
            (Kind::ApiCloud, [false, true, true, false, false]),
            (Kind::Apim40, [false, true, true, false, false]),
            (Kind::Apim41, [true; 5]),
            (Kind::Apim42, [true; 5]),
        ] {
            assert_eq!(opens(kind), expected, "{kind:?}");
        }
    }

    #[test]
    fn a_family_asks_for_what_any_of_it_wants_but_for_no_right_to_change() {
        let scopes = first_scopes(&families(false)[0]);
        assert!(scopes.contains(&"apim:label_read") && scopes.contains(&"apim:publisher_settings"));
        assert!(!scopes.contains(&"apim:api_create"));
        assert!(first_scopes(&[generation(ControlPlaneKind::Apim40)]).contains(&"apim:api_publish"));
    }
}
