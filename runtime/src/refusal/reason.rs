//! The reasons to refuse, one variant each, with their public codes and texts.

use http::StatusCode;

/// Why the gateway answers instead of the backend.
///
/// Texts are the product's own, byte for byte and with its misspellings, because clients compare them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Refusal {
    /// Something in the check itself failed; 900900.
    Unclassified,
    /// A credential that is malformed, forged, expired, revoked, or from nobody we trust; 900901.
    InvalidCredentials,
    /// No credential where one is needed; 900902.
    MissingCredentials,
    /// The key manager says that the token expired; 900903.
    TokenExpired,
    /// The key manager says that the token is inactive; 900904.
    TokenInactive,
    /// The key manager says that the token is of the wrong type; 900905.
    WrongTokenType,
    /// The key manager knows no such resource; 900906.
    NoMatchingResource,
    /// The API or the subscription is blocked; 900907.
    Blocked,
    /// No subscription that admits the call; 900908.
    NotSubscribed,
    /// The subscription waits for approval; 900909.
    SubscriptionInactive,
    /// The token lacks a scope; 900910.
    MissingScope,
    /// Wrong user name or password; 900911.
    WrongPassword,
    /// Basic credentials without a colon; 900912.
    BasicWithoutColon,
    /// The scheme of the credential is not accepted here; 900917.
    WrongScheme,
    /// The key manager could not say whether a token is good; 900901 in micro-gw.
    KeyManagerUnavailable,
    /// Too many failed signature checks from one address.
    TooManyFailures,
    /// The API's limit; 900800.
    ApiQuota,
    /// The resource's limit; 900802.
    ResourceQuota,
    /// The application's limit; 900803.
    ApplicationQuota,
    /// The subscription's limit, or that of callers without credentials; 900804.
    SubscriptionQuota,
    /// A limit that has to be counted at the store first, which could not be asked; 900809 in micro-gw's terms.
    QuotaUnknown,
    /// A blocking condition; 900805.
    BlockingCondition,
    /// A custom policy; 900806.
    CustomQuota,
    /// A secured resource without a caller: a defect, answered closed; 900808.
    NoCaller,
    /// A policy that nobody defined; 900809.
    UnknownPolicy,
    /// The backend could not be connected; 101503.
    BackendUnreachable,
    /// The backend answered with something that is not HTTP, or closed the connection; 101503.
    BackendBroken,
    /// The backend did not answer in time; 101504.
    BackendTimeout,
    /// The backend's address is not a URL; 101505.
    BackendUrl,
    /// A sandbox key for an API without sandbox endpoint.
    NoSandboxEndpoint,
    /// A production key for an API without production endpoint.
    NoProductionEndpoint,
    /// No such resource.
    NotFound,
    /// The resource has no such method.
    MethodNotAllowed,
    /// The request is not well-formed.
    BadRequest,
    /// The resource is a WebSocket and the request no handshake for one.
    UpgradeRequired,
    /// The body is larger than allowed.
    BodyTooLarge,
    /// The request target is longer than allowed.
    UriTooLong,
    /// The header fields are larger than allowed.
    HeadersTooLarge,
    /// The client did not send its request in time.
    RequestTimeout,
    /// The request has passed this gateway too often.
    Loop,
    /// A defect of the gateway.
    Internal,
    /// The gateway is shutting down or out of capacity.
    Unavailable,
}

/// How the body of a refusal is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `{"fault":{"code":…, "message":…, "description":…}}`
    Fault,
    /// `{"code":…, "type":"Status report", "message":…, "description":…}`
    Status,
    /// `{"ERROR_CODE":…, "ERROR_MESSAGE":…}`
    EndpointError,
}

const GENERAL: &str = "Unclassified Authentication Failure";
const TOKEN_DETAIL: &str = "Invalid Credentials. Make sure you have given the correct access token";
const SCOPE: &str = "The access token does not allow you to access the requested resource";
const QUOTA: (&str, &str) = ("Message throttled out", "You have exceeded your quota");
const POLICY: &str = "Internal server error occured";

