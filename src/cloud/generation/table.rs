//! The generations. Up to 3.0 a version segment is literal; later servers also answer without one, or with a known other.

use super::{GatewayService, Generation, Reads, Segments, Shape};
use crate::project::ControlPlaneKind;

const TOKEN: Segments = &["oauth2", "token"];
const REVOCATION: Segments = &["oauth2", "revoke"];
const THROTTLE_DATA: Segments = &["throttle", "data", "v1"];
const REGISTRATION_V0_17: Segments = &["client-registration", "v0.17", "register"];

static DATA_2_6: GatewayService = GatewayService {
    root: THROTTLE_DATA,
    has_subscriptions: false,
    has_revoked_tokens: false,
};

static DATA_3_0: GatewayService = GatewayService {
    has_revoked_tokens: true,
    ..DATA_2_6
};

/// From 3.2 on.
static INTERNAL_DATA: GatewayService = GatewayService {
    root: &["internal", "data", "v1"],
    has_subscriptions: true,
    has_revoked_tokens: true,
};

const SCOPES_2_6: &[&str] = &[
    "apim:api_view",
    "apim:subscription_view",
    "apim:subscribe",
    "apim:tier_view",
    "apim:bl_view",
    "apim:label_read",
];

/// The scopes of the 3.x generations and of API Cloud.
const SCOPES_3X: &[&str] = &[
    "apim:api_view",
    "apim:mediation_policy_view",
    "apim:client_certificates_view",
    "apim:ep_certificates_view",
    "apim:subscription_view",
    "apim:subscribe",
    "apim:tier_view",
    "apim:bl_view",
    "apim:label_read",
];

const SCOPES_4X: &[&str] = &[
    "apim:api_view",
    "apim:client_certificates_view",
    "apim:ep_certificates_view",
    "apim:subscription_view",
    "apim:subscribe",
    "apim:tier_view",
    "apim:bl_view",
    "apim:publisher_settings",
];

const SUBSCRIPTIONS: &[&str] = &["apim:subscription_view"];
const CLIENT_CERTIFICATES: &[&str] = &["apim:client_certificates_view", "apim:api_view"];
const BACKEND_CERTIFICATES: &[&str] = &["apim:ep_certificates_view", "apim:api_view"];
const SETTINGS: &[&str] = &["apim:publisher_settings"];

/// From 3.1 on, API Cloud too, whoever may see APIs may see certificates.
const READS_3X: Reads = Reads {
    subscriptions: SUBSCRIPTIONS,
    client_certificates: CLIENT_CERTIFICATES,
    backend_certificates: BACKEND_CERTIFICATES,
    revisions: &[],
    settings: SETTINGS,
};

/// Later, whoever may see APIs may see everything about them.
const READS_4X: Reads = Reads {
    subscriptions: &["apim:subscription_view", "apim:api_view"],
    client_certificates: CLIENT_CERTIFICATES,
    backend_certificates: BACKEND_CERTIFICATES,
    revisions: &["apim:api_view", "apim:api_create", "apim:api_publish"],
    settings: &["apim:publisher_settings", "apim:api_view"],
};

/// Before 4.2 only those who may change an API may see its revisions. Creators have the first, publishers the second.
const REVISIONS: &[&str] = &["apim:api_create", "apim:api_publish"];

pub(super) static API_CLOUD: Generation = Generation {
    kind: ControlPlaneKind::ApiCloud,
    title: "WSO2 API Cloud",
    registration: &["client-registration", "register"],
    token: &["token"],
    revocation: &["revoke"],
    publisher: &["api", "am", "publisher"],
    store: &["api", "am", "store"],
    admin: &["api", "am", "admin"],
    gateway_data: None,
    updated_apis: Some(&["hybrid-gateway", "v0.11", "updated-apis"]),
    shape: Shape::V1,
    scopes: SCOPES_3X,
    broad_scopes: &[],
    reads: READS_3X,
};

pub(super) static APIM_2_6: Generation = Generation {
    kind: ControlPlaneKind::Apim26,
    title: "API Manager 2.6",
    registration: &["client-registration", "v0.14", "register"],
    token: TOKEN,
    revocation: REVOCATION,
    publisher: &["api", "am", "publisher", "v0.14"],
    store: &["api", "am", "store", "v0.14"],
    admin: &["api", "am", "admin", "v0.14"],
    gateway_data: Some(&DATA_2_6),
    updated_apis: None,
    shape: Shape::V0,
    scopes: SCOPES_2_6,
    // Certificates of backends are shown to creators only.
    broad_scopes: &["apim:api_create"],
    reads: Reads {
        subscriptions: SUBSCRIPTIONS,
        client_certificates: &["apim:api_create"],
        backend_certificates: &["apim:api_create"],
        revisions: &[],
        settings: SETTINGS,
    },
};

