//! The `dfab` program: a door to the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Processes of a sandbox begin here. They need a program that has only one thread, so before anything else.
    let prepared = dfab::harness::sandbox::begin(dfab::cli::starts_a_harness);
    dfab::cli::main(std::env::args_os(), prepared)
}
