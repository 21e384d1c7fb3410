//! Where results, packages and workspaces go, and whether there is room.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::statvfs;

use crate::pipeline::place_in_memory;
use crate::settings::ExecutorChoice;
use crate::store::Store;

use super::super::context::Context;
use super::check::size;
use super::{Check, Verdict};

/// Below this a batch soon ends: a result takes tens of kilobytes, a workspace up to max_zip_uncompressed_bytes.
const LITTLE_ROOM: u64 = 1 << 30;
/// Below this not even one package fits with certainty: its ZIP, its workspace and its result.
const NO_ROOM: u64 = 64 << 20;

/// Database, packages, workspaces, and the disks they are on.
pub(super) fn checks(context: &Context) -> Vec<Check> {
    let settings = &context.settings;
    let mut checks = vec![
        database(&settings.database),
        packages(&settings.artifact_root),
        workspaces(context),
    ];
    let temporary = std::env::temp_dir();
    checks.extend(disks(&[
        ("database", &settings.database),
        ("packages", &settings.artifact_root),
        ("workspaces", &temporary),
    ]));
    checks
}

/// Looks at the database if there is one; makes none.
fn database(path: &Path) -> Check {
    let shown = path.display().to_string();
    if path.exists() {
        let usable = Store::open_read_only(path).and_then(|_| Store::check_writable(path));
        return match usable {
            Ok(()) => Check::new("database", Verdict::Ok, shown),
            Err(error) => Check::failed("database", &error, error.hint()),
        };
    }
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    made_later("database", path, folder)
}

/// The folder that packages are kept in, or the one it will be made in.
fn packages(root: &Path) -> Check {
    match existing(root) {
        Some(folder) if folder == root => writable("packages", root, root.display().to_string()),
        Some(folder) => made_later("packages", root, &folder),
        None => made_later("packages", root, Path::new(".")),
    }
}

/// Workspaces are laid out in memory where the sandbox finds room there, else below the folder for temporary files.
fn workspaces(context: &Context) -> Check {
    let folder = std::env::temp_dir();
    let memory = match context.settings.executor {
        ExecutorChoice::Sandbox => place_in_memory(&context.package_limits()),
        _ => None,
    };
    let detail = match memory {
        Some(memory) => format!("{} (memory), else {}", memory.display(), folder.display()),
        None => folder.display().to_string(),
    };
    match tempfile::tempdir() {
        Ok(_) => Check::new("workspaces", Verdict::Ok, detail),
        Err(error) => Check::failed(
            "workspaces",
            &error,
            Some("set TMPDIR to a folder you can write to".to_owned()),
        ),
    }
}

fn made_later(name: &str, path: &Path, folder: &Path) -> Check {
    let detail = format!("{} (will be made by the first run)", path.display());
    writable(name, folder, detail)
}

fn writable(name: &str, folder: &Path, detail: String) -> Check {
    match tempfile::tempfile_in(folder) {
        Ok(_) => Check::new(name, Verdict::Ok, detail),
        Err(error) => Check::failed(
            name,
            &error,
            Some(format!(
                "{} must be a folder you can write to",
                folder.display()
            )),
        ),
    }
}

/// The path, or the nearest above it that is there.
fn existing(path: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(path).ok()?;
    if path.exists() {
        return Some(path.to_owned());
    }
    let mut above = absolute.ancestors().skip(1);
    above.find(|folder| folder.exists()).map(Path::to_owned)
}

/// A line for each disk, with what is on it.
fn disks(places: &[(&str, &Path)]) -> Vec<Check> {
    let mut disks: Vec<(u64, PathBuf, Vec<&str>)> = Vec::new();
    for (name, path) in places {
        let found = existing(path).and_then(|path| Some((fs::metadata(&path).ok()?.dev(), path)));
        let Some((device, path)) = found else {
            continue;
        };
        match disks.iter_mut().find(|(known, _, _)| *known == device) {
            Some((_, _, names)) => names.push(name),
            None => disks.push((device, path, vec![name])),
        }
    }
    disks
        .iter()
        .map(|(_, path, names)| disk(path, &names.join(", ")))
        .collect()
}

fn disk(path: &Path, names: &str) -> Check {
    match statvfs(path) {
        Err(error) => Check::failed("disk", &error, None),
        Ok(found) => {
            let free = found.f_bavail.saturating_mul(found.f_frsize);
            // Some file systems do not count their files.
            let files = (found.f_files > 0).then_some(found.f_favail);
            room(names, free, files)
        }
    }
}

/// What so much room means.
fn room(names: &str, free: u64, files: Option<u64>) -> Check {
    let detail = format!("{} free for {names}", size(free));
    match (free, files) {
        (_, Some(0)) => Check::new(
            "disk",
            Verdict::Fail,
            format!("{detail}, but no file can be added"),
        )
        .hint("remove files, or name places on another disk: --database, --artifact-root, TMPDIR"),
        (..NO_ROOM, _) => Check::new("disk", Verdict::Fail, detail)
            .hint("make room, or name places on another disk: --database, --artifact-root, TMPDIR"),
        (..LITTLE_ROOM, _) => Check::new("disk", Verdict::Warn, detail)
            .hint("a batch may fill it; what was recorded before is safe"),
        _ => Check::new("disk", Verdict::Ok, detail),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_room_is_warned_of_and_none_fails() {
        for (free, files, verdict) in [
            (10 << 30, Some(5), Verdict::Ok),
            (10 << 30, None, Verdict::Ok),
            (1 << 30, None, Verdict::Ok),
            ((1 << 30) - 1, None, Verdict::Warn),
            ((64 << 20) - 1, None, Verdict::Fail),
            (10 << 30, Some(0), Verdict::Fail),
        ] {
            let check = room("x", free, files);
            assert_eq!(check.verdict, verdict, "{check:?}");
            assert_eq!(check.hint.is_some(), verdict != Verdict::Ok, "{check:?}");
        }
    }

    #[test]
    fn places_on_one_disk_are_one_line() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("not/there/yet");
        let found = disks(&[("a", folder.path()), ("b", &deep)]);
        assert_eq!(found.len(), 1);
        assert!(found[0].detail.ends_with("free for a, b"), "{found:?}");
    }
}
