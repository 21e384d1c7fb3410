//! A reviewed package as one sequence, from the trees already at hand where that is possible.

use super::{Reviewed, Source};
use crate::python;
use crate::similarity::{Located, LocatedPackage, Sequence, combined_with_lines, is_python};

/// The structure sequence of all Python files as one source. None if there are none, or if that
/// source does not parse. `sources` are those the review was made of.
///
/// Files that parse on their own parse together, and then the trees are enough. A file that does
/// not may still do so in company (a trailing backslash finds its next line), so the combined text
/// decides.
pub fn package_sequence(reviewed: &Reviewed, sources: &[Source<'_>]) -> Option<Sequence> {
    match Combined::of(reviewed, sources)? {
        Combined::Trees(trees) => Some(Sequence::of_trees(&trees)),
        Combined::Text { source, .. } => Some(Sequence::of_tree(&python::parse(&source).ok()?)),
    }
}

/// As [`package_sequence`], every item with its place; a place's source is the file's position in
/// the review.
pub fn package_located(reviewed: &Reviewed, sources: &[Source<'_>]) -> Option<LocatedPackage> {
    let located = match Combined::of(reviewed, sources)? {
        Combined::Trees(trees) => Located::of_trees(&trees),
        Combined::Text {
            source,
            first_lines,
        } => Located::of_joined_tree(&python::parse(&source).ok()?, &first_lines),
    };
    let files = reviewed.trees.iter().map(|(path, _)| path.clone());
    Some(LocatedPackage {
        files: files.collect(),
        located,
    })
}

enum Combined<'a> {
    Trees(Vec<&'a python::Tree>),
    Text {
        source: String,
        first_lines: Vec<u32>,
    },
}

impl<'a> Combined<'a> {
    fn of(reviewed: &'a Reviewed, sources: &[Source<'_>]) -> Option<Combined<'a>> {
        if reviewed.trees.is_empty() {
            return None;
        }
        // A path stands in a comment of the combined source; a line end in it would end the
        // comment.
        let plain_paths = reviewed
            .trees
            .iter()
            .all(|(path, _)| !path.contains(char::is_control));
        let trees = reviewed
            .trees
            .iter()
            .map(|(_, tree)| tree.as_ref())
            .collect::<Option<Vec<_>>>();
        match trees {
            Some(trees) if plain_paths => Some(Combined::Trees(trees)),
            _ => {
                let python_files = sources.iter().filter(|source| is_python(source.path));
                let texts: Vec<(&str, String)> = python_files
                    .map(|file| (file.path, python::decode(file.bytes)))
                    .collect();
                let files: Vec<(&str, &str)> =
                    texts.iter().map(|(path, text)| (*path, &**text)).collect();
                let (source, first_lines) = combined_with_lines(&files);
                Some(Combined::Text {
                    source,
                    first_lines,
                })
            }
        }
    }
}
