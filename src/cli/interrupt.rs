//! Ctrl-C and polite requests to stop.

use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::harness::Cancel;
use crate::pipeline::remove_own_workspaces;

use super::exit::{CliError, Exit};

/// From here on signals end the process only as [`follow`] says. Those that come before it wait for it.
pub(super) fn listen() -> Result<Signals, CliError> {
    Ok(Signals::new([SIGINT, SIGTERM, SIGHUP])?)
}

/// Listens to signals and follows them.
pub(super) fn install(cancel: &Cancel) -> Result<(), CliError> {
    follow(listen()?, cancel)
}

/// The first signal sets the flag: running harnesses end, finished work is kept. The second ends the process at once;
/// harnesses die with it, and their workspaces are removed.
pub(super) fn follow(mut signals: Signals, cancel: &Cancel) -> Result<(), CliError> {
    let cancel = cancel.clone();
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            for _ in signals.forever() {
                if cancel.is_cancelled() {
                    remove_own_workspaces();
                    signal_hook::low_level::exit(i32::from(Exit::Interrupted.code()));
                }
                cancel.cancel();
            }
        })?;
    Ok(())
}
