//! Everything that the traffic manager and the control plane have told about limits.

use super::Decisions;
use super::decisions::Decision;
use super::live_blocks::{LiveBlock, LiveBlocks};
use crate::config::ConditionKinds;
use crate::event_hub::{BlockChange, KeyTemplateChange, ThrottleDecision};
use crate::throttle::KeyTemplate;
use arc_swap::ArcSwap;
use secrecy::ExposeSecret;
use std::sync::Arc;

/// Most key templates that are kept: each is one more look-up for every request.
pub(super) const MAX_TEMPLATES: usize = 256;

/// What has been told about limits. Lives as long as the gateway; changed by one task, read by all cores.
#[derive(Debug)]
pub(crate) struct GlobalLimits {
    pub(super) decisions: Decisions,
    pub(super) templates: ArcSwap<Vec<KeyTemplate>>,
    pub(super) blocks: LiveBlocks,
    pub(super) kinds: ConditionKinds,
}

impl GlobalLimits {
    /// `capacity`: decisions that are kept.
    pub(crate) fn new(capacity: usize, kinds: ConditionKinds) -> Self {
        Self {
            decisions: Decisions::new(capacity),
            templates: ArcSwap::default(),
            blocks: LiveBlocks::default(),
            kinds,
        }
    }

    /// Forgets what has expired. To be called about once a minute.
    pub(crate) fn sweep(&self, now_ms: u64) {
        self.decisions.sweep(now_ms);
    }

    /// Applies a decision.
    ///
    /// # Errors
    ///
    /// Why it has no effect, or not all of it.
    pub(super) fn decide(&self, decision: &ThrottleDecision, now_ms: u64) -> Result<(), String> {
        let decision = Decision {
            key: decision.key.expose_secret(),
            until_ms: decision.until_ms,
            conditions: decision.conditions.as_deref(),
        };
        self.decisions
            .apply(decision, now_ms)
            .map_err(|unapplied| unapplied.to_string())
    }

    /// Adds or removes a key template.
    ///
    /// # Errors
    ///
    /// Why it has no effect.
    pub(super) fn change_template(&self, change: &KeyTemplateChange) -> Result<(), String> {
        let mut templates = Vec::clone(&self.templates.load());
        templates.retain(|known| known.as_str() != change.template);
        if change.added {
            let template = KeyTemplate::parse(&change.template).map_err(|error| error.to_string())?;
            if templates.len() >= MAX_TEMPLATES {
                return Err(format!("there are {MAX_TEMPLATES} key templates already"));
            }
            templates.push(template);
        }
        self.templates.store(Arc::new(templates));
        Ok(())
    }

    /// Adds or removes a block.
    ///
    /// # Errors
    ///
    /// Why it has no effect.
    pub(super) fn change_block(&self, change: &BlockChange) -> Result<(), String> {
        match self.blocks.change(change) {
            true => Ok(()),
            false => Err("there is no room for more blocks".to_owned()),
        }
    }

    /// Takes over the list of key templates. Returns how many cannot be used.
    pub(super) fn replace_templates(&self, list: &[String]) -> usize {
        let mut templates = Vec::with_capacity(list.len().min(MAX_TEMPLATES));
        let mut unusable = 0;
        for text in list {
            match KeyTemplate::parse(text) {
                Ok(template) if templates.contains(&template) => {}
                Ok(template) if templates.len() < MAX_TEMPLATES => templates.push(template),
                _ => unusable += 1,
            }
        }
        self.templates.store(Arc::new(templates));
        unusable
    }

    /// Takes over the list of blocks. Returns how many found no room.
    pub(super) fn replace_blocks(&self, list: Vec<LiveBlock>) -> usize {
        self.blocks.replace(list)
    }
}
