//! `dfab pack`

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use crate::package::{self, Package, PackageView};
use crate::report::{Format, count, escape, write_document, write_line};

use super::args::PackArgs;
use super::context::Context;
use super::exit::{CliError, Exit};
use super::output_file::{self, write_file};

pub(super) fn run(context: &Context, args: &PackArgs) -> Result<Exit, CliError> {
    output_file::check(&args.output)?;
    if is_below(&args.output, &args.folder) {
        let message = format!(
            "{} would be part of the folder it is made from",
            args.output.display()
        );
        return Err(CliError::usage(message).hint("name a file outside the folder"));
    }
    let (artifact, package) = package::read_folder(&args.folder, &context.package_limits())
        .map_err(|error| CliError::from(error).about(&args.folder.display().to_string()))?;
    for (name, files) in unintended(&package) {
        context.warn(&format!(
            "{} holds {name} ({}), which a validator has no use for; it is packed like everything else",
            escape::path(&args.folder),
            count(files, "file")
        ));
    }
    write_file(&args.output, &artifact)?;
    let shown = args.output.display().to_string();
    match (args.output == Path::new("-"), context.format()) {
        // Standard output holds the ZIP.
        (true, _) => {}
        (false, Format::Json) => {
            write_document(&mut io::stdout(), &PackageView::accepted(&shown, &package))?;
        }
        (false, Format::Jsonl) => {
            write_line(&mut io::stdout(), &PackageView::accepted(&shown, &package))?;
        }
        (false, Format::Table) => context.say(&format!(
            "{shown}: {} bytes, {}, entrypoint {}, sha256 {}",
            artifact.len(),
            count(package.files.len(), "file"),
            package.entrypoint,
            package.artifact_hash
        )),
    }
    Ok(Exit::Success)
}

/// Names that people seldom mean to publish. The contract allows most of what is below them, having no extension.
const UNINTENDED: [&str; 5] = [".git", ".svn", ".hg", ".env", "__pycache__"];

/// What in the package looks unintended: path and number of files, in path order.
fn unintended(package: &Package) -> BTreeMap<&str, usize> {
    let mut found = BTreeMap::new();
    for file in &package.files {
        let mut end = 0;
        for segment in file.path.split('/') {
            end += segment.len();
            if UNINTENDED.contains(&segment) {
                *found.entry(&file.path[..end]).or_insert(0) += 1;
                break;
            }
            end += 1;
        }
    }
    found
}

/// Whether a file to be written lies in a folder or below it.
fn is_below(file: &Path, folder: &Path) -> bool {
    let parent = file
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let parent = fs::canonicalize(parent.unwrap_or(Path::new(".")));
    match (parent, fs::canonicalize(folder)) {
        (Ok(parent), Ok(folder)) => parent.starts_with(folder),
        // What does not exist is told where it is used.
        _ => false,
    }
}
