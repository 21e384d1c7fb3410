//! The output file, looked at only when everything that could change it is dead.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};

use super::protocol::Output;

/// What lies at `name` in the run's `/tmp`, and a descriptor of it if it is a good file. Links are
/// not followed, FIFOs not waited for, devices not opened.
pub(super) fn inspect(tmp: &OwnedFd, name: &str) -> (Output, Option<OwnedFd>) {
    match examine(tmp, name) {
        Ok(Some((file, size))) => (Output::File { size }, Some(file)),
        Ok(None) => (Output::None, None),
        Err(why) => (Output::Bad(why), None),
    }
}

fn examine(tmp: &OwnedFd, name: &str) -> Result<Option<(OwnedFd, u64)>, String> {
    let there = match rustix::fs::statat(tmp, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => stat,
        Err(rustix::io::Errno::NOENT) => return Ok(None),
        Err(error) => return Err(format!("harness output cannot be examined: {error}")),
    };
    judge(&there)?;
    let flags =
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = rustix::fs::openat(tmp, name, flags, Mode::empty())
        .map_err(|error| format!("harness output cannot be opened: {error}"))?;
    let opened = rustix::fs::fstat(file.as_fd())
        .map_err(|error| format!("harness output cannot be examined: {error}"))?;
    judge(&opened)?;
    if (opened.st_dev, opened.st_ino) != (there.st_dev, there.st_ino) {
        return Err("harness output changed while it was opened".to_owned());
    }
    Ok(Some((file, u64::try_from(opened.st_size).unwrap_or(0))))
}

/// Why this is not an output file, if it is not.
pub(super) fn judge(stat: &Stat) -> Result<(), String> {
    let kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile if stat.st_nlink == 1 => return Ok(()),
        FileType::RegularFile => "has more than one name (hard link)",
        FileType::Symlink => "is a symbolic link",
        FileType::Directory => "is a folder",
        FileType::Fifo => "is a FIFO",
        FileType::Socket => "is a socket",
        FileType::CharacterDevice | FileType::BlockDevice => "is a device",
        FileType::Unknown => "is not a regular file",
    };
    Err(format!("harness output {kind}"))
}
