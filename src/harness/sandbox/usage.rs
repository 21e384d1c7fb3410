//! What the group of processes of a run uses, read from its own `/proc`.
//!
//! This is what bounds the group where no control group can be had. It cannot see processor time
//! of children that were reaped automatically, nor a peak between two looks.

use std::fs;
use std::path::Path;

use crate::files::{read_generated, read_generated_text};
use nix::unistd::{SysconfVar, sysconf};

/// One look at the group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Usage {
    /// User and system time of the living and of the children that they have waited for.
    pub(super) cpu_micros: u64,
    /// Sum of resident sets, and of what stands beside them. Shared pages count once per process.
    pub(super) resident_bytes: u64,
}

/// Looks at every process in a `/proc` of the run's own pid namespace.
pub(super) fn look(proc: &Path) -> Option<Usage> {
    let tick = 1_000_000 / positive(SysconfVar::CLK_TCK, 100);
    let page = positive(SysconfVar::PAGE_SIZE, 4096);
    let mut usage = Usage::default();
    for pid in pids(proc)? {
        let folder = proc.join(pid.to_string());
        let Some(stat) = read_generated(folder.join("stat")).ok() else {
            continue;
        };
        let Some(fields) = parse_stat(&stat) else {
            continue;
        };
        usage.cpu_micros += fields.cpu_ticks.saturating_mul(tick);
        // The init is ours: its pages are not the harness's doing.
        if pid != 1 {
            usage.resident_bytes += fields.resident_pages.saturating_mul(page);
            usage.resident_bytes += bytes_beside(&folder);
        }
    }
    Some(usage)
}

/// Sum of proportional set sizes: shared pages count once for the group. Much dearer than
/// [`look`], so it is asked only when that says that a limit is passed.
pub(super) fn proportional_bytes(proc: &Path) -> Option<u64> {
    let mut sum = 0_u64;
    for pid in pids(proc)?.into_iter().filter(|pid| *pid != 1) {
        let folder = proc.join(pid.to_string());
        let Ok(text) = read_generated_text(folder.join("smaps_rollup")) else {
            continue;
        };
        sum += parse_bytes(&text, "Pss:").unwrap_or(0) + bytes_beside(&folder);
    }
    Some(sum)
}

/// What a process takes that is not resident: its page tables, which grow by the GiB in a program that only looks at
/// memory it never wrote, and what lies in swap.
fn bytes_beside(folder: &Path) -> u64 {
    let status = read_generated_text(folder.join("status")).unwrap_or_default();
    ["VmPTE:", "VmSwap:"]
        .into_iter()
        .filter_map(|name| parse_bytes(&status, name))
        .sum()
}

fn pids(proc: &Path) -> Option<Vec<u32>> {
    let entries = fs::read_dir(proc).ok()?;
    Some(
        entries
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .collect(),
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
    resident_pages: u64,
}

/// The program's name, second field, may hold anything but ends at the last parenthesis.
fn parse_stat(stat: &[u8]) -> Option<StatFields> {
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = std::str::from_utf8(stat.get(end + 1..)?).ok()?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    // Fields 14 to 17 of proc(5): utime, stime, cutime, cstime; 24: rss. `fields` starts at 3.
    let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    let cpu_ticks = (14..=17).map(number).sum::<Option<u64>>()?;
    Some(StatFields {
        cpu_ticks,
        resident_pages: number(24)?,
    })
}

/// A figure of a file of `Name: 123 kB` lines.
fn parse_bytes(text: &str, name: &str) -> Option<u64> {
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
