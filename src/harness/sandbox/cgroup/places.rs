//! Where on this machine a run's control groups can be made.

use std::fs;
use std::path::{Path, PathBuf};

use super::{PREFIX, Version, write};
use crate::files::{Hold, read_generated_text};

/// The folders below which a run's groups can be made, found once.
#[derive(Debug)]
pub(in super::super) struct Hierarchies {
    pub(super) memory: Result<Place, String>,
    pub(super) pids: Result<Place, String>,
    /// Only measured.
    pub(super) cpu: Option<Place>,
}

/// A folder of a hierarchy, in which groups can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) folder: PathBuf,
    pub(super) version: Version,
}

impl Hierarchies {
    /// Finds where this process is.
    pub(in super::super) fn find() -> Self {
        let membership = read_generated_text("/proc/self/cgroup").unwrap_or_default();
        let mounts = read_generated_text("/proc/self/mountinfo").unwrap_or_default();
        let place = |controller: &str| {
            let place = locate(&membership, &mounts, controller)
                .ok_or_else(|| format!("no control group hierarchy has `{controller}`"))?;
            usable(place, controller)
        };
        Self {
            memory: place("memory"),
            pids: place("pids"),
            cpu: place("cpuacct").ok(),
        }
    }

    /// Removes what crashed runs of others left there.
    pub(in super::super) fn sweep(&self) {
        let places = [
            self.memory.as_ref().ok(),
            self.pids.as_ref().ok(),
            self.cpu.as_ref(),
        ];
        for place in places.into_iter().flatten() {
            sweep(&place.folder);
        }
    }

    /// For a machine, or a test, without control groups.
    pub(in super::super) fn none(why: &str) -> Self {
        Self {
            memory: Err(why.to_owned()),
            pids: Err(why.to_owned()),
            cpu: None,
        }
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
        read_generated_text(folder.join(file))
            .is_ok_and(|text| text.split_whitespace().any(|name| name == controller))
    };
    let available =
        read_generated_text(place.folder.join("cgroup.controllers")).unwrap_or_default();
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
        let process = owner.and_then(|process| process.parse().ok());
        let path = entry.path();
        if let Some(_hold) = process.and_then(|process| Hold::take_left(&path, process)) {
            // A group that still has processes refuses.
            let _ = fs::remove_dir(path);
        }
    }
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
}
