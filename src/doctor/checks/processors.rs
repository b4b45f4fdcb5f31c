//! Processors, and the threads that are to use them.

use crate::doctor::{Finding, Sight};
use crate::ui::count::Counted;

pub(in crate::doctor) fn look(sight: &Sight) -> Vec<Finding> {
    let threads = sight.settings().map_or(0, |config| config.listener.worker_threads);
    vec![match std::thread::available_parallelism() {
        // Quotas of a container count.
        Ok(processors) => decide(processors.get(), threads),
        Err(error) => Finding::skipped(format!("it cannot be told here: {error}")),
    }]
}

/// `threads`: 0 stands for one a processor.
fn decide(processors: usize, threads: usize) -> Finding {
    let text = Counted(processors, "processor", "processors").to_string();
    match threads {
        0 => Finding::ok(format!("{text}, with a thread each")),
        threads if threads > processors => Finding::warning(
            format!("{text} for {threads} threads, which get in each other's way"),
            "Leave listenerConfig.workerThreads out, or raise the container's limit of processors.",
        ),
        threads => Finding::ok(format!("{text}, {threads} of them used")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn more_threads_than_processors_are_told() {
        assert_eq!(decide(2, 0).verdict, Verdict::Ok);
        assert_eq!(decide(2, 2).verdict, Verdict::Ok);
        assert_eq!(decide(2, 3).verdict, Verdict::Warning);
    }
}
