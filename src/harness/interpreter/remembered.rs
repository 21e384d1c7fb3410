//! What an interpreter said of itself the last time, for as long as nothing it depends on has changed.
//!
//! Asking costs a start of Python, and of a launcher script before it: many times what a sandbox costs.
//! The answer follows from files and a few variables. They are kept with it and compared before it is
//! believed; a launcher whose inputs are not known is asked every time.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Interpreter;

/// Raised when the same answer would lead to another layout.
const FORMAT: u32 = 1;
/// Largest note that is read.
const MOST_BYTES: u64 = 1 << 20;
/// Bytes by which a launcher script is told from a program.
const HEAD_BYTES: usize = 4096;
/// What changes which libraries a program loads.
const LOADER_VARIABLES: [&str; 2] = ["LD_LIBRARY_PATH", "LD_PRELOAD"];
/// Read by the loader for every program.
const LOADER_PRELOAD: &str = "/etc/ld.so.preload";
/// What pyenv chooses a version by, beside files.
const PYENV_VARIABLES: [&str; 5] = [
    "PYENV_VERSION",
    "PYENV_ROOT",
    "PYENV_DIR",
    "PYENV_HOOK_PATH",
    "PATH",
];
/// The file by which a folder chooses one, for all below it.
const PYENV_FILE: &str = ".python-version";

/// One kept answer.
#[derive(Serialize, Deserialize)]
struct Note {
    format: u32,
    /// dfab's own.
    version: String,
    inputs: Inputs,
    interpreter: Interpreter,
}

/// All that the answer follows from.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Inputs {
    variables: BTreeMap<String, Option<String>>,
    /// `None` for what is not there, and would change the answer if it were.
    files: BTreeMap<PathBuf, Option<Stamp>>,
}

/// What changes when a file does.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    device: u64,
    inode: u64,
    mode: u32,
    /// Of files and links; a folder's change whenever something is put into it.
    contents: Option<(u64, i64, i64, i64, i64)>,
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let meta = fs::symlink_metadata(path).ok()?;
        let has_contents = !meta.is_dir();
        Some(Self::from(&meta, has_contents))
    }

    /// Also of a folder, whose names are then its contents.
    fn with_contents(path: &Path) -> Option<Self> {
        Some(Self::from(&fs::symlink_metadata(path).ok()?, true))
    }

    fn from(meta: &fs::Metadata, has_contents: bool) -> Self {
        let times = || {
            (
                meta.size(),
                meta.mtime(),
                meta.mtime_nsec(),
                meta.ctime(),
                meta.ctime_nsec(),
            )
        };
        Self {
            device: meta.dev(),
            inode: meta.ino(),
            mode: meta.mode(),
            contents: has_contents.then(times),
        }
    }
}

/// What kind of program the setting names.
#[derive(Debug, PartialEq, Eq)]
enum Program {
    /// An interpreter, or a link to one.
    Binary,
    /// pyenv's launcher; where its versions are.
    Pyenv(PathBuf),
}

impl Program {
    /// `None` for any other launcher.
    fn at(path: &Path) -> Option<Self> {
        // A little more room than is read, so that it is read at once.
        let mut head = Vec::with_capacity(HEAD_BYTES + 64);
        let file = fs::File::open(path).ok()?;
        file.take(HEAD_BYTES as u64).read_to_end(&mut head).ok()?;
        if head.starts_with(b"\x7fELF") {
            return Some(Self::Binary);
        }
        let shims = path.parent().filter(|folder| folder.ends_with("shims"))?;
        let text = String::from_utf8(head).ok()?;
        let is_shim = text.starts_with("#!") && text.contains("pyenv") && text.contains(" exec ");
        is_shim.then(|| Self::Pyenv(shims.parent().unwrap_or(shims).to_owned()))
    }
}

