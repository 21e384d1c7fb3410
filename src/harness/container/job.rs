//! Ids of jobs, which say who started a container, so that leftovers can be told from work.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::errno::Errno;
use nix::sys::signal::kill;
use sha2::{Digest, Sha256};

/// What our ids begin with; the ids of other programs are left alone.
const PREFIX: &str = "dfab";
/// Stands for a machine that does not say which it is. Nobody on it is ever known to be dead.
const UNKNOWN_MACHINE: &str = "unknown";
/// Bytes of the hash that stands for a machine.
const MACHINE_BYTES: usize = 6;

/// A process that starts containers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owner {
    /// Boot and process namespace: in another one, process numbers mean other processes.
    machine: String,
    process: u32,
    /// Clock ticks from boot to the process's start: numbers are used again, this pair is not.
    started: u64,
}

impl Owner {
    /// This process.
    pub(crate) fn this() -> Owner {
        let process = std::process::id();
        Owner {
            machine: machine(),
            process,
            started: stat_of(process)
                .and_then(|stat| started(&stat))
                .unwrap_or(0),
        }
    }

    /// The owner in the id of a job, if it is one of ours.
    pub(crate) fn of_job(id: &str) -> Option<Owner> {
        let mut parts = id.split('-');
        if parts.next() != Some(PREFIX) {
            return None;
        }
        let machine = parts.next()?.to_owned();
        let process = parts.next()?.parse().ok()?;
        let started = parts.next()?.parse().ok()?;
        let _number: u64 = parts.next()?.parse().ok()?;
        parts.next().is_none().then_some(Owner {
            machine,
            process,
            started,
        })
    }

    /// Whether this owner is known to be dead. One on another machine, or in another container, may
    /// well be alive, and so may one of another user whose `/proc` is hidden from us.
    pub(crate) fn is_dead(&self) -> bool {
        if self.machine == UNKNOWN_MACHINE || self.machine != machine() {
            return false;
        }
        match stat_of(self.process) {
            Some(stat) => started(&stat) != Some(self.started),
            None => {
                let pid = i32::try_from(self.process).map(nix::unistd::Pid::from_raw);
                pid.is_ok_and(|pid| kill(pid, None) == Err(Errno::ESRCH))
            }
        }
    }
}

/// One run in a container.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    /// Value of the label, and what a broker knows the job by.
    pub(crate) id: String,
    /// The container's name.
    pub(crate) name: String,
    /// Marks the words of the shell line among what the harness prints. It is no secret: a harness
    /// that repeats it gains nothing (see [`super::report`]), it only must not occur by accident.
    pub(crate) mark: String,
}

impl Job {
    /// A job of its own for every call.
    pub(crate) fn new(slug: &str) -> Job {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let Owner {
            machine,
            process,
            started,
        } = Owner::this();
        let id = format!("{PREFIX}-{machine}-{process}-{started}-{number}");
        let mark = uuid::Uuid::now_v7().simple().to_string();
        // The end of this kind of id is random, its beginning a clock.
        let random = &mark[mark.len() - 8..];
        Job {
            name: format!("{slug}-{id}-{random}"),
            id,
            mark,
        }
    }
}

/// Boot and process namespace, or that they are unknown.
fn machine() -> String {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id");
    let namespace = fs::read_link("/proc/self/ns/pid");
    let (Ok(boot), Ok(namespace)) = (boot, namespace) else {
        return UNKNOWN_MACHINE.to_owned();
    };
    let mut hash = Sha256::new();
    hash.update(boot.trim());
    hash.update(namespace.as_os_str().as_encoded_bytes());
    hash.finalize()
        .iter()
        .take(MACHINE_BYTES)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn stat_of(process: u32) -> Option<String> {
    fs::read_to_string(format!("/proc/{process}/stat")).ok()
}

/// When a living process was started. A zombie counts as dead.
fn started(stat: &str) -> Option<u64> {
    // The second field is the program's name and may hold anything; the last bracket ends it.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?;
    // Field 22 of all, 19 after the state.
    let started = fields.nth(18)?.parse().ok()?;
    (state != "Z").then_some(started)
}
