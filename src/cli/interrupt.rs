//! Ctrl-C and polite requests to stop.

use std::thread;

use nix::sys::signal::{SigSet, Signal};
use signal_hook::iterator::Signals;

use crate::harness::Cancel;
use crate::harness::sandbox::is_ignored;
use crate::harness::workspace::remove_own_workspaces;

use super::exit::{CliError, Exit};

/// What asks a program to stop, and whether whoever starts it may have it ignored: `nohup` does so with one, a shell
/// with the other for what it starts in the background.
const REQUESTS: [(Signal, bool); 3] = [
    (Signal::SIGTERM, false),
    (Signal::SIGINT, true),
    (Signal::SIGHUP, true),
];

/// From here on signals end the process only as [`follow`] says. Those that come before it wait for it. To be called
/// while there is one thread: whoever started the program may have had them blocked, and later threads do as it does.
pub(super) fn listen() -> Result<Signals, CliError> {
    let mut heard: SigSet = REQUESTS.iter().map(|(signal, _)| *signal).collect();
    for (signal, may_be_ignored) in REQUESTS {
        if may_be_ignored && is_ignored(signal) {
            heard.remove(signal);
        }
    }
    let signals = Signals::new(heard.iter().map(|signal| signal as i32))?;
    heard.thread_unblock().map_err(std::io::Error::from)?;
    Ok(signals)
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
