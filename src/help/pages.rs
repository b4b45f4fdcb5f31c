//! The pages of the documentation that `mgw help` shows, as they are at the time of the build.

/// A page: its topic, which is its file's name, and its text in Markdown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    pub(crate) topic: &'static str,
    pub(crate) text: &'static str,
}

macro_rules! pages {
    ($($topic:literal: $file:literal,)*) => {
        /// Every page, by topic.
        pub(crate) const PAGES: &[Page] = &[
            $(Page {
                topic: $topic,
                text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/src/", $file)),
            },)*
        ];
    };
}

pages! {
    "api-cloud": "tutorial/api-cloud.md",
    "api-keys": "how-to/security/api-keys.md",
    "audit": "how-to/audit.md",
    "backend-credentials": "how-to/backend-credentials.md",
    "backend-jwt": "how-to/security/backend-jwt.md",
    "backends": "how-to/backends.md",
    "basic-auth": "how-to/security/basic-auth.md",
    "benchmark": "how-to/benchmark.md",
    "bundle": "reference/bundle.md",
    "bundle-contents": "how-to/bundle-contents.md",
    "callers": "how-to/callers.md",
    "changes": "how-to/changes.md",
    "cloud-outage": "how-to/cloud-outage.md",
    "commands": "reference/commands.md",
    "completions": "how-to/completions.md",
    "connected": "how-to/connected.md",
    "control-planes": "reference/control-planes.md",
    "deployment-config": "reference/deployment-config.md",
    "docker-kubernetes": "how-to/docker-kubernetes.md",
    "doctor": "how-to/doctor.md",
    "environment": "reference/environment.md",
    "exit-codes": "reference/exit-codes.md",
    "explain-request": "how-to/explain-request.md",
    "extensions": "reference/extensions.md",
    "findings": "reference/findings.md",
    "from-krakend": "how-to/from-krakend.md",
    "from-micro-gw": "how-to/from-micro-gw.md",
    "from-on-premise-gateway": "how-to/from-on-premise-gateway.md",
    "gateway-answers": "reference/gateway-answers.md",
    "gateway-configuration": "reference/gateway-configuration.md",
    "gateway-status": "how-to/gateway-status.md",
    "glossary": "glossary.md",
    "grpc": "how-to/grpc.md",
    "key-validation": "how-to/security/key-validation.md",
    "limits": "how-to/limits.md",
    "live-changes": "how-to/live-changes.md",
    "migrate": "how-to/migrate.md",
    "mutual-tls": "how-to/security/mutual-tls.md",
    "oauth2-jwt": "how-to/security/oauth2-jwt.md",
    "opaque-tokens": "how-to/security/opaque-tokens.md",
    "openapi-file": "how-to/openapi-file.md",
    "pipeline": "how-to/pipeline.md",
    "project": "reference/project.md",
    "protocols": "reference/protocols.md",
    "proxies": "how-to/proxies.md",
    "repair": "how-to/repair.md",
    "revocation": "how-to/security/revocation.md",
    "routing": "reference/routing.md",
    "sandbox": "how-to/sandbox.md",
    "shared-quotas": "how-to/shared-quotas.md",
    "sign-bundles": "how-to/sign-bundles.md",
    "sign-in": "how-to/sign-in.md",
    "slow-backends": "how-to/slow-backends.md",
    "streams": "how-to/streams.md",
    "subscriptions": "how-to/security/subscriptions.md",
    "test": "how-to/test.md",
    "tls": "how-to/tls.md",
    "toolkit-config": "reference/toolkit-config.md",
    "traffic-manager": "how-to/traffic-manager.md",
    "traffic-manager-decisions": "how-to/traffic-manager-decisions.md",
    "usage": "how-to/usage.md",
    "usage-air-gapped": "how-to/usage-air-gapped.md",
    "websocket": "how-to/websocket.md",
    "workspaces": "how-to/workspaces.md",
}

impl Page {
    /// Its heading.
    pub(crate) fn title(self) -> &'static str {
        let heading = self.text.lines().next().unwrap_or_default();
        heading.strip_prefix("# ").unwrap_or(heading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_for_users_is_a_topic_of_its_own() {
        let summary = include_str!("../../docs/src/SUMMARY.md");
        let files = summary.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
        // How the inside works is for those who have the sources, and this is where the book begins.
        let files = files
            .map(|(file, _)| file)
            .filter(|file| !file.starts_with("architecture/") && *file != "introduction.md");
        let mut topics: Vec<&str> = files
            .map(|file| file.rsplit('/').next().unwrap_or(file).trim_end_matches(".md"))
            .collect();
        topics.sort_unstable();
        let known: Vec<&str> = PAGES.iter().map(|page| page.topic).collect();
        assert_eq!(known, topics);
        assert!(known.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
