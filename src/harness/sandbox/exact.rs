//! What the group of processes of a run uses, counted so that nothing is counted twice. Much dearer than
//! [`usage::look`], so it is asked only where that says too much or more than ever before.

use std::cmp::Ordering;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use super::outer::Outer;
use super::sys;
use super::usage::{self, Holder, parse_bytes};
use super::world::Scratch;
use crate::files::read_generated_text;

/// Most bytes that are read of lists of mappings in one look: some six thousand mappings, where a usual program has a
/// few hundred. What stands beyond counts twice.
const MOST_LISTED: u64 = 4 << 20;

/// One exact look at the group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Exact {
    /// Memory of the group, its scratch space included.
    pub(super) bytes: u64,
    /// Most of what one process's resident set holds of the scratch space beyond its share: one that maps the same
    /// pages twice has them counted twice by the kernel too.
    pub(super) repeated_bytes: u64,
}

/// Looks at all but the first process. A harness can make this take long; `is_due` tells, after each process, whether
/// something else cannot wait: then there is no answer.
pub(super) fn look(
    proc: &Path,
    outer: &Outer,
    scratch: &Scratch,
    is_due: impl Fn() -> bool,
) -> Option<Exact> {
    let used = scratch.used_bytes();
    let device = scratch.device().filter(|_| used > 0);
    let mut left = MOST_LISTED;
    let (mut resident, mut twice, mut repeated_bytes) = (0, 0, 0_u64);
    for holder in without_borrowers(usage::holders(proc)?, outer) {
        if is_due() {
            return None;
        }
        let folder = &holder.folder;
        let status = read_generated_text(folder.join("status")).unwrap_or_default();
        // What a process maps of the scratch space is asked of those that map anything of the kind.
        let shares = parse_bytes(&status, "RssShmem:").is_none_or(|bytes| bytes > 0);
        let mapped = match &device {
            Some(device) if shares => mapped(folder, device, &mut left),
            _ => Mapped::default(),
        };
        let whole = if mapped.is_all {
            mapped.share
        } else {
            let rollup = read_generated_text(folder.join("smaps_rollup"));
            match rollup.map(|text| parse_bytes(&text, "Pss:")) {
                Ok(Some(share)) => share,
                // What cannot be told exactly counts as it is shown, unless it has just ended.
                _ if holder.is_there() => holder.resident_bytes(),
                _ => 0,
            }
        };
        resident += whole + usage::bytes_beside(&status);
        twice += mapped.scratch_share;
        let repeated = mapped.scratch_resident.saturating_sub(mapped.scratch_share);
        repeated_bytes = repeated_bytes.max(repeated);
    }
    Some(Exact {
        bytes: resident + used - twice.min(used).min(resident),
        repeated_bytes,
    })
}

/// A process that borrows its parent's memory until it becomes another program (`vfork`) shows all of that as its
/// own. This leaves one of those that have the same memory, as far as the kernel and the host's `/proc` tell.
fn without_borrowers(holders: Vec<(u32, Holder)>, outer: &Outer) -> Vec<Holder> {
    if holders.len() < 2 {
        return holders.into_iter().map(|(_, holder)| holder).collect();
    }
    let numbers = outer.numbers();
    // In the kernel's order of memories.
    let mut known: Vec<u32> = Vec::new();
    let mut kept = Vec::new();
    for (pid, holder) in holders {
        // The kernel compares what the first threads have. Where one has ended it has none, and all of those are equal.
        let number = numbers.get(&pid).filter(|_| holder.is_of_the_first);
        if let Some(number) = number {
            // Where one cannot be compared, both count.
            let order =
                |other: &u32| sys::compare_memory(*other, *number).unwrap_or(Ordering::Less);
            match known.binary_search_by(order) {
                Ok(_) => continue,
                Err(at) => known.insert(at, *number),
            }
        }
        kept.push(holder);
    }
    kept
}

