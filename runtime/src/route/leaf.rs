//! The resources of one template, by method.

use super::ResourceIndex;
use super::methods::MethodSet;
use mgw_bundle::config::Method;
use std::num::NonZeroU32;

/// The resources of one template by method.
#[derive(Debug, Clone, Default)]
pub(super) struct Leaf {
    /// Positions counted from 1.
    by_method: [Option<NonZeroU32>; Method::ALL.len()],
}

impl Leaf {
    pub(super) fn get(&self, method: Method) -> Option<ResourceIndex> {
        let number = self.by_method.get(method as usize).copied().flatten()?;
        Some(ResourceIndex(number.get() - 1))
    }

    /// Of templates that differ only in the names of their variables, the first serves.
    pub(super) fn set(&mut self, method: Method, resource: ResourceIndex) {
        if let Some(slot) = self.by_method.get_mut(method as usize)
            && slot.is_none()
        {
            *slot = NonZeroU32::new(resource.0.wrapping_add(1));
        }
    }

    /// Has HEAD served by the resource of GET, unless it has one of its own.
    pub(super) fn derive_head(&mut self) {
        if let Some(get) = self.get(Method::Get) {
            self.set(Method::Head, get);
        }
    }

    pub(super) fn methods(&self) -> MethodSet {
        Method::ALL
            .into_iter()
            .filter(|method| self.get(*method).is_some())
            .fold(MethodSet::default(), MethodSet::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_is_get_unless_declared() {
        let mut leaf = Leaf::default();
        leaf.derive_head();
        assert!(leaf.methods().is_empty());
        leaf.set(Method::Get, ResourceIndex(0));
        leaf.set(Method::Get, ResourceIndex(1));
        leaf.derive_head();
        assert_eq!(leaf.get(Method::Head), Some(ResourceIndex(0)));
        let mut leaf = Leaf::default();
        leaf.set(Method::Get, ResourceIndex(0));
        leaf.set(Method::Head, ResourceIndex(7));
        leaf.derive_head();
        assert_eq!(leaf.get(Method::Head), Some(ResourceIndex(7)));
    }
}
