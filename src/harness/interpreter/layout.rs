//! What has to exist for an interpreter to work: folders, files and links, at the same paths.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::probe::Probe;

/// Symlinks followed for one path, as in the kernel.
const MAX_LINKS: usize = 40;
/// Places where system libraries live; a library found below one brings its whole folder, because
/// extension modules load more of them later.
const SYSTEM_LIBRARIES: [&str; 5] = ["/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/local/lib"];
/// Prefixes shared with other programs, of which only Python's own folders are taken.
const SHARED_PREFIXES: [&str; 3] = ["/", "/usr", "/usr/local"];
/// Host paths that mean something else inside.
const TAKEN: [&str; 4] = ["/workspace", "/proc", "/dev", "/sys"];

/// Paths that have to exist for an interpreter to work, parents before children.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Layout {
    pub(crate) entries: Vec<LayoutEntry>,
    /// Files that the harness's user must be able to read, or Python cannot start.
    pub(crate) vital: Vec<PathBuf>,
    /// What was looked for and is not there.
    pub(crate) absent: Vec<PathBuf>,
}

/// One such path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LayoutEntry {
    /// Absolute, without links in its folders.
    pub(crate) path: PathBuf,
    /// What is there.
    pub(crate) kind: LayoutKind,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum LayoutKind {
    /// A host file.
    File,
    /// A host folder with all it holds.
    Folder,
    /// A symlink with this text.
    Link(PathBuf),
}

impl Probe {
    /// What the interpreter needs of the host.
    pub(super) fn layout(&self) -> Result<Layout, String> {
        let mut plan = Plan::default();
        for link in ["/lib", "/lib64", "/lib32", "/libx32"] {
            plan.link_only(Path::new(link));
        }
        plan.add(Path::new("/etc/ld.so.cache"));
        plan.add(Path::new("/usr/share/zoneinfo"));
        self.add_libraries(&mut plan);
        self.add_prefixes(&mut plan);
        let program = plan
            .add(&self.executable)
            .ok_or_else(|| format!("{} cannot be read", self.executable.display()))?;
        self.add_aliases(&mut plan, &program);
        let loader = program_loader(&program).and_then(|loader| plan.add(&loader));
        if let Some(file) = loader {
            plan.add_library(&file);
        }
        let absent = plan.absent.iter().cloned().collect();
        let entries = plan.finish();
        for entry in &entries {
            if let Some(taken) = TAKEN.iter().find(|taken| entry.path.starts_with(taken)) {
                return Err(format!(
                    "{} lies below {taken}, which is something else inside the sandbox",
                    entry.path.display()
                ));
            }
            if entry.path.to_str().is_none() {
                return Err(format!("{} is not valid UTF-8", entry.path.display()));
            }
        }
        let os = self.standard_library.join("os.py");
        let vital = [os].into_iter().filter(|path| path.is_file()).collect();
        Ok(Layout {
            entries,
            vital,
            absent,
        })
    }

    fn add_libraries(&self, plan: &mut Plan) {
        for file in &self.mapped {
            if let Some(file) = plan.add(file) {
                plan.add_library(&file);
            }
        }
    }

    fn add_prefixes(&self, plan: &mut Plan) {
        for prefix in &self.prefixes {
            if SHARED_PREFIXES
                .iter()
                .any(|shared| prefix == Path::new(shared))
            {
                continue;
            }
            for part in ["lib", "lib64", "pyvenv.cfg"] {
                plan.add(&prefix.join(part));
            }
        }
        plan.add(&self.standard_library);
        for folder in &self.search_path {
            plan.add(folder);
        }
        if self
            .prefixes
            .iter()
            .any(|prefix| prefix == Path::new("/usr"))
        {
            // Debian keeps packages of the system's Python here.
            plan.add(Path::new("/usr/lib/python3"));
        }
    }

    /// `python3` and `python` beside the program, as far as they are the same program.
    fn add_aliases(&self, plan: &mut Plan, program: &Path) {
        for folder in [self.executable.parent(), program.parent()]
            .into_iter()
            .flatten()
        {
            for name in ["python3", "python"] {
                let alias = folder.join(name);
                if alias.canonicalize().is_ok_and(|target| target == program) {
                    plan.add(&alias);
                }
            }
        }
    }
}

