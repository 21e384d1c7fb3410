//! Control groups: exact limits and figures for the whole group, where the machine grants them.
//!
//! dfab itself makes one group per run beside its own and hands the init a descriptor through which it
//! enters, before anything of the harness exists; dfab removes the group afterwards. Where a controller
//! cannot be had (no permission, no delegation, not there) the run goes on with the keeper's sampling,
//! and the report says why.

mod places;

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::protocol::Limits;
use crate::files::{Hold, read_generated_text};
pub(super) use places::Hierarchies;
use places::Place;

/// How the means that control groups are begins.
pub(super) const NAME: &str = "control group";
/// First part of the name of every group of ours.
const PREFIX: &str = "dfab-";
/// The init is a process of the group too.
const OWN_PROCESSES: u64 = 1;
/// A group of dead processes may need a moment before it can be removed.
const REMOVAL_TRIES: u32 = 50;
const REMOVAL_PAUSE: Duration = Duration::from_millis(2);
/// More than others with our number can have taken.
const NAMES_TO_TRY: u32 = 10_000;

/// The two interfaces of the kernel; a machine may have both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Version {
    V1,
    V2,
}

impl Version {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
        }
    }

    /// The file through which a process enters a group by writing `0`. On version 1 this is the one of
    /// single threads: the other takes a lock that every fork and exit on the machine waits for, and
    /// waits some ten milliseconds for it.
    fn door(self) -> &'static str {
        match self {
            Self::V1 => "tasks",
            Self::V2 => "cgroup.procs",
        }
    }
}

/// What control groups do for a run: which version limits memory and processes and measures processor
/// time, or why none does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seats {
    pub(super) memory: Result<Seat, String>,
    pub(super) pids: Result<Seat, String>,
    pub(super) cpu: Option<Seat>,
}

/// One controller's group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seat {
    pub(super) version: Version,
    /// Which of the doors handed over leads to it.
    door: usize,
}

impl Seats {
    /// Notes that a door could not be passed.
    pub(super) fn refused(&mut self, door: usize, why: &str) {
        for seat in [&mut self.memory, &mut self.pids] {
            if seat.as_ref().is_ok_and(|seat| seat.door == door) {
                *seat = Err(why.to_owned());
            }
        }
        self.cpu.take_if(|seat| seat.door == door);
    }
}

/// The groups of one run. Dropping it removes them.
#[derive(Debug)]
pub(super) struct Group {
    folders: Vec<PathBuf>,
    /// Until they are removed, so that nobody else does it.
    holds: Vec<Hold>,
    seats: Seats,
    /// What was counted before the folders were removed.
    counted: Option<Counted>,
}

/// What the kernel counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counted {
    /// Whether it killed for memory.
    pub(super) killed_for_memory: bool,
    pub(super) peak_bytes: Option<u64>,
    pub(super) cpu_micros: Option<u64>,
}

impl Group {
    /// Makes the groups of one run; also returns the doors into them.
    pub(super) fn create(hierarchies: &Hierarchies, limits: &Limits) -> (Self, Vec<OwnedFd>) {
        let mut making = Making::default();
        let memory = hierarchies.memory.clone().and_then(|place| {
            let seat = making.seat(&place)?;
            set_memory(making.folder(seat), place.version, limits.memory_bytes)?;
            Ok(seat)
        });
        let pids = hierarchies.pids.clone().and_then(|place| {
            let seat = making.seat(&place)?;
            let most = limits.pids.saturating_add(OWN_PROCESSES);
            write(making.folder(seat), "pids.max", &most.to_string())?;
            Ok(seat)
        });
        // Version 2 measures processor time in every group.
        let cpu = match &hierarchies.cpu {
            Some(place) => making.seat(place).ok(),
            None => [&memory, &pids]
                .into_iter()
                .filter_map(|seat| seat.as_ref().ok().copied())
                .find(|seat| seat.version == Version::V2),
        };
        let group = Self {
            folders: making.folders,
            holds: making.holds,
            seats: Seats { memory, pids, cpu },
            counted: None,
        };
        (group, making.doors)
    }

    /// What the groups are there for.
    pub(super) fn seats(&self) -> &Seats {
        &self.seats
    }

    fn read(&self, seat: Seat, file: &str) -> Option<String> {
        read_generated_text(self.folders.get(seat.door)?.join(file)).ok()
    }

    /// Whether the kernel has killed any process of the group for memory. It picks one, perhaps a
    /// child whose parent goes on; the run is over all the same, as it is where the keeper samples.
    pub(super) fn killed_for_memory(&self) -> bool {
        let Ok(seat) = self.seats.memory else {
            return false;
        };
        let events = match seat.version {
            Version::V1 => "memory.oom_control",
            Version::V2 => "memory.events",
        };
        self.read(seat, events)
            .is_some_and(|text| field(&text, "oom_kill").unwrap_or(0) > 0)
    }

    /// Processor time used so far, also by what is long gone.
    pub(super) fn cpu_micros(&self) -> Option<u64> {
        let seat = self.seats.cpu?;
        match seat.version {
            Version::V1 => {
                let nanos: u64 = self.read(seat, "cpuacct.usage")?.trim().parse().ok()?;
                Some(nanos / 1000)
            }
            Version::V2 => field(&self.read(seat, "cpu.stat")?, "usage_usec"),
        }
    }

