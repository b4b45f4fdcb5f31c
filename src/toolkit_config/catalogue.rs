//! The keys of `toolkit-config.toml`.

use crate::diagnostics::Code;
use crate::micro_gw_file::{Block, Codes, Key, Kind};

/// How findings about the file are called.
pub(super) const CODES: Codes = Codes {
    wrong: Code::ToolkitConfig,
    inert: Code::ToolkitConfig,
};

const FOUND: &str = "not used: it is found out at sign-in";
const OF_BASE: &str = "address at the control plane; all of them come from `baseURL`, and where that is empty, `publisherEndpoint` says which server is meant";

/// What the file may hold.
pub(crate) const BLOCKS: &[Block] = &[
    Block {
        path: "client",
        repeated: false,
        about: "Requests to the control plane.",
        keys: &[Key::new(
            "httpRequestTimeout",
            Kind::Number {
                min: 1,
                max: 2_147_483_647,
            },
            "longest wait for an answer, in milliseconds, between 1 s and 1 h; `MGW_HTTP_TIMEOUT` wins",
        )],
    },
    Block {
        path: "token",
        repeated: false,
        about: "The control plane, in the place of `[control-plane]` of `mgw.toml`, which wins.",
        keys: &[
            Key::new("baseURL", Kind::Text, "base URL of the control plane"),
            Key::new(
                "apimVersion",
                Kind::Text,
                "its version, as `3.2.0` or `4.1.0`; found out at sign-in when empty",
            ),
            Key::new("restVersion", Kind::Text, FOUND),
            Key::new("dcrVersion", Kind::Text, FOUND),
            Key::new("publisherEndpoint", Kind::Text, OF_BASE),
            Key::new("adminEndpoint", Kind::Text, "as `publisherEndpoint`"),
            Key::new("registrationEndpoint", Kind::Text, "as `publisherEndpoint`"),
            Key::new("tokenEndpoint", Kind::Text, "as `publisherEndpoint`"),
            Key::new(
                "username",
                Kind::Text,
                "user name where no flag and no variable gives one",
            ),
            Key::new(
                "clientId",
                Kind::Secret,
                "not used: it is encrypted with the user's password; `mgw login` keeps its own",
            ),
            Key::new("clientSecret", Kind::Secret, "as `clientId`"),
            Key::new(
                "trustStoreLocation",
                Kind::Text,
                "trust store in the place of `--truststore`, whose password is `-w`, `MGW_TRUSTSTORE_PASSWORD` or `ballerina`",
            ),
            Key::new("trustStorePassword", Kind::Secret, "as `clientId`"),
        ],
    },
    Block {
        path: "corsConfiguration",
        repeated: false,
        about: "CORS of definitions that say nothing about it, and of the token endpoints, in the place of `[build.cors]` of `mgw.toml`, which wins.",
        keys: &[
            Key::new(
                "corsConfigurationEnabled",
                Kind::Boolean,
                "whether the others count; `false` when absent",
            ),
            Key::new(
                "accessControlAllowOrigins",
                Kind::Texts,
                "origins; `[\"*\"]` when absent",
            ),
            Key::new(
                "accessControlAllowMethods",
                Kind::Texts,
                "methods; those of micro-gw when absent",
            ),
            Key::new(
                "accessControlAllowHeaders",
                Kind::Texts,
                "request headers; those of micro-gw when absent",
            ),
            Key::new(
                "accessControlExposeHeaders",
                Kind::Texts,
                "response headers that scripts may read",
            ),
            Key::new(
                "accessControlAllowCredentials",
                Kind::Boolean,
                "whether callers may send credentials; `false` when absent",
            ),
        ],
    },
    Block {
        path: "codeGen",
        repeated: false,
        about: "Answers to unknown paths, in the place of `[build]` of `mgw.toml`, which wins.",
        keys: &[
            Key::new("apiFaultResponses", Kind::Boolean, "as `api-fault-responses`"),
            Key::new("globalFaultResponses", Kind::Boolean, "as `global-fault-responses`"),
        ],
    },
];
