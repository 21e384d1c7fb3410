//! The list of protections of a run and what provides each.

use serde::{Deserialize, Serialize};

use super::cgroup::{self, Seat, Seats};
use super::identity::NAMESPACES;
use super::protocol::{Failure, Part, Request};
use super::seccomp::Locks;
use super::{landlock, locks, seccomp};
use crate::harness::Protection;

/// A word for all that only control groups provide, among the names of protections.
const CONTROL_GROUPS: &str = "cgroup";
/// The protections that it stands for.
const BY_CONTROL_GROUPS: [&str; 2] = ["memory", "processes"];

/// What a run can be made to depend on: every protection there is, in the order of the list, and the word
/// for control groups.
pub const REQUIRABLE: [&str; 30] = [
    "user_namespace",
    "mount_namespace",
    "pid_namespace",
    "network_namespace",
    "ipc_namespace",
    "uts_namespace",
    "cgroup_namespace",
    "identity",
    "private_root",
    "workspace",
    "environment",
    "descriptors",
    "capabilities",
    "no_new_privs",
    "seccomp",
    "file_locks",
    "landlock",
    "nested_user_namespaces",
    "proc",
    "core_dumps",
    "wall_time",
    "cpu_time",
    "memory",
    "processes",
    "open_files",
    "file_size",
    "scratch_space",
    "output_size",
    "kill_on_exit",
    CONTROL_GROUPS,
];

/// What depends on the machine. All else is there by the fact that the harness was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Facts {
    /// Whether user namespaces below ours are forbidden by a counter too.
    pub(super) nested: Result<(), String>,
    /// Whether there is a `/proc`.
    pub(super) proc: Result<(), String>,
    /// Whether a limit on processes counts this run's only.
    pub(super) count_processes: bool,
    /// The harness's user is nobody's on the host, too, and not the one that started dfab.
    pub(super) is_nobody: bool,
    /// The control groups that were entered.
    pub(super) seats: Seats,
    /// The version in force.
    pub(super) landlock: Result<i32, String>,
    /// Whether the init is asked about locks.
    pub(super) file_locks: Result<(), String>,
}

impl Facts {
    /// What the filter on system calls does about locks.
    fn locks(&self) -> Locks {
        match self.file_locks {
            Ok(()) => Locks::Asked,
            Err(_) => Locks::Free,
        }
    }
}

/// What is in force in a run.
pub(super) fn list(request: &Request, facts: &Facts) -> Vec<Protection> {
    fn by(name: &str, means: impl Into<String>) -> Protection {
        Protection::by(name, means)
    }
    let limits = &request.limits;
    let mut list: Vec<Protection> = NAMESPACES
        .iter()
        .map(|(name, _)| by(&format!("{name}_namespace"), "unshare"))
        .collect();
    list.extend([
        by(
            "identity",
            match facts.is_nobody {
                true => "nobody, on the host too",
                false => "nobody inside; on the host dfab's own user, without capabilities",
            },
        ),
        by(
            "private_root",
            "tmpfs with the interpreter bound read-only, pivot_root, read-only",
        ),
        by("workspace", "bind mount: read-only, nosuid, nodev"),
        by("environment", "built from empty"),
        by("descriptors", "only 0, 1 and 2 are open"),
        by("capabilities", "none in any set, secure bits locked"),
        by("no_new_privs", "prctl"),
        by(
            "seccomp",
            format!(
                "filter of {} instructions",
                seccomp::filter(facts.locks()).len()
            ),
        ),
        match &facts.file_locks {
            Ok(()) => by("file_locks", locks::MEANS),
            Err(why) => Protection::missing("file_locks", why.as_str()),
        },
        match &facts.landlock {
            Ok(version) => by(
                "landlock",
                format!("version {version}: {}", landlock::covers(*version)),
            ),
            Err(why) => Protection::missing("landlock", why.as_str()),
        },
        match &facts.nested {
            Ok(()) => by(
                "nested_user_namespaces",
                "user.max_user_namespaces = 0 inside",
            ),
            Err(why) => Protection::missing("nested_user_namespaces", why.as_str()),
        },
        match &facts.proc {
            Ok(()) => by(
                "proc",
                "own /proc: read-only, subset=pid, hidepid=invisible",
            ),
            Err(why) => by("proc", format!("no /proc at all ({why})")),
        },
        by("core_dumps", "RLIMIT_CORE 0"),
        by(
            "wall_time",
            format!("killed after {} ms (monotonic clock)", limits.wall_millis),
        ),
        cpu_time(request, facts),
        memory(request, facts),
        processes(request, facts),
        by("open_files", format!("RLIMIT_NOFILE {}", limits.open_files)),
        by(
            "file_size",
            format!("RLIMIT_FSIZE {} bytes", limits.tmp_bytes),
        ),
        by(
            "scratch_space",
            format!("tmpfs of {} bytes for /tmp and /dev/shm", limits.tmp_bytes),
        ),
        by("output_size", "stdout is counted, the output file measured"),
        by("kill_on_exit", "pid namespace, parent death signals"),
    ]);
    list
}

