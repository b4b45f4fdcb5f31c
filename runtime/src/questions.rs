//! Questions that are asked once, however many wait for the answer.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Different questions that are open at the same time.
const MAX_OPEN: usize = 4096;

/// A digest of everything that the answer depends on.
pub(crate) type QuestionKey = [u8; 32];

/// What tells one question from another: everything that the answer depends on.
pub(crate) trait Key: Clone + Eq + Hash + Send + Sync + 'static {}

impl<K: Clone + Eq + Hash + Send + Sync + 'static> Key for K {}

/// The open questions of one kind.
#[derive(Debug)]
pub(crate) struct Questions<A, K = QuestionKey> {
    open: Mutex<Open<A, K>>,
    control: tokio::runtime::Handle,
}

type Open<A, K> = HashMap<K, watch::Receiver<Option<A>>>;

impl<A: Clone + Send + Sync + 'static, K: Key> Questions<A, K> {
    pub(crate) fn new(control: &tokio::runtime::Handle) -> Arc<Self> {
        Arc::new(Self {
            open: Mutex::default(),
            control: control.clone(),
        })
    }

    /// Returns the answer. Those who ask the same share one `question`, which goes on when one of them leaves. `None`:
    /// too many are open.
    pub(crate) async fn ask<F>(self: &Arc<Self>, key: K, question: impl FnOnce() -> F) -> Option<A>
    where
        F: Future<Output = A> + Send + 'static,
    {
        let mut receiver = {
            let mut open = self.lock();
            match open.get(&key) {
                Some(receiver) => receiver.clone(),
                None if open.len() >= MAX_OPEN => return None,
                None => {
                    let (sender, receiver) = watch::channel(None);
                    open.insert(key.clone(), receiver.clone());
                    let entry = Entry {
                        questions: Arc::clone(self),
                        key,
                    };
                    let question = question();
                    self.control.spawn(async move {
                        let _entry = entry;
                        let _ = sender.send(Some(question.await));
                    });
                    receiver
                }
            }
        };
        receiver.wait_for(Option::is_some).await.ok()?.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Open<A, K>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An open question; it is closed however its task ends.
struct Entry<A: Clone + Send + Sync + 'static, K: Key> {
    questions: Arc<Questions<A, K>>,
    key: K,
}

impl<A: Clone + Send + Sync + 'static, K: Key> Drop for Entry<A, K> {
    fn drop(&mut self) {
        self.questions.lock().remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::sync::Semaphore;

    #[test]
    fn the_same_question_is_asked_once_at_a_time() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        let questions = Questions::new(runtime.handle());
        let (asked, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
        let ask = |key: u8| {
            let (asked, gate, questions) = (Arc::clone(&asked), Arc::clone(&gate), Arc::clone(&questions));
            async move {
                let question = || async move {
                    asked.fetch_add(1, Ordering::Relaxed);
                    gate.acquire().await.expect("the gate stays").forget();
                    key
                };
                questions.ask([key; 32], question).await
            }
        };
        runtime.block_on(async {
            let all = futures_util::future::join_all([ask(1), ask(2), ask(1), ask(1)]);
            let opened = async { gate.add_permits(2) };
            let (answers, ()) = futures_util::future::join(all, opened).await;
            assert_eq!(answers, [Some(1), Some(2), Some(1), Some(1)]);
            assert_eq!(asked.load(Ordering::Relaxed), 2);
            gate.add_permits(1);
            assert_eq!(ask(1).await, Some(1));
            assert_eq!(asked.load(Ordering::Relaxed), 3);
        });
    }

    #[test]
    fn a_question_whose_task_fails_can_be_asked_again() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        let questions: Arc<Questions<u8>> = Questions::new(runtime.handle());
        runtime.block_on(async {
            let failing = questions.ask([0; 32], || async { panic!("a defect, on purpose") });
            assert_eq!(failing.await, None);
            assert_eq!(questions.ask([0; 32], || async { 7 }).await, Some(7));
        });
    }

    #[test]
    fn too_many_different_questions_are_turned_away() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        let questions: Arc<Questions<u8>> = Questions::new(runtime.handle());
        let (_sender, receiver) = watch::channel(None);
        for number in 0..MAX_OPEN {
            let mut key = [0; 32];
            key[..8].copy_from_slice(&number.to_le_bytes());
            questions.lock().insert(key, receiver.clone());
        }
        let refused = runtime.block_on(questions.ask([255; 32], || async { 1 }));
        assert_eq!(refused, None);
    }
}