pub(super) static APIM_3_0: Generation = Generation {
    kind: ControlPlaneKind::Apim30,
    title: "API Manager 3.0",
    registration: &["client-registration", "v0.15", "register"],
    token: TOKEN,
    revocation: REVOCATION,
    publisher: &["api", "am", "publisher", "v1.0"],
    store: &["api", "am", "store", "v1.0"],
    admin: &["api", "am", "admin", "v0.15"],
    gateway_data: Some(&DATA_3_0),
    updated_apis: None,
    shape: Shape::V1,
    scopes: SCOPES_3X,
    broad_scopes: &[],
    reads: Reads {
        client_certificates: &["apim:client_certificates_view"],
        backend_certificates: &["apim:ep_certificates_view"],
        ..READS_3X
    },
};

pub(super) static APIM_3_1: Generation = Generation {
    kind: ControlPlaneKind::Apim31,
    title: "API Manager 3.1",
    registration: &["client-registration", "v0.16", "register"],
    token: TOKEN,
    revocation: REVOCATION,
    publisher: &["api", "am", "publisher", "v1"],
    store: &["api", "am", "store", "v1"],
    admin: &["api", "am", "admin", "v0.16"],
    gateway_data: Some(&DATA_3_0),
    updated_apis: None,
    shape: Shape::V1,
    scopes: SCOPES_3X,
    broad_scopes: &[],
    reads: READS_3X,
};

pub(super) static APIM_3_2: Generation = Generation {
    kind: ControlPlaneKind::Apim32,
    title: "API Manager 3.2",
    registration: REGISTRATION_V0_17,
    token: TOKEN,
    revocation: REVOCATION,
    publisher: &["api", "am", "publisher", "v1"],
    store: &["api", "am", "store", "v1"],
    admin: &["api", "am", "admin", "v1"],
    gateway_data: Some(&INTERNAL_DATA),
    updated_apis: None,
    shape: Shape::V1,
    scopes: SCOPES_3X,
    broad_scopes: &[],
    reads: READS_3X,
};

pub(super) static APIM_4_0: Generation = Generation {
    kind: ControlPlaneKind::Apim40,
    title: "API Manager 4.0",
    registration: REGISTRATION_V0_17,
    token: TOKEN,
    revocation: REVOCATION,
    publisher: &["api", "am", "publisher", "v2"],
    store: &["api", "am", "devportal", "v2"],
    admin: &["api", "am", "admin", "v2"],
    gateway_data: Some(&INTERNAL_DATA),
    updated_apis: None,
    shape: Shape::V4,
    scopes: SCOPES_4X,
    broad_scopes: REVISIONS,
    reads: Reads {
        revisions: &["apim:api_create", "apim:api_publish", "apim:api_import_export"],
        ..READS_3X
    },
};

pub(super) static APIM_4_1: Generation = Generation {
    kind: ControlPlaneKind::Apim41,
    title: "API Manager 4.1",
    registration: REGISTRATION_V0_17,
    token: TOKEN,
    revocation: REVOCATION,
    publisher: &["api", "am", "publisher", "v3"],
    store: &["api", "am", "devportal", "v2"],
    admin: &["api", "am", "admin", "v3"],
    gateway_data: Some(&INTERNAL_DATA),
    updated_apis: None,
    shape: Shape::V4,
    scopes: SCOPES_4X,
    broad_scopes: REVISIONS,
    reads: READS_4X,
};

pub(super) static APIM_4_2: Generation = Generation {
    kind: ControlPlaneKind::Apim42,
    title: "API Manager 4.2 or later",
    registration: REGISTRATION_V0_17,
    token: TOKEN,
    revocation: REVOCATION,
    publisher: &["api", "am", "publisher", "v4"],
    store: &["api", "am", "devportal", "v3"],
    admin: &["api", "am", "admin", "v4"],
    gateway_data: Some(&INTERNAL_DATA),
    updated_apis: None,
    shape: Shape::V4,
    scopes: SCOPES_4X,
    broad_scopes: &[],
    reads: READS_4X,
};
