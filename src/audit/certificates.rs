//! The certificates that the gateway would use: those of the bundle, and those that its settings name.

use super::Audited;
use super::finding::name;
use crate::project::shown;
use crate::ui::visible;
use crate::whole_file;
use mgw_bundle::config::Api;
use mgw_bundle::{Digest, names};
use mgw_keystore::{CertificateFacts, KeyStore, MAX_BYTES, read_certificates};
use mgw_runtime::config::{BackendJwtSigning, CertificateSource, RuntimeConfig, StoreSettings};
use secrecy::ExposeSecret;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The largest PEM file that is read.
const MAX_PEM: u64 = 4 << 20;

/// What a certificate is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Somebody shows it: the gateway, a client, a backend.
    Shown,
    /// What others show is checked with it.
    Trusted,
    /// It was pulled: `check` tells when it ends.
    Pulled,
}

/// A certificate that the gateway would use.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    /// What it is, for the middle of a sentence.
    pub(super) what: String,
    /// The file that it is in, as messages call it.
    pub(super) file: String,
    /// The API that alone uses it.
    pub(super) api: Option<&'a Api>,
    pub(super) role: Role,
    pub(super) facts: CertificateFacts,
}

/// What is looked at in a file: a store may be named for its keys and for what it trusts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Pem,
    Keys,
    Trusted,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Certificates<'a> {
    pub(super) seen: Vec<Seen<'a>>,
    /// Files that could not be looked into, and why: they may be on another machine.
    pub(super) unread: Vec<String>,
    files: BTreeSet<(PathBuf, Part)>,
}

impl<'a> Certificates<'a> {
    /// Reads all that can be read. Each file is looked into once.
    pub(super) fn of(audited: &Audited<'a>) -> Self {
        let mut certificates = Self::default();
        certificates.pulled(audited);
        certificates.of_listener(audited.settings);
        certificates.of_clients(audited.settings);
        certificates.of_backends(audited.settings);
        certificates.of_tokens(audited.settings);
        certificates.of_services(audited.settings);
        certificates
    }

    fn pulled(&mut self, audited: &Audited<'a>) {
        let config = audited.config;
        for api in &config.apis {
            for client in &api.client_certificates {
                let what = format!("the client certificate `{}` of {}", visible(&client.alias), name(api));
                self.entry(audited, &client.entry, what, Some(api));
            }
        }
        for backend in &config.backend_certificates {
            let what = format!("the certificate `{}` of {}", visible(&backend.alias), backend.backend);
            self.entry(audited, &backend.entry, what, None);
        }
    }

    /// A file of the bundle, which is called by its digest there.
    fn entry(&mut self, audited: &Audited<'a>, entry: &str, what: String, api: Option<&'a Api>) {
        let Some(bytes) = audited.entries.get(entry) else {
            return;
        };
        let digest: Option<Digest> = entry
            .strip_prefix(names::CERTIFICATES)
            .and_then(|name| name.strip_suffix(".pem")?.parse().ok());
        let source = audited.sources.iter().find(|(_, source)| *source == digest);
        let file = match source {
            Some((path, Some(_))) => crate::compile::shown(audited.root, path),
            _ => entry.to_owned(),
        };
        for der in read_certificates(bytes).unwrap_or_default() {
            if let Some(facts) = CertificateFacts::of(&der) {
                self.seen.push(Seen {
                    what: what.clone(),
                    file: file.clone(),
                    api,
                    role: Role::Pulled,
                    facts,
                });
            }
        }
    }

    fn of_listener(&mut self, settings: &RuntimeConfig) {
        let listener = &settings.listener;
        let what = "the certificate of the listener";
        self.pem(listener.certificate_file.as_deref(), what, Role::Shown);
        // A certificate in a file takes the place of the store's.
        if listener.private_key_file.is_none() {
            self.keys(listener.key_store.as_ref(), what);
        }
        for named in &listener.certificates {
            let what = format!("the certificate of the listener for {}", named.hostnames.join(", "));
            self.pem(Some(&named.certificate_file), &what, Role::Shown);
        }
        let clients = settings.mutual_tls.certificates.iter();
        let clients: Vec<&str> = clients.flat_map(|api| &api.aliases).map(String::as_str).collect();
        self.trusted(listener.trust_store.as_ref(), &clients);
    }

