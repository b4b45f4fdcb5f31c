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

#[cfg(test)]
mod tests {
    use super::super::connection::Offer;
    use super::*;
    use crate::clock::Clock;
    use std::future::pending;
    use std::net::SocketAddr;
    use tokio::sync::oneshot;

    fn connection() -> Arc<Connection> {
        let peer = SocketAddr::from(([127, 0, 0, 1], 1));
        Arc::new(Connection::new(peer, Offer::Apis, Clock::new()))
    }

    /// Runs `answer` as the task of a stream.
    async fn answered(
        tasks: &StreamTasks,
        answer: impl FnOnce(&StreamTasks) -> StreamEnd + Send + 'static,
    ) -> StreamEnd {
        let (sender, ended) = oneshot::channel();
        let own = tasks.clone();
        tasks.execute(async move {
            let _ = sender.send(answer(&own));
        });
        ended.await.expect("the task answers")
    }

    #[tokio::test]
    async fn the_task_of_a_web_socket_ends_with_it() {
        let tasks = StreamTasks(connection());
        let (sender, writes) = oneshot::channel::<()>();
        let end = answered(&tasks, |tasks| {
            let end = tasks.0.stream_end();
            tasks.execute(async move {
                let _sender = sender;
                pending::<()>().await;
            });
            end
        })
        .await;
        drop(end);
        assert!(writes.await.is_err(), "it is gone");
    }

    #[tokio::test]
    async fn a_stream_that_did_not_become_a_web_socket_ends_no_other() {
        let tasks = StreamTasks(connection());
        let end = answered(&tasks, |tasks| tasks.0.stream_end()).await;
        let (sender, other) = oneshot::channel();
        tasks.execute(async move {
            // Begins when the end of the stream before has been dropped.
            let _ = sender.send(());
        });
        drop(end);
        assert!(other.await.is_ok(), "it ran to its end");
    }
}
