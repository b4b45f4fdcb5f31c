//! Every kind of finding: its stable code, and the text behind `mgw explain`.

use serde::{Serialize, Serializer};
use std::fmt;

/// Declares the codes. Each has its text in `explanations/CODE.md`, so that none can be without one.
macro_rules! codes {
    ($($variant:ident = $name:literal,)*) => {
        /// A kind of finding. Codes are a public contract: one never gets another meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(
                #[doc = include_str!(concat!("explanations/", $name, ".md"))]
                $variant,
            )*
        }

        impl Code {
            /// Every code, in the order of their names.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// What messages and reports call it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// What it means and what to do, in Markdown: a heading, then paragraphs.
            pub const fn explanation(self) -> &'static str {
                match self {
                    $(Self::$variant => include_str!(concat!("explanations/", $name, ".md")),)*
                }
            }
        }
    };
}

codes! {
    AdminExposed = "admin-exposed",
    AnyAudience = "any-audience",
    AnyOrigin = "any-origin",
    ApplicationSecurity = "application-security",
    AuthHeader = "auth-header",
    BackendInTheClear = "backend-in-the-clear",
    BackendsUnchecked = "backends-unchecked",
    BasePath = "base-path",
    BundleSize = "bundle-size",
    Certificate = "certificate",
    CertificateExpiry = "certificate-expiry",
    Cors = "cors",
    CredentialsInTheClear = "credentials-in-the-clear",
    DeploymentConfig = "deployment-config",
    DeploymentInert = "deployment-inert",
    DeploymentSecret = "deployment-secret",
    DeprecatedApi = "deprecated-api",
    Dialect = "dialect",
    DoubtfulSetting = "doubtful-setting",
    DuplicateApi = "duplicate-api",
    DuplicateBasePath = "duplicate-base-path",
    DuplicateTemplate = "duplicate-template",
    EmptySecurity = "empty-security",
    Endpoint = "endpoint",
    EndpointReference = "endpoint-reference",
    EndpointSecret = "endpoint-secret",
    EndpointUrl = "endpoint-url",
    Endpoints = "endpoints",
    Extension = "extension",
    ExtensionPlace = "extension-place",
    Files = "files",
    GatewaySetting = "gateway-setting",
    ImpossibleCredentials = "impossible-credentials",
    Info = "info",
    Interceptor = "interceptor",
    IssuerInTheClear = "issuer-in-the-clear",
    KeyInQuery = "key-in-query",
    LifeCycle = "life-cycle",
    LockFile = "lock-file",
    Method = "method",
    MigrateApi = "migrate-api",
    MigrateBackend = "migrate-backend",
    MigrateCode = "migrate-code",
    MigrateFile = "migrate-file",
    MigratePolicy = "migrate-policy",
    MigrateSecret = "migrate-secret",
    MigrateSetting = "migrate-setting",
    MissingFile = "missing-file",
    Model = "model",
    MutualTls = "mutual-tls",
    NewerFormat = "newer-format",
    NoDefinition = "no-definition",
    NoEndpoint = "no-endpoint",
    NoOperation = "no-operation",
    OpenOperation = "open-operation",
    OpenUnlimited = "open-unlimited",
    Operation = "operation",
    OperationId = "operation-id",
    OutgoingCalls = "outgoing-calls",
    Paths = "paths",
    Policies = "policies",
    PolicyDiffers = "policy-differs",
    PolicyHidden = "policy-hidden",
    ProjectName = "project-name",
    ProjectSetting = "project-setting",
    Proto = "proto",
    PulledFile = "pulled-file",
    Reference = "reference",
    ReservedPath = "reserved-path",
    ResponseCache = "response-cache",
    Scope = "scope",
    ScopeAlternatives = "scope-alternatives",
    Security = "security",
    SecurityScheme = "security-scheme",
    Server = "server",
    Servers = "servers",
    SettingWithoutEffect = "setting-without-effect",
    SubscriptionsUnchecked = "subscriptions-unchecked",
    Suppression = "suppression",
    Syntax = "syntax",
    Template = "template",
    TestCase = "test-case",
    ToolkitConfig = "toolkit-config",
    Transports = "transports",
    UnknownExtension = "unknown-extension",
    UnknownKey = "unknown-key",
    UnknownPolicy = "unknown-policy",
    UnknownSetting = "unknown-setting",
    UnreachableEndpoint = "unreachable-endpoint",
    UnreachableOperation = "unreachable-operation",
    UnscopedOperation = "unscoped-operation",
    WeakCertificate = "weak-certificate",
    WeakHash = "weak-hash",
}