    fn of_clients(&mut self, settings: &RuntimeConfig) {
        let mutual = &settings.mutual_tls;
        self.pem(
            mutual.client_ca_file.as_deref(),
            "the authority of clients",
            Role::Trusted,
        );
        for accepted in &mutual.certificates {
            let what = format!("a client certificate of {}:{}", accepted.name, accepted.version);
            for file in &accepted.files {
                self.pem(Some(file), &what, Role::Shown);
            }
        }
    }

    fn of_backends(&mut self, settings: &RuntimeConfig) {
        let clients = &settings.http_clients;
        let what = "the certificate that backends are shown";
        self.pem(clients.certificate_file.as_deref(), what, Role::Shown);
        if clients.private_key_file.is_none() {
            self.keys(clients.key_store.as_ref(), what);
        }
        for certificate in &clients.client_certificates {
            match &certificate.source {
                CertificateSource::Files { certificate, .. } => self.pem(Some(certificate), what, Role::Shown),
                CertificateSource::Store(store) => self.keys(Some(store), what),
            }
        }
        self.pem(clients.ca_file.as_deref(), "the authority of backends", Role::Trusted);
        self.trusted(clients.trust_store.as_ref(), &[]);
    }

    fn of_tokens(&mut self, settings: &RuntimeConfig) {
        for issuer in &settings.issuers {
            let what = format!("the certificate of the issuer {}", visible(&issuer.issuer));
            self.pem(issuer.certificate_file.as_deref(), &what, Role::Trusted);
            let ca_file = issuer.jwks.as_ref().and_then(|jwks| jwks.ca_file.as_deref());
            self.pem(ca_file, "the authority of an issuer's server", Role::Trusted);
        }
        let api_keys = &settings.api_keys;
        let what = "the certificate of API keys";
        self.pem(api_keys.certificate_file.as_deref(), what, Role::Trusted);
        let issuer = &api_keys.own_issuer;
        if issuer.enabled && issuer.private_key_file.is_none() {
            self.keys(issuer.key_store.as_ref(), what);
        }
        let for_backends = &settings.backend_jwt;
        if for_backends.enabled && for_backends.signing != BackendJwtSigning::Unsigned {
            let file = for_backends.certificate_file.as_deref();
            self.pem(file, "the certificate of the token for backends", Role::Shown);
        }
    }

    /// Authorities of what else the gateway speaks to.
    fn of_services(&mut self, settings: &RuntimeConfig) {
        let subscriptions = settings.subscription_data.as_ref();
        let global = settings.global_throttling.as_ref();
        let events = settings.event_publishing.as_ref();
        let (revocation, quotas) = (&settings.revocation, settings.shared_quotas.as_ref());
        let upload = settings.usage.as_ref().and_then(|usage| usage.upload.as_ref());
        let status = settings.gateway_status.as_ref();
        let services = [
            (settings.key_manager.ca_file.as_ref(), "the key manager"),
            (settings.event_hub_ca_file.as_ref(), "the control plane"),
            (
                subscriptions.and_then(|data| data.ca_file.as_ref()),
                "the control plane",
            ),
            (
                global.and_then(|global| global.ca_file.as_ref()),
                "the brokers of the traffic manager",
            ),
            (
                global.and_then(|global| global.lists.ca_file.as_ref()),
                "the traffic manager",
            ),
            (
                events.and_then(|events| events.ca_file.as_ref()),
                "the receivers of events",
            ),
            (
                revocation.realtime.as_ref().and_then(|hub| hub.ca_file.as_ref()),
                "the brokers of revoked tokens",
            ),
            (
                revocation.persistent.as_ref().and_then(|list| list.ca_file.as_ref()),
                "the server of revoked tokens",
            ),
            (
                revocation.redis.as_ref().and_then(|stream| stream.ca_file.as_ref()),
                "the Redis of revoked tokens",
            ),
            (
                quotas.and_then(|quotas| quotas.ca_file.as_ref()),
                "the store of shared limits",
            ),
            (
                upload.and_then(|upload| upload.ca_file.as_ref()),
                "the server of usage records",
            ),
            (
                status.and_then(|status| status.ca_file.as_ref()),
                "the server of gateway status",
            ),
            (settings.discovery.etcd.ca_file.as_ref(), "etcd"),
        ];
        for (file, service) in services {
            let what = format!("the authority of {service}");
            self.pem(file.map(PathBuf::as_path), &what, Role::Trusted);
        }
    }

