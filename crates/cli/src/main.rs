//! The program `ktel`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ktel_cli::main(std::env::args_os())
}
