//! Ctrl-C and polite requests to stop.

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

use crate::harness::Cancel;

use super::exit::{CliError, Exit};

/// The first signal sets the flag: running harnesses end, finished work is kept. The second ends the process.
pub(super) fn install(cancel: &Cancel) -> Result<(), CliError> {
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // Order matters: the shutdown looks at the flag before the next line sets it.
        flag::register_conditional_shutdown(
            signal,
            i32::from(Exit::Interrupted.code()),
            cancel.flag(),
        )?;
        flag::register(signal, cancel.flag())?;
    }
    Ok(())
}