    fn pem(&mut self, path: Option<&Path>, what: &str, role: Role) {
        let Some(path) = path.filter(|path| self.is_new(path, Part::Pem)) else {
            return;
        };
        let certificates = whole_file::read_public(path, MAX_PEM)
            .map_err(|error| error.to_string())
            .and_then(|bytes| read_certificates(&bytes).map_err(|error| error.to_string()));
        match certificates {
            Ok(certificates) => {
                for der in certificates {
                    self.add(&der, path, what.to_owned(), role);
                }
            }
            Err(problem) => self.unread.push(format!("{}: {problem}", shown(path))),
        }
    }

    /// The keys of a store, with the certificates that are shown with them.
    fn keys(&mut self, settings: Option<&StoreSettings>, what: &str) {
        let Some((path, store)) = self.store(settings, Part::Keys) else {
            return;
        };
        for der in store.key(None).iter().flat_map(|key| &key.chain) {
            self.add(der, path, what.to_owned(), Role::Shown);
        }
    }

    /// What a store has that is trusted; some of it, by alias, are certificates that clients show.
    fn trusted(&mut self, settings: Option<&StoreSettings>, clients: &[&str]) {
        let Some((path, store)) = self.store(settings, Part::Trusted) else {
            return;
        };
        for certificate in store.certificates() {
            let alias = certificate.alias.as_deref();
            let is_client = alias.is_some_and(|alias| clients.iter().any(|client| client.eq_ignore_ascii_case(alias)));
            let (what, role) = match alias {
                Some(alias) if is_client => (format!("the client certificate `{}`", visible(alias)), Role::Shown),
                Some(alias) => (format!("the trusted certificate `{}`", visible(alias)), Role::Trusted),
                None => ("a trusted certificate".to_owned(), Role::Trusted),
            };
            self.add(&certificate.der, path, what, role);
        }
    }

    fn store<'s>(&mut self, settings: Option<&'s StoreSettings>, part: Part) -> Option<(&'s Path, KeyStore)> {
        let settings = settings.filter(|settings| self.is_new(&settings.path, part))?;
        let path = settings.path.as_path();
        let store = whole_file::read(path, MAX_BYTES as u64)
            .map_err(|error| error.to_string())
            .and_then(|bytes| {
                KeyStore::read(&bytes, settings.password.expose_secret()).map_err(|error| error.to_string())
            });
        match store {
            Ok(store) => Some((path, store)),
            Err(problem) => {
                self.unread.push(format!("{}: {problem}", shown(path)));
                None
            }
        }
    }

    fn add(&mut self, der: &[u8], path: &Path, what: String, role: Role) {
        if let Some(facts) = CertificateFacts::of(der) {
            self.seen.push(Seen {
                what,
                file: shown(path),
                api: None,
                role,
                facts,
            });
        }
    }

    fn is_new(&mut self, path: &Path, part: Part) -> bool {
        self.files.insert((path.to_owned(), part))
    }
}
