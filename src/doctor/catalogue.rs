//! Every check there is.

use super::{Finding, Sight, checks};

/// A check.
#[derive(Debug)]
pub(crate) struct Check {
    /// Names it on the command line, and in JSON. Never changes.
    pub(crate) id: &'static str,
    /// What it is about, for people.
    pub(crate) subject: &'static str,
    /// What it looks at, in one line.
    pub(crate) about: &'static str,
    pub(super) look: fn(&Sight) -> Vec<Finding>,
}

macro_rules! checks {
    ($($id:literal, $subject:literal, $look:path: $about:literal;)*) => {
        /// Every check, in the order in which they are told.
        pub(crate) static CHECKS: &[Check] = &[
            $(Check { id: $id, subject: $subject, about: $about, look: $look },)*
        ];
    };
}

checks! {
    "version", "version", checks::version::look:
        "this version of mgw reads the formats of the project's files and bundle";
    "user-folder", "user folder", checks::user_folder::look:
        "the folder of sessions and keys exists or can be made, and others cannot write to it";
    "private-files", "private files", checks::private_files::look:
        "sessions and private keys can be read by their owner alone";
    "session", "session", checks::session::look:
        "somebody is signed in, at the project's control plane, for a while yet";
    "credentials", "credentials", checks::credentials::look:
        "variables that sign in do not contradict each other";
    "variables", "variables", checks::variables::look:
        "no variable that begins with MGW_ or WSO2_CLOUD_ is misspelt";
    "overrides", "overrides", checks::overrides::look:
        "variables that override settings of the gateway, or the project's control plane";
    "proxies", "proxies", checks::proxies::look:
        "variables that name proxies agree, and are proxies";
    "control-plane-name", "control plane", checks::control_plane::look_up:
        "the control plane's name has addresses";
    "control-plane-connection", "control plane", checks::control_plane::connect:
        "the control plane takes connections";
    "control-plane-certificate", "control plane", checks::control_plane::certificate:
        "whose certificate the control plane shows, and until when it is valid";
    "control-plane-answer", "control plane", checks::control_plane::answer:
        "the control plane is trusted and answers";
    "clock", "clock", checks::clock::look:
        "the clock here agrees with that of the control plane";
    "time-zone", "time zone", checks::time_zone::look:
        "the time zone that is set is known";
    "event-hub", "event hub", checks::event_hub::look:
        "the brokers of the control plane take connections";
    "shared-store", "shared store", checks::shared_store::look:
        "the Redis of shared quotas, and that of revoked tokens, take connections";
    "project", "project", checks::project::look:
        "the project compiles";
    "lock", "lock", checks::lock::look:
        "pulled files and selection are those of mgw.lock";
    "leftovers", "leftovers", checks::leftovers::look:
        "no pull or build was interrupted";
    "bundle", "bundle", checks::bundle::look:
        "the bundle is whole, and what would be built now";
    "signature", "signature", checks::signature::look:
        "the bundle is signed by a key that is trusted, where one is demanded";
    "settings", "settings", checks::settings::look:
        "the gateway's settings are in order, and where they come from";
    "start", "start", checks::start::look:
        "a gateway can start with the project and the settings: secrets, keys, certificates and stores are there, and go together";
    "ports", "ports", checks::ports::look:
        "the ports of the listeners are free, and whose they are otherwise";
    "certificates", "certificates", checks::certificates::look:
        "until when the certificates of listeners, backends and clients are valid";
    "issuers", "issuers", checks::issuers::look:
        "somebody's tokens are trusted where operations ask for one";
    "data-folder", "data folder", checks::data_folder::look:
        "the gateway can write to its data folder";
    "disk-space", "disk space", checks::disk_space::look:
        "there is room for bundles, state and usage records";
    "usage-spool", "usage spool", checks::usage_spool::look:
        "usage records do not pile up";
    "descriptors", "descriptors", checks::descriptors::look:
        "the limit of open files allows for the connections of the settings";
    "memory", "memory", checks::memory::look:
        "the limit of memory leaves room for a gateway";
    "processors", "processors", checks::processors::look:
        "threads of the settings and processors of the machine or container agree";
    "listen-queue", "listen queue", checks::kernel::listen_queue:
        "the kernel's queue of new connections is long enough";
    "ephemeral-ports", "local ports", checks::kernel::ephemeral_ports:
        "there are local ports for connections to backends, and no listener is among them";
    "ipv6", "IPv6", checks::ipv6::look:
        "IPv6 is there where the settings listen on it";
    "backends", "backends", checks::backends::look:
        "backends have addresses and take connections (with --backends)";
    "gateway", "gateway", checks::gateway::look:
        "a gateway that runs here is ready, and serves what is here";
    "completions", "completions", checks::completions::look:
        "the shell completes mgw command lines";
}

/// The check with an id.
pub(crate) fn named(id: &str) -> Option<&'static Check> {
    CHECKS.iter().find(|check| check.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_plain_and_name_one_check_each() {
        for (number, check) in CHECKS.iter().enumerate() {
            assert!(
                check
                    .id
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            );
            assert!(
                CHECKS[..number].iter().all(|other| other.id != check.id),
                "{}",
                check.id
            );
            assert!(!check.about.ends_with('.'), "{}", check.id);
        }
        assert!(CHECKS.len() >= 25, "{}", CHECKS.len());
        assert!(named("ports").is_some() && named("port").is_none());
    }

    #[test]
    fn the_page_lists_every_check_as_it_is() {
        let page = include_str!("../../docs/src/how-to/doctor.md");
        for Check { id, about, .. } in CHECKS {
            assert!(page.contains(&format!("| `{id}` | {about} |")), "| `{id}` | {about} |");
        }
    }
}
