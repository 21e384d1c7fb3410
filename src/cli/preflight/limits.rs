//! What this process may use, and the machine's memory.

use std::fs;
use std::num::NonZero;

use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};

use crate::settings::ExecutorChoice;

use super::super::context::Context;
use super::check::size;
use super::{Check, Verdict};

/// Descriptors that dfab holds itself, and for each package that is evaluated at the time.
const FILES_OF_DFAB: u64 = 64;
const FILES_OF_PACKAGE: u64 = 32;
/// Processes of dfab's own for each package, besides the harness's.
const PROCESSES_OF_PACKAGE: u64 = 4;
/// A database of this size is a usual one.
const SMALL_FILE: u64 = 1 << 30;

/// One line for each limit that batches meet, and one for memory.
pub(super) fn checks(context: &Context) -> Vec<Check> {
    let settings = &context.settings;
    let jobs = std::thread::available_parallelism().map_or(1, NonZero::get) as u64;
    let here = matches!(
        settings.executor,
        ExecutorChoice::Sandbox | ExecutorChoice::Direct
    );
    let of_harness = |limit: u64| if here { limit } else { 0 };
    let output = settings.max_output_size_bytes;
    let mut checks = vec![
        limit(
            "open files",
            Resource::RLIMIT_NOFILE,
            (FILES_OF_DFAB + FILES_OF_PACKAGE * jobs).max(of_harness(settings.sandbox_open_files)),
            "a batch or a harness may run out of descriptors: raise it with `ulimit -n`",
            |number| number.to_string(),
        ),
        limit(
            "file size",
            Resource::RLIMIT_FSIZE,
            SMALL_FILE
                .max(of_harness(settings.sandbox_tmp_bytes))
                .max(output),
            "the database or a harness's output may not fit: raise it with `ulimit -f`",
            size,
        ),
        limit(
            "address space",
            Resource::RLIMIT_AS,
            of_harness(settings.sandbox_memory_bytes).max(SMALL_FILE),
            "a harness would fail before its own limit: raise it with `ulimit -v`",
            size,
        ),
        limit(
            "processor time",
            Resource::RLIMIT_CPU,
            u64::MAX,
            "dfab is ended when it has used so much: raise it with `ulimit -t`",
            |seconds| format!("{seconds} s"),
        ),
    ];
    // The system does not hold root to it.
    if !nix::unistd::geteuid().is_root() {
        checks.insert(1, limit(
            "processes",
            Resource::RLIMIT_NPROC,
            (of_harness(settings.sandbox_pids) + PROCESSES_OF_PACKAGE) * jobs,
            "all processes of this user count together, and harnesses may not get theirs: raise it with `ulimit -u`",
            |number| number.to_string(),
        ));
    }
    checks.push(memory(
        total_and_available(),
        of_harness(settings.sandbox_memory_bytes),
        jobs,
    ));
    checks
}

fn limit(
    name: &str,
    resource: Resource,
    wanted: u64,
    hint: &str,
    show: impl Fn(u64) -> String,
) -> Check {
    let name = format!("limit: {name}");
    match getrlimit(resource) {
        Ok((soft, _)) => judged(&name, soft, wanted, hint, show),
        Err(error) => Check::new(
            &name,
            Verdict::Warn,
            format!("cannot be asked for: {error}"),
        ),
    }
}

fn judged(name: &str, soft: u64, wanted: u64, hint: &str, show: impl Fn(u64) -> String) -> Check {
    match soft {
        RLIM_INFINITY => Check::new(name, Verdict::Ok, "none"),
        soft if soft >= wanted => Check::new(name, Verdict::Ok, show(soft)),
        soft if wanted == u64::MAX => Check::new(name, Verdict::Warn, show(soft)).hint(hint),
        soft => {
            let detail = format!("{}, and {} may be needed", show(soft), show(wanted));
            Check::new(name, Verdict::Warn, detail).hint(hint)
        }
    }
}

/// Bytes of memory, all and free, of the machine or of the control groups that hold us, whichever is least.
fn total_and_available() -> Option<(u64, u64)> {
    let (total, available) = meminfo(&fs::read_to_string("/proc/meminfo").ok()?)?;
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let limits = group_files(&groups)
        .into_iter()
        .filter_map(|path| fs::read_to_string(path).ok()?.trim().parse::<u64>().ok());
    let least = limits.min().unwrap_or(u64::MAX);
    Some((total.min(least), available.min(least)))
}