impl Refusal {
    /// Every reason, in declaration order.
    pub const ALL: [Self; 42] = [
        Self::Unclassified,
        Self::InvalidCredentials,
        Self::MissingCredentials,
        Self::TokenExpired,
        Self::TokenInactive,
        Self::WrongTokenType,
        Self::NoMatchingResource,
        Self::Blocked,
        Self::NotSubscribed,
        Self::SubscriptionInactive,
        Self::MissingScope,
        Self::WrongPassword,
        Self::BasicWithoutColon,
        Self::WrongScheme,
        Self::KeyManagerUnavailable,
        Self::TooManyFailures,
        Self::ApiQuota,
        Self::ResourceQuota,
        Self::ApplicationQuota,
        Self::SubscriptionQuota,
        Self::QuotaUnknown,
        Self::BlockingCondition,
        Self::CustomQuota,
        Self::NoCaller,
        Self::UnknownPolicy,
        Self::BackendUnreachable,
        Self::BackendBroken,
        Self::BackendTimeout,
        Self::BackendUrl,
        Self::NoSandboxEndpoint,
        Self::NoProductionEndpoint,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::BadRequest,
        Self::UpgradeRequired,
        Self::BodyTooLarge,
        Self::UriTooLong,
        Self::HeadersTooLarge,
        Self::RequestTimeout,
        Self::Loop,
        Self::Internal,
        Self::Unavailable,
    ];

    /// Returns the position in [`Self::ALL`], an index for tables of counters.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Returns the HTTP status. `compat` selects that of micro-gw 3.2 where ours differs (blocked and inactive
    /// subscriptions were 401, backend failures always 500).
    pub const fn status(self, compat: bool) -> StatusCode {
        match self {
            Self::InvalidCredentials
            | Self::MissingCredentials
            | Self::TokenExpired
            | Self::TokenInactive
            | Self::WrongTokenType
            | Self::WrongPassword
            | Self::BasicWithoutColon
            | Self::WrongScheme => StatusCode::UNAUTHORIZED,
            Self::Blocked | Self::SubscriptionInactive | Self::KeyManagerUnavailable if compat => {
                StatusCode::UNAUTHORIZED
            }
            Self::Blocked
            | Self::SubscriptionInactive
            | Self::NoMatchingResource
            | Self::NotSubscribed
            | Self::MissingScope
            | Self::BlockingCondition
            | Self::NoSandboxEndpoint
            | Self::NoProductionEndpoint => StatusCode::FORBIDDEN,
            Self::TooManyFailures
            | Self::ApiQuota
            | Self::ResourceQuota
            | Self::ApplicationQuota
            | Self::SubscriptionQuota
            | Self::CustomQuota => StatusCode::TOO_MANY_REQUESTS,
            Self::BackendUnreachable | Self::BackendBroken | Self::BackendTimeout | Self::QuotaUnknown if compat => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            Self::BackendUnreachable | Self::KeyManagerUnavailable | Self::QuotaUnknown | Self::Unavailable => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::BackendBroken => StatusCode::BAD_GATEWAY,
            Self::BackendTimeout => StatusCode::GATEWAY_TIMEOUT,
            Self::Unclassified | Self::NoCaller | Self::UnknownPolicy | Self::BackendUrl | Self::Internal => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::UpgradeRequired => StatusCode::UPGRADE_REQUIRED,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::HeadersTooLarge if compat => StatusCode::PAYLOAD_TOO_LARGE,
            Self::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::Loop => StatusCode::LOOP_DETECTED,
        }
    }

    /// Returns the code in the body. Reasons of the HTTP protocol itself use the status.
    pub const fn code(self, compat: bool) -> u32 {
        match self {
            Self::Unclassified => 900_900,
            Self::InvalidCredentials | Self::NoSandboxEndpoint | Self::NoProductionEndpoint => 900_901,
            Self::KeyManagerUnavailable if compat => 900_901,
            Self::QuotaUnknown if compat => 900_809,
            Self::MissingCredentials => 900_902,
            Self::TokenExpired => 900_903,
            Self::TokenInactive => 900_904,
            Self::WrongTokenType => 900_905,
            Self::NoMatchingResource => 900_906,
            Self::Blocked => 900_907,
            Self::NotSubscribed => 900_908,
            Self::SubscriptionInactive => 900_909,
            Self::MissingScope => 900_910,
            Self::WrongPassword => 900_911,
            Self::BasicWithoutColon => 900_912,
            Self::WrongScheme => 900_917,
            Self::ApiQuota => 900_800,
            Self::ResourceQuota => 900_802,
            Self::ApplicationQuota => 900_803,
            Self::SubscriptionQuota => 900_804,
            Self::BlockingCondition => 900_805,
            Self::CustomQuota => 900_806,
            Self::NoCaller => 900_808,
            Self::UnknownPolicy => 900_809,
            Self::BackendUnreachable | Self::BackendBroken => 101_503,
            // The product reported an ordinary read timeout as a connection error.
            Self::BackendTimeout => {
                if compat {
                    101_503
                } else {
                    101_504
                }
            }
            Self::BackendUrl => 101_505,
            Self::KeyManagerUnavailable
            | Self::QuotaUnknown
            | Self::TooManyFailures
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::BadRequest
            | Self::UpgradeRequired
            | Self::BodyTooLarge
            | Self::UriTooLong
            | Self::HeadersTooLarge
            | Self::RequestTimeout
            | Self::Loop
            | Self::Internal
            | Self::Unavailable => self.status(compat).as_u16() as u32,
        }
    }

