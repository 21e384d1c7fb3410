//! The `dfab` program: a door to the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Started again by ourselves as the first process of a sandbox: single-threaded, so before anything else.
    dfab::harness::sandbox::maybe_init();
    dfab::cli::main(std::env::args_os())
}
