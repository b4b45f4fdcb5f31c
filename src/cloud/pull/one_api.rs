//! One API: what is read of it, and the file it becomes.

use super::former::basis;
use super::{FormerDefinitions, Notice, PullError, Selection, definition, document, endpoints, security};
use crate::cloud::CloudError;
use crate::cloud::control_plane::{
    ApiDetails, ApiKind, ApiSummary, Certificates, ControlPlane, Definition, LifeCycle, UploadedCertificate,
};
use crate::lock::{LockedApi, Transaction};
use crate::project::backend_of;
use mgw_bundle::Digest;
use serde_json::Value;
use std::collections::BTreeSet;

/// What became of an API that may be meant. Its file is staged already; nothing large is kept.
#[derive(Debug)]
pub(super) struct ReadApi {
    /// Name.
    pub(super) name: String,
    /// Version.
    pub(super) version: String,
    /// Gateway labels.
    pub(super) labels: Vec<String>,
    /// Tags.
    pub(super) tags: Vec<String>,
    /// State.
    pub(super) state: LifeCycle,
    /// What became of it.
    pub(super) fate: Fate,
}

/// What became of an API.
#[derive(Debug)]
pub(super) enum Fate {
    /// The selection does not mean it.
    NotMeant,
    /// It is in no state in which it is served.
    NotServed,
    /// It is not of a kind that this gateway serves.
    OtherKind(String),
    /// Others serve it; who, as a fragment.
    Elsewhere(String),
    /// It is staged.
    Pulled(Box<PulledApi>),
}

/// An API that was pulled.
#[derive(Debug)]
pub(crate) struct PulledApi {
    /// Its entry in the lock.
    pub(crate) locked: LockedApi,
    /// Its `https` backends, each `https://HOST:PORT`.
    pub(crate) backends: BTreeSet<String>,
    /// Client certificates, where the API asks for such.
    pub(crate) client_certificates: Vec<UploadedCertificate>,
    /// Whether some of these are not shown.
    pub(crate) hides_certificates: bool,
    /// Sentences about it.
    pub(crate) notices: Vec<String>,
}

/// Reads an API; checks again what the control plane's filter let through, by what the details say.
pub(super) async fn read(
    plane: &impl ControlPlane,
    selection: &Selection,
    former: &FormerDefinitions,
    transaction: &Transaction,
    listed: &ApiSummary,
) -> Result<ReadApi, PullError> {
    let details = plane.api(listed).await?;
    let fate = if !selection.means(&details) {
        Fate::NotMeant
    } else if !details.state.is_served() {
        Fate::NotServed
    } else if let ApiKind::Other(kind) = &details.kind {
        Fate::OtherKind(kind.clone())
    } else if let ApiKind::Elsewhere(whose) = &details.kind {
        Fate::Elsewhere(whose.clone())
    } else {
        let mut file = current_file(plane, former, &details).await?;
        let certificates = client_certificates(plane, &details).await?;
        let hidden = certificates.hidden.iter().map(|why| {
            let name = named(&details.name, &details.version);
            format!(
                "{name}: client certificates are not pulled, the API accepts those of the gateway's settings: {why}"
            )
        });
        file.api.notices.extend(hidden);
        file.api.hides_certificates = !certificates.hidden.is_empty();
        file.api.client_certificates = certificates.certificates;
        transaction.write(&file.api.locked.path, &file.bytes)?;
        Fate::Pulled(Box::new(file.api))
    };
    Ok(ReadApi {
        name: details.name,
        version: details.version,
        labels: details.labels,
        tags: details.tags,
        state: details.state,
        fate,
    })
}

