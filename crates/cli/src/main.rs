//! The program `ktel`.

use std::process::ExitCode;

/// What a receiver takes in one thread and stores in another is what the system's allocator is slow
/// at, and that of static programs far more so.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ktel_cli::main(std::env::args_os())
}
