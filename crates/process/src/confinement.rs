//! Limits on what this process may take, set at its start and never raised again.

use std::io;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, setrlimit};

use crate::limits::CONFINED_FILES_MAX;

/// Limits this process to so much memory of its own and so much time of a processor. It cannot write files,
/// leaves no core dump, and may open few files.
///
/// # Errors
/// When the system does not accept a limit.
pub fn confine(memory_bytes: u64, time: Duration) -> io::Result<()> {
    // The system counts whole seconds.
    let seconds = time.as_secs() + 1;
    for (resource, most) in [
        (Resource::Data, memory_bytes),
        (Resource::Cpu, seconds),
        (Resource::Fsize, 0),
        (Resource::Core, 0),
        (Resource::Nofile, CONFINED_FILES_MAX),
    ] {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    Ok(())
}
