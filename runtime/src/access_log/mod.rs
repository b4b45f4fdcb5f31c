//! The access log: request threads hand over plain records, a thread of its own formats and writes them.
//!
//! The queue is bounded. When it is full, lines are dropped and counted; requests never wait for a disk. The writer polls
//! instead of being woken, because waking it would cost every request a system call.

mod line;
mod writer;

pub(crate) use line::{Format, LoggedApi, Record, is_secret_parameter, push_query};
pub use writer::AccessLogError;
pub(crate) use writer::{AccessLog, AccessLogTarget, Writer};
