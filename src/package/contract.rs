//! The checks in their order: the live service's contract first, then what dfab refuses beyond it.
//!
//! A contract message wins wherever both apply. So the archive's own soundness is established
//! early (the manifest must be readable to reach the last contract checks) but only reported once
//! the contract has nothing more to say.

use super::directory::{self, CentralEntry, Directory};
use super::entry::{self, Location};
use super::error::{EntryFault, PackageError};
use super::manifest::{self, Entrypoint, Manifest};
use super::{Package, PackageFile, PackageLimits, names, sha256_hex};

/// Manifest names at the package root, first match wins.
pub(super) const MANIFEST_NAMES: [&str; 3] = [
    "data_fabrication.yaml",
    "data_fabrication.yml",
    "manifest.yaml",
];
/// Entrypoint where the manifest names none.
const DEFAULT_ENTRYPOINT: &str = "harness.py";

pub(super) fn read_zip(bytes: &[u8], limits: &PackageLimits) -> Result<Package, PackageError> {
    if bytes.is_empty() {
        return Err(PackageError::Empty);
    }
    if bytes.len() as u64 > limits.max_submission_size_bytes {
        return Err(PackageError::TooLarge {
            limit: limits.max_submission_size_bytes,
        });
    }
    let directory = directory::read(bytes)?;
    let listing = Listing::check(&directory, limits)?;
    let sound = check_soundness(bytes, &directory);

    let manifest = match (read_manifest(bytes, &directory, &listing), &sound) {
        (Ok(manifest), _) => manifest,
        // A contract message wins; else the archive's fault, as the manifest's may stem from it.
        (Err(error @ PackageError::ManifestNotMapping { .. }), _) | (Err(error), Ok(_)) => {
            return Err(error);
        }
        (Err(_), Err(_)) => return Err(sound.err().unwrap_or(PackageError::NoFiles)),
    };
    let entrypoint = choose_entrypoint(&manifest.entrypoint, &listing.paths())?;

    let files = read_files(bytes, &directory, &sound?, &listing, limits)?;
    Ok(Package {
        artifact_hash: sha256_hex(bytes),
        entrypoint,
        files,
        manifest: manifest.object,
        manifest_json: manifest.json,
    })
}

/// The file entries with their normalised paths, in archive order.
struct Listing {
    /// Index into the directory, and path.
    files: Vec<(usize, String)>,
}

impl Listing {
    fn check(directory: &Directory<'_>, limits: &PackageLimits) -> Result<Self, PackageError> {
        let entries = &directory.entries;
        let count = entries.iter().filter(|entry| !entry.is_folder()).count();
        check_count(count, limits)?;
        let mut total = RunningTotal::new(limits);
        let mut files = Vec::with_capacity(count);
        for (index, entry) in entries
            .iter()
            .enumerate()
            .filter(|(_, entry)| !entry.is_folder())
        {
            let is_symlink = entry.mode & 0o170_000 == 0o120_000;
            let path = check_file(&entry.name, is_symlink)?;
            total.add(entry.size)?;
            files.push((index, path));
        }
        Ok(Self { files })
    }

    fn paths(&self) -> Vec<&str> {
        self.files.iter().map(|(_, path)| path.as_str()).collect()
    }

    /// The directory index of the file at `path`; the last one, as later entries win.
    fn index_of(&self, path: &str) -> Option<usize> {
        self.files
            .iter()
            .rev()
            .find(|(_, other)| other == path)
            .map(|(index, _)| *index)
    }
}

/// Contract checks 4 and 5: at least one file, at most as many as allowed.
pub(super) fn check_count(count: usize, limits: &PackageLimits) -> Result<(), PackageError> {
    if count == 0 {
        return Err(PackageError::NoFiles);
    }
    if count > limits.max_zip_files {
        return Err(PackageError::TooManyFiles {
            limit: limits.max_zip_files,
        });
    }
    Ok(())
}

/// Contract check 6 for one file, sizes aside; gives the normalised path.
pub(super) fn check_file(name: &str, is_symlink: bool) -> Result<String, PackageError> {
    let stored = || name.to_owned();
    let path = names::normalise(name).map_err(|_| PackageError::UnsafePath { name: stored() })?;
    if is_symlink {
        return Err(PackageError::Symlink { name: stored() });
    }
    if !names::has_allowed_extension(&path) {
        return Err(PackageError::ExtensionNotAllowed { name: stored() });
    }
    Ok(path)
}

/// Contract check 6's running total of declared sizes.
pub(super) struct RunningTotal {
    total: u64,
    limit: u64,
}

impl RunningTotal {
    pub(super) fn new(limits: &PackageLimits) -> Self {
        Self {
            total: 0,
            limit: limits.max_zip_uncompressed_bytes,
        }
    }

    pub(super) fn add(&mut self, size: u64) -> Result<(), PackageError> {
        self.total = self.total.saturating_add(size);
        if self.total > self.limit {
            return Err(PackageError::UncompressedTooLarge { limit: self.limit });
        }
        Ok(())
    }
}

