//! Advisories: paths outside the workspace and the temporary folder.

use super::{Check, Effect, File, Findings, Rule};
use crate::python::Kind;
use crate::review::Severity;
use crate::review::dotted::text_constant;

pub(super) const RULES: &[Rule] = &[Rule {
    id: "outside-path",
    severity: Severity::Warning,
    effect: Effect::Advisory,
    summary: "opens or lists a path outside the workspace",
    explanation: "A harness sees its workspace, read-only, and /tmp. A constant path that is absolute and elsewhere, \
        starts at a home folder or climbs out with `..` will be missing when it runs, or was meant to look around.",
    example: "text = open('/home/user/notes.txt').read()\n",
    check: Check::File(outside_path),
}];

/// Calls whose first argument is a path.
const OPENERS: [&str; 24] = [
    "builtins.open",
    "io.open",
    "codecs.open",
    "os.open",
    "os.listdir",
    "os.scandir",
    "os.walk",
    "os.stat",
    "os.chdir",
    "os.readlink",
    "os.symlink",
    "os.link",
    "glob.glob",
    "glob.iglob",
    "pathlib.Path",
    "pathlib.PosixPath",
    "shutil.copy",
    "shutil.copyfile",
    "shutil.copytree",
    "shutil.move",
    "sqlite3.connect",
    "tarfile.open",
    "zipfile.ZipFile",
    "gzip.open",
];

/// Where a harness may read or write, and devices that hold nothing.
const INSIDE: [&str; 10] = [
    "/workspace",
    "/tmp",
    "/dev/null",
    "/dev/zero",
    "/dev/stdin",
    "/dev/stdout",
    "/dev/stderr",
    "/dev/random",
    "/dev/urandom",
    "/dev/fd",
];

fn outside_path(file: &File<'_>, findings: &mut Findings<'_>) {
    for resolved in &file.calls {
        let opens = resolved
            .meanings
            .iter()
            .any(|meaning| OPENERS.contains(&&**meaning));
        let path = resolved.call.argument(file.tree, 0).filter(|_| opens);
        if let Some(path) = path.and_then(|argument| beginning(file, argument))
            && is_outside(path)
        {
            let shown: String = path.chars().take(60).collect();
            findings.add(
                file,
                resolved.call.index,
                format!("path {shown:?} is outside the workspace"),
            );
        }
    }
}

/// The text an argument is known to begin with: a constant, or the first piece of an f-string.
fn beginning<'a>(file: &File<'a>, argument: usize) -> Option<&'a str> {
    match file.tree.nodes[argument].kind {
        Kind::JoinedStr => text_constant(file.tree, argument + 1),
        _ => text_constant(file.tree, argument),
    }
}

fn is_outside(path: &str) -> bool {
    if path.starts_with('/') {
        let mut depth = 0u32;
        let climbs = path.split('/').any(|segment| match segment {
            "" | "." => false,
            // Only `/workspace/x` and `/tmp/x` are inside, so a climb out of two levels leaves.
            ".." if depth <= 1 => true,
            ".." => {
                depth -= 1;
                false
            }
            _ => {
                depth += 1;
                false
            }
        });
        let inside = INSIDE.iter().any(|inside| {
            path.strip_prefix(inside)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        return climbs || !inside;
    }
    path == "~" || path.starts_with("~/") || climbs_out(path)
}

/// Whether a relative path leaves the folder it starts in.
fn climbs_out(path: &str) -> bool {
    let mut depth = 0u32;
    path.split('/').any(|segment| match segment {
        "" | "." => false,
        ".." if depth == 0 => true,
        ".." => {
            depth -= 1;
            false
        }
        _ => {
            depth += 1;
            false
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inside_and_outside_are_told_apart() {
        let inside = [
            "data.txt",
            "./a/../b",
            "/tmp",
            "/tmp/x/y",
            "/workspace/a",
            "/dev/null",
            "",
            "a~",
        ];
        for path in inside {
            assert!(!is_outside(path), "{path}");
        }
        let outside = [
            "/",
            "/etc/hosts",
            "/tmpfile",
            "../x",
            "a/../../b",
            "~/x",
            "/tmp/../etc",
            "/workspaces",
        ];
        for path in outside {
            assert!(is_outside(path), "{path}");
        }
    }
}