/// What a process has mapped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Mapped {
    /// Whether this is all of it, and not only what could be read.
    is_all: bool,
    /// Its share of all pages.
    share: u64,
    /// Its share of the scratch space's pages, and the same with each counted as one.
    scratch_share: u64,
    scratch_resident: u64,
}

/// Reads it from `smaps`, up to so many bytes.
fn mapped(folder: &Path, device: &str, left: &mut u64) -> Mapped {
    let Ok(file) = File::open(folder.join("smaps")) else {
        return Mapped::default();
    };
    let mut text = BufReader::new(file.take(*left));
    let mapped = mapped_in(&mut text, device);
    *left = text.get_ref().limit();
    Mapped {
        // A process that has just ended shows an empty list.
        is_all: *left > 0 && mapped.share > 0,
        ..mapped
    }
}

fn mapped_in(text: &mut impl BufRead, device: &str) -> Mapped {
    let mut found = Mapped::default();
    let (mut share, mut resident, mut is_scratch) = (0, 0, false);
    let mut line = Vec::new();
    // A file's name may hold anything but the end of a line.
    while matches!(text.read_until(b'\n', &mut line), Ok(1..)) {
        let words = String::from_utf8_lossy(&line);
        let figure = |name| parse_bytes(&words, name);
        if !line.first().is_some_and(u8::is_ascii_uppercase) {
            is_scratch = words.split_ascii_whitespace().nth(3) == Some(device);
        } else if let Some(bytes) = figure("Rss:") {
            resident = bytes;
        } else if let Some(bytes) = figure("Pss:") {
            share = bytes;
            found.share += share;
        } else if let Some(copied) = figure("Anonymous:").filter(|_| is_scratch) {
            // Pages that were copied for writing are not the file's any more.
            found.scratch_share += share.saturating_sub(copied);
            found.scratch_resident += resident.saturating_sub(copied);
        }
        line.clear();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_still_the_file_s_counts_as_mapped() {
        let text = "7f00-7f10 rw-s 00000000 00:2a 12   /tmp/Pss: 9 kB \n\
                    Size: 100 kB\nRss: 100 kB\nPss: 60 kB\nPss_Dirty: 60 kB\nAnonymous: 0 kB\n\
                    7f10-7f20 rw-p 00000000 00:2a 12   /tmp/a\n\
                    Rss: 70 kB\nPss: 50 kB\nPss_Dirty: 5 kB\nAnonymous: 30 kB\n\
                    7f20-7f30 rw-p 00000000 00:2a 12   /tmp/a\n\
                    Rss: 20 kB\nPss: 10 kB\nAnonymous: 20 kB\n\
                    7f30-7f40 r--p 00000000 00:2b 12   /usr/lib/x\n\
                    Rss: 1000 kB\nPss: 500 kB\nAnonymous: 0 kB\n\
                    7f40-7f50 rw-p 00000000 00:00 0 \nRss: 1000 kB\nPss: 1000 kB\nAnonymous: 1000 kB\n";
        let of = |device| mapped_in(&mut text.as_bytes(), device);
        let found = Mapped {
            is_all: false,
            share: 1620 << 10,
            scratch_share: 80 << 10,
            scratch_resident: 140 << 10,
        };
        assert_eq!(of("00:2a"), found);
        assert_eq!(of("00:2b").scratch_share, 500 << 10);
        assert_eq!(of("00:2c").scratch_share, 0);
    }

    #[test]
    fn a_memory_equals_itself_and_not_another() {
        let us = std::process::id();
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        let pairs = [(us, us), (us, child.id()), (child.id(), us)];
        let orders = pairs.map(|(one, other)| sys::compare_memory(one, other));
        child.kill().unwrap();
        child.wait().unwrap();
        let [Ok(same), Ok(one), Ok(other)] = orders else {
            eprintln!("skipped: this kernel compares no memories ({orders:?})");
            return;
        };
        assert_eq!(same, Ordering::Equal);
        assert!(one != Ordering::Equal && one == other.reverse());
    }
}