/// Collects layout entries; keyed by path so that each is there once and parents come first.
#[derive(Default)]
struct Plan {
    found: BTreeMap<PathBuf, LayoutKind>,
    absent: BTreeSet<PathBuf>,
}

impl Plan {
    /// Adds a path that may contain links anywhere; returns where it really is, if it exists.
    fn add(&mut self, path: &Path) -> Option<PathBuf> {
        let Some(real) = self.trace(path) else {
            self.absent.insert(path.to_owned());
            return None;
        };
        let kind = if real.is_dir() {
            LayoutKind::Folder
        } else {
            LayoutKind::File
        };
        if kind == LayoutKind::Folder && real == Path::new("/") {
            return None;
        }
        self.found.insert(real.clone(), kind);
        Some(real)
    }

    /// Adds the folder of a system library; of any other library only the file is taken.
    fn add_library(&mut self, file: &Path) {
        let below_system = SYSTEM_LIBRARIES.iter().any(|root| file.starts_with(root));
        if let Some(folder) = file.parent().filter(|_| below_system) {
            self.add(folder);
        }
    }

    /// Adds a top-level path only if it is a link (merged `/usr`).
    fn link_only(&mut self, path: &Path) {
        if let Ok(target) = path.read_link() {
            self.found.insert(path.to_owned(), LayoutKind::Link(target));
        }
    }

    /// Walks a path as the kernel does, noting every link met.
    fn trace(&mut self, path: &Path) -> Option<PathBuf> {
        let mut todo: Vec<OsString> = components(path);
        let mut real = PathBuf::from("/");
        let mut links = 0;
        while let Some(name) = todo.pop() {
            if name == OsStr::new("..") {
                real.pop();
                continue;
            }
            let next = real.join(&name);
            let Ok(target) = next.read_link() else {
                real = next;
                continue;
            };
            links += 1;
            if links > MAX_LINKS {
                return None;
            }
            if target.is_absolute() {
                real = PathBuf::from("/");
            }
            todo.extend(components(&target));
            self.found.insert(next, LayoutKind::Link(target));
        }
        real.exists().then_some(real)
    }

    /// Without what lies inside a folder that is there as a whole.
    fn finish(self) -> Vec<LayoutEntry> {
        let mut entries: Vec<LayoutEntry> = Vec::new();
        for (path, kind) in self.found {
            let covered = path.ancestors().skip(1).any(|parent| {
                entries
                    .iter()
                    .any(|entry| entry.kind == LayoutKind::Folder && entry.path == parent)
            });
            if !covered {
                entries.push(LayoutEntry { path, kind });
            }
        }
        entries
    }
}

/// Names of a path, last first, without the root and `.`.
fn components(path: &Path) -> Vec<OsString> {
    path.components()
        .rev()
        .filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir))
        .map(|part| part.as_os_str().to_owned())
        .collect()
}

