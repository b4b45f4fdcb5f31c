//! What a look-up brings.

use crate::upstream::{MAX_PLACES, Place, Places, Weighted};
use std::sync::Arc;

/// Makes a place of a URL, or says why the URL cannot be used.
pub(crate) type PlaceMaker = Arc<dyn Fn(&str, Identity) -> Result<Place, &'static str> + Send + Sync>;

/// Whom a backend is asked for, and has to prove that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Identity {
    /// The host of the URL where it is: an operator wrote that.
    Itself,
    /// The host of the default URL: what was found only says where to connect.
    Default,
}

/// A URL where the backend is, and how much it is to be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) url: String,
    pub(super) identity: Identity,
    /// See [`Weighted::priority`].
    pub(super) priority: u16,
    /// See [`Weighted::weight`].
    pub(super) weight: u16,
}

impl Candidate {
    /// Returns one of several that are used alike, each under its own name.
    pub(super) fn equal(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            identity: Identity::Itself,
            priority: 0,
            weight: 1,
        }
    }
}

/// Makes places of all candidates. One that cannot be used makes all unusable: part of a list is not what anybody wrote.
pub(super) fn places(candidates: &[Candidate], maker: &PlaceMaker) -> Result<Places, &'static str> {
    if candidates.len() > MAX_PLACES {
        return Err("names too many URLs");
    }
    let weighted = candidates.iter().map(|candidate| {
        Ok(Weighted {
            place: Arc::new(maker(&candidate.url, candidate.identity)?),
            priority: candidate.priority,
            weight: candidate.weight,
        })
    });
    Places::new(weighted.collect::<Result<_, &'static str>>()?).ok_or("names no URL")
}