fn cpu_time(request: &Request, facts: &Facts) -> Protection {
    let seconds = request.limits.cpu_seconds;
    let means = match (facts.seats.cpu, &facts.proc) {
        (Some(seat), _) => format!("{} {}: {seconds} s", cgroup::NAME, seat.version.name()),
        (None, Ok(())) => {
            format!("sampler: {seconds} s, group summed from /proc, RLIMIT_CPU behind it")
        }
        (None, Err(_)) => format!("RLIMIT_CPU {seconds} s for each process"),
    };
    Protection::by("cpu_time", means)
}

fn memory(request: &Request, facts: &Facts) -> Protection {
    let bytes = request.limits.memory_bytes;
    match (&facts.seats.memory, &facts.proc) {
        (Ok(Seat { version, .. }), _) => Protection::by(
            "memory",
            format!("{} {}: {bytes} bytes", cgroup::NAME, version.name()),
        ),
        (Err(why), Ok(())) => Protection::by(
            "memory",
            format!("sampler: group summed from /proc, killed over {bytes} bytes ({why})"),
        ),
        (Err(why), Err(no_proc)) => Protection::missing(
            "memory",
            format!("no control group ({why}) and no /proc to sample ({no_proc})"),
        ),
    }
}

fn processes(request: &Request, facts: &Facts) -> Protection {
    let most = request.limits.pids;
    match (&facts.seats.pids, facts.count_processes) {
        (Ok(Seat { version, .. }), _) => Protection::by(
            "processes",
            format!("{} {}: {most} in all", cgroup::NAME, version.name()),
        ),
        (Err(why), true) => Protection::by(
            "processes",
            format!("RLIMIT_NPROC {most} in the user namespace ({why})"),
        ),
        (Err(why), false) => Protection::missing(
            "processes",
            format!("{why}; Linux before 5.14 counts processes per user, not per run"),
        ),
    }
}

/// Refuses a run that lacks something it must have.
pub(super) fn check(request: &Request, facts: &Facts) -> Result<(), Failure> {
    if request.required.is_empty() {
        return Ok(());
    }
    match unmet(&request.required, &list(request, facts)) {
        None => Ok(()),
        Some((name, why)) => Err(Failure {
            part: Part::Required { why },
            path: None,
            what: name,
            errno: None,
        }),
    }
}

/// The first requirement that a list of protections does not meet, and why.
pub fn unmet(required: &[String], list: &[Protection]) -> Option<(String, String)> {
    required.iter().find_map(|name| {
        let why = match name.as_str() {
            CONTROL_GROUPS => BY_CONTROL_GROUPS
                .iter()
                .find_map(|name| lacks_control_group(find(list, name)?))?,
            name => match find(list, name) {
                None => "there is no protection of that name".to_owned(),
                Some(protection) => protection.missing.clone()?,
            },
        };
        Some((name.clone(), why))
    })
}

fn find<'a>(list: &'a [Protection], name: &str) -> Option<&'a Protection> {
    list.iter().find(|protection| protection.name == name)
}

/// What stands in place of a control group, if none does its work.
fn lacks_control_group(protection: &Protection) -> Option<String> {
    match (&protection.means, &protection.missing) {
        (Some(means), _) if means.starts_with(cgroup::NAME) => None,
        (means, missing) => {
            let instead = means.as_ref().or(missing.as_ref());
            let instead = instead.map_or("nothing", String::as_str);
            Some(format!("{} is provided by {instead}", protection.name))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(means: &str) -> Vec<Protection> {
        vec![
            Protection::by("memory", means),
            Protection::by("processes", "control group v1: 5 processes"),
            Protection::missing("landlock", "old kernel"),
        ]
    }

    fn asked(name: &str, list: &[Protection]) -> Option<String> {
        unmet(&[name.to_owned()], list).map(|(_, why)| why)
    }

    #[test]
    fn all_that_is_listed_can_be_required() {
        let request = Request {
            workspace: "/w".into(),
            workspace_needs_mapping: false,
            layout: Vec::new(),
            output_filename: String::new(),
            limits: crate::harness::sandbox::protocol::Limits {
                wall_millis: 1,
                cpu_seconds: 1,
                memory_bytes: 1,
                tmp_bytes: 1,
                pids: 1,
                open_files: 1,
            },
            required: Vec::new(),
        };
        let facts = Facts {
            nested: Ok(()),
            proc: Ok(()),
            count_processes: true,
            is_nobody: true,
            seats: Seats {
                memory: Err("none".to_owned()),
                pids: Err("none".to_owned()),
                cpu: None,
            },
            landlock: Ok(6),
            file_locks: Ok(()),
        };
        let mut names: Vec<String> = list(&request, &facts)
            .into_iter()
            .map(|protection| protection.name)
            .collect();
        names.push(CONTROL_GROUPS.to_owned());
        assert_eq!(names, REQUIRABLE);
    }

    #[test]
    fn a_missing_protection_is_unmet_and_says_why() {
        let list = group("control group v2: 1 bytes");
        assert_eq!(asked("processes", &list), None);
        assert_eq!(asked("landlock", &list), Some("old kernel".to_owned()));
        assert!(asked("landlok", &list).unwrap().contains("no protection"));
    }

    #[test]
    fn control_groups_are_met_only_where_they_hold_memory_and_processes() {
        assert_eq!(asked("cgroup", &group("control group v2: 1 bytes")), None);
        let why = asked("cgroup", &group("sampler: summed (read-only)")).unwrap();
        assert_eq!(why, "memory is provided by sampler: summed (read-only)");
        assert_eq!(asked("memory", &group("sampler: summed")), None);
    }
}