impl Code {
    /// The code of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name() == name)
    }

    /// The heading of the explanation: a sentence without a full stop.
    pub fn title(self) -> &'static str {
        let heading = self.explanation().lines().next().unwrap_or_default();
        heading.strip_prefix("# ").unwrap_or(heading)
    }

    /// The explanation below its heading.
    pub fn body(self) -> &'static str {
        self.explanation().split_once('\n').map_or("", |(_, rest)| rest.trim())
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    #[test]
    fn names_are_in_order_and_each_has_a_text() {
        assert!(Code::ALL.windows(2).all(|pair| pair[0].name() < pair[1].name()));
        for code in Code::ALL {
            assert_eq!(Code::named(code.name()), Some(*code));
            let text = code.explanation();
            assert!(text.starts_with("# ") && !code.title().ends_with('.'), "{code}");
            assert!(code.body().len() > 100, "{code} says too little");
            assert!(
                text.lines().all(|line| line.len() <= 160),
                "{code} has lines that no terminal shows"
            );
        }
        assert_eq!(Code::named("nothing"), None);
    }

    /// `UPDATE_DOCS=1 cargo test -p mgw --lib diagnostics` writes the page anew.
    #[test]
    fn the_reference_page_is_current() {
        let mut page = String::from(
            "# Findings\n\n<!-- Generated from the texts behind `mgw explain`; a test keeps it current. -->\n\n\
             `mgw check`, `mgw build` and `mgw run` look at every file of a project and tell everything that is wrong at once. Each finding has a \
             code in brackets; `mgw explain CODE` prints what stands here. Codes do not change their meaning, so programs may rely on \
             them: `mgw check --output json`, `--sarif FILE` for code hosts and editors, `--junit FILE` for build servers. `mgw check --fix` \
             [repairs](../how-to/repair.md) what has one certain correction.\n",
        );
        for code in Code::ALL {
            page.push_str(&format!("\n## `{code}`\n\n**{}.**\n\n{}\n", code.title(), code.body()));
        }
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src/reference/findings.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, &page).expect("the page is writable");
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            written == page,
            "docs/src/reference/findings.md is out of date; write it with UPDATE_DOCS=1 cargo test -p mgw --lib diagnostics"
        );
    }

    /// The code of a finding stands in the source as a variant; one that no finding has is a leftover.
    #[test]
    fn every_code_is_one_that_some_finding_has() {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut folders: Vec<PathBuf> = vec![sources];
        let mut used = BTreeSet::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("the sources are there").flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ending| ending == "rs")
                    && !path.ends_with("diagnostics/code.rs")
                {
                    let text = std::fs::read_to_string(&path).expect("UTF-8");
                    let is_used = |code: &Code| {
                        let name = format!("Code::{code:?}");
                        text.split(&name)
                            .skip(1)
                            .any(|rest| !rest.starts_with(|next: char| next.is_ascii_alphanumeric()))
                    };
                    used.extend(Code::ALL.iter().copied().filter(is_used));
                }
            }
        }
        let unused: Vec<_> = Code::ALL.iter().filter(|code| !used.contains(*code)).collect();
        assert!(unused.is_empty(), "{unused:?}");
    }
}
