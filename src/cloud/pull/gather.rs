//! Asking the control plane for everything behind a selection.

use super::one_api::{self, PulledApi, named};
use super::reading::each;
use super::sight::{FailedRead, Sight};
use super::{FormerDefinitions, PullError, Selection, listing, sorting};
use crate::cloud::CloudError;
use crate::cloud::control_plane::{
    ApiSummary, Certificates, ControlPlane, GatewayData, PolicyDocuments, StoreData, UploadedCertificate,
};
use crate::lock::Transaction;
use crate::ui::Progress;
use secrecy::SecretString;
use serde_json::Value;
use std::collections::BTreeSet;

/// The signed-in user's password, which opens the data for gateways.
#[derive(Debug)]
pub(crate) struct GatewayPassword {
    secret: SecretString,
    /// Whether the block list is asked for by it, where the user may not see the administrator's.
    opens_blocks: bool,
}

impl GatewayPassword {
    /// For everything.
    pub(crate) fn new(secret: SecretString) -> Self {
        Self {
            secret,
            opens_blocks: true,
        }
    }

    /// Unless the block list was `refused` to it already.
    pub(crate) fn unless_blocks_are(self, refused: bool) -> Self {
        Self {
            opens_blocks: !refused,
            ..self
        }
    }
}

/// Everything behind a selection. The definitions are staged already.
#[derive(Debug)]
pub(crate) struct Gathered {
    /// The APIs, sorted by name and version.
    pub(crate) apis: Vec<PulledApi>,
    /// Policies.
    pub(crate) policies: PolicyDocuments,
    /// Certificates of the APIs' backends.
    pub(crate) backend_certificates: Vec<UploadedCertificate>,
    /// Applications, keys and subscriptions.
    pub(crate) subscribers: Subscribers,
    /// What the control plane did not show.
    pub(crate) sight: Sight,
    /// What was left out, as whole sentences.
    pub(crate) notices: Vec<String>,
    /// Whether an API of the selection was left out.
    pub(crate) is_partial: bool,
}

/// Where applications, keys and subscriptions came from.
#[derive(Debug)]
pub(crate) enum Subscribers {
    /// The data for gateways.
    Gateway(GatewayData),
    /// Publisher and store.
    Store(StoreData),
}

/// Asks for everything. Definitions are staged as they arrive, so that no more than a few are in memory; those of
/// `former` are not sent again. `password` opens the data for gateways, where there is such a thing.
pub(crate) async fn gather(
    plane: &impl ControlPlane,
    selection: &Selection,
    password: Option<&GatewayPassword>,
    former: &FormerDefinitions,
    transaction: &Transaction,
    progress: &Progress,
) -> Result<Gathered, PullError> {
    let mut notices = Vec::new();
    let listing::Listed {
        apis: listed,
        is_partial,
    } = listing::list(plane, selection, &mut notices).await?;
    let read = each(
        &listed,
        async |api: &ApiSummary| one_api::read(plane, selection, former, transaction, api).await,
        |api| named(&api.name, &api.version),
        |done| progress.count("Reading APIs", done, listed.len()),
    )
    .await?;
    drop(listed);
    let sorted = sorting::sort(selection, read)?;
    notices.extend(sorted.notices);
    progress.update("Reading certificates");
    let mut sight = Sight::default();
    let backends = backend_certificates(plane, &sorted.apis).await?;
    sight.hides_certificates = !backends.hidden.is_empty() || sorted.apis.iter().any(|api| api.hides_certificates);
    let hidden = backends.hidden.iter();
    notices.extend(hidden.map(|why| format!("certificates of backends are not pulled: {why}")));
    progress.update("Reading throttling policies");
    let mut policies = plane.policies().await?;
    progress.update("Reading applications and subscriptions");
    let total = sorted.apis.len();
    let told = |done| {
        if done == total {
            progress.update("Reading applications");
        } else {
            progress.count("Reading subscriptions of APIs", done, total);
        }
    };
    let subscribers = subscribers(
        plane,
        &sorted.apis,
        password.map(|password| &password.secret),
        &told,
        &mut sight,
        &mut notices,
    )
    .await?;
    if policies.blocks.is_none()
        && let Some(password) =
            password.filter(|password| password.opens_blocks && sight.refuses_password != Some(true))
    {
        policies.blocks = gateway_blocks(plane, &password.secret, &mut sight, &mut notices).await?;
    }
    sight.look(&policies, &subscribers);
    Ok(Gathered {
        apis: sorted.apis,
        policies,
        backend_certificates: backends.certificates,
        subscribers,
        sight,
        notices,
        is_partial: is_partial || sorted.is_partial,
    })
}

/// The certificates of the backends of all APIs.
async fn backend_certificates(plane: &impl ControlPlane, apis: &[PulledApi]) -> Result<Certificates, PullError> {
    let backends: BTreeSet<String> = apis.iter().flat_map(|api| api.backends.iter().cloned()).collect();
    if backends.is_empty() {
        return Ok(Certificates::default());
    }
    Ok(plane.backend_certificates(&backends).await?)
}

/// The block list for whoever may not see the administrator's: it is told to gateways too.
async fn gateway_blocks(
    plane: &impl ControlPlane,
    password: &SecretString,
    sight: &mut Sight,
    notices: &mut Vec<String>,
) -> Result<Option<Vec<Value>>, PullError> {
    match plane.gateway_blocks(password).await {
        Ok(blocks) => {
            sight.refuses_blocks = blocks.is_some().then_some(false);
            Ok(blocks)
        }
        // The session is good all the same, and so is what was blocked before.
        Err(error @ (CloudError::WrongCredentials { .. } | CloudError::Status { status: 403, .. })) => {
            sight.refuses_blocks = Some(true);
            notices.push(format!("the block list for gateways cannot be read either: {error}"));
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

async fn subscribers(
    plane: &impl ControlPlane,
    apis: &[PulledApi],
    password: Option<&SecretString>,
    done: &(dyn Fn(usize) + Sync),
    sight: &mut Sight,
    notices: &mut Vec<String>,
) -> Result<Subscribers, PullError> {
    if let Some(password) = password {
        match plane.gateway_data(password).await {
            Ok(Some(data)) => {
                sight.refuses_password = Some(false);
                return Ok(Subscribers::Gateway(data));
            }
            Ok(None) => {}
            // The session is good all the same; publisher and store say what they can.
            Err(
                error @ (CloudError::WrongCredentials { .. }
                | CloudError::Status { .. }
                | CloudError::Answer { .. }
                | CloudError::Redirected { .. }),
            ) => {
                sight.refuses_password = matches!(error, CloudError::WrongCredentials { .. }).then_some(true);
                sight.failed_data = FailedRead::of(&error);
                notices.push(format!(
                    "the data for gateways cannot be read, publisher and store are asked instead: {error}"
                ));
            }
            Err(error) => return Err(error.into()),
        }
    }
    let ids: Vec<String> = apis.iter().map(|api| api.locked.id.clone()).collect();
    Ok(Subscribers::Store(plane.store_data(&ids, done).await?))
}