/// The files that hold the memory limits of our control groups and of those above, of either version.
fn group_files(groups: &str) -> Vec<String> {
    let mut files = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else {
            continue;
        };
        let (root, name) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            list if list.split(',').any(|one| one == "memory") => {
                ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            }
            _ => continue,
        };
        let mut group = path.trim_end_matches('/');
        loop {
            files.push(format!("{root}{group}/{name}"));
            match group.rsplit_once('/') {
                Some((above, _)) => group = above,
                None => break,
            }
        }
    }
    files
}

fn meminfo(text: &str) -> Option<(u64, u64)> {
    let kilobytes = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    let total = kilobytes("MemTotal:")?;
    let available = kilobytes("MemAvailable:").or_else(|| kilobytes("MemFree:"))?;
    Some((total.saturating_mul(1024), available.saturating_mul(1024)))
}

/// Whether harnesses that take all they may have would still fit. `each` is 0 where they run elsewhere.
fn memory(found: Option<(u64, u64)>, each: u64, jobs: u64) -> Check {
    let Some((total, available)) = found else {
        return Check::new("memory", Verdict::Warn, "how much there is cannot be seen");
    };
    let detail = format!("{} free of {}", size(available), size(total));
    if each == 0 {
        return Check::new("memory", Verdict::Ok, detail);
    }
    let fit = available / each;
    let detail = format!(
        "{detail}; room for {fit} at once of the {} a harness may take",
        size(each)
    );
    match fit {
        0 => Check::new("memory", Verdict::Warn, detail).hint(
            "a harness can take more than there is, and the system may end others for it: lower sandbox_memory, or free some",
        ),
        fit if fit < jobs => Check::new("memory", Verdict::Warn, detail)
            .hint(format!("a batch runs {jobs} at once unless told otherwise: see -j, or lower sandbox_memory")),
        _ => Check::new("memory", Verdict::Ok, detail),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_below_what_may_be_needed_is_warned_of() {
        let check = |soft, wanted| judged("limit: x", soft, wanted, "raise it", |n| n.to_string());
        assert_eq!(check(RLIM_INFINITY, 100).verdict, Verdict::Ok);
        assert_eq!(check(RLIM_INFINITY, u64::MAX).verdict, Verdict::Ok);
        assert_eq!(check(100, 100).verdict, Verdict::Ok);
        let low = check(99, 100);
        assert_eq!(
            (low.verdict, low.detail.as_str()),
            (Verdict::Warn, "99, and 100 may be needed")
        );
        assert_eq!(check(99, u64::MAX).verdict, Verdict::Warn);
    }

    #[test]
    fn memory_is_held_against_what_harnesses_may_take() {
        let gib = 1 << 30;
        let check = |available: u64, each: u64| memory(Some((16 * gib, available)), each, 2);
        assert_eq!(check(8 * gib, 4 * gib).verdict, Verdict::Ok);
        assert_eq!(check(7 * gib, 4 * gib).verdict, Verdict::Warn);
        assert_eq!(check(3 * gib, 4 * gib).verdict, Verdict::Warn);
        assert_eq!(check(0, 0).verdict, Verdict::Ok);
        assert_eq!(memory(None, gib, 2).verdict, Verdict::Warn);
    }

    #[test]
    fn the_control_groups_above_count_too() {
        assert_eq!(
            group_files("0::/user.slice/x.scope\n"),
            [
                "/sys/fs/cgroup/user.slice/x.scope/memory.max",
                "/sys/fs/cgroup/user.slice/memory.max",
                "/sys/fs/cgroup/memory.max"
            ]
        );
        assert_eq!(
            group_files("5:cpu,memory:/a\n4:cpu:/b\nodd\n0::/\n"),
            [
                "/sys/fs/cgroup/memory/a/memory.limit_in_bytes",
                "/sys/fs/cgroup/memory/memory.limit_in_bytes",
                "/sys/fs/cgroup/memory.max"
            ]
        );
    }

    #[test]
    fn memory_is_read_as_the_kernel_writes_it() {
        let text = "MemTotal:       16384 kB\nMemFree:  1 kB\nMemAvailable:    2 kB\n";
        assert_eq!(meminfo(text), Some((16 << 20, 2048)));
        assert_eq!(
            meminfo("MemTotal: 1 kB\nMemFree: 1 kB\n"),
            Some((1024, 1024))
        );
        for odd in ["", "MemTotal: x kB\nMemFree: 1 kB", "MemTotal: 1 kB"] {
            assert_eq!(meminfo(odd), None, "{odd}");
        }
    }
}
