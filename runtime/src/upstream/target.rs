//! One backend of an endpoint: at a fixed place, or where discovery says it is now.

use super::place::Place;
use super::places::Places;
use arc_swap::ArcSwap;
use std::ops::Deref;
use std::sync::Arc;

/// One backend of an endpoint.
#[derive(Debug)]
pub(crate) struct Target(At);

#[derive(Debug)]
enum At {
    Fixed(Place),
    Found(Arc<Found>),
}

/// Where a backend is now, and what keeps that up to date.
#[derive(Debug)]
pub(crate) struct Found {
    places: Arc<ArcSwap<Places>>,
    /// Looking ends with the last target that needs it.
    _looking: Looking,
}

/// A task that looks for changes; ends when dropped.
#[derive(Debug)]
pub(crate) struct Looking(tokio::task::AbortHandle);

impl From<tokio::task::AbortHandle> for Looking {
    fn from(task: tokio::task::AbortHandle) -> Self {
        Self(task)
    }
}

impl Drop for Looking {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Found {
    pub(crate) fn new(places: Arc<ArcSwap<Places>>, looking: Looking) -> Self {
        Self {
            places,
            _looking: looking,
        }
    }
}

impl Target {
    /// Returns the target that stays where it is.
    pub(crate) fn fixed(place: Place) -> Self {
        Self(At::Fixed(place))
    }

    /// Returns the target that is where discovery says.
    pub(crate) fn found(found: Arc<Found>) -> Self {
        Self(At::Found(found))
    }

    /// Whether discovery says where it is.
    pub(super) fn is_found(&self) -> bool {
        matches!(self.0, At::Found(_))
    }

    /// Whether another place may be reached where one cannot.
    pub(super) fn is_in_several_places(&self) -> bool {
        match &self.0 {
            At::Fixed(_) => false,
            At::Found(found) => found.places.load().are_several(),
        }
    }

    /// Whether requests are likely to be sent to it by HTTP/2, as far as its first place tells.
    pub(super) fn expects_http2(&self) -> bool {
        match &self.0 {
            At::Fixed(place) => place.origin.expects_http2(),
            At::Found(found) => found
                .places
                .load()
                .first()
                .is_some_and(|place| place.origin.expects_http2()),
        }
    }

    /// Returns where the next request goes; `None` never happens with places that were found.
    pub(super) fn place(&self) -> Option<Chosen<'_>> {
        match &self.0 {
            At::Fixed(place) => Some(Chosen::Fixed(place)),
            At::Found(found) => found.places.load().next().cloned().map(Chosen::Found),
        }
    }
}

/// Where one request goes, whatever discovery says meanwhile.
#[derive(Debug)]
pub(super) enum Chosen<'t> {
    Fixed(&'t Place),
    Found(Arc<Place>),
}

impl Deref for Chosen<'_> {
    type Target = Place;

    fn deref(&self) -> &Place {
        match self {
            Self::Fixed(place) => place,
            Self::Found(place) => place,
        }
    }
}
