//! What the group of processes of a run uses, read from its own `/proc`.
//!
//! This is what bounds the group where no control group can be had. It cannot see processor time
//! of children that were reaped automatically, nor a peak between two looks.

use std::fs;
use std::path::{Path, PathBuf};

use crate::files::{read_generated, read_generated_text};
use nix::unistd::{SysconfVar, sysconf};

/// One look at the group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Usage {
    /// User and system time of the living and of the children that they have waited for.
    pub(super) cpu_micros: u64,
    /// Sum of resident sets, and of what stands beside them. Shared pages count once per process.
    pub(super) resident_bytes: u64,
    /// How many processes have memory.
    pub(super) processes: usize,
}

/// Looks at every process but the first in a `/proc` of the run's own pid namespace: the init is ours, and its pages
/// are not the harness's doing.
pub(super) fn look(proc: &Path) -> Option<Usage> {
    let mut usage = Usage::default();
    for (_, folder) in processes(proc)? {
        let Some(fields) = stat_of(&folder) else {
            continue;
        };
        usage.cpu_micros += micros(fields.cpu_ticks);
        let holder = memory_holder(folder, fields);
        usage.resident_bytes += holder.resident_bytes();
        let status = read_generated_text(holder.folder.join("status"));
        usage.resident_bytes += status.map_or(0, |status| bytes_beside(&status));
        usage.processes += usize::from(holder.fields.resident_pages > 0);
    }
    Some(usage)
}

/// Processor time in the `stat` of a process: its own and that of the children it has waited for.
pub(super) fn cpu_micros(stat: &[u8]) -> Option<u64> {
    Some(micros(parse_stat(stat)?.cpu_ticks))
}

fn micros(ticks: u64) -> u64 {
    ticks.saturating_mul(1_000_000 / positive(SysconfVar::CLK_TCK, 100))
}

/// Where `/proc` shows the memory of a process.
pub(super) struct Holder {
    pub(super) folder: PathBuf,
    fields: StatFields,
    /// Whether its first thread has it.
    pub(super) is_of_the_first: bool,
}

impl Holder {
    /// Its resident set, each page counted as one.
    pub(super) fn resident_bytes(&self) -> u64 {
        let page = positive(SysconfVar::PAGE_SIZE, 4096);
        self.fields.resident_pages.saturating_mul(page)
    }

    /// Whether there still is such a process with memory.
    pub(super) fn is_there(&self) -> bool {
        stat_of(&self.folder).is_some_and(|fields| fields.resident_pages > 0)
    }
}

/// That is its own folder, unless its first thread has ended before others: the process shows no memory then, and
/// only the folders of the others do.
fn memory_holder(folder: PathBuf, fields: StatFields) -> Holder {
    if fields.resident_pages == 0 && fields.threads > 1 {
        let mut others = numbered(&folder.join("task")).into_iter().flatten();
        let living = others.find_map(|(_, folder)| {
            let fields = stat_of(&folder).filter(|fields| fields.resident_pages > 0)?;
            Some(Holder {
                folder,
                fields,
                is_of_the_first: false,
            })
        });
        if let Some(living) = living {
            return living;
        }
    }
    Holder {
        is_of_the_first: fields.resident_pages > 0,
        folder,
        fields,
    }
}

/// All that hold memory, by their numbers.
pub(super) fn holders(proc: &Path) -> Option<Vec<(u32, Holder)>> {
    let holder = |(pid, folder): (u32, PathBuf)| {
        let fields = stat_of(&folder)?;
        Some((pid, memory_holder(folder, fields)))
    };
    Some(processes(proc)?.filter_map(holder).collect())
}

/// What a process takes, by its `status`, that is not resident: its page tables, which grow by the GiB in a program
/// that only looks at memory it never wrote, and what lies in swap.
pub(super) fn bytes_beside(status: &str) -> u64 {
    ["VmPTE:", "VmSwap:"]
        .into_iter()
        .filter_map(|name| parse_bytes(status, name))
        .sum()
}

fn processes(proc: &Path) -> Option<impl Iterator<Item = (u32, PathBuf)> + use<>> {
    Some(numbered(proc)?.filter(|(pid, _)| *pid != 1))
}

/// The folders whose names are numbers.
fn numbered(folder: &Path) -> Option<impl Iterator<Item = (u32, PathBuf)> + use<>> {
    let entries = fs::read_dir(folder).ok()?.flatten();
    Some(
        entries.filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path()))),
    )
}

fn positive(variable: SysconfVar, usual: u64) -> u64 {
    sysconf(variable)
        .ok()
        .flatten()
        .and_then(|value| u64::try_from(value).ok())
        .filter(|value| *value > 0)
        .unwrap_or(usual)
}

#[derive(Debug, PartialEq, Eq)]
struct StatFields {
    cpu_ticks: u64,
    threads: u64,
    resident_pages: u64,
}

fn stat_of(folder: &Path) -> Option<StatFields> {
    parse_stat(&read_generated(folder.join("stat")).ok()?)
}

/// The program's name, second field, may hold anything but ends at the last parenthesis.
fn parse_stat(stat: &[u8]) -> Option<StatFields> {
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = std::str::from_utf8(stat.get(end + 1..)?).ok()?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    // Fields 14 to 17 of proc(5): utime, stime, cutime, cstime; 20: num_threads; 24: rss. `fields` starts at 3.
    let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    let cpu_ticks = (14..=17).map(number).sum::<Option<u64>>()?;
    Some(StatFields {
        cpu_ticks,
        threads: number(20)?,
        resident_pages: number(24)?,
    })
}

/// A figure of a file of `Name: 123 kB` lines.
pub(super) fn parse_bytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_name_with_spaces_and_parentheses_does_not_shift_the_fields() {
        let stat = b"42 (a) b) 9 9) S 1 42 42 0 -1 4194304 1 2 3 4 100 20 3 4 20 0 1 0 5 1000 77 9";
        let fields = StatFields {
            cpu_ticks: 127,
            threads: 1,
            resident_pages: 77,
        };
        assert_eq!(parse_stat(stat), Some(fields));
    }

    #[test]
    fn a_cut_stat_line_is_no_answer() {
        assert_eq!(parse_stat(b"42 (x) S 1 2 3"), None);
        assert_eq!(parse_stat(b""), None);
    }

    #[test]
    fn figures_are_read_in_bytes() {
        assert_eq!(
            parse_bytes(
                "Rss: 10 kB\nPss:                 123 kB\nPss_Dirty: 9 kB\n",
                "Pss:"
            ),
            Some(125_952)
        );
        assert_eq!(parse_bytes("Rss: 10 kB\n", "Pss:"), None);
    }

    #[test]
    fn this_process_is_seen() {
        let usage = look(Path::new("/proc")).expect("a /proc");
        assert!(usage.resident_bytes > 0);
    }
}
