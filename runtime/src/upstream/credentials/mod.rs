//! Credentials that the gateway adds for backends.

mod challenge;
mod digest;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod token;
mod token_answer;

pub(crate) use digest::DigestAccount;
pub(crate) use token::{Client as TokenClient, TokenError, TokenSource, TokenSources};

use super::place::Place;
use digest::Answered;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use std::sync::Arc;
use token::Token;

/// How an endpoint's backends are shown who the gateway is.
#[derive(Debug, Clone)]
pub(crate) enum Credentials {
    /// The same header with every request: Basic, or a key.
    Header(HeaderName, HeaderValue),
    /// A key in the query.
    Query(QueryKey),
    /// Proofs of a password.
    Digest(Arc<DigestAccount>),
    /// A token that is fetched.
    Token(Arc<TokenSource>),
}

/// A key in the query. Its value is shown to nobody.
#[derive(Clone)]
pub(crate) struct QueryKey {
    name: String,
    /// Name and value as they are sent.
    pair: String,
}

impl std::fmt::Debug for QueryKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("QueryKey")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl QueryKey {
    pub(crate) fn new(name: &str, value: &str) -> Self {
        let pair = url::form_urlencoded::Serializer::new(String::new())
            .append_pair(name, value)
            .finish();
        Self {
            name: name.to_owned(),
            pair,
        }
    }

    /// Returns the query with the key, and without what a client sent under its name.
    fn add(&self, query: Option<&str>) -> String {
        let is_named = |pair: &&str| {
            let read = url::form_urlencoded::parse(pair.as_bytes()).next();
            read.is_some_and(|(name, _)| name == self.name)
        };
        let parts = query.unwrap_or_default().split('&');
        let kept = parts.filter(|pair| !pair.is_empty() && !is_named(pair));
        let mut all: Vec<&str> = kept.collect();
        all.push(&self.pair);
        all.join("&")
    }
}

impl Credentials {
    /// Removes what a client may have sent in the place of credentials, and adds those that are the same with every
    /// request. Nothing of the client's own credentials reaches a backend beside the gateway's.
    pub(crate) fn prepare(&self, headers: &mut HeaderMap) {
        headers.remove(AUTHORIZATION);
        remove_look_alikes(headers, self.header());
        if let Self::Header(name, value) = self {
            headers.insert(name.clone(), value.clone());
        }
    }

    /// What they are, in a word.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Header(name, _) if name == AUTHORIZATION => "basic",
            Self::Header(..) | Self::Query(_) => "api-key",
            Self::Digest(_) => "digest",
            Self::Token(_) => "oauth2",
        }
    }

    /// The query parameter that carries them.
    pub(crate) fn parameter(&self) -> Option<&str> {
        match self {
            Self::Query(key) => Some(&key.name),
            _ => None,
        }
    }

    /// The header that carries them, where it is another than `Authorization`.
    pub(crate) fn header(&self) -> Option<&HeaderName> {
        match self {
            Self::Header(name, _) if name != AUTHORIZATION => Some(name),
            _ => None,
        }
    }

    /// Returns the query as the backend sees it, where they change it.
    pub(crate) fn query(&self, query: Option<&str>) -> Option<String> {
        match self {
            Self::Query(key) => Some(key.add(query)),
            _ => None,
        }
    }

    /// Returns the value of `Authorization` for a request, where it is not the same for all, and what it was made from.
    ///
    /// # Errors
    ///
    /// There is no token to be had.
    pub(super) async fn show(
        &self,
        method: &Method,
        uri: &Uri,
        place: &Place,
    ) -> Result<(Option<HeaderValue>, Shown), TokenError> {
        match self {
            Self::Header(..) | Self::Query(_) => Ok((None, Shown::Nothing)),
            Self::Digest(account) => {
                let target = uri.path_and_query().map_or("/", |target| target.as_str());
                let answer = account.answer(place.origin.id, method, target);
                Ok(answer.map_or((None, Shown::Nothing), |(value, answered)| {
                    (Some(value), Shown::Answer(answered))
                }))
            }
            Self::Token(source) => {
                let token = source.token().await?;
                Ok((Some(token.header.clone()), Shown::Token(token)))
            }
        }
    }

    /// Takes note that a backend refused what it was shown. Returns whether the request may be sent again, with others.
    pub(super) fn refused(&self, shown: &Shown, place: &Place, headers: &HeaderMap) -> bool {
        match (self, shown) {
            (Self::Digest(account), Shown::Answer(answered)) => {
                account.refused(place.origin.id, Some(answered), headers)
            }
            (Self::Digest(account), _) => account.refused(place.origin.id, None, headers),
            (Self::Token(source), Shown::Token(token)) => source.refused(token),
            _ => false,
        }
    }

    /// Whether a backend may ask for other credentials, so that a request may have to be sent again.
    pub(crate) fn may_be_refused(&self) -> bool {
        matches!(self, Self::Digest(_) | Self::Token(_))
    }

    /// Whether they answer to challenges, which backends make and withdraw as they like.
    pub(super) fn answer_challenges(&self) -> bool {
        matches!(self, Self::Digest(_))
    }

    /// Whether they have to answer to a challenge that is not known.
    pub(super) fn lack_challenge(&self, place: &Place) -> bool {
        match self {
            Self::Digest(account) => !account.knows(place.origin.id),
            _ => false,
        }
    }
}

/// What a backend was shown.
#[derive(Debug)]
pub(super) enum Shown {
    Nothing,
    Answer(Answered),
    Token(Arc<Token>),
}

/// Removes headers that an application server may take for the one that carries a key: to CGI, WSGI and PHP, a hyphen and
/// an underscore are the same.
fn remove_look_alikes(headers: &mut HeaderMap, key: Option<&HeaderName>) {
    let is_like = |name: &HeaderName, protected: &HeaderName| {
        let (name, protected) = (name.as_str().bytes(), protected.as_str().bytes());
        let hyphenated = |byte: u8| if byte == b'_' { b'-' } else { byte };
        name.map(hyphenated).eq(protected.map(hyphenated))
    };
    while let Some(name) = headers
        .keys()
        .find(|name| key.is_some_and(|key| is_like(name, key)))
        .cloned()
    {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_takes_the_place_of_the_clients() {
        let key = QueryKey::new("api key", "a&b=ä");
        let pair = "api+key=a%26b%3D%C3%A4";
        for (query, expected) in [
            (None, pair.to_owned()),
            (Some(""), pair.to_owned()),
            (Some("x=%20&y"), format!("x=%20&y&{pair}")),
            (Some("api%20key=theirs&x=1&api+key=theirs"), format!("x=1&{pair}")),
        ] {
            assert_eq!(key.add(query), expected, "{query:?}");
        }
        assert!(!format!("{key:?}").contains("a%26b"));
    }

    #[test]
    fn the_clients_own_credentials_go() {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer theirs"));
        let name = HeaderName::from_static("x-key");
        headers.insert("x_key", HeaderValue::from_static("theirs"));
        headers.insert("x-keys", HeaderValue::from_static("kept"));
        Credentials::Header(name.clone(), HeaderValue::from_static("ours")).prepare(&mut headers);
        assert_eq!(headers.get(AUTHORIZATION), None);
        assert_eq!(headers.get(name).map(HeaderValue::as_bytes), Some(&b"ours"[..]));
        assert_eq!(headers.len(), 2, "{headers:?}");
    }
}
