//! Planning: so much at a time as there are cores. Somebody waits for it, so its threads do not step back as those
//! that speak do.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
};

use tokio::sync::oneshot;

use super::RenderError;

/// Work that waits for a thread. Planning takes milliseconds, a hundred thousand characters some hundred.
const MOST_WAITING: usize = 64;

type Work = Box<dyn FnOnce() + Send>;

/// The threads that plan; they end when this is dropped.
pub(super) struct Planners {
    work: SyncSender<Work>,
}

impl Planners {
    /// A thread for each core.
    pub(super) fn start() -> Self {
        Self::with(thread::available_parallelism().map_or(1, usize::from))
    }

    fn with(threads: usize) -> Self {
        let (work, queue) = sync_channel(MOST_WAITING);
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..threads {
            let queue = queue.clone();
            let planner = thread::Builder::new().name("langdu-plan".to_owned()).spawn(move || plan(&queue));
            if let Err(why) = planner {
                tracing::error!(%why, "no thread for planning");
            }
        }
        Self { work }
    }

    /// What `work` gives, on one of the threads. Work that nobody waits for any more is not begun.
    ///
    /// # Errors
    /// [`RenderError::Overloaded`] when too much waits, [`RenderError::Internal`] when it panicked.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, RenderError> {
        let (done, result) = oneshot::channel();
        let work = Box::new(move || {
            if !done.is_closed() {
                // Who went away meanwhile does not hear of it.
                let _ = done.send(work());
            }
        });
        self.work.try_send(work).map_err(|refused| match refused {
            TrySendError::Full(_) => RenderError::Overloaded,
            TrySendError::Disconnected(_) => RenderError::Internal,
        })?;
        result.await.map_err(|_| RenderError::Internal)
    }
}

fn plan(queue: &Mutex<Receiver<Work>>) {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(work) = next else { return };
        // A text that makes the front end panic costs its own answer and nothing else.
        let _ = catch_unwind(AssertUnwindSafe(work));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use std::sync::mpsc::{Sender, channel};

    use futures::future::join_all;

    use super::*;

    #[tokio::test]
    async fn work_is_done_once_and_a_panic_costs_only_its_own_answer() {
        let planners = Planners::with(1);
        assert_eq!(planners.run(|| 7).await, Ok(7));
        let panicked: Result<(), _> = planners.run(|| panic!("a text that nobody thought of")).await;
        assert_eq!(panicked, Err(RenderError::Internal));
        assert_eq!(planners.run(|| 8).await, Ok(8));
    }

    /// Work that says when it is begun and ends when it is told to.
    fn held_work() -> (impl FnOnce() + Send + 'static, Receiver<()>, Sender<()>) {
        let (begun, has_begun) = channel();
        let (go, may_go) = channel::<()>();
        let work = move || {
            begun.send(()).unwrap();
            may_go.recv().unwrap();
        };
        (work, has_begun, go)
    }

    #[tokio::test]
    async fn too_much_at_once_is_sent_away_and_the_rest_is_done() {
        let planners = Planners::with(1);
        let (work, has_begun, go) = held_work();
        let first = planners.run(work);
        let others = async {
            tokio::task::spawn_blocking(move || has_begun.recv().unwrap()).await.unwrap();
            let all = (0..MOST_WAITING + 3).map(|n| planners.run(move || n));
            let (answers, ()) = futures::join!(join_all(all), async { go.send(()).unwrap() });
            answers
        };
        let (first, answers) = futures::join!(first, others);
        assert_eq!(first, Ok(()));
        let refused = answers.iter().filter(|answer| **answer == Err(RenderError::Overloaded)).count();
        assert_eq!(refused, 3);
        assert_eq!(answers.iter().flatten().count(), MOST_WAITING);
    }

    #[tokio::test]
    async fn work_that_nobody_waits_for_is_not_begun() {
        let planners = Planners::with(1);
        let (work, has_begun, go) = held_work();
        let first = planners.run(work);
        let (second_begun, has_second_begun) = channel();
        let others = async {
            tokio::task::spawn_blocking(move || has_begun.recv().unwrap()).await.unwrap();
            let second = planners.run(move || second_begun.send(()).unwrap());
            let left = tokio::time::timeout(std::time::Duration::from_millis(1), second).await;
            assert!(left.is_err());
            go.send(()).unwrap();
            planners.run(|| ()).await
        };
        let (first, third) = futures::join!(first, others);
        assert_eq!((first, third), (Ok(()), Ok(())));
        assert!(has_second_begun.try_recv().is_err());
    }
}
