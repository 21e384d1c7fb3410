//! Which process runs a run, so that one that was killed is told from one at work.

use std::fs;
use std::os::unix::fs::MetadataExt;

use serde::Serialize;

/// A process and where it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Runner {
    /// The name of its machine.
    pub host: String,
    /// Its number there.
    pub pid: u32,
    /// What tells it from all others that had or will have that number.
    #[serde(skip)]
    pub(super) process: String,
}

impl Runner {
    /// This process.
    pub fn this() -> Runner {
        let pid = std::process::id();
        let host = nix::unistd::gethostname().unwrap_or_default();
        Runner {
            host: host.to_string_lossy().into_owned(),
            pid,
            process: format!("{} {}", surroundings(), start_time(pid).unwrap_or_default()),
        }
    }

    /// Whether it is there; None where that cannot be seen from here: on another machine, or in another
    /// container.
    pub(super) fn is_alive(&self) -> Option<bool> {
        let (there, started) = self.process.rsplit_once(' ')?;
        if there != surroundings() {
            return None;
        }
        Some(start_time(self.pid).is_some_and(|now| now.to_string() == started))
    }
}

/// One boot of one machine and one space of process numbers.
fn surroundings() -> String {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let space = fs::metadata("/proc/self/ns/pid").map_or(0, |meta| meta.ino());
    format!("{} {space}", boot.trim())
}

/// When a process began, in ticks since the machine did; None if it is gone or only waits to be buried.
fn start_time(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before may hold anything, brackets and spaces too.
    let (_, fields) = text.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    if matches!(fields.next(), Some("Z" | "X")) {
        return None;
    }
    // Field 22 of all; two stand before the bracket, and one was taken.
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_alive_until_it_is_not() {
        let this = Runner::this();
        assert_eq!(this.is_alive(), Some(true));
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        let there = surroundings();
        let started = start_time(child.id()).unwrap();
        let other = Runner {
            pid: child.id(),
            process: format!("{there} {started}"),
            ..this.clone()
        };
        assert_eq!(other.is_alive(), Some(true));
        let earlier = Runner {
            process: format!("{there} {}", started - 1),
            ..other.clone()
        };
        assert_eq!(earlier.is_alive(), Some(false), "the number was given anew");
        child.kill().unwrap();
        while other.is_alive() == Some(true) {
            std::thread::yield_now();
        }
        assert_eq!(other.is_alive(), Some(false), "dead, though not buried");
        child.wait().unwrap();
        assert_eq!(other.is_alive(), Some(false));
        let elsewhere = Runner {
            process: "another-boot 1 5".to_owned(),
            ..other
        };
        assert_eq!(elsewhere.is_alive(), None);
    }
}