    /// Returns message and description.
    pub const fn texts(self, compat: bool) -> (&'static str, &'static str) {
        match self {
            Self::Unclassified => (
                GENERAL,
                "Unclassified Authentication Failure. Unclassified Authentication Failure",
            ),
            Self::InvalidCredentials => ("Invalid Credentials", TOKEN_DETAIL),
            Self::KeyManagerUnavailable if compat => Self::InvalidCredentials.texts(true),
            Self::KeyManagerUnavailable => (
                "Service Unavailable",
                "The key manager cannot say now whether the access token is good",
            ),
            Self::MissingCredentials => (
                "Missing Credentials",
                "Missing Credentials. Make sure your API request provides required credentials",
            ),
            Self::TokenExpired => (
                "Access Token Expired",
                "Access Token Expired. Renew the access token and try again",
            ),
            Self::TokenInactive => (
                "Access Token Inactive",
                "Access Token Inactive. Unclassified Authentication Failure",
            ),
            Self::WrongTokenType => (
                "Incorrect Access Token Type is provided",
                "Incorrect Access Token Type is provided. Unclassified Authentication Failure",
            ),
            Self::NoMatchingResource => (
                "No matching resource found in the API for the given request",
                "No matching resource found in the API for the given request. Check the API documentation and add a \
                 proper REST resource path to the invocation URL",
            ),
            Self::Blocked => (
                "The requested API is temporarily blocked",
                "The requested API is temporarily blocked. Unclassified Authentication Failure",
            ),
            Self::NotSubscribed => (
                "Resource forbidden ",
                "Resource forbidden . Unclassified Authentication Failure",
            ),
            Self::SubscriptionInactive => (
                "The subscription to the API is inactive",
                "The subscription to the API is inactive. Unclassified Authentication Failure",
            ),
            Self::MissingScope => (SCOPE, SCOPE),
            Self::WrongPassword => (
                "Invalid Credentials",
                "Invalid Credentials. Make sure you have given the correct username and password",
            ),
            Self::BasicWithoutColon => (
                "Invalid Format",
                "Invalid Format. Make sure you have given the credentials in correct format with \":\" character",
            ),
            Self::WrongScheme => (
                "Invalid Authentication scheme",
                "Invalid Authentication scheme. API can not be used with this authentication scheme",
            ),
            Self::TooManyFailures => (
                "Too Many Requests",
                "Too many invalid credentials have been sent from this address",
            ),
            Self::ApiQuota
            | Self::ResourceQuota
            | Self::ApplicationQuota
            | Self::SubscriptionQuota
            | Self::CustomQuota => QUOTA,
            Self::QuotaUnknown if compat => Self::UnknownPolicy.texts(true),
            Self::QuotaUnknown => ("Service Unavailable", "The quota of this call cannot be counted now"),
            Self::BlockingCondition => ("Message blocked", "You have been blocked from accesing the resource"),
            Self::NoCaller => (POLICY, POLICY),
            Self::UnknownPolicy => (POLICY, "POLICY ENFORCEMENT ERROR"),
            Self::BackendTimeout if !compat => ("Runtime Error", "Connection timed out"),
            Self::BackendUnreachable | Self::BackendBroken | Self::BackendTimeout => {
                ("Runtime Error", "Error connecting to the back end")
            }
            Self::BackendUrl => ("Runtime Error", "Malformed URL"),
            Self::NoSandboxEndpoint => ("Sandbox key offered to the API with no sandbox endpoint", ""),
            Self::NoProductionEndpoint => ("Production key offered to the API with no production endpoint", ""),
            Self::NotFound => ("Runtime Error", "No matching resource found for given API Request"),
            Self::MethodNotAllowed => ("Runtime Error", "Method not allowed for given API resource"),
            Self::BadRequest => ("Bad Request", "The request is not well-formed"),
            Self::UpgradeRequired => ("Upgrade Required", "This resource is a WebSocket"),
            Self::BodyTooLarge => ("Payload Too Large", "The request body is larger than allowed"),
            Self::UriTooLong => ("URI Too Long", "The request target is longer than allowed"),
            Self::HeadersTooLarge => (
                "Request Header Fields Too Large",
                "The header fields are larger than allowed",
            ),
            Self::RequestTimeout => ("Request Timeout", "The request was not received in time"),
            Self::Loop => ("Loop Detected", "The request has passed this gateway too often"),
            Self::Internal => ("Internal Server Error", "The gateway could not handle the request"),
            Self::Unavailable => ("Service Unavailable", "The gateway cannot take the request now"),
        }
    }

