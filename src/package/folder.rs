//! A folder as the ZIP it will be: a bounded walk that follows no links, and a writer that depends
//! on nothing but names and contents.

use std::fs::{self, File, FileType};
use std::io::{Cursor, Read, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipWriter};

use super::contract::{RunningTotal, check_count, check_file};
use super::error::{FolderFault, PackageError};
use super::{MAX_PATH_SEGMENTS, PackageLimits};

/// A walk ends after this many files and folders; no package comes near.
const MAX_WALKED: usize = 65_536;
/// Folders are entered this deep: far enough for the ZIP reader to name the file that is too deep.
const MAX_WALK_DEPTH: usize = 2 * MAX_PATH_SEGMENTS;
/// The deflate level, part of "same folder, same bytes".
const LEVEL: i64 = 6;

/// Bytes beyond a file's size by which a reader finds its end without growing.
const ROOM_FOR_THE_END: usize = 64;

/// A file found in the folder.
struct Found {
    /// Path segments joined with `/`: the entry's name.
    name: String,
    path: PathBuf,
    size: u64,
    is_symlink: bool,
}

/// Packs the folder's files in order of their path segments. Empty folders leave no trace.
///
/// Where the ZIP of the folder is bound to be refused (too many files, a link, too much content),
/// the contract's message comes without packing it; everything else is for the reader to say.
pub(super) fn pack(root: &Path, limits: &PackageLimits) -> Result<Vec<u8>, PackageError> {
    write(&find(root, limits)?, limits, CompressionMethod::Deflated)
}

/// The same content without compression, where that is within the limit too: the ZIP only passes through then.
pub(super) fn pack_quickly(root: &Path, limits: &PackageLimits) -> Result<Vec<u8>, PackageError> {
    let found = find(root, limits)?;
    let plain = write(&found, limits, CompressionMethod::Stored)?;
    if plain.len() as u64 <= limits.max_submission_size_bytes {
        return Ok(plain);
    }
    write(&found, limits, CompressionMethod::Deflated)
}

fn find(root: &Path, limits: &PackageLimits) -> Result<Vec<Found>, PackageError> {
    let found = walk(root, limits)?;
    if found.iter().any(|file| file.is_symlink) || exceeds(&found, limits) {
        check_like_zip(&found, limits)?;
    }
    Ok(found)
}

fn exceeds(found: &[Found], limits: &PackageLimits) -> bool {
    let total = found
        .iter()
        .fold(0, |total: u64, file| total.saturating_add(file.size));
    found.len() > limits.max_zip_files || total > limits.max_zip_uncompressed_bytes
}

/// The contract's checks on counts, names and sizes, in its order.
fn check_like_zip(found: &[Found], limits: &PackageLimits) -> Result<(), PackageError> {
    check_count(found.len(), limits)?;
    let mut total = RunningTotal::new(limits);
    for file in found {
        check_file(&file.name, file.is_symlink)?;
        total.add(file.size)?;
    }
    Ok(())
}

/// Lists the files below `root`, sorted by path segments; stops one file past the limit.
fn walk(root: &Path, limits: &PackageLimits) -> Result<Vec<Found>, PackageError> {
    let is_folder = fs::metadata(root)
        .map_err(|e| PackageError::io(root, e))?
        .is_dir();
    if !is_folder {
        return Err(PackageError::folder(root, FolderFault::NotAFolder));
    }
    let mut found = Vec::new();
    let mut walked = 0;
    let mut folders = vec![(root.to_path_buf(), String::new(), 1)];
    while let Some((folder, prefix, depth)) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(|e| PackageError::io(&folder, e))? {
            let entry = entry.map_err(|e| PackageError::io(&folder, e))?;
            let path = entry.path();
            walked += 1;
            if walked > MAX_WALKED {
                let fault = FolderFault::TooManyEntries { limit: MAX_WALKED };
                return Err(PackageError::folder(root, fault));
            }
            let Ok(segment) = entry.file_name().into_string() else {
                return Err(PackageError::folder(path, FolderFault::NameNotUtf8));
            };
            let name = format!("{prefix}{segment}");
            // Of the entry itself: a link is not followed.
            let metadata = entry.metadata().map_err(|e| PackageError::io(&path, e))?;
            let kind = metadata.file_type();
            if kind.is_dir() {
                if depth == MAX_WALK_DEPTH {
                    let fault = FolderFault::TooDeep {
                        limit: MAX_WALK_DEPTH,
                    };
                    return Err(PackageError::folder(path, fault));
                }
                folders.push((path, format!("{name}/"), depth + 1));
                continue;
            }
            if let Some(special) = special_kind(kind) {
                return Err(PackageError::folder(path, FolderFault::Special(special)));
            }
            let size = if kind.is_symlink() { 0 } else { metadata.len() };
            found.push(Found {
                name,
                path,
                size,
                is_symlink: kind.is_symlink(),
            });
            if found.len() > limits.max_zip_files {
                return Err(PackageError::TooManyFiles {
                    limit: limits.max_zip_files,
                });
            }
        }
    }
    found.sort_by(|left, right| left.name.split('/').cmp(right.name.split('/')));
    Ok(found)
}

/// What an entry is called that is neither a file nor a folder nor a link.
pub(crate) fn special_kind(kind: FileType) -> Option<&'static str> {
    if kind.is_file() || kind.is_symlink() {
        None
    } else if kind.is_fifo() {
        Some("a FIFO")
    } else if kind.is_socket() {
        Some("a socket")
    } else {
        Some("a device")
    }
}

fn write(
    found: &[Found],
    limits: &PackageLimits,
    method: CompressionMethod,
) -> Result<Vec<u8>, PackageError> {
    // The time and mode of an entry are fixed, the host system too.
    let options = SimpleFileOptions::default()
        .compression_method(method)
        .compression_level((method == CompressionMethod::Deflated).then_some(LEVEL))
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644)
        .system(System::Unix);
    let mut total = RunningTotal::new(limits);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let failed = |detail: String| PackageError::Pack { detail };
    for file in found {
        let content = read_file(file, limits)?;
        total.add(content.len() as u64)?;
        writer
            .start_file(&file.name, options)
            .map_err(|e| failed(e.to_string()))?;
        writer
            .write_all(&content)
            .map_err(|e| failed(e.to_string()))?;
    }
    let cursor = writer.finish().map_err(|e| failed(e.to_string()))?;
    Ok(cursor.into_inner())
}

/// Reads a file that was a regular one a moment ago, never through a link and never past the
/// limit.
fn read_file(file: &Found, limits: &PackageLimits) -> Result<Vec<u8>, PackageError> {
    let io = |error| PackageError::io(&file.path, error);
    // Should a FIFO have taken its place, opening it must not wait for a writer.
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let handle = File::options()
        .read(true)
        .custom_flags(flags.bits())
        .open(&file.path)
        .map_err(io)?;
    let metadata = handle.metadata().map_err(io)?;
    if !metadata.is_file() {
        return Err(PackageError::folder(&file.path, FolderFault::Changed));
    }
    let limit = limits.max_zip_uncompressed_bytes.saturating_add(1);
    // Room for all of it, and to find the end in: without, it is read in many small steps.
    let room = usize::try_from(metadata.len().min(limit)).unwrap_or(0);
    let mut content = Vec::with_capacity(room.saturating_add(ROOM_FOR_THE_END));
    handle.take(limit).read_to_end(&mut content).map_err(io)?;
    Ok(content)
}
