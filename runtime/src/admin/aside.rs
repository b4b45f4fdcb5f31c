//! Work that takes its time.

use super::answer::{Answer, error};
use http::StatusCode;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Does one piece of work at a time, beside the control thread, which has others to answer.
#[derive(Debug)]
pub(super) struct Aside(Semaphore);

impl Default for Aside {
    fn default() -> Self {
        Self(Semaphore::new(1))
    }
}

impl Aside {
    pub(super) async fn run<S: Send + Sync + 'static, T: Send + 'static>(
        &self,
        state: &Arc<S>,
        work: impl FnOnce(&S) -> T + Send + 'static,
    ) -> Result<T, Answer> {
        // The semaphore is never closed, and a panic has been reported by then.
        let failed = || error(StatusCode::INTERNAL_SERVER_ERROR, "this could not be done");
        let _alone = self.0.acquire().await.map_err(|_| failed())?;
        let state = Arc::clone(state);
        tokio::task::spawn_blocking(move || work(&state))
            .await
            .map_err(|_| failed())
    }
}