/// The file of an API as it is now: that of the pull before, where the control plane says that nothing has changed.
async fn current_file(
    plane: &impl ControlPlane,
    former: &FormerDefinitions,
    api: &ApiDetails,
) -> Result<DefinitionFile, PullError> {
    let basis = basis(api)?;
    let known = former.of(api, basis);
    let etag = known.as_ref().map(|known| known.etag.as_str());
    let (mut file, etag) = match (plane.definition(api, etag).await?, known) {
        (Definition::Document { document, etag }, _) => (definition_file(document, api)?, etag),
        (Definition::Unchanged, Some(known)) => {
            let locked = locked(api, known.path, Digest::of(&known.bytes));
            let file = DefinitionFile {
                api: pulled(api, locked, Vec::new()),
                bytes: known.bytes,
            };
            (file, Some(known.etag))
        }
        // Adapters say so of what they are told is known.
        (Definition::Unchanged, None) => return Err(PullError::UnknownDefinition(named(&api.name, &api.version))),
    };
    // What there is to say of a definition is said at each pull, so it is read at each pull.
    if etag.is_some() && file.api.notices.is_empty() {
        file.api.locked.etag = etag;
        file.api.locked.basis = Some(basis);
    }
    Ok(file)
}

/// The client certificates of an API, none where it asks for none. Without them an API is as safe as with them: it
/// accepts nobody.
async fn client_certificates(plane: &impl ControlPlane, api: &ApiDetails) -> Result<Certificates, CloudError> {
    if security::asks_for_certificates(&api.security) {
        plane.client_certificates(api).await
    } else {
        Ok(Certificates::default())
    }
}

/// A definition file.
#[derive(Debug)]
pub(super) struct DefinitionFile {
    /// The API, without certificates.
    pub(super) api: PulledApi,
    /// The contents of the file.
    pub(super) bytes: Vec<u8>,
}

/// Works out the file of an API. The same answers of the control plane give the same bytes.
pub(super) fn definition_file(definition: Value, api: &ApiDetails) -> Result<DefinitionFile, serde_json::Error> {
    let enriched = definition::enrich(definition, api);
    let bytes = document(&enriched.document)?;
    let [swagger, open_api] = file_names(&api.name, &api.version);
    let is_swagger = enriched.document.get("swagger").is_some();
    let path = if is_swagger { swagger } else { open_api };
    let locked = locked(api, path, Digest::of(&bytes));
    Ok(DefinitionFile {
        api: pulled(api, locked, enriched.notices),
        bytes,
    })
}

/// The API with its entry in the lock; the notices are without its name.
fn pulled(api: &ApiDetails, locked: LockedApi, notices: Vec<Notice>) -> PulledApi {
    let name = named(&api.name, &api.version);
    PulledApi {
        locked,
        backends: endpoints::map(&api.endpoint_config, &api.endpoint_security)
            .urls()
            .iter()
            .filter_map(|url| backend_of(url))
            .collect(),
        client_certificates: Vec::new(),
        hides_certificates: false,
        notices: notices
            .iter()
            .map(|notice| format!("{name}: {}", notice.text))
            .collect(),
    }
}

/// The entry of an API in the lock.
fn locked(api: &ApiDetails, path: String, sha256: Digest) -> LockedApi {
    LockedApi {
        name: api.name.clone(),
        version: api.version.clone(),
        id: api.id.clone(),
        provider: api.provider.clone(),
        state: api.state.name(),
        last_updated: api.last_updated.clone(),
        etag: None,
        basis: None,
        revision: api.revision.as_ref().and_then(|revision| revision.number),
        revision_id: api.revision.as_ref().map(|revision| revision.id.clone()),
        path,
        sha256,
    }
}

/// Name and version as sentences have them.
pub(super) fn named(name: &str, version: &str) -> String {
    format!("{name} {version}")
}

/// The path that the file of an API has below the project: as Swagger 2.0, else as OpenAPI. Named as micro-gw names them,
/// so that tools which look for a file find it. JSON in both cases: it is what the control plane sends, and nothing in it
/// changes its meaning on the way.
pub(super) fn file_names(name: &str, version: &str) -> [String; 2] {
    let gateway_id = mgw_bundle::api_id(name, version);
    ["swagger", "openAPI"].map(|suffix| format!("gen/api_definitions/{gateway_id}{suffix}.json"))
}
