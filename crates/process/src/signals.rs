//! The signals that ask this process to end: SIGINT (Ctrl-C) and SIGTERM.

use std::io;

/// Resolves on the first such signal after this call.
///
/// Listening begins now, not when the future is first polled, and from now on these signals no
/// longer end the process by themselves.
///
/// # Errors
///
/// The operating system installs no signal handler.
pub fn first() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    nth(1)
}

/// Resolves on the second such signal after this call: the user does not want to wait for the drain.
///
/// # Errors
///
/// The operating system installs no signal handler.
pub fn second() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    nth(2)
}

#[cfg(unix)]
fn nth(count: usize) -> io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        for _ in 0..count {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        }
    })
}

#[cfg(windows)]
fn nth(count: usize) -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        for _ in 0..count {
            interrupt.recv().await;
        }
    })
}

#[cfg(all(test, unix))]
mod tests {
    use std::process::Command;
    use std::time::Duration;

    use super::*;

    #[track_caller]
    fn signal_ourselves(name: &str) {
        let pid = std::process::id().to_string();
        let status = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(status.expect("every unix has kill").success());
    }

    /// One test, since signals belong to the whole process and tests share one.
    #[tokio::test]
    async fn the_first_signal_wakes_the_first_and_only_another_the_second() {
        let (first, second) = (first().unwrap(), second().unwrap());
        let mut second = std::pin::pin!(second);
        signal_ourselves("TERM");
        first.await;
        let soon = tokio::time::timeout(Duration::from_millis(100), &mut second).await;
        assert!(soon.is_err(), "one signal woke the second listener");
        signal_ourselves("INT");
        second.await;
    }
}
