//! The list of protections of a run and what provides each.

use super::identity::NAMESPACES;
use super::protocol::Request;
use super::seccomp;
use crate::harness::Protection;

/// What was in force in a run that reached its end. What the sandbox refuses to run without is
/// there by the fact that it ran; only the rest depends on the machine.
pub(super) fn list(
    request: &Request,
    nested: &Result<(), String>,
    count_processes: bool,
    no_proc: Option<&str>,
) -> Vec<Protection> {
    fn by(name: &str, means: impl Into<String>) -> Protection {
        Protection::by(name, means)
    }
    let limits = &request.limits;
    let mut list: Vec<Protection> = NAMESPACES
        .iter()
        .map(|(name, _)| by(&format!("{name}_namespace"), "unshare"))
        .collect();
    list.extend([
        by("identity", "a user without rights on the host"),
        by(
            "private_root",
            "tmpfs with the interpreter bound read-only, pivot_root, read-only",
        ),
        by("workspace", "bind mount: read-only, nosuid, nodev"),
        by("environment", "built from empty"),
        by("descriptors", "only 0, 1 and 2 are open"),
        by("capabilities", "none in any set, secure bits locked"),
        by("no_new_privs", "prctl"),
        by("core_dumps", "RLIMIT_CORE 0"),
        by(
            "wall_time",
            format!("killed after {} ms (monotonic clock)", limits.wall_millis),
        ),
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
    list.push(match nested {
        Ok(()) => by(
            "nested_user_namespaces",
            "user.max_user_namespaces = 0 inside",
        ),
        Err(why) => Protection::missing("nested_user_namespaces", why.clone()),
    });
    list.push(match no_proc {
        None => by(
            "proc",
            "own /proc: read-only, subset=pid, hidepid=invisible",
        ),
        Some(why) => by("proc", format!("no /proc at all ({why})")),
    });
    let seconds = limits.cpu_seconds;
    list.push(match no_proc {
        None => by(
            "cpu_time",
            format!("{seconds} s: group summed from /proc, RLIMIT_CPU behind it"),
        ),
        Some(_) => by(
            "cpu_time",
            format!("RLIMIT_CPU {seconds} s for each process"),
        ),
    });
    list.push(match no_proc {
        None => by(
            "memory",
            format!(
                "group summed from /proc, killed over {}",
                limits.memory_bytes
            ),
        ),
        Some(why) => Protection::missing("memory", format!("there is no /proc: {why}")),
    });
    list.push(if count_processes {
        by(
            "processes",
            format!("RLIMIT_NPROC {} in the user namespace", limits.pids),
        )
    } else {
        Protection::missing(
            "processes",
            "Linux before 5.14 counts processes per user, not per run",
        )
    });
    list.push(by(
        "seccomp",
        format!("filter of {} instructions", seccomp::filter().len()),
    ));
    list.push(Protection::missing("landlock", "not part of this version"));
    list
}
