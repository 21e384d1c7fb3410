//! Writing files so that a reader sees the old content or the new, never a part; and knowing a
//! database before it is written over.

mod hold;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use tempfile::NamedTempFile;

pub(crate) use hold::Hold;

/// The time of every file and folder dfab makes for a harness, in Unix seconds: 1980-01-01, as in the ZIPs that
/// `pack` makes. The clock's would tell one run from the next.
pub(crate) const FIXED_TIME: i64 = 315_532_800;

/// What an SQLite database begins with (its file format, section 1.3.1).
const SQLITE_HEADER: &[u8; 16] = b"SQLite format 3\0";

/// Opens a file that the user named for reading.
///
/// Opening a FIFO blocks until somebody writes, and a device may never end, so only regular files are opened. Names
/// of descriptors are what they are: `/dev/stdin`, and `/dev/fd/N`, which shells hand over for `<(command)`. And
/// `/dev/null` is as good as an empty file.
///
/// # Errors
/// There is no such file, it cannot be opened, or it is none of these.
pub(crate) fn open_named(path: &Path) -> io::Result<File> {
    let is_descriptor = ["/dev/stdin", "/dev/fd", "/proc/self/fd", "/dev/null"]
        .iter()
        .any(|name| path.starts_with(name));
    if is_descriptor {
        return File::open(path);
    }
    check_regular(&fs::metadata(path)?)?;
    // Should a FIFO have taken its place, opening it must not wait for a writer.
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(OFlag::O_NONBLOCK.bits())
        .open(path)?;
    check_regular(&file.metadata()?)?;
    Ok(file)
}

fn check_regular(meta: &fs::Metadata) -> io::Result<()> {
    match (meta.is_file(), meta.is_dir()) {
        (true, _) => Ok(()),
        (_, true) => Err(io::ErrorKind::IsADirectory.into()),
        _ => Err(io::Error::other("it is not a regular file")),
    }
}

/// Reads a file that the kernel makes up as it is read, such as those of `/proc`. Its size says nothing, and room for
/// most of them at once is cheaper than finding their length in small steps.
///
/// # Errors
/// There is no such file, or it cannot be read.
pub(crate) fn read_generated(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    read_generated_from(File::open(path)?)
}

/// The same of a file that is open.
///
/// # Errors
/// It cannot be read.
pub(crate) fn read_generated_from(file: File) -> io::Result<Vec<u8>> {
    let mut content = Vec::with_capacity(4096);
    // Only a file itself would be asked for its size.
    file.take(u64::MAX).read_to_end(&mut content)?;
    Ok(content)
}

