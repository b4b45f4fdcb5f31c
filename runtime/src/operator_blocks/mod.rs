//! Blocks that operators set while the gateway runs, with the moment at which they end. They outlive restarts, and stay apart
//! from those of the bundle and of the control plane.

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod list;
mod request;
mod store;

pub use list::OperatorBlock;
pub(crate) use list::{AddError, BlockList, NewBlock};
pub(crate) use request::new_block;
pub use store::BlockFileError;
pub(crate) use store::{ChangeError, OperatorBlocks};