    /// Takes down what was counted and removes the groups. To be called once all processes are dead; the
    /// first call counts.
    pub(super) fn close(&mut self) -> Counted {
        if let Some(counted) = self.counted {
            return counted;
        }
        let peak_bytes = self.seats.memory.as_ref().ok().and_then(|seat| {
            let file = match seat.version {
                Version::V1 => "memory.max_usage_in_bytes",
                Version::V2 => "memory.peak",
            };
            self.read(*seat, file)?.trim().parse().ok()
        });
        let counted = Counted {
            killed_for_memory: self.killed_for_memory(),
            peak_bytes,
            cpu_micros: self.cpu_micros(),
        };
        self.counted = Some(counted);
        self.remove();
        counted
    }

    fn remove(&mut self) {
        for folder in self.folders.drain(..) {
            for _ in 0..REMOVAL_TRIES {
                match fs::remove_dir(&folder) {
                    Err(error) if error.raw_os_error() == Some(nix::libc::EBUSY) => {
                        std::thread::sleep(REMOVAL_PAUSE);
                    }
                    // What cannot be removed now is swept by a later process.
                    _ => break,
                }
            }
        }
        self.holds.clear();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.remove();
    }
}

impl Counted {
    /// Without what a group counted that the run never entered.
    pub(super) fn of(self, entered: &Seats) -> Self {
        Self {
            killed_for_memory: self.killed_for_memory && entered.memory.is_ok(),
            peak_bytes: self.peak_bytes.filter(|_| entered.memory.is_ok()),
            cpu_micros: self.cpu_micros.filter(|_| entered.cpu.is_some()),
        }
    }
}

/// Groups being made: one folder and one door for each hierarchy.
#[derive(Default)]
struct Making {
    /// Below which of them the folders are.
    places: Vec<PathBuf>,
    folders: Vec<PathBuf>,
    holds: Vec<Hold>,
    doors: Vec<OwnedFd>,
}

impl Making {
    fn seat(&mut self, place: &Place) -> Result<Seat, String> {
        let version = place.version;
        if let Some(door) = self.places.iter().position(|made| *made == place.folder) {
            return Ok(Seat { version, door });
        }
        let failed = |error: io::Error| format!("{}: {error}", place.folder.display());
        let (folder, hold) = make_folder(&place.folder).map_err(failed)?;
        let door = fs::OpenOptions::new()
            .write(true)
            .open(folder.join(version.door()));
        let door = door.inspect_err(|_| {
            let _ = fs::remove_dir(&folder);
        });
        self.doors.push(door.map_err(failed)?.into());
        self.places.push(place.folder.clone());
        self.folders.push(folder);
        self.holds.push(hold);
        Ok(Seat {
            version,
            door: self.doors.len() - 1,
        })
    }

    fn folder(&self, seat: Seat) -> &Path {
        &self.folders[seat.door]
    }
}

/// Makes a folder of a name of its own. There may be one of the next name already: left by a process that had our
/// number, or of one that has it in another container. Those are for [`Hierarchies::sweep`] to tell apart.
fn make_folder(place: &Path) -> io::Result<(PathBuf, Hold)> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    for _ in 0..NAMES_TO_TRY {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let folder = place.join(format!("{PREFIX}{}-{number}", std::process::id()));
        match fs::create_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            other => other?,
        }
        let hold = Hold::take(&folder).inspect_err(|_| {
            let _ = fs::remove_dir(&folder);
        });
        // Who came first, before it was held, removes it.
        if let Some(hold) = hold? {
            return Ok((folder, hold));
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn write(folder: &Path, file: &str, text: &str) -> Result<(), String> {
    fs::write(folder.join(file), text).map_err(|error| format!("{file}: {error}"))
}

fn set_memory(folder: &Path, version: Version, bytes: u64) -> Result<(), String> {
    let bytes = bytes.to_string();
    match version {
        Version::V1 => {
            write(folder, "memory.limit_in_bytes", &bytes)?;
            // Only there where swap is accounted; without it the limit is for memory alone.
            let _ = write(folder, "memory.memsw.limit_in_bytes", &bytes);
        }
        Version::V2 => {
            write(folder, "memory.max", &bytes)?;
            let _ = write(folder, "memory.swap.max", "0");
            // The whole group dies, as it does where the keeper samples.
            let _ = write(folder, "memory.oom.group", "1");
        }
    }
    Ok(())
}

/// The number after a word in a file of `word number` lines.
fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(' ')?;
        (key == name).then(|| value.trim().parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_door_that_cannot_be_passed_takes_all_behind_it_away() {
        let seat = |door| Seat {
            version: Version::V1,
            door,
        };
        let mut seats = Seats {
            memory: Ok(seat(0)),
            pids: Ok(seat(1)),
            cpu: Some(seat(0)),
        };
        seats.refused(0, "denied");
        assert_eq!(seats.memory, Err("denied".to_owned()));
        assert_eq!((seats.pids, seats.cpu), (Ok(seat(1)), None));
    }

    #[test]
    fn counters_are_read_by_their_whole_name() {
        let events = "oom 3\noom_kill 2\noom_group_kill 1\n";
        assert_eq!(field(events, "oom_kill"), Some(2));
        assert_eq!(field(events, "kill"), None);
    }
}
