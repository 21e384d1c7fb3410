//! A keeper started ahead of its run, while dfab works out what that run is.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use super::THIS_PROGRAM;
use super::handle::Keeper;

/// What the next run needs, on its way.
#[derive(Debug)]
pub struct Prepared {
    keeper: Receiver<Option<Keeper>>,
    held: Held,
}

/// Keeps a thread alive: a keeper dies with the thread that started it.
#[derive(Debug)]
pub(super) struct Held(#[expect(dead_code, reason = "its end is what counts")] SyncSender<()>);

/// Starts what a run needs ahead of it, for [`Sandbox::with`](super::Sandbox::with). Returns at once: starting
/// a program holds up the thread that does it until the program is loaded.
pub fn prepare() -> Prepared {
    let (give, keeper) = sync_channel(1);
    let (hold, held) = sync_channel(0);
    thread::spawn(move || {
        // A run that finds nothing prepared prepares itself, and says what is wrong.
        let _ = give.send(Keeper::start(Path::new(THIS_PROGRAM)).ok());
        let _ = held.recv();
    });
    Prepared {
        keeper,
        held: Held(hold),
    }
}

impl Prepared {
    /// The keeper, if one could be started. It lives for as long as the second value does.
    pub(super) fn take(self) -> Option<(Keeper, Held)> {
        let keeper = self.keeper.recv().ok().flatten()?;
        Some((keeper, self.held))
    }
}
