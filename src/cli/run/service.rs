//! `--from-service`: the live service's own submissions as packages to evaluate.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::anyhow;

use crate::pipeline::Submission;
use crate::report::count;
use crate::store::{ServiceDatabase, ServiceSubmission, Store, StoredSubmission, service_artifact};

use super::super::args::RunArgs;
use super::super::context::Context;
use super::super::exit::CliError;
use super::super::inputs::check_hotkey;

/// What the service's data comes to.
pub(super) struct FromService {
    pub(super) database: ServiceDatabase,
    /// What can be evaluated, in the order of arrival.
    pub(super) submissions: Vec<Submission>,
    /// Where each of them stands in the service's table.
    pub(super) rowids: Vec<i64>,
    /// What cannot, and why.
    pub(super) left_out: Vec<(String, String)>,
}

/// Reads the list of submissions and looks for their packages.
///
/// # Errors
/// The database is none of the service's, or dfab would write to what is the service's.
pub(super) fn read(
    context: &Context,
    args: &RunArgs,
    database: &Path,
) -> Result<FromService, CliError> {
    let about = |error: crate::store::StoreError| {
        let hint = "name the service's SQLite file after --from-service";
        CliError::failure(error).hint(hint)
    };
    let root = match &args.artifacts {
        Some(folder) => folder.clone(),
        None => database.with_file_name("artifacts"),
    };
    check_apart(context, database, &root)?;
    let database = ServiceDatabase::open(database).map_err(about)?;
    if args.compare {
        database.check_results().map_err(about)?;
    }
    if !root.is_dir() {
        let error = anyhow!("there is no folder {}", root.display());
        return Err(
            CliError::failure(error).hint("name the service's folder of packages with --artifacts")
        );
    }
    let mut read = FromService {
        submissions: Vec::new(),
        rowids: Vec::new(),
        left_out: Vec::new(),
        database,
    };
    for (index, submission) in read
        .database
        .submissions()
        .map_err(about)?
        .into_iter()
        .enumerate()
    {
        match usable(&read.database, &root, &submission) {
            Ok(found) => {
                read.submissions.push(found);
                read.rowids.push(submission.rowid);
            }
            Err(why) => {
                let name = submission
                    .id
                    .unwrap_or_else(|_| format!("submission {}", index + 1));
                read.left_out.push((name, why));
            }
        }
    }
    if read.submissions.is_empty() && read.left_out.is_empty() {
        context.warn(&format!(
            "there is no submission in {}",
            read.database.path().display()
        ));
    }
    context.detail(&format!(
        "{} of the service, {} of them without a package that can be used",
        count(read.submissions.len() + read.left_out.len(), "submission"),
        read.left_out.len()
    ));
    Ok(read)
}

fn usable(
    database: &ServiceDatabase,
    root: &Path,
    submission: &ServiceSubmission,
) -> Result<Submission, String> {
    let id = submission.id.clone()?;
    let hotkey = submission.hotkey.clone()?;
    check_hotkey(&hotkey).map_err(|problem| format!("its hotkey {problem}"))?;
    // Where the record cannot be asked, the usual place is all there is.
    let named = || database.named_artifact(submission.rowid).ok().flatten();
    let path = service_artifact(root, &id, named).map_err(|error| error.to_string())?;
    Ok(Submission {
        path,
        package: id,
        hotkey,
    })
}

/// Says that dfab's database holds submissions which the service does not have: they are neighbours all the same.
///
/// # Errors
/// The database fails.
pub(super) fn warn_of_strangers(
    context: &Context,
    store: &Store,
    submissions: &[Submission],
) -> Result<(), CliError> {
    let known: HashSet<&str> = submissions.iter().map(|one| one.package.as_str()).collect();
    let stored = store.stored_submissions()?;
    let is_strange = |one: &&StoredSubmission| !known.contains(one.submission_id.as_str());
    let strangers = stored.iter().filter(is_strange).count();
    if strangers > 0 {
        context.warn(&format!(
            "{} holds {} that the service does not have; neighbours may differ for that reason alone",
            context.settings.database.display(),
            count(strangers, "submission")
        ));
    }
    Ok(())
}

/// That dfab's own database and folder are not the service's: nothing of the service's is written to.
fn check_apart(context: &Context, database: &Path, root: &Path) -> Result<(), CliError> {
    let settings = &context.settings;
    let same = |left: &Path, right: &Path| match (real(left), real(right)) {
        (Some(left), Some(right)) => left == right,
        _ => false,
    };
    if same(&settings.database, database) {
        return Err(CliError::usage(format!(
            "{} is the service's database, and dfab's own results are to go elsewhere",
            database.display()
        ))
        .hint("name a file of dfab's own with --database"));
    }
    if same(&settings.artifact_root, root) {
        return Err(CliError::usage(format!(
            "{} is the service's folder, and dfab keeps packages in one of its own",
            root.display()
        ))
        .hint("name a folder of dfab's own with --artifact-root, or a database elsewhere with --database"));
    }
    Ok(())
}

/// The path without links; of what does not exist yet, its folder's.
fn real(path: &Path) -> Option<PathBuf> {
    fs::canonicalize(path).ok().or_else(|| {
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        let folder = fs::canonicalize(folder.unwrap_or(Path::new("."))).ok()?;
        Some(folder.join(path.file_name()?))
    })
}