impl Program {
    /// Whether all that its answer follows from is known. A binary that starts another one is a launcher too, of
    /// which nothing is known.
    fn is_known(&self, program: &Path, interpreter: &Interpreter) -> bool {
        match self {
            Self::Pyenv(_) => true,
            Self::Binary => {
                let started = interpreter.executable.canonicalize();
                program
                    .canonicalize()
                    .is_ok_and(|program| started.is_ok_and(|one| one == program))
            }
        }
    }
}

impl Inputs {
    /// As they are now. `interpreter` names the files that the answer rests on.
    fn now(program: &Path, kind: &Program, interpreter: &Interpreter) -> Self {
        let mut names = LOADER_VARIABLES.to_vec();
        let layout = &interpreter.layout;
        let mut paths: Vec<PathBuf> = vec![program.to_owned(), LOADER_PRELOAD.into()];
        paths.extend(layout.entries.iter().map(|entry| entry.path.clone()));
        paths.extend(layout.vital.iter().chain(&layout.absent).cloned());
        // A virtual environment is one by a file beside the program or above it.
        let folders = interpreter.executable.ancestors().skip(1).take(2);
        paths.extend(folders.map(|folder| folder.join("pyvenv.cfg")));
        let mut files: BTreeMap<PathBuf, Option<Stamp>> = paths
            .into_iter()
            .map(|path| (path.clone(), Stamp::of(&path)))
            .collect();
        if let Program::Pyenv(root) = kind {
            names.extend(PYENV_VARIABLES);
            let global = root.join("version");
            files.insert(global.clone(), Stamp::of(&global));
            // A version may be named by its beginning, and then the newest of those installed counts.
            let installed = root.join("versions");
            files.insert(installed.clone(), Stamp::with_contents(&installed));
            // Of those that a folder may hold only the ones that are there, so that one answer serves
            // all folders without.
            let places = [std::env::current_dir().ok(), directory("PYENV_DIR")];
            for folder in places.iter().flatten().flat_map(|place| place.ancestors()) {
                let file = folder.join(PYENV_FILE);
                if let Some(stamp) = Stamp::of(&file) {
                    files.insert(file, Some(stamp));
                }
            }
        }
        let value = |name: &str| Some(std::env::var_os(name)?.to_string_lossy().into_owned());
        Self {
            variables: names
                .into_iter()
                .map(|name| (name.to_owned(), value(name)))
                .collect(),
            files,
        }
    }
}

/// What was kept of a program, if it still holds.
pub(super) fn recall(program: &Path) -> Option<Interpreter> {
    let kind = Program::at(program)?;
    recall_from(&own_folder(false)?, program, &kind)
}

/// Keeps an answer. A machine where that is impossible is only slower.
pub(super) fn keep(program: &Path, interpreter: &Interpreter) {
    let Some(kind) = Program::at(program).filter(|kind| kind.is_known(program, interpreter)) else {
        return;
    };
    if let Some(folder) = own_folder(true) {
        let _ = keep_in(&folder, program, &kind, interpreter);
    }
}

fn recall_from(folder: &Path, program: &Path, kind: &Program) -> Option<Interpreter> {
    let file = fs::File::open(folder.join(name_of(program))).ok()?;
    let meta = file.metadata().ok()?;
    if !is_own(&meta) {
        return None;
    }
    let mut text = Vec::with_capacity(usize::try_from(meta.len().min(MOST_BYTES)).ok()? + 64);
    file.take(MOST_BYTES).read_to_end(&mut text).ok()?;
    let note: Note = serde_json::from_slice(&text).ok()?;
    let current = note.format == FORMAT
        && note.version == env!("CARGO_PKG_VERSION")
        && note.inputs == Inputs::now(program, kind, &note.interpreter);
    current.then_some(note.interpreter)
}

fn keep_in(
    folder: &Path,
    program: &Path,
    kind: &Program,
    interpreter: &Interpreter,
) -> io::Result<()> {
    let note = Note {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        inputs: Inputs::now(program, kind, interpreter),
        interpreter: interpreter.clone(),
    };
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(&serde_json::to_vec(&note)?)?;
    file.persist(folder.join(name_of(program)))?;
    Ok(())
}

