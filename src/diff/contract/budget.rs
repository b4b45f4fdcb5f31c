//! How much is compared: definitions come from elsewhere, and their references can make few lines into many.

/// What may still be done to compare two definitions. Nothing is reckoned in time, so that the answer is always the same.
#[derive(Debug)]
pub(super) struct Budget {
    left: usize,
    is_exceeded: bool,
}

impl Budget {
    /// Steps for one API: schemas, properties, kinds of bodies and values that are looked at. The largest definition that
    /// is read, and is written without tricks, needs less.
    const MOST_STEPS: usize = 10_000_000;

    pub(super) fn new() -> Self {
        Self {
            left: Self::MOST_STEPS,
            is_exceeded: false,
        }
    }

    #[cfg(test)]
    pub(super) fn of(steps: usize) -> Self {
        Self {
            left: steps,
            is_exceeded: false,
        }
    }

    /// Takes steps; `false` when there are not so many.
    pub(super) fn take(&mut self, steps: usize) -> bool {
        let enough = self.left >= steps;
        self.left = self.left.saturating_sub(steps);
        self.is_exceeded |= !enough;
        enough
    }

    /// Whether something was left out.
    pub(super) fn is_exceeded(&self) -> bool {
        self.is_exceeded
    }
}
