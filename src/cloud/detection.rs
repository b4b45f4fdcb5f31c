//! Which generation of control plane is at an address: found out by where it registers clients, and then by which of the
//! publisher APIs it has.
//!
//! Nothing that was issued on the way is revoked: servers issue the same token again for the same user and scopes, so
//! it may be that of another session.

use super::address::Address;
use super::generation::{Family, Generation, families, first_scopes, generation};
use super::http::{Answer, Call, Http};
use super::oauth::{Registration, TokenClient, TokenError, Tokens, register};
use super::sign_in::SignIn;
use super::{CloudError, json};
use crate::project::ControlPlaneKind;
use crate::ui::Ui;
use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// A control plane that a user could sign in to.
#[derive(Debug)]
pub(super) struct Detected {
    /// What it is.
    pub(super) generation: &'static Generation,
    /// Our client.
    pub(super) client: Registration,
    /// Tokens.
    pub(super) tokens: Tokens,
    /// The scopes that the tokens were asked with.
    pub(super) asked: Vec<&'static str>,
    /// How many APIs the user sees; `None` when that is not permitted.
    pub(super) visible_apis: Option<u64>,
    /// The control plane's clock.
    pub(super) server_time: Option<Timestamp>,
    /// Why it may be another one.
    pub(super) doubt: Option<Doubt>,
}

/// Why what was found may be another generation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Doubt {
    /// The reason, as a sentence without a full stop.
    pub(crate) reason: String,
    /// What it may be as well.
    pub(crate) others: Vec<ControlPlaneKind>,
}

impl Doubt {
    /// What it may be as well, and why that is not certain.
    pub(crate) fn sentence(&self) -> String {
        let others: Vec<&str> = self.others.iter().map(|kind| generation(*kind).title).collect();
        format!("may be {}: {}", others.join(" or "), self.reason)
    }
}

/// A publisher API that answers.
#[derive(Debug)]
pub(super) struct Recognised {
    /// Whose it is.
    pub(super) generation: &'static Generation,
    /// The answer.
    pub(super) answer: Answer,
    /// Why it may be another one.
    pub(super) doubt: Option<Doubt>,
}

/// What a publisher API says to the question for its APIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// There is no such API.
    Absent,
    /// There is one, or the server refuses before it looks.
    Refused,
    /// It answers, or fails by itself.
    Present,
}

impl Verdict {
    fn of(status: u16) -> Self {
        match status {
            404 | 405 => Self::Absent,
            401 | 403 => Self::Refused,
            _ => Self::Present,
        }
    }
}

/// Registers, gets tokens and proves that they work.
///
/// # Errors
///
/// [`CloudError::OtherGeneration`] when the user named a generation and it is another one that is known.
pub(super) async fn detect(http: &Http, request: &SignIn, ui: &Ui) -> Result<Detected, CloudError> {
    let likely = families(request.address.is_api_cloud());
    let Some(kind) = request.kind else {
        let titles = likely.iter().flatten().map(|one| one.title.to_owned()).collect();
        return match try_families(http, request, likely, ui).await? {
            Some(found) => Ok(found),
            None => Err(unknown(request, titles)),
        };
    };
    let named = generation(kind);
    if let Some(found) = try_family(http, request, &vec![named], ui).await? {
        return Ok(found);
    }
    let mut others = likely;
    for family in &mut others {
        family.retain(|one| one.kind != kind);
    }
    others.retain(|family| !family.is_empty());
    // Whatever goes wrong with the others, what is to be told is that the named one is not there.
    match try_families(http, request, others, ui).await {
        Ok(Some(found)) => Err(CloudError::OtherGeneration {
            host: request.address.host_and_port(),
            named: named.title,
            found: found.generation.title,
            kind: found.generation.kind,
        }),
        _ => Err(unknown(request, vec![named.title.to_owned()])),
    }
}

fn unknown(request: &SignIn, tried: Vec<String>) -> CloudError {
    CloudError::NotAControlPlane {
        address: request.address.to_string(),
        tried,
    }
}