/// One file for each program, so that there are never more than programs. A note names its program, so two that
/// share a name only overwrite each other's; and another release of Rust that hashes otherwise only asks again.
fn name_of(program: &Path) -> String {
    let mut hasher = DefaultHasher::new();
    program.hash(&mut hasher);
    format!("{:016x}.json", hasher.finish())
}

/// The folder of kept answers, if it is ours alone. Not where the home is another user's, as after `sudo`
/// it may be: what they can rename or link is not to be believed, or written through.
fn own_folder(make: bool) -> Option<PathBuf> {
    let mut folder = match directory("XDG_CACHE_HOME") {
        Some(folder) => folder,
        None => {
            let home = directory("HOME")?;
            if !is_own_folder(&home) {
                return None;
            }
            home.join(".cache")
        }
    };
    // Whoever owns what the first of these lies in could exchange it.
    if !is_own_folder(folder.parent()?) {
        return None;
    }
    for name in ["", "dfab", "interpreters"] {
        folder.push(name);
        if make {
            // One that is there already is looked at next.
            let _ = fs::DirBuilder::new().mode(0o700).create(&folder);
        }
        if !is_own_folder(&folder) {
            return None;
        }
    }
    Some(folder)
}

fn is_own_folder(path: &Path) -> bool {
    let path = path.components().as_path();
    fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir() && is_own(&meta))
}

fn directory(variable: &str) -> Option<PathBuf> {
    let path = PathBuf::from(std::env::var_os(variable)?);
    path.is_absolute().then_some(path)
}

