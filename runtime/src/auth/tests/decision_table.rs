//! Every combination of credential, state, scope, subscription and API setting against a small reference function.

use super::keys::*;
use super::setup::*;
use super::subscriptions::snapshot;
use crate::auth::Outcome;
use crate::refusal::Refusal;
use mgw_bundle::config::*;
use mgw_bundle::snapshot::{KeyType, SnapshotSource, SubscriptionState};
use serde_json::json;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Sent {
    Nothing,
    Empty,
    Good,
    WithoutScope,
    Expired,
    Forged,
    OtherScheme,
    Basic,
    Key,
    ForgedKey,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Accepts {
    Anybody,
    Bearer,
    Key,
    Either,
    Both,
}

/// The rules, written as a human would say them.
fn expected(
    api: ApiState,
    accepts: Accepts,
    scoped: bool,
    subscription: Option<SubscriptionState>,
    sent: Sent,
) -> Result<(), Refusal> {
    if api == ApiState::Blocked {
        return Err(Refusal::Blocked);
    }
    if accepts == Accepts::Anybody {
        return Ok(());
    }
    let subscribed = match subscription {
        Some(SubscriptionState::Unblocked) => Ok(()),
        Some(SubscriptionState::Blocked) => Err(Refusal::Blocked),
        Some(SubscriptionState::OnHold) if api != ApiState::Prototyped => Err(Refusal::SubscriptionInactive),
        None if api != ApiState::Prototyped => Err(Refusal::NotSubscribed),
        _ => Ok(()),
    };
    let bearer = matches!(accepts, Accepts::Bearer | Accepts::Either);
    let key = matches!(accepts, Accepts::Key | Accepts::Either);
    match sent {
        Sent::Nothing | Sent::Empty => Err(Refusal::MissingCredentials),
        Sent::Key if key => Ok(()),
        Sent::ForgedKey if key => Err(Refusal::InvalidCredentials),
        Sent::Key | Sent::ForgedKey => Err(Refusal::MissingCredentials),
        Sent::Basic => Err(Refusal::WrongScheme),
        Sent::OtherScheme if accepts == Accepts::Key => Err(Refusal::WrongScheme),
        Sent::OtherScheme => Err(Refusal::InvalidCredentials),
        _ if accepts == Accepts::Key => Err(Refusal::WrongScheme),
        // Half of what is needed together, whatever it is worth.
        _ if !bearer => Err(Refusal::MissingCredentials),
        Sent::Expired | Sent::Forged => Err(Refusal::InvalidCredentials),
        Sent::Good | Sent::WithoutScope => {
            subscribed?;
            if scoped && sent == Sent::WithoutScope {
                Err(Refusal::MissingScope)
            } else {
                Ok(())
            }
        }
    }
}

#[test]
fn every_combination_equals_the_reference() {
    use Sent::*;
    let bearer = |token: String| vec![("authorization", format!("Bearer {token}"))];
    let key = token(&json!({"iss": ISSUER, "sub": "ana", "token_type": "apiKey"}));
    let forged = |claims| {
        sign_parts(&encode(&json!({"alg": "RS256"})), &encode(claims), |message| {
            rs256(&keys().other_rsa, message)
        })
    };
    let requests = [
        (Nothing, vec![]),
        (Empty, vec![("authorization", String::new())]),
        (Good, bearer(token(&claims()))),
        (WithoutScope, bearer(token(&with(claims(), json!({"scope": "other"}))))),
        (Expired, bearer(token(&with(claims(), json!({"exp": 1}))))),
        (Forged, bearer(forged(&claims()))),
        (OtherScheme, vec![("authorization", "Digest x".to_owned())]),
        (Basic, vec![("authorization", "Basic YTpi".to_owned())]),
        (Key, vec![("apikey", key.clone())]),
        (
            ForgedKey,
            vec![("apikey", forged(&json!({"iss": ISSUER, "sub": "ana"})))],
        ),
    ];
    let in_header = || key_in(ApiKeyLocation::Header, "apikey");
    let settings = [
        (Accepts::Anybody, vec![]),
        (Accepts::Bearer, oauth2()),
        (Accepts::Key, alternatives(&[&[in_header()]])),
        (Accepts::Either, alternatives(&[&[Scheme::Oauth2], &[in_header()]])),
        (Accepts::Both, alternatives(&[&[Scheme::Oauth2, in_header()]])),
    ];
    let mut resources = Vec::new();
    for (_, alternatives) in &settings {
        resources.push(resource(alternatives.clone(), Scopes::default()));
        resources.push(resource(
            alternatives.clone(),
            scopes(ScopeMatch::Any, &["read", "write"]),
        ));
    }
    let mut combinations = 0;
    for state in [
        ApiState::Published,
        ApiState::Prototyped,
        ApiState::Deprecated,
        ApiState::Blocked,
    ] {
        for subscription in [
            None,
            Some(SubscriptionState::Unblocked),
            Some(SubscriptionState::Blocked),
            Some(SubscriptionState::OnHold),
        ] {
            let mut api = api(resources.clone());
            api.state = state;
            let data = snapshot(subscription, KeyType::Production, SnapshotSource::InternalData);
            let mut fixture = fixture("", &gateway(vec![api]), Some(&data));
            for (position, (accepts, _)) in settings.iter().enumerate() {
                for scoped in [false, true] {
                    for (sent, pairs) in &requests {
                        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
                        let index = u32::try_from(position * 2 + usize::from(scoped)).expect("few resources");
                        let wanted = expected(state, *accepts, scoped, subscription, *sent);
                        // Twice: the second answer comes from the caches.
                        for turn in 0..2 {
                            let outcome = fixture.ask(&headers(&pairs), None, index);
                            if let Outcome::Refused(rejection) = &outcome {
                                let status = rejection.refusal.status(false).as_u16();
                                assert!(matches!(status, 401 | 403), "{status}");
                            }
                            let got = settle(outcome).map(|_| ());
                            assert_eq!(
                                got, wanted,
                                "{state:?} {subscription:?} {accepts:?} scoped: {scoped} {sent:?} turn {turn}"
                            );
                        }
                        combinations += 1;
                    }
                }
            }
        }
    }
    assert_eq!(combinations, 4 * 4 * 5 * 2 * 10);
}
