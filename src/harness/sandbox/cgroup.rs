//! Control groups: exact limits and figures for the whole group, where the machine grants them.
//!
//! dfab itself makes one group per run beside its own, so that the harness is never in it before
//! its limits are, and removes it afterwards. Where a controller cannot be had (no permission, no
//! delegation, not there) the run goes on with the keeper's sampling, and the report says why.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::protocol::Limits;
use crate::harness::Protection;

/// First part of the name of every group of ours.
const PREFIX: &str = "dfab-";
/// The init is a process of the group too.
const OWN_PROCESSES: u64 = 1;
/// A group of dead processes may need a moment before it can be removed.
const REMOVAL_TRIES: u32 = 50;
const REMOVAL_PAUSE: Duration = Duration::from_millis(2);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    V1,
    V2,
}

impl Version {
    fn name(self) -> &'static str {
        match self {
            Self::V1 => "control group v1",
            Self::V2 => "control group v2",
        }
    }
}

/// The folders below which a run's groups can be made, found once.
#[derive(Debug)]
pub(super) struct Hierarchies {
    memory: Result<Place, String>,
    pids: Result<Place, String>,
    /// Only measured.
    cpu: Option<Place>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    folder: PathBuf,
    version: Version,
}

impl Hierarchies {
    /// Finds where this process is, and removes what crashed runs of others left there.
    pub(super) fn find() -> Self {
        let membership = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let place = |controller: &str| {
            let place = locate(&membership, &mounts, controller)
                .ok_or_else(|| format!("no control group hierarchy has `{controller}`"))?;
            let place = usable(place, controller)?;
            sweep(&place.folder);
            Ok(place)
        };
        Self {
            memory: place("memory"),
            pids: place("pids"),
            cpu: place("cpuacct").ok(),
        }
    }

    /// Makes the groups of one run.
    pub(super) fn create(&self, limits: &Limits) -> Group {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{PREFIX}{}-{number}", std::process::id());
        let mut group = Group {
            folders: Vec::new(),
            memory: None,
            pids: None,
            cpu: None,
        };
        let memory = limits.memory_bytes.to_string();
        group.memory = Some(self.memory.clone().and_then(|place| {
            let folder = group.make(&place, &name)?;
            set_memory(&folder, place.version, &memory)?;
            Ok((folder, place.version))
        }));
        let pids = limits.pids.saturating_add(OWN_PROCESSES).to_string();
        group.pids = Some(self.pids.clone().and_then(|place| {
            let folder = group.make(&place, &name)?;
            write(&folder, "pids.max", &pids)?;
            Ok((folder, place.version))
        }));
        // Version 2 measures processor time in every group.
        group.cpu = match &self.cpu {
            Some(place) => group
                .make(place, &name)
                .ok()
                .map(|folder| (folder, place.version)),
            None => match &group.memory {
                Some(Ok((folder, Version::V2))) => Some((folder.clone(), Version::V2)),
                _ => None,
            },
        };
        group
    }
}

/// Where this process is in the hierarchy of a controller, as a folder.
fn locate(membership: &str, mounts: &str, controller: &str) -> Option<Place> {
    let lines: Vec<(&str, &str)> = membership
        .lines()
        .filter_map(|line| line.split_once(':')?.1.split_once(':'))
        .collect();
    let v1 = lines
        .iter()
        .find(|(names, _)| names.split(',').any(|name| name == controller));
    if let Some((_, path)) = v1 {
        let folder = folder_of(mounts, path, |kind, options| {
            kind == "cgroup" && options.split(',').any(|option| option == controller)
        })?;
        return Some(Place {
            folder,
            version: Version::V1,
        });
    }
    let (_, path) = lines.iter().find(|(names, _)| names.is_empty())?;
    let folder = folder_of(mounts, path, |kind, _| kind == "cgroup2")?;
    Some(Place {
        folder,
        version: Version::V2,
    })
}

/// A path in a hierarchy, through the mount that shows it.
fn folder_of(mounts: &str, path: &str, wanted: impl Fn(&str, &str) -> bool) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let (place, kind) = line.split_once(" - ")?;
        let mut kind = kind.split(' ');
        let (name, options) = (kind.next()?, kind.nth(1)?);
        if !wanted(name, options) {
            return None;
        }
        let mut place = place.split(' ').skip(3);
        let (root, point) = (place.next()?, place.next()?);
        // In a container the mount shows only the part below `root`.
        let inner = Path::new(path)
            .strip_prefix(root)
            .or_else(|_| path_from_root(path))
            .ok()?;
        Some(Path::new(point).join(inner))
    })
}