/// The program header type that names the dynamic loader, and where it says so (64-bit ELF).
fn program_loader(program: &Path) -> Option<PathBuf> {
    const PT_INTERP: u32 = 3;
    let mut head = Vec::new();
    std::fs::File::open(program)
        .ok()?
        .take(64 * 1024)
        .read_to_end(&mut head)
        .ok()?;
    if !head.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    let number = |at: usize, size: usize| -> Option<usize> {
        let bytes = head.get(at..at.checked_add(size)?)?;
        let value = bytes
            .iter()
            .rev()
            .fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        usize::try_from(value).ok()
    };
    let (table, size, count) = (number(32, 8)?, number(54, 2)?, number(56, 2)?);
    for index in 0..count {
        let header = table.checked_add(index.checked_mul(size)?)?;
        if number(header, 4)? == PT_INTERP as usize {
            let (start, length) = (number(header + 8, 8)?, number(header + 32, 8)?);
            let text = head.get(start..start.checked_add(length)?)?;
            let text = text.split(|byte| *byte == 0).next()?;
            return Some(PathBuf::from(OsStr::from_bytes(text)));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn kinds(plan: Plan, below: &Path) -> Vec<(String, LayoutKind)> {
        plan.finish()
            .into_iter()
            .filter_map(|entry| {
                let path = entry.path.strip_prefix(below).ok()?;
                Some((path.to_str()?.to_owned(), entry.kind))
            })
            .collect()
    }

    /// A folder without links on the way to it.
    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap();
        (folder, path)
    }

    #[test]
    fn every_link_on_the_way_is_noted_and_the_end_is_real() {
        let (_keep, root) = folder();
        std::fs::create_dir_all(root.join("real/bin")).unwrap();
        std::fs::write(root.join("real/bin/python3.12"), "").unwrap();
        symlink("python3.12", root.join("real/bin/python3")).unwrap();
        symlink(root.join("real"), root.join("current")).unwrap();
        let mut plan = Plan::default();
        let real = plan.add(&root.join("current/bin/../bin/python3")).unwrap();
        assert_eq!(real, root.join("real/bin/python3.12"));
        let expected = [
            ("current".to_owned(), LayoutKind::Link(root.join("real"))),
            (
                "real/bin/python3".to_owned(),
                LayoutKind::Link("python3.12".into()),
            ),
            ("real/bin/python3.12".to_owned(), LayoutKind::File),
        ];
        assert_eq!(kinds(plan, &root), expected);
    }

    #[test]
    fn what_lies_in_a_folder_that_is_there_is_not_named_again() {
        let (_keep, root) = folder();
        std::fs::create_dir_all(root.join("lib/inner")).unwrap();
        std::fs::write(root.join("lib/inner/file"), "").unwrap();
        symlink("inner", root.join("lib/link")).unwrap();
        let mut plan = Plan::default();
        for path in ["lib/link/file", "lib/inner", "lib"] {
            assert!(plan.add(&root.join(path)).is_some());
        }
        assert_eq!(kinds(plan, &root), [("lib".to_owned(), LayoutKind::Folder)]);
    }

    #[test]
    fn links_that_lead_nowhere_or_in_circles_are_no_paths() {
        let (_keep, root) = folder();
        symlink("circle", root.join("circle")).unwrap();
        symlink("gone", root.join("broken")).unwrap();
        let mut plan = Plan::default();
        assert_eq!(plan.add(&root.join("circle")), None);
        assert_eq!(plan.add(&root.join("broken")), None);
        assert_eq!(plan.add(Path::new("/")), None);
    }

    #[test]
    fn shared_prefixes_bring_only_pythons_own_folders() {
        let probe = Probe {
            version: "3.12.1".to_owned(),
            executable: std::env::current_exe().unwrap(),
            prefixes: vec!["/usr".into(), "/".into()],
            standard_library: "/nonexistent/lib".into(),
            search_path: Vec::new(),
            mapped: Vec::new(),
        };
        let layout = probe.layout().unwrap();
        let broad = [
            "/",
            "/usr",
            "/usr/share",
            "/usr/bin",
            "/etc",
            "/home",
            "/root",
            "/var",
        ];
        for entry in &layout.entries {
            let whole = entry.kind == LayoutKind::Folder;
            assert!(
                !(whole && broad.iter().any(|path| entry.path == Path::new(path))),
                "{entry:?}"
            );
        }
        assert!(!layout.entries.is_empty());
    }

    #[test]
    fn an_interpreter_where_the_sandbox_has_something_else_is_refused() {
        let probe = Probe {
            version: "3.12.1".to_owned(),
            executable: "/proc/self/exe".into(),
            prefixes: Vec::new(),
            standard_library: "/proc/self".into(),
            search_path: Vec::new(),
            mapped: Vec::new(),
        };
        let error = probe.layout().unwrap_err();
        assert!(error.contains("/proc"), "{error}");
    }

    #[test]
    fn only_elf_programs_have_a_loader() {
        let (_keep, root) = folder();
        let script = root.join("script");
        std::fs::write(&script, "#!/bin/sh\n").unwrap();
        assert_eq!(program_loader(&script), None);
        std::fs::write(
            &script,
            b"\x7fELF\x02\x01"
                .iter()
                .chain([&0xff; 80])
                .copied()
                .collect::<Vec<_>>(),
        )
        .unwrap();
        assert_eq!(program_loader(&script), None);
        let loader = program_loader(Path::new("/bin/sh"));
        assert!(loader.is_none_or(|path| path.is_absolute()));
    }
}
