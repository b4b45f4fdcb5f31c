//! Reading many things, a few at a time.

use super::PullError;
use crate::cloud::CloudError;
use futures_util::{StreamExt, stream};

/// APIs that are read at the same time.
const CONCURRENT_READS: usize = 4;

/// Reads something for each item, a few at a time and in order, and tells `done` how many are read. What concerns one
/// item is collected; an error of the session, the connection or the project ends everything at once.
pub(super) async fn each<T, U>(
    items: &[T],
    read: impl AsyncFn(&T) -> Result<U, PullError>,
    name: impl Fn(&T) -> String,
    done: impl Fn(usize),
) -> Result<Vec<U>, PullError> {
    let mut results = stream::iter(items).map(|item| read(item)).buffered(CONCURRENT_READS);
    let mut read_ones = Vec::new();
    let mut failed = Vec::new();
    done(0);
    for (index, item) in items.iter().enumerate() {
        match results.next().await {
            Some(Ok(value)) => read_ones.push(value),
            Some(Err(PullError::Cloud(error @ (CloudError::Status { .. } | CloudError::Answer { .. })))) => {
                failed.push((name(item), error));
            }
            Some(Err(error)) => return Err(error),
            None => break,
        }
        done(index + 1);
    }
    if failed.is_empty() {
        Ok(read_ones)
    } else {
        Err(PullError::Apis {
            total: items.len(),
            failed,
        })
    }
}