    /// Returns how the body is laid out.
    pub const fn shape(self) -> Shape {
        match self {
            Self::NotFound | Self::MethodNotAllowed => Shape::Status,
            Self::NoSandboxEndpoint | Self::NoProductionEndpoint => Shape::EndpointError,
            _ => Shape::Fault,
        }
    }

    /// Returns the value of the metric label `reason`.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Unclassified => "unclassified",
            Self::InvalidCredentials => "invalid_credentials",
            Self::MissingCredentials => "missing_credentials",
            Self::TokenExpired => "token_expired",
            Self::TokenInactive => "token_inactive",
            Self::WrongTokenType => "wrong_token_type",
            Self::NoMatchingResource => "no_matching_resource",
            Self::Blocked => "blocked",
            Self::NotSubscribed => "not_subscribed",
            Self::SubscriptionInactive => "subscription_inactive",
            Self::MissingScope => "missing_scope",
            Self::WrongPassword => "wrong_password",
            Self::BasicWithoutColon => "basic_without_colon",
            Self::WrongScheme => "wrong_scheme",
            Self::KeyManagerUnavailable => "key_manager_unavailable",
            Self::QuotaUnknown => "quota_unknown",
            Self::TooManyFailures => "too_many_failures",
            Self::ApiQuota => "api_quota",
            Self::ResourceQuota => "resource_quota",
            Self::ApplicationQuota => "application_quota",
            Self::SubscriptionQuota => "subscription_quota",
            Self::BlockingCondition => "blocking_condition",
            Self::CustomQuota => "custom_quota",
            Self::NoCaller => "no_caller",
            Self::UnknownPolicy => "unknown_policy",
            Self::BackendUnreachable => "backend_unreachable",
            Self::BackendBroken => "backend_broken",
            Self::BackendTimeout => "backend_timeout",
            Self::BackendUrl => "backend_url",
            Self::NoSandboxEndpoint => "no_sandbox_endpoint",
            Self::NoProductionEndpoint => "no_production_endpoint",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::BadRequest => "bad_request",
            Self::UpgradeRequired => "upgrade_required",
            Self::BodyTooLarge => "body_too_large",
            Self::UriTooLong => "uri_too_long",
            Self::HeadersTooLarge => "headers_too_large",
            Self::RequestTimeout => "request_timeout",
            Self::Loop => "loop",
            Self::Internal => "internal",
            Self::Unavailable => "unavailable",
        }
    }

    /// Returns the `grpc-status` that a gRPC client gets instead of a body.
    pub fn grpc_status(self, compat: bool) -> u8 {
        match (self.status(compat).as_u16(), compat) {
            (401, _) => 16,
            (403, _) => 7,
            (404, _) | (405, false) => 12,
            (429, _) | (413 | 431, false) => 8,
            (502 | 503, false) => 14,
            (504 | 408, false) => 4,
            (400 | 414, false) => 13,
            _ => 2,
        }
    }

    /// Returns the `grpc-message` beside it.
    pub fn grpc_message(self, compat: bool) -> &'static str {
        match self.status(compat).as_u16() {
            // The product's spelling.
            404 if compat => "Unimplemeted",
            401 | 403 | 429 | 500 => self.texts(compat).0.trim_ascii_end(),
            _ if compat => "Response is not recognized by the gateway.",
            _ => match self.texts(compat) {
                // The message of these is the same for all.
                ("Runtime Error", description) => description,
                (message, _) => message,
            },
        }
    }
}
