//! The last steps before Python: everything the harness must not have is given up here, in the
//! order in which each step is still allowed.

use std::convert::Infallible;
use std::ffi::CString;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use nix::sys::resource::{Resource, getrlimit, rlim_t, setrlimit};
use nix::unistd::{AccessFlags, access, chdir, dup2_stdin, execve, setsid};
use rustix::fs::{Mode, OFlags};
use rustix::thread::{CapabilitiesSecureBits, CapabilitySet, CapabilitySets};

use super::enforced::{self, Facts};
use super::protocol::{Failure, Part, Request, Start};
use super::{landlock, locks, sys, world};

/// Permissions of new files are 0644, of new folders 0755.
const UMASK: u32 = 0o022;
/// Soft stack size: the usual default.
const STACK_BYTES: rlim_t = 8 << 20;
/// Bytes that may be locked in memory.
const LOCKED_BYTES: rlim_t = 64 << 10;
/// The keeper and the init count as processes of the same user in the same user namespace.
const OWN_PROCESSES: u64 = 2;
/// Seconds between the warning signal at the processor limit and the end.
const CPU_GRACE_SECONDS: u64 = 1;

/// Becomes the harness. Returns only if that fails. `ready` is told what is in force just before; `listener` is for
/// whoever answers the harness's questions.
pub(super) fn become_harness(
    request: &Request,
    start: &Start,
    mut facts: Facts,
    listener: &mut Option<OwnedFd>,
    ready: impl FnOnce(Facts),
) -> Result<Infallible, Failure> {
    let failed =
        |what: &'static str| move |error: io::Error| Failure::new(Part::Start, what, error);
    setsid().map_err(|error| failed("start a session")(error.into()))?;
    let null = rustix::fs::open("/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
        .map_err(|error| failed("open /dev/null")(error.into()))?;
    dup2_stdin(null).map_err(|error| failed("empty stdin")(error.into()))?;
    rustix::process::umask(Mode::from(UMASK));
    chdir(world::WORKSPACE).map_err(|error| failed("enter the workspace")(error.into()))?;
    set_limits(request, &facts)?;
    // Both are refinements that older or stricter kernels may refuse: a keyring that is not
    // replaced is still out of reach once system calls are filtered, and addresses that vary
    // only matter to programs that print them.
    let _ = sys::new_session_keyring();
    let _ = sys::fixed_addresses();
    drop_privileges()?;
    facts.landlock = landlock::restrict(&request.layout);
    *listener = locks::filter_system_calls(&mut facts)
        .map_err(|error| Failure::new(Part::Privileges, "filter system calls", error))?;
    // Not with the others: Landlock and the filter's listener take descriptors, beside all that the init still holds.
    let open_files = request.limits.open_files;
    lower(Resource::RLIMIT_NOFILE, open_files, open_files)?;
    enforced::check(request, &facts)?;
    for file in &start.vital {
        access(file, AccessFlags::R_OK)
            .map_err(|error| Failure::new(Part::Unreadable, "read it", error).at(file))?;
    }
    ready(facts);
    execute(start)
}

fn execute(start: &Start) -> Result<Infallible, Failure> {
    let invalid = |_| {
        Failure::new(
            Part::Start,
            "pass an argument",
            io::Error::other("NUL byte"),
        )
    };
    let c_string = |text: &str| CString::new(text).map_err(invalid);
    let argv = start
        .argv
        .iter()
        .map(|text| c_string(text))
        .collect::<Result<Vec<CString>, Failure>>()?;
    let environment = start
        .environment
        .iter()
        .map(|(name, value)| c_string(&format!("{name}={value}")))
        .collect::<Result<Vec<CString>, Failure>>()?;
    let Some(program) = argv.first() else {
        return Err(Failure::new(
            Part::Start,
            "find a program",
            io::Error::other("empty"),
        ));
    };
    sys::close_from(3, true)
        .map_err(|error| Failure::new(Part::Start, "close descriptors", error))?;
    let Err(error) = execve(program, &argv, &environment);
    let path = Path::new(start.argv.first().map_or("", String::as_str));
    Err(Failure::new(Part::Start, "execute it", error).at(path))
}

fn set_limits(request: &Request, facts: &Facts) -> Result<(), Failure> {
    let limits = &request.limits;
    let mut cpu = limits.cpu_seconds.max(1);
    if facts.proc.is_ok() {
        // The keeper sums the group's time itself, and is exact. The kernel's limit counts whole clock ticks, on
        // busy machines up to twice the time really used; it is for the case that nobody comes to look.
        cpu = cpu.saturating_mul(2).saturating_add(CPU_GRACE_SECONDS);
    }
    lower(Resource::RLIMIT_CORE, 0, 0)?;
    lower(
        Resource::RLIMIT_CPU,
        cpu,
        cpu.saturating_add(CPU_GRACE_SECONDS),
    )?;
    lower(Resource::RLIMIT_FSIZE, limits.tmp_bytes, limits.tmp_bytes)?;
    lower(Resource::RLIMIT_MEMLOCK, LOCKED_BYTES, LOCKED_BYTES)?;
    lower(Resource::RLIMIT_STACK, STACK_BYTES, rlim_t::MAX)?;
    lower(Resource::RLIMIT_MSGQUEUE, 0, 0)?;
    lower(Resource::RLIMIT_RTPRIO, 0, 0)?;
    lower(Resource::RLIMIT_NICE, 0, 0)?;
    if facts.count_processes {
        let pids = limits.pids.saturating_add(OWN_PROCESSES);
        lower(Resource::RLIMIT_NPROC, pids, pids)?;
    }
    Ok(())
}

/// Sets a limit, but never above what this process was given: not even root can always raise one.
fn lower(resource: Resource, soft: rlim_t, hard: rlim_t) -> Result<(), Failure> {
    let failed = |error: nix::Error| Failure::new(Part::Limits, format!("{resource:?}"), error);
    let (_, most) = getrlimit(resource).map_err(failed)?;
    let hard = hard.min(most);
    setrlimit(resource, soft.min(hard), hard).map_err(failed)
}

/// No capability in any set, and no way to get one from a file.
fn drop_privileges() -> Result<(), Failure> {
    let failed = |what: &'static str| {
        move |error: rustix::io::Errno| Failure::new(Part::Privileges, what, error)
    };
    for number in 0..u64::BITS {
        let capability = CapabilitySet::from_bits_retain(1 << number);
        match rustix::thread::remove_capability_from_bounding_set(capability) {
            // The kernel knows no capability of that number, nor of any higher one.
            Err(rustix::io::Errno::INVAL) if number > 0 => break,
            other => other.map_err(failed("empty the bounding set"))?,
        }
    }
    rustix::thread::clear_ambient_capability_set().map_err(failed("empty the ambient set"))?;
    let bits = CapabilitiesSecureBits::NO_ROOT
        | CapabilitiesSecureBits::NO_ROOT_LOCKED
        | CapabilitiesSecureBits::NO_SETUID_FIXUP
        | CapabilitiesSecureBits::NO_SETUID_FIXUP_LOCKED
        | CapabilitiesSecureBits::KEEP_CAPS_LOCKED
        | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE
        | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE_LOCKED;
    rustix::thread::set_capabilities_secure_bits(bits).map_err(failed("lock secure bits"))?;
    rustix::thread::set_no_new_privs(true).map_err(failed("set no_new_privs"))?;
    let none = CapabilitySet::empty();
    let sets = CapabilitySets {
        effective: none,
        permitted: none,
        inheritable: none,
    };
    rustix::thread::set_capabilities(None, sets).map_err(failed("drop capabilities"))
}