fn read_manifest(
    bytes: &[u8],
    directory: &Directory<'_>,
    listing: &Listing,
) -> Result<Manifest, PackageError> {
    let found = MANIFEST_NAMES
        .iter()
        .find_map(|name| listing.index_of(name).map(|index| (*name, index)))
        .and_then(|(name, index)| directory.entries.get(index).map(|entry| (name, entry)));
    let Some((name, entry)) = found else {
        return Ok(Manifest::default());
    };
    let content = named(entry, entry::read_as_service(bytes, entry))?;
    manifest::read(name, &content)
}

/// Contract check 8.
fn choose_entrypoint(wanted: &Entrypoint, paths: &[&str]) -> Result<String, PackageError> {
    let text = match wanted {
        Entrypoint::Absent => DEFAULT_ENTRYPOINT,
        Entrypoint::Text(text) => text,
        Entrypoint::NotText => {
            return Err(PackageError::EntrypointNotRelativePython { entrypoint: None });
        }
    };
    let path = names::normalise(text)
        .ok()
        .filter(|path| is_python(path))
        .ok_or_else(|| PackageError::EntrypointNotRelativePython {
            entrypoint: Some(text.to_owned()),
        })?;
    if paths.contains(&path.as_str()) {
        return Ok(path);
    }
    let mut python = paths.iter().filter(|path| is_python(path));
    match (python.next(), python.next()) {
        (Some(only), None) => Ok((*only).to_owned()),
        _ => Err(PackageError::EntrypointMissing { wanted: path }),
    }
}

fn is_python(path: &str) -> bool {
    path.ends_with(".py")
}

/// Everything about the archive itself that is refused beyond the contract, contents aside.
/// Names come first, then kinds, places and headers, so that the most telling cause is named.
fn check_soundness(bytes: &[u8], directory: &Directory<'_>) -> Result<Vec<Location>, PackageError> {
    if let Some(fault) = &directory.fault {
        return Err(PackageError::Directory {
            fault: fault.clone(),
        });
    }
    let entries = &directory.entries;
    let mut occupied = names::Occupied::default();
    for entry in entries {
        named(entry, names::check_characters_and_size(&entry.full_name))?;
        // A folder entry is never written, so one that leads elsewhere harms nobody.
        if let Ok(path) = names::normalise(&entry.name) {
            occupied.add(&path, &entry.name, entry.is_folder())?;
        }
    }
    for entry in entries {
        named(entry, entry::check_kind(entry))?;
        named(entry, entry.fault.clone().map_or(Ok(()), Err))?;
    }
    let mut locations = Vec::with_capacity(entries.len());
    for entry in entries {
        locations.push(named(entry, entry::locate(bytes, entry, directory.start))?);
    }
    check_overlaps(entries, &locations)?;
    for (entry, location) in entries.iter().zip(&locations) {
        named(entry, entry::check_local_header(bytes, entry, location))?;
    }
    Ok(locations)
}

fn named<T>(entry: &CentralEntry<'_>, result: Result<T, EntryFault>) -> Result<T, PackageError> {
    result.map_err(|fault| PackageError::entry(&entry.full_name, fault))
}

fn check_overlaps(
    entries: &[CentralEntry<'_>],
    locations: &[Location],
) -> Result<(), PackageError> {
    let mut order: Vec<_> = entries.iter().zip(locations).collect();
    order.sort_by_key(|(_, location)| location.span.start);
    for pair in order.windows(2) {
        let [(earlier, before), (later, after)] = pair else {
            continue;
        };
        if before.span.end > after.span.start {
            let fault = EntryFault::Overlap {
                other: earlier.full_name.clone(),
            };
            return Err(PackageError::entry(&later.full_name, fault));
        }
    }
    Ok(())
}

/// Reads every entry strictly, within the limit for all of them together: files to keep, folders
/// too (their data are nobody's, but must be what they claim).
fn read_files(
    bytes: &[u8],
    directory: &Directory<'_>,
    locations: &[Location],
    listing: &Listing,
    limits: &PackageLimits,
) -> Result<Vec<PackageFile>, PackageError> {
    let mut paths = listing.files.iter().peekable();
    let mut remaining = limits.max_zip_uncompressed_bytes;
    let mut files = Vec::with_capacity(listing.files.len());
    for (index, (entry, location)) in directory.entries.iter().zip(locations).enumerate() {
        let content = named(
            entry,
            entry::read_content(bytes, entry, location, remaining),
        )?;
        if let Some((_, path)) = paths.next_if(|(file, _)| *file == index) {
            remaining = remaining.saturating_sub(content.len() as u64);
            let sha256 = sha256_hex(&content);
            files.push(PackageFile {
                path: path.clone(),
                sha256,
                content,
            });
        }
    }
    Ok(files)
}
