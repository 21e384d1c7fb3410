//! Process 1 of the run's pid namespace. It finishes the private root, starts the harness below
//! itself, answers what the harness must ask, and waits. When it ends, the kernel kills everything
//! else in the namespace; when the keeper ends, the kernel kills it. The harness cannot signal it, read it or trace it: it ignores
//! all signals from inside, is not dumpable and does not appear in `/proc`.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};

use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use rustix::thread::{CapabilitySet, CapabilitySets};
use serde::{Deserialize, Serialize};

use super::cgroup::Seats;
use super::enforced::Facts;
use super::protocol::{self, Failure, Part, Request, Start, hung_up};
use super::world::{Scratch, Source};
use super::{locks, payload, sys, world};

/// What the keeper prepared.
pub(super) struct Prepared<'a> {
    pub(super) request: &'a Request,
    pub(super) sources: &'a [Source],
    pub(super) workspace: &'a OwnedFd,
    pub(super) scratch: &'a Scratch,
    /// Where dfab says what to start.
    pub(super) start: &'a OwnedFd,
    /// A limit on processes would count this run's only.
    pub(super) count_processes: bool,
    /// Root became nobody.
    pub(super) is_nobody: bool,
    /// Whether user namespaces below the run's are forbidden.
    pub(super) nested: Result<(), String>,
}

/// From the init (and, before it is the harness, its child) to the keeper; one JSON line each.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Word {
    /// All is in place and the harness is about to start.
    Ready(Facts),
    /// Something of ours did not work.
    Failed(Failure),
    /// The harness ended, with this status of `wait(2)`.
    Ended { status: i32 },
}

/// The whole life of process 1. `keeper_lives` hangs up when the keeper is gone.
pub(super) fn live(prepared: &Prepared<'_>, report: OwnedFd, keeper_lives: &OwnedFd) -> ! {
    let report = File::from(report);
    let ended = run(prepared, &report, keeper_lives);
    let (word, code) = match ended {
        Ok(status) => (Word::Ended { status }, 0),
        Err(failure) => (Word::Failed(failure), 1),
    };
    say(&report, &word);
    sys::exit_now(code)
}

fn run(prepared: &Prepared<'_>, report: &File, keeper_lives: &OwnedFd) -> Result<i32, Failure> {
    let failed =
        |what: &'static str| move |error: io::Error| Failure::new(Part::Start, what, error);
    set_pdeathsig(Signal::SIGKILL)
        .map_err(|error| failed("tie the init to the keeper")(error.into()))?;
    if hung_up(keeper_lives.as_fd()) {
        sys::exit_now(1);
    }
    let request = prepared.request;
    let proc = world::enter(
        request,
        prepared.sources,
        prepared.workspace.as_fd(),
        prepared.scratch,
    )?;
    let started = protocol::receive::<Start>(prepared.start.as_fd());
    let Some((start, doors)) = started.map_err(failed("learn what"))? else {
        // dfab has changed its mind, or is gone.
        sys::exit_now(1)
    };
    let seats = enter_control_groups(&start, &doors);
    // Begun now it shows `/`; begun before, our group would show below dfab's, by a name that differs from run
    // to run.
    unshare(CloneFlags::CLONE_NEWCGROUP)
        .map_err(|error| Failure::new(Part::Namespaces, "cgroup", error))?;
    let facts = Facts {
        nested: prepared.nested.clone(),
        proc,
        count_processes: prepared.count_processes,
        is_nobody: prepared.is_nobody,
        seats,
        landlock: Err("not tried".to_owned()),
        file_locks: Err("not tried".to_owned()),
    };

    let mut facts = Some(facts);
    let mut listener = None;
    let mut become_harness = || {
        let ready = |facts: Facts| say(report, &Word::Ready(facts));
        // Asked for once.
        let Some(facts) = facts.take() else { return 1 };
        let Err(failure) = payload::become_harness(request, &start, facts, &mut listener, ready);
        say(report, &Word::Failed(failure));
        1
    };
    let harness = sys::spawn_in_place(&mut become_harness).map_err(failed("fork"))?;
    // The streams end when the harness's processes have ended, not when we have; and what is not open cannot be
    // stolen.
    std::mem::forget(doors);
    match &listener {
        Some(listener) => sys::close_all_but([report.as_fd(), listener.as_fd()]),
        None => sys::close_all_but([report.as_fd()]),
    }
    give_up_capabilities()?;
    let ended = match &listener {
        Some(listener) => locks::answer_until_the_end(listener.as_fd(), report.as_fd(), harness),
        None => wait_for(harness),
    };
    ended.map_err(failed("wait for it"))
}

/// Before anything of the harness exists, so that all of it counts. What cannot be entered is left to the
/// keeper's sampling.
fn enter_control_groups(start: &Start, doors: &[OwnedFd]) -> Seats {
    let mut seats = start.seats.clone();
    for (index, door) in doors.iter().enumerate() {
        // To the kernel, process 0 is the one that writes.
        if let Err(error) = rustix::io::write(door, b"0") {
            seats.refused(index, &format!("the run cannot enter its group: {error}"));
        }
    }
    seats
}

/// Reaps whatever ends until the harness itself has. What then lives is killed by our end, and its
/// processor time still counts as ours.
pub(super) fn wait_for(harness: nix::libc::pid_t) -> io::Result<i32> {
    loop {
        let reaped = sys::wait4(-1)?;
        if reaped.pid == harness {
            return Ok(reaped.status);
        }
    }
}

/// Waiting needs none, and what is not there cannot be stolen.
fn give_up_capabilities() -> Result<(), Failure> {
    let none = CapabilitySet::empty();
    let sets = CapabilitySets {
        effective: none,
        permitted: none,
        inheritable: none,
    };
    rustix::thread::set_capabilities(None, sets)
        .map_err(|error| Failure::new(Part::Privileges, "drop the init's capabilities", error))
}

/// Tells the keeper. If it is gone, so are we in a moment.
fn say(mut report: &File, word: &Word) {
    if let Ok(mut line) = serde_json::to_vec(word) {
        line.push(b'\n');
        let _ = report.write_all(&line);
    }
}