/// The same as text. A process can give itself a name that is none; the rest is told all the same.
///
/// # Errors
/// As [`read_generated`].
pub(crate) fn read_generated_text(path: impl AsRef<Path>) -> io::Result<String> {
    let content = read_generated(path)?;
    Ok(String::from_utf8(content)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// Writes `bytes` to `path` as one step, on disk when this returns.
///
/// The bytes go to a temporary file in the same folder, which then takes the name. A file that is
/// replaced keeps its permissions (a new one gets what the umask leaves of `rw-rw-rw-`). A symbolic
/// link is followed: the link stays and the file it names is replaced. What is neither file nor
/// folder, such as a pipe or `/dev/stdout`, is written to directly, for nothing can take its place.
///
/// # Errors
/// `path` is a folder or a link that leads nowhere, or the folder or disk refuses the write. The
/// file is then as it was, and no temporary file stays behind. The error says what the system said
/// and names no file: only `path` means anything to whoever asked.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace(path, |out| out.write_all(bytes))
}

/// As [`write_atomically`], for what is written piece by piece.
///
/// # Errors
/// As there, and those of `write`.
pub fn replace(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    // Asked of the path as given: what `/dev/stdout` leads to may have no name of its own.
    let permissions = match fs::metadata(path) {
        Ok(meta) if meta.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        Ok(meta) if !meta.is_file() => {
            return write(&mut OpenOptions::new().write(true).open(path)?);
        }
        Ok(meta) => Some(meta.permissions()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let is_link = fs::symlink_metadata(path).is_ok_and(|meta| meta.is_symlink());
    let target: PathBuf = if is_link {
        fs::canonicalize(path)?
    } else {
        path.to_owned()
    };
    let folder = match target.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut temporary = temporary_in(folder)?;
    // Through the file itself: the wrapper's errors name the temporary file.
    let file = temporary.as_file_mut();
    write(file)?;
    if let Some(permissions) = permissions {
        file.set_permissions(permissions)?;
    }
    file.sync_all()?;
    temporary.persist(&target).map_err(|error| error.error)?;
    // The new name itself is durable only once the folder is.
    File::open(folder)?.sync_all()
}

/// A new file that is deleted when dropped.
fn temporary_in(folder: &Path) -> io::Result<NamedTempFile> {
    let mut code = None;
    let made = tempfile::Builder::new()
        .prefix(".dfab-")
        .make_in(folder, |path| {
            OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o666)
                .open(path)
                .inspect_err(|error| code = error.raw_os_error())
        });
    made.map_err(|error| match code {
        Some(code) => io::Error::from_raw_os_error(code),
        None => error.kind().into(),
    })
}

/// Whether a database lies at `path`, so that nobody writes a report over it by mistake. False for
/// what does not exist, cannot be read, or is no regular file; a pipe is never waited for.
pub fn is_sqlite(path: &Path) -> bool {
    let header = || -> io::Result<[u8; SQLITE_HEADER.len()]> {
        let mut header = [0; SQLITE_HEADER.len()];
        // Opening some devices does things, so only a regular file is opened; and should a pipe
        // take its place in between, opening does not wait for a writer.
        if fs::metadata(path)?.is_file() {
            let mut file = OpenOptions::new()
                .read(true)
                .custom_flags(OFlag::O_NONBLOCK.bits())
                .open(path)?;
            file.read_exact(&mut header)?;
        }
        Ok(header)
    };
    header().is_ok_and(|header| header == *SQLITE_HEADER)
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn what_is_no_text_does_not_hide_the_rest() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), b"Name:\t\xff\nVmPTE:\t4 kB\n").unwrap();
        let text = read_generated_text(file.path()).unwrap();
        assert_eq!(text.lines().nth(1), Some("VmPTE:\t4 kB"));
    }

    #[test]
    fn a_generated_file_is_read_to_its_end() {
        let long = "x".repeat(100_000);
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), &long).unwrap();
        assert_eq!(read_generated_text(file.path()).unwrap(), long);
        assert!(read_generated("/proc/self/maps").unwrap().ends_with(b"\n"));
    }

    #[test]
    fn a_new_file_holds_the_bytes_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.json");
        write_atomically(&path, b"one").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(names(folder.path()), ["w.json"]);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o600, 0o600);
        assert_eq!(mode & 0o111, 0);
    }

    #[test]
    fn a_replaced_file_keeps_its_permissions() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.json");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        write_atomically(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o640
        );
    }

    #[test]
    fn a_reader_that_had_the_old_file_open_still_reads_all_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.json");
        fs::write(&path, "old").unwrap();
        let mut reader = File::open(&path).unwrap();
        write_atomically(&path, b"newer").unwrap();
        let mut text = String::new();
        io::Read::read_to_string(&mut reader, &mut text).unwrap();
        assert_eq!(text, "old");
    }

    #[test]
    fn a_symbolic_link_stays_and_its_target_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        fs::write(&target, "old").unwrap();
        std::os::unix::fs::symlink("target", &link).unwrap();
        write_atomically(&link, b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&target).unwrap(), b"new");
    }

    #[test]
    fn a_link_that_leads_nowhere_and_a_folder_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("nowhere", &link).unwrap();
        assert!(write_atomically(&link, b"x").is_err());
        assert!(write_atomically(folder.path(), b"x").is_err());
        assert!(write_atomically(&folder.path().join("none/w.json"), b"x").is_err());
        assert_eq!(names(folder.path()), ["link"]);
    }

    #[test]
    fn a_device_is_written_to_and_stays_a_device() {
        write_atomically(Path::new("/dev/null"), b"x").unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }

    #[test]
    fn a_link_to_a_pipe_without_a_name_is_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("stdout");
        let (mut reader, writer) = io::pipe().unwrap();
        let end = format!("/proc/self/fd/{}", writer.as_raw_fd());
        std::os::unix::fs::symlink(end, &link).unwrap();
        write_atomically(&link, b"report").unwrap();
        drop(writer);
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "report");
        assert_eq!(names(folder.path()), ["stdout"]);
    }

    #[test]
    fn errors_are_the_systems_own_and_name_no_temporary_file() {
        let folder = tempfile::tempdir().unwrap();
        let missing = write_atomically(&folder.path().join("none/w.json"), b"x").unwrap_err();
        assert_eq!(
            missing.to_string(),
            "No such file or directory (os error 2)"
        );
        // Files cannot be made there by anybody, root included.
        let refused = write_atomically(Path::new("/proc/self/w.json"), b"x").unwrap_err();
        assert!(refused.raw_os_error().is_some(), "{refused:?}");
        assert!(!refused.to_string().contains(".dfab-"), "{refused}");
    }

    #[test]
    fn a_full_disk_is_reported_without_the_temporary_files_name() {
        let error = write_atomically(Path::new("/dev/full"), b"x").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn a_database_is_known_by_its_first_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        rusqlite::Connection::open(path("x.json"))
            .and_then(|file| file.execute_batch("CREATE TABLE t (x)"))
            .unwrap();
        std::os::unix::fs::symlink("x.json", path("link")).unwrap();
        assert!(is_sqlite(&path("x.json")) && is_sqlite(&path("link")));
        fs::write(path("report"), "SQLite format 3 is a file format").unwrap();
        fs::write(path("short"), "SQLite").unwrap();
        fs::write(path("empty"), "").unwrap();
        let pipe = path("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        for other in ["report", "short", "empty", "pipe", "none", "."] {
            assert!(!is_sqlite(&path(other)), "{other}");
        }
    }
}