async fn try_families(
    http: &Http,
    request: &SignIn,
    families: Vec<Family>,
    ui: &Ui,
) -> Result<Option<Detected>, CloudError> {
    for family in &families {
        if let Some(found) = try_family(http, request, family, ui).await? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Tries generations that register clients at the same place; `None` when it is none of them.
async fn try_family(http: &Http, request: &SignIn, family: &Family, ui: &Ui) -> Result<Option<Detected>, CloudError> {
    let Some(first) = family.first() else { return Ok(None) };
    let Some(client) = register_client(http, request, first).await? else {
        return Ok(None);
    };
    ui.detail(format_args!(
        "clients are registered at /{}",
        first.registration.join("/")
    ));
    let asked = first_scopes(family);
    let (client, tokens) = match get_tokens(http, request, first, client, &asked).await {
        Err(error) if matches!(error.status(), Some(404 | 405)) => return Ok(None),
        result => result?,
    };
    let Some(found) = find_publisher(http, &request.address, family, &tokens.access).await? else {
        return Ok(None);
    };
    let Recognised {
        generation,
        answer,
        doubt,
    } = found;
    ui.detail(format_args!(
        "{} is {}: its publisher API is at /{}",
        request.address,
        generation.title,
        generation.publisher.join("/")
    ));
    let server_time = answer.date;
    let visible_apis = visible_apis(answer)?;
    let wanted = generation.wanted_scopes();
    let found = if wanted.iter().all(|scope| asked.contains(scope)) {
        (client, tokens, asked)
    } else {
        let (client, tokens) = get_tokens(http, request, generation, client, &wanted).await?;
        (client, tokens, wanted)
    };
    let (client, tokens, asked) = found;
    Ok(Some(Detected {
        generation,
        client,
        tokens,
        asked,
        visible_apis,
        server_time,
        doubt,
    }))
}

/// Finds the generation with a token that is at hand: by where clients could be registered, then by which publisher API
/// answers. Where registration is not open to the network, the publisher APIs alone decide.
pub(super) async fn recognise(
    http: &Http,
    address: &Address,
    kind: Option<ControlPlaneKind>,
    access: &SecretString,
    ui: &Ui,
) -> Result<Recognised, CloudError> {
    let likely = families(address.is_api_cloud());
    let candidates = match kind {
        Some(kind) => vec![generation(kind)],
        None => match registering(http, address, &likely).await? {
            Some(family) => family,
            None => likely.into_iter().flatten().collect(),
        },
    };
    let found = find_publisher(http, address, &candidates, access).await?;
    let found = found.ok_or_else(|| CloudError::NotAControlPlane {
        address: address.to_string(),
        tried: candidates.iter().map(|one| one.title.to_owned()).collect(),
    })?;
    let generation = found.generation;
    ui.detail(format_args!(
        "{address} is {}: its publisher API is at /{}",
        generation.title,
        generation.publisher.join("/")
    ));
    Ok(found)
}

/// The family that has a place to register clients. It is asked without credentials, so nothing is registered.
async fn registering(http: &Http, address: &Address, families: &[Family]) -> Result<Option<Family>, CloudError> {
    for family in families {
        let Some(first) = family.first() else { continue };
        let path = first.registration.iter().copied();
        let call = Call::post(address.join(path), "application/json", b"{}".to_vec());
        let answer = http.send(&call).await?;
        match answer.status {
            400 | 401 | 403 => return Ok(Some(family.clone())),
            404 | 405 => {}
            // A server that fails, or sends us elsewhere, says nothing about what it is.
            _ => {
                answer.require_success()?;
            }
        }
    }
    Ok(None)
}

async fn register_client(
    http: &Http,
    request: &SignIn,
    generation: &Generation,
) -> Result<Option<Registration>, CloudError> {
    let SignIn {
        address,
        client_name,
        user,
        password,
        ..
    } = request;
    register(http, address, generation, client_name, user, password).await
}

/// The first whose publisher API answers. Where all refuse, the user lacks the role for any, and the likeliest is taken.
async fn find_publisher(
    http: &Http,
    address: &Address,
    family: &Family,
    access: &SecretString,
) -> Result<Option<Recognised>, CloudError> {
    let mut refused = Vec::new();
    for generation in family {
        let path = generation.publisher.iter().copied().chain(["apis"]);
        let call = Call::get(address.join(path)).query("limit", "1").bearer(access);
        let answer = http.send(&call).await?;
        match Verdict::of(answer.status) {
            Verdict::Absent => {}
            Verdict::Refused => refused.push((*generation, answer)),
            Verdict::Present => {
                return Ok(Some(Recognised {
                    generation,
                    answer,
                    doubt: same_place(generation, family),
                }));
            }
        }
    }
    let others: Vec<_> = refused.iter().skip(1).map(|(one, _)| one.kind).collect();
    Ok(refused.into_iter().next().map(|(generation, answer)| Recognised {
        generation,
        answer,
        doubt: (!others.is_empty()).then(|| Doubt {
            reason: "every publisher API refused to answer, also those that the control plane does not have".to_owned(),
            others,
        }),
    }))
}

/// Generations whose publisher APIs are at the same place are told apart by where clients are registered. Where that was
/// not seen, both are among the candidates.
fn same_place(found: &Generation, candidates: &Family) -> Option<Doubt> {
    let others: Vec<_> = candidates
        .iter()
        .filter(|one| one.kind != found.kind && one.publisher == found.publisher)
        .map(|one| one.kind)
        .collect();
    (!others.is_empty()).then(|| Doubt {
        reason: "where clients are registered could not be seen, and its publisher API is at the same place".to_owned(),
        others,
    })
}

/// A user without a publisher role is signed in all the same.
pub(super) fn visible_apis(answer: Answer) -> Result<Option<u64>, CloudError> {
    if Verdict::of(answer.status) == Verdict::Refused {
        return Ok(None);
    }
    let document = answer.require_success()?.json()?;
    let total = json::member(&document, "pagination").and_then(|pagination| json::count(pagination, "total"));
    Ok(Some(
        total.or_else(|| json::count(&document, "count")).unwrap_or_default(),
    ))
}

async fn get_tokens(
    http: &Http,
    request: &SignIn,
    generation: &'static Generation,
    mut client: Registration,
    scopes: &[&str],
) -> Result<(Registration, Tokens), CloudError> {
    let mut may_register_again = true;
    loop {
        let result = TokenClient::new(http, &request.address, generation, &client)
            .password(&request.user, &request.password, scopes)
            .await;
        match result {
            Ok(tokens) => return Ok((client, tokens)),
            Err(TokenError::InvalidClient(_)) if may_register_again => {
                may_register_again = false;
                let again = register_client(http, request, generation).await?;
                client = again.unwrap_or(client);
            }
            Err(TokenError::InvalidGrant(message) | TokenError::InvalidClient(message)) => {
                return Err(CloudError::WrongCredentials {
                    user: request.user.to_string(),
                    message,
                });
            }
            Err(TokenError::Cloud(error)) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests;