fn path_from_root(path: &str) -> Result<&Path, std::path::StripPrefixError> {
    Path::new(path).strip_prefix("/")
}

/// The place itself, or on version 2, where a group with processes cannot hand controllers down,
/// perhaps the one above.
fn usable(place: Place, controller: &str) -> Result<Place, String> {
    if place.version == Version::V1 {
        return Ok(place);
    }
    let file = "cgroup.subtree_control";
    let hands_down = |folder: &Path| {
        fs::read_to_string(folder.join(file))
            .is_ok_and(|text| text.split_whitespace().any(|name| name == controller))
    };
    let available = fs::read_to_string(place.folder.join("cgroup.controllers")).unwrap_or_default();
    if !available.split_whitespace().any(|name| name == controller) {
        return Err(format!(
            "control group v2 does not offer `{controller}` here"
        ));
    }
    if hands_down(&place.folder) {
        return Ok(place);
    }
    if let Some(above) = place.folder.parent().filter(|above| hands_down(above)) {
        return Ok(Place {
            folder: above.to_owned(),
            version: Version::V2,
        });
    }
    write(&place.folder, file, &format!("+{controller}"))?;
    Ok(place)
}

/// Removes groups of processes of ours that are gone.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner = name
            .to_str()
            .and_then(|name| name.strip_prefix(PREFIX)?.split('-').next());
        let Some(pid) = owner.and_then(|pid| pid.parse::<u32>().ok()) else {
            continue;
        };
        if !Path::new("/proc").join(pid.to_string()).exists() {
            // A group that still has processes refuses.
            let _ = fs::remove_dir(entry.path());
        }
    }
}

fn read(folder: &Path, file: &str) -> Option<String> {
    fs::read_to_string(folder.join(file)).ok()
}

fn write(folder: &Path, file: &str, text: &str) -> Result<(), String> {
    fs::write(folder.join(file), text).map_err(|error| format!("{file}: {error}"))
}

fn set_memory(folder: &Path, version: Version, bytes: &str) -> Result<(), String> {
    match version {
        Version::V1 => {
            write(folder, "memory.limit_in_bytes", bytes)?;
            // Only there where swap is accounted; without it the limit is for memory alone.
            let _ = write(folder, "memory.memsw.limit_in_bytes", bytes);
        }
        Version::V2 => {
            write(folder, "memory.max", bytes)?;
            let _ = write(folder, "memory.swap.max", "0");
            // The whole group dies, as it does where the keeper samples.
            let _ = write(folder, "memory.oom.group", "1");
        }
    }
    Ok(())
}

type Controller = Option<Result<(PathBuf, Version), String>>;

/// The groups of one run. Dropping it removes them.
#[derive(Debug)]
pub(super) struct Group {
    folders: Vec<PathBuf>,
    memory: Controller,
    pids: Controller,
    cpu: Option<(PathBuf, Version)>,
}

/// What the kernel counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counted {
    /// Whether it killed for memory.
    pub(super) killed_for_memory: bool,
    pub(super) peak_bytes: Option<u64>,
    pub(super) cpu_micros: Option<u64>,
}

impl Group {
    fn make(&mut self, place: &Place, name: &str) -> Result<PathBuf, String> {
        let folder = place.folder.join(name);
        if !self.folders.contains(&folder) {
            match fs::create_dir(&folder) {
                // Left by a crash of a process with our number.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                other => other.map_err(|error| format!("{}: {error}", place.folder.display()))?,
            }
            self.folders.push(folder.clone());
        }
        Ok(folder)
    }

    /// Puts a process, and so all that it will start, into the groups.
    pub(super) fn admit(&mut self, pid: u32) {
        for folder in self.folders.clone() {
            let Err(why) = write(&folder, "cgroup.procs", &pid.to_string()) else {
                continue;
            };
            for controller in [&mut self.memory, &mut self.pids] {
                if matches!(controller, Some(Ok((used, _))) if *used == folder) {
                    *controller = Some(Err(why.clone()));
                }
            }
            self.cpu.take_if(|(used, _)| *used == folder);
        }
    }

