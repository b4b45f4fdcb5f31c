//! Sets of methods and the `Allow` header of each.

use http::HeaderValue;
use mgw_bundle::config::Method;
use std::sync::OnceLock;

/// A set of the methods that the gateway routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct MethodSet(u8);

impl MethodSet {
    pub(crate) fn insert(&mut self, method: Method) {
        self.0 |= 1 << method as u8;
    }

    pub(crate) fn with(mut self, method: Method) -> Self {
        self.insert(method);
        self
    }

    pub(crate) fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn contains(self, method: Method) -> bool {
        self.0 & 1 << method as u8 != 0
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The value of `Allow`: the methods in the order of [`Method::ALL`], separated by `, `.
    pub(crate) fn allow(self) -> HeaderValue {
        static VALUES: OnceLock<Vec<HeaderValue>> = OnceLock::new();
        let values = VALUES.get_or_init(|| (0..1 << Method::ALL.len()).map(|bits| Self(bits).render()).collect());
        values
            .get(usize::from(self.0))
            .cloned()
            .unwrap_or_else(|| HeaderValue::from_static(""))
    }

    fn render(self) -> HeaderValue {
        let names: Vec<&str> = Method::ALL
            .into_iter()
            .filter(|method| self.contains(*method))
            .map(Method::as_str)
            .collect();
        HeaderValue::try_from(names.join(", ")).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

/// Returns the bundle's method for a request method; `None` for those that no resource can declare.
pub(crate) fn routed(method: &http::Method) -> Option<Method> {
    Some(match *method {
        http::Method::GET => Method::Get,
        http::Method::PUT => Method::Put,
        http::Method::POST => Method::Post,
        http::Method::DELETE => Method::Delete,
        http::Method::HEAD => Method::Head,
        http::Method::OPTIONS => Method::Options,
        http::Method::PATCH => Method::Patch,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allow_lists_in_a_fixed_order() {
        let set = MethodSet::default().with(Method::Post).with(Method::Get);
        assert_eq!(set.allow(), "GET, POST");
        assert_eq!(
            set.union(MethodSet::default().with(Method::Options)).allow(),
            "GET, POST, OPTIONS"
        );
        assert!(MethodSet::default().is_empty());
    }
}
