//! A package's files as the one source that is compared.

use std::cmp::Ordering;

/// Order of files in a package: by path segments, so `a/b.py` comes before `a.py`.
pub fn path_order(left: &str, right: &str) -> Ordering {
    left.split('/').cmp(right.split('/'))
}

/// Whether a file takes part: its name ends in `.py`, in lower case.
pub fn is_python(path: &str) -> bool {
    path.ends_with(".py")
}

/// The source for comparison: `# file: <path>`, an empty line and the decoded text of each Python
/// file in path order, pieces joined by a newline. Other files are left out.
pub fn combined_source(files: &[(&str, &str)]) -> String {
    combined_with_lines(files).0
}

/// As [`combined_source`], with the 1-based lines at which the files' own texts begin, in path
/// order.
pub fn combined_with_lines(files: &[(&str, &str)]) -> (String, Vec<u32>) {
    let mut files: Vec<_> = files.iter().filter(|(path, _)| is_python(path)).collect();
    files.sort_by(|left, right| path_order(left.0, right.0));
    let mut source = String::new();
    let mut first_lines = Vec::with_capacity(files.len());
    let mut line = 1;
    for (index, (path, text)) in files.into_iter().enumerate() {
        let piece = source.len();
        if index > 0 {
            source.push('\n');
        }
        source.push_str("# file: ");
        source.push_str(path);
        source.push_str("\n\n");
        line += newlines(&source[piece..]);
        first_lines.push(line);
        source.push_str(text);
        line += newlines(text);
    }
    (source, first_lines)
}

fn newlines(text: &str) -> u32 {
    text.bytes().filter(|&byte| byte == b'\n').count() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_ordered_by_segments() {
        let mut paths = ["a.py", "a/b.py", "a.d/e.py", "a/b/c.py", "B.py", "a-b.py"];
        paths.sort_by(|left, right| path_order(left, right));
        assert_eq!(
            paths,
            ["B.py", "a/b/c.py", "a/b.py", "a-b.py", "a.d/e.py", "a.py"]
        );
    }

    #[test]
    fn pieces_are_headed_sorted_and_joined() {
        let files = [
            ("b.py", "x = 1\n"),
            ("notes.md", "no"),
            ("a/b.py", "y = 2"),
            ("C.PY", "no"),
        ];
        let (source, lines) = combined_with_lines(&files);
        assert_eq!(source, "# file: a/b.py\n\ny = 2\n# file: b.py\n\nx = 1\n");
        assert_eq!(lines, [3, 6]);
        assert_eq!(combined_source(&[]), "");
    }
}
