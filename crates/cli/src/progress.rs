//! Shows the progress of a run on a terminal, if the run takes longer than a second.

use std::time::Duration;

use ktel::workflow::Progress;
use tokio::sync::watch;
use tokio::time::{Instant, interval};

use crate::printer::Printer;

/// A shorter run shows nothing.
const PATIENCE: Duration = Duration::from_secs(1);
/// Often enough for a person.
const TICK: Duration = Duration::from_millis(200);

/// Waits for `run`, and shows its progress.
pub(crate) async fn watch<T>(
    run: impl Future<Output = T>,
    progress: watch::Receiver<Progress>,
    printer: &mut Printer,
) -> T {
    if !printer.is_watched() {
        return run.await;
    }
    let started = Instant::now();
    let mut ticks = interval(TICK);
    let mut drawn = false;
    tokio::pin!(run);
    let result = loop {
        tokio::select! {
            result = &mut run => break result,
            _ = ticks.tick() => if started.elapsed() > PATIENCE {
                printer.progress(&line(*progress.borrow()));
                drawn = true;
            },
        }
    };
    if drawn {
        printer.progress("");
    }
    result
}

fn line(progress: Progress) -> String {
    let Progress { done, running, failed, total } = progress;
    let failed = match failed {
        0 => String::new(),
        failed => format!(", {failed} failed"),
    };
    format!("{done} of {total} jobs done, {running} running{failed}")
}
