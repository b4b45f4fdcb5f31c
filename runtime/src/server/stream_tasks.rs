//! The tasks of an HTTP/2 connection: one for each stream, and one more where the stream is a WebSocket.
//!
//! That one writes for the WebSocket. It waits for as long as the client makes no room, whether the WebSocket is there
//! still or not, so the WebSocket holds the end of it.

use super::connection::Connection;
use hyper::rt::Executor;
use std::future::Future;
use std::sync::{Arc, OnceLock};
use tokio::task::AbortHandle;

/// Starts the tasks of one connection.
#[derive(Clone)]
pub(super) struct StreamTasks(pub(super) Arc<Connection>);

impl<F> Executor<F> for StreamTasks
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, future: F) {
        let task = tokio::spawn(future);
        if let Some(place) = self.0.awaited_stream() {
            // Nobody else has this place.
            let _ = place.set(task.abort_handle());
        }
    }
}

/// Where the task of a WebSocket's stream will be noted.
pub(super) type TaskPlace = Arc<OnceLock<AbortHandle>>;

/// Resets a WebSocket's stream when dropped, unless it has ended.
#[derive(Debug)]
pub(crate) struct StreamEnd(pub(super) TaskPlace);

impl Drop for StreamEnd {
    fn drop(&mut self) {
        if let Some(task) = self.0.get() {
            task.abort();
        }
    }
}