/// Ours, and nobody else may write to it.
fn is_own(meta: &fs::Metadata) -> bool {
    const WRITE_BY_OTHERS: u32 = 0o022;
    meta.uid() == nix::unistd::geteuid().as_raw() && meta.mode() & WRITE_BY_OTHERS == 0
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::super::layout::{Layout, LayoutEntry, LayoutKind};
    use super::*;

    /// A program with a library, and a folder for notes.
    fn scene() -> (tempfile::TempDir, PathBuf, Interpreter) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("notes")).unwrap();
        let program = folder.path().join("python3");
        let library = folder.path().join("libpython.so");
        fs::write(&program, b"\x7fELF...").unwrap();
        fs::write(&library, "library").unwrap();
        let interpreter = Interpreter {
            executable: program.clone(),
            version: "3.12.1".to_owned(),
            layout: Layout {
                entries: vec![LayoutEntry {
                    path: library,
                    kind: LayoutKind::File,
                }],
                vital: Vec::new(),
                absent: vec![folder.path().join("lib64")],
            },
        };
        (folder, program, interpreter)
    }

    fn known(folder: &tempfile::TempDir, program: &Path) -> bool {
        let kind = Program::at(program).unwrap();
        recall_from(&folder.path().join("notes"), program, &kind).is_some()
    }

    fn kept() -> (tempfile::TempDir, PathBuf) {
        let (folder, program, interpreter) = scene();
        let notes = folder.path().join("notes");
        keep_in(&notes, &program, &Program::Binary, &interpreter).unwrap();
        assert!(known(&folder, &program));
        (folder, program)
    }

    #[test]
    fn an_answer_is_believed_until_a_file_it_rests_on_changes() {
        for changed in ["python3", "libpython.so"] {
            let (folder, program) = kept();
            let file = folder.path().join(changed);
            let text = fs::read(&file).unwrap();
            fs::write(&file, [text.as_slice(), b"!"].concat()).unwrap();
            assert!(!known(&folder, &program), "{changed}");
        }
    }

    #[test]
    fn an_answer_is_not_believed_once_something_appears_that_would_change_it() {
        for new in ["lib64", "pyvenv.cfg"] {
            let (folder, program) = kept();
            fs::write(folder.path().join(new), "").unwrap();
            assert!(!known(&folder, &program), "{new}");
        }
        let (folder, program) = kept();
        fs::remove_file(folder.path().join("libpython.so")).unwrap();
        assert!(!known(&folder, &program));
    }

    #[test]
    fn a_note_that_others_could_have_written_or_that_is_damaged_is_not_believed() {
        let (folder, program) = kept();
        let note = folder.path().join("notes").join(name_of(&program));
        fs::set_permissions(&note, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(!known(&folder, &program));
        let (folder, program) = kept();
        let note = folder.path().join("notes").join(name_of(&program));
        let text = fs::read_to_string(&note).unwrap();
        for damaged in [
            &text[..text.len() / 2],
            "",
            "[]",
            &text.replace("\"format\":1", "\"format\":9"),
        ] {
            fs::write(&note, damaged).unwrap();
            assert!(!known(&folder, &program), "{damaged}");
        }
    }

    #[test]
    fn the_note_of_another_program_is_not_believed() {
        let (folder, program) = kept();
        let other = folder.path().join("python3.11");
        fs::copy(&program, &other).unwrap();
        let notes = folder.path().join("notes");
        fs::rename(notes.join(name_of(&program)), notes.join(name_of(&other))).unwrap();
        assert!(!known(&folder, &other));
    }

    #[test]
    fn only_launchers_with_known_inputs_are_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let shims = folder.path().join("shims");
        fs::create_dir(&shims).unwrap();
        let (shim, wrapper) = (shims.join("python3"), folder.path().join("python3"));
        let text = "#!/bin/sh\nexec \"/opt/pyenv/libexec/pyenv\" exec \"$program\" \"$@\"\n";
        fs::write(&shim, text).unwrap();
        fs::write(&wrapper, "#!/bin/sh\nexec /usr/bin/python3.12 \"$@\"\n").unwrap();
        symlink(&wrapper, folder.path().join("link")).unwrap();
        assert_eq!(
            Program::at(&shim),
            Some(Program::Pyenv(folder.path().to_owned()))
        );
        for other in ["python3", "link", "nothing"] {
            assert_eq!(Program::at(&folder.path().join(other)), None, "{other}");
        }
    }

    #[test]
    fn a_binary_that_starts_another_is_not_remembered() {
        let (folder, program, mut interpreter) = scene();
        let link = folder.path().join("python");
        symlink(&program, &link).unwrap();
        assert!(Program::Binary.is_known(&link, &interpreter));
        let other = folder.path().join("python3.11");
        fs::copy(&program, &other).unwrap();
        interpreter.executable = other;
        assert!(!Program::Binary.is_known(&link, &interpreter));
    }

    #[test]
    fn a_folder_behind_a_link_is_not_ours() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::create_dir(&real).unwrap();
        symlink(&real, &link).unwrap();
        assert!(is_own_folder(&real));
        for not in [&link, &link.join(""), &folder.path().join("gone")] {
            assert!(!is_own_folder(not), "{}", not.display());
        }
        fs::set_permissions(&real, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(!is_own_folder(&real));
    }

    #[test]
    fn a_pyenv_answer_ends_when_another_version_is_chosen() {
        let (folder, program, interpreter) = scene();
        let (notes, root) = (folder.path().join("notes"), folder.path().join("pyenv"));
        fs::create_dir(&root).unwrap();
        fs::write(root.join("version"), "3.12.1\n").unwrap();
        let kind = Program::Pyenv(root.clone());
        keep_in(&notes, &program, &kind, &interpreter).unwrap();
        assert!(recall_from(&notes, &program, &kind).is_some());
        fs::create_dir_all(root.join("versions/3.12.99")).unwrap();
        assert!(recall_from(&notes, &program, &kind).is_none());
        keep_in(&notes, &program, &kind, &interpreter).unwrap();
        assert!(recall_from(&notes, &program, &kind).is_some());
        fs::write(root.join("version"), "3.11.7\n").unwrap();
        assert!(recall_from(&notes, &program, &kind).is_none());
    }
}