    /// Whether the kernel has killed any process of the group for memory. It picks one, perhaps a
    /// child whose parent goes on; the run is over all the same, as it is where the keeper samples.
    pub(super) fn killed_for_memory(&self) -> bool {
        let Some(Ok((folder, version))) = &self.memory else {
            return false;
        };
        let events = match version {
            Version::V1 => "memory.oom_control",
            Version::V2 => "memory.events",
        };
        read(folder, events).is_some_and(|text| field(&text, "oom_kill").unwrap_or(0) > 0)
    }

    /// What was counted, once all processes are dead.
    pub(super) fn count(&self) -> Counted {
        let number = |text: String| text.trim().parse::<u64>().ok();
        let peak_bytes = match &self.memory {
            Some(Ok((folder, Version::V1))) => read(folder, "memory.max_usage_in_bytes"),
            Some(Ok((folder, Version::V2))) => read(folder, "memory.peak"),
            _ => None,
        };
        let cpu_micros = match &self.cpu {
            Some((folder, Version::V1)) => read(folder, "cpuacct.usage")
                .and_then(number)
                .map(|nanos| nanos / 1000),
            Some((folder, Version::V2)) => {
                read(folder, "cpu.stat").and_then(|text| field(&text, "usage_usec"))
            }
            None => None,
        };
        Counted {
            killed_for_memory: self.killed_for_memory(),
            peak_bytes: peak_bytes.and_then(number),
            cpu_micros,
        }
    }

    /// What the groups add to what is enforced.
    pub(super) fn enforced(&self, limits: &Limits) -> Vec<Protection> {
        let one = |name: &str, controller: &Controller, file: &str, value: u64| match controller {
            Some(Ok((_, version))) => {
                Protection::by(name, format!("{}: {file} {value}", version.name()))
            }
            Some(Err(why)) => Protection::missing(name, why.clone()),
            None => Protection::missing(name, "not tried"),
        };
        vec![
            one(
                "memory_control_group",
                &self.memory,
                "memory limit",
                limits.memory_bytes,
            ),
            one(
                "processes_control_group",
                &self.pids,
                "process limit",
                limits.pids,
            ),
        ]
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for folder in &self.folders {
            for _ in 0..REMOVAL_TRIES {
                match fs::remove_dir(folder) {
                    Err(error) if error.raw_os_error() == Some(nix::libc::EBUSY) => {
                        std::thread::sleep(REMOVAL_PAUSE);
                    }
                    // What cannot be removed now is swept by a later process.
                    _ => break,
                }
            }
        }
    }
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

    const V1: &str =
        "9:name=systemd:/\n8:pids:/\n4:memory:/jobs/a\n2:cpu,cpuacct:/docker/x\n0::/\n";
    const MOUNTS: &str = "\
30 20 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n\
31 30 0:27 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory\n\
32 30 0:28 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n\
33 30 0:29 /docker/x /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n\
34 30 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

    fn folder(membership: &str, controller: &str) -> Option<(String, Version)> {
        let place = locate(membership, MOUNTS, controller)?;
        Some((
            place.folder.to_str()?.trim_end_matches('/').to_owned(),
            place.version,
        ))
    }

    #[test]
    fn version_1_hierarchies_are_found_by_their_controller() {
        let found = |controller| folder(V1, controller).unwrap();
        assert_eq!(
            found("memory"),
            ("/sys/fs/cgroup/memory/jobs/a".to_owned(), Version::V1)
        );
        assert_eq!(
            found("pids"),
            ("/sys/fs/cgroup/pids".to_owned(), Version::V1)
        );
    }

    #[test]
    fn a_mount_that_shows_only_a_part_is_entered_below_it() {
        let found = folder(V1, "cpuacct").unwrap();
        assert_eq!(
            found,
            ("/sys/fs/cgroup/cpu,cpuacct".to_owned(), Version::V1)
        );
    }

    #[test]
    fn version_2_is_taken_where_version_1_lacks_the_controller() {
        let found = folder("0::/user.slice/me\n", "memory").unwrap();
        assert_eq!(
            found,
            (
                "/sys/fs/cgroup/unified/user.slice/me".to_owned(),
                Version::V2
            )
        );
        assert_eq!(folder("", "memory"), None);
        assert_eq!(locate("0::/x\n", "", "memory"), None);
    }

    #[test]
    fn counters_are_read_by_their_whole_name() {
        let events = "oom 3\noom_kill 2\noom_group_kill 1\n";
        assert_eq!(field(events, "oom_kill"), Some(2));
        assert_eq!(field(events, "kill"), None);
    }
}
