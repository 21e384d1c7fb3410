//! What every executor checks before it starts anything.

use std::path::PathBuf;

use super::{ExecutorError, HarnessRequest};

/// The entrypoint as an argument for Python, to which a name that begins with a dash would be an option: code in
/// a file's *name*, which nobody reviews.
pub(crate) fn script_argument(entrypoint: &str) -> String {
    match entrypoint.starts_with('-') {
        true => format!("./{entrypoint}"),
        false => entrypoint.to_owned(),
    }
}

/// Checks the parts of a request that every executor needs to be right.
pub(crate) fn check_request(request: &HarnessRequest<'_>) -> Result<PathBuf, ExecutorError> {
    let refuse = |what: String, why: &str| ExecutorError::Request {
        what,
        why: why.into(),
    };
    let name = request.output_filename;
    if name.is_empty() || name == "." || name == ".." || name.len() > 255 {
        return Err(refuse(
            format!("output file {name:?}"),
            "it must be a plain file name",
        ));
    }
    if name.contains(['/', '\0']) {
        return Err(refuse(
            format!("output file {name:?}"),
            "it must be a plain file name",
        ));
    }
    let entrypoint = request.entrypoint;
    let strays = entrypoint.starts_with('/')
        || entrypoint.contains('\0')
        || entrypoint.split('/').any(|segment| segment == "..");
    if entrypoint.is_empty() || strays {
        return Err(refuse(
            format!("entrypoint {entrypoint:?}"),
            "it must be a path inside the workspace",
        ));
    }
    let workspace = request
        .workspace
        .canonicalize()
        .map_err(ExecutorError::io(format!(
            "open workspace {}",
            request.workspace.display()
        )))?;
    let file = workspace.join(entrypoint);
    let what = format!("entrypoint {entrypoint:?}");
    match file.metadata() {
        Ok(meta) if meta.is_file() => {}
        Ok(_) => return Err(refuse(what, &format!("{} is not a file", file.display()))),
        Err(error) => return Err(refuse(what, &format!("{}: {error}", file.display()))),
    }
    Ok(workspace)
}
