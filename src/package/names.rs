//! Entry names: decoding as stored, reading as a path, and the rules both must follow.

use std::borrow::Cow;
use std::collections::HashMap;

use super::error::{EntryFault, PackageError};
use super::{MAX_NAME_BYTES, MAX_PATH_SEGMENTS};

/// Extensions a package file may have, in lower case. A name without an extension is fine too.
pub(crate) const ALLOWED_EXTENSIONS: [&str; 10] = [
    ".py", ".txt", ".md", ".yaml", ".yml", ".json", ".jsonl", ".toml", ".cfg", ".ini",
];

/// Characters of code page 437 for the bytes 0x80 to 0xFF; the lower half is ASCII.
const CP437_UPPER: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

/// Decodes a stored name: UTF-8 where flagged, else code page 437, which cannot fail.
pub(super) fn decode(raw: &[u8], is_utf8: bool) -> Result<String, EntryFault> {
    if is_utf8 {
        let text = std::str::from_utf8(raw).map_err(|_| EntryFault::NameNotUtf8)?;
        return Ok(text.to_owned());
    }
    if raw.is_ascii() {
        return Ok(raw.iter().map(|&byte| char::from(byte)).collect());
    }
    let upper: Vec<char> = CP437_UPPER.chars().collect();
    let decode_byte = |&byte: &u8| match byte.checked_sub(0x80) {
        None => char::from(byte),
        Some(index) => upper
            .get(usize::from(index))
            .copied()
            .unwrap_or(char::REPLACEMENT_CHARACTER),
    };
    Ok(raw.iter().map(decode_byte).collect())
}

/// The name up to the first NUL, which is all the live service ever sees of it.
pub(super) fn until_nul(name: &str) -> &str {
    name.split('\0').next().unwrap_or_default()
}

/// Whether the entry is a folder: its name ends in `/`.
pub(super) fn is_folder(name: &str) -> bool {
    name.ends_with('/')
}

/// Why text is not a path inside the package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PathTrouble {
    Absolute,
    Climbs,
    Nothing,
}

/// Reads `\` as `/`, drops empty and `.` segments, and joins the rest with `/`.
pub(super) fn normalise(text: &str) -> Result<String, PathTrouble> {
    let text: Cow<'_, str> = if text.contains('\\') {
        text.replace('\\', "/").into()
    } else {
        text.into()
    };
    if text.starts_with('/') {
        return Err(PathTrouble::Absolute);
    }
    let mut path = String::with_capacity(text.len());
    for segment in text
        .split('/')
        .filter(|segment| !matches!(*segment, "" | "."))
    {
        if segment == ".." {
            return Err(PathTrouble::Climbs);
        }
        if !path.is_empty() {
            path.push('/');
        }
        path.push_str(segment);
    }
    if path.is_empty() {
        Err(PathTrouble::Nothing)
    } else {
        Ok(path)
    }
}

/// The extension of a normalised path as Python 3.12's `PurePosixPath.suffix` gives it: from the
/// last dot of the last segment, unless that dot is the segment's first or last character.
pub(super) fn suffix(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or_default();
    match name.rfind('.') {
        Some(dot) if dot > 0 && dot + 1 < name.len() => &name[dot..],
        _ => "",
    }
}

/// Whether a normalised path has no extension or an allowed one.
pub(super) fn has_allowed_extension(path: &str) -> bool {
    let extension = suffix(path);
    extension.is_empty()
        || ALLOWED_EXTENSIONS
            .iter()
            .any(|allowed| extension.eq_ignore_ascii_case(allowed))
}

/// Refuses what no honest archiver stores in a name.
pub(super) fn check_characters_and_size(name: &str) -> Result<(), EntryFault> {
    if name.contains('\0') {
        return Err(EntryFault::NameNul);
    }
    if let Some(control) = name.chars().find(|character| character.is_control()) {
        return Err(EntryFault::NameControl {
            code: u32::from(control),
        });
    }
    if name.len() > MAX_NAME_BYTES {
        let depth = depth(name);
        // The deeper fault is the more telling one where both apply.
        if depth <= MAX_PATH_SEGMENTS {
            return Err(EntryFault::NameTooLong { bytes: name.len() });
        }
    }
    let depth = depth(name);
    if depth > MAX_PATH_SEGMENTS {
        return Err(EntryFault::TooDeep { depth });
    }
    Ok(())
}

fn depth(name: &str) -> usize {
    name.split(['/', '\\'])
        .filter(|segment| !matches!(*segment, "" | "."))
        .count()
}

/// Finds entries that would meet on disk: one path twice, or a file where a folder is needed.
/// ASCII case is ignored, so that a package means the same on every file system.
#[derive(Default)]
pub(super) struct Occupied {
    /// Lower-cased path to the stored name and whether an entry of its own made it.
    paths: HashMap<String, Place>,
}

struct Place {
    name: String,
    is_folder: bool,
    has_entry: bool,
}

impl Occupied {
    /// Adds a normalised path; `name` is the stored name for messages.
    pub(super) fn add(
        &mut self,
        path: &str,
        name: &str,
        is_folder: bool,
    ) -> Result<(), PackageError> {
        let key = path.to_ascii_lowercase();
        for (slash, _) in key.match_indices('/') {
            self.need_folder(&key[..slash], name)?;
        }
        match self.paths.get_mut(&key) {
            Some(place) if !place.has_entry && is_folder => place.has_entry = true,
            Some(place) => {
                let other = place.name.clone();
                let fault = if place.is_folder == is_folder {
                    EntryFault::Duplicate { other }
                } else {
                    EntryFault::FileWhereFolder { other }
                };
                return Err(PackageError::entry(name, fault));
            }
            None => {
                let place = Place {
                    name: name.to_owned(),
                    is_folder,
                    has_entry: true,
                };
                self.paths.insert(key, place);
            }
        }
        Ok(())
    }

    fn need_folder(&mut self, key: &str, name: &str) -> Result<(), PackageError> {
        match self.paths.get(key) {
            Some(place) if !place.is_folder => {
                let fault = EntryFault::FileWhereFolder {
                    other: name.to_owned(),
                };
                Err(PackageError::entry(&place.name, fault))
            }
            Some(_) => Ok(()),
            None => {
                let place = Place {
                    name: name.to_owned(),
                    is_folder: true,
                    has_entry: false,
                };
                self.paths.insert(key.to_owned(), place);
                Ok(())
            }
        }
    }
}
