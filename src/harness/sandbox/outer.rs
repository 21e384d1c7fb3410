//! What the host's `/proc` shows of a run, and the run's own does not.
//!
//! The run's `/proc` hides the init, for the harness's sake and so from the keeper too, and knows processes by their
//! numbers inside only. The keeper holds the host's open from before it lost sight of it. Where the host hides other
//! users' processes (`hidepid`), there is nothing to see here either.

use std::collections::HashMap;
use std::fs::File;
use std::os::fd::OwnedFd;

use rustix::fs::{Dir, Mode, OFlags};

use super::usage;
use crate::files::read_generated_from;

/// Most processes of a run that are asked for.
const MOST: usize = 4096;

/// The host's `/proc`, and the init in it.
pub(super) struct Outer {
    proc: Option<OwnedFd>,
    init: u32,
}

impl Outer {
    /// Opens the folder, while it can be seen. Not one that numbers processes as another pid namespace does: there the
    /// init's number is a stranger's.
    pub(super) fn open() -> Option<OwnedFd> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let proc = rustix::fs::open("/proc", flags, Mode::empty()).ok()?;
        let us = rustix::fs::readlinkat(&proc, "self", Vec::new()).ok()?;
        (us.to_bytes() == std::process::id().to_string().as_bytes()).then_some(proc)
    }

    /// Of the run whose init the host knows by this number.
    pub(super) fn new(proc: Option<OwnedFd>, init: nix::libc::pid_t) -> Self {
        Self {
            proc,
            init: init.unsigned_abs(),
        }
    }

    /// Processor time of the init and of all that it has waited for: of what the harness left behind, that is.
    pub(super) fn init_cpu_micros(&self) -> u64 {
        let stat = self.read(&format!("{}/stat", self.init));
        stat.and_then(|stat| usage::cpu_micros(&stat)).unwrap_or(0)
    }

    /// The host's numbers of the run's processes, by their numbers inside: as complete as it can be while they come
    /// and go.
    pub(super) fn numbers(&self) -> HashMap<u32, u32> {
        let mut found = HashMap::new();
        let mut parents = vec![self.init];
        while let Some(parent) = parents.pop() {
            for child in self.children(parent) {
                if found.len() < MOST
                    && let Some(inside) = self.number_inside(child)
                {
                    found.insert(inside, child);
                    parents.push(child);
                }
            }
        }
        found
    }

    /// Every thread has children of its own.
    fn children(&self, parent: u32) -> Vec<u32> {
        let mut children = Vec::new();
        for thread in self.threads(parent).into_iter().flatten().flatten() {
            let Ok(thread) = thread.file_name().to_str() else {
                continue;
            };
            let listed = self.read(&format!("{parent}/task/{thread}/children"));
            let listed = String::from_utf8(listed.unwrap_or_default()).unwrap_or_default();
            let numbers = listed.split_ascii_whitespace();
            children.extend(numbers.filter_map(|number| number.parse::<u32>().ok()));
        }
        children
    }

    fn threads(&self, process: u32) -> Option<Dir> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let path = format!("{process}/task");
        let folder = rustix::fs::openat(self.proc.as_ref()?, path, flags, Mode::empty()).ok()?;
        Dir::new(folder).ok()
    }

    fn number_inside(&self, process: u32) -> Option<u32> {
        let status = self.read(&format!("{process}/status"))?;
        // The name may be anything.
        let numbers = String::from_utf8_lossy(&status);
        let numbers = numbers
            .lines()
            .find_map(|line| line.strip_prefix("NSpid:"))?;
        numbers.split_ascii_whitespace().next_back()?.parse().ok()
    }

    fn read(&self, path: &str) -> Option<Vec<u8>> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let file = rustix::fs::openat(self.proc.as_ref()?, path, flags, Mode::empty()).ok()?;
        read_generated_from(File::from(file)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_and_its_children_are_found_by_the_host_s_numbers() {
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        let us = nix::unistd::getpid().as_raw();
        let seen = Outer::new(Outer::open(), us);
        let numbers = seen.numbers();
        let blind = Outer::new(None, us);
        let (found, none) = (numbers.get(&child.id()).copied(), blind.numbers());
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(found, Some(child.id()));
        assert!(none.is_empty() && blind.init_cpu_micros() == 0);
    }
}
