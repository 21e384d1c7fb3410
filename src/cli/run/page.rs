//! `dfab run --html FILE`: gathers what a page shows of each package besides its record.

use std::cell::OnceCell;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::files::replace;
use crate::package::{self, Package};
use crate::pipeline::{BatchError, Kept, Submission, SubmissionRecord, Summary, chain};
use crate::report::batch::Tally;
use crate::report::batch::page::{About, FailureView, PackageView, RunPage};
use crate::store::{Store, Timestamp, artifact_path};

use super::super::context::Context;
use super::super::exit::CliError;
use super::super::output_file;

/// A page that grows with the batch.
pub(super) struct PageReport<'a> {
    context: &'a Context,
    file: &'a Path,
    page: RunPage,
    /// A connection of its own: the other one is busy with the batch.
    store: Store,
    about: Known<'a>,
    /// The first thing that went wrong; the batch goes on.
    failed: Option<io::Error>,
}

/// What is known of the batch from its start.
struct Known<'a> {
    run_id: String,
    started_at: Timestamp,
    total: usize,
    jobs: usize,
    executor: &'a str,
}

impl<'a> PageReport<'a> {
    /// Finds out before any work whether there can be a page. The database is there already.
    pub(super) fn new(
        context: &'a Context,
        file: &'a Path,
        submissions: &[Submission],
        jobs: usize,
        executor: &'a str,
    ) -> Result<PageReport<'a>, CliError> {
        check(file, submissions)?;
        let spool = spool(file).map_err(|error| unwritable(file, error))?;
        Ok(PageReport {
            context,
            file,
            page: RunPage::new(spool, submissions.len()),
            store: Store::open_read_only(&context.settings.database)?,
            about: Known {
                run_id: String::new(),
                started_at: Timestamp::now(),
                total: submissions.len(),
                jobs,
                executor,
            },
            failed: None,
        })
    }

    pub(super) fn started(&mut self, run_id: &str) {
        self.about.run_id = run_id.to_owned();
    }

    pub(super) fn add(
        &mut self,
        index: usize,
        submission: &Submission,
        record: &SubmissionRecord,
        kept: Kept,
        seconds: f64,
    ) {
        if self.failed.is_some() {
            return;
        }
        let row = self.row(record, kept);
        let logs = match &row {
            Ok(Some(row)) => Ok((row.stdout.as_str(), row.stderr.as_str())),
            Ok(None) => Ok(("", "")),
            Err(reason) => Err(reason.clone()),
        };
        let package = OnceCell::new();
        let source = |path: &str| {
            let package: &Option<Package> =
                package.get_or_init(|| reviewed(self.context, submission, record));
            let file = package
                .as_ref()?
                .files
                .iter()
                .find(|file| file.path == path)?;
            Some(String::from_utf8_lossy(&file.content).into_owned())
        };
        let view = PackageView {
            record,
            kept,
            seconds,
            logs,
            source: &source,
        };
        self.failed = self.page.add(index, &view).err();
    }

    pub(super) fn add_failure(
        &mut self,
        index: usize,
        submission: &Submission,
        message: &str,
        hint: Option<&str>,
    ) {
        if self.failed.is_some() {
            return;
        }
        let view = FailureView {
            package: &submission.package,
            hotkey: &submission.hotkey,
            message,
            hint,
        };
        self.failed = self.page.add_failure(index, &view).err();
    }

    /// The stored row of a package whose harness was run: its logs are there and nowhere else.
    fn row(
        &self,
        record: &SubmissionRecord,
        kept: Kept,
    ) -> Result<Option<crate::store::SubmissionRow>, String> {
        match (&record.id, kept) {
            (Some(_), Kept::Nowhere) if record.execution.is_some() => {
                Err("nothing of this run is stored".to_owned())
            }
            (Some(id), Kept::Stored | Kept::Reused) if record.execution.is_some() => {
                self.store.submission(id).map_err(|error| chain(&error))
            }
            _ => Ok(None),
        }
    }

    /// Puts the page in its place.
    pub(super) fn finish(
        self,
        result: &Result<Summary, BatchError>,
        tally: &Tally,
        elapsed: Duration,
    ) -> Result<(), CliError> {
        let PageReport {
            context,
            file,
            page,
            about,
            failed,
            ..
        } = self;
        if let Some(error) = failed {
            return Err(unwritable(file, error));
        }
        let outcome = match result {
            Ok(_) => "finished",
            Err(BatchError::Interrupted { .. }) => "interrupted before its end",
            Err(BatchError::Store(_)) => "stopped before its end by its database",
        };
        let started_at = about.started_at.to_string();
        let database = context.settings.database.display().to_string();
        let about = About {
            run_id: &about.run_id,
            outcome,
            started_at: &started_at,
            elapsed,
            total: about.total,
            jobs: about.jobs,
            executor: about.executor,
            database: &database,
            settings: &context.rows,
        };
        replace(file, |out| page.finish(&about, tally, out))
            .map_err(|error| unwritable(file, error))?;
        context.say(&format!("the page is in {}", file.display()));
        Ok(())
    }
}

/// Refuses what a page must not be written over.
fn check(file: &Path, submissions: &[Submission]) -> Result<(), CliError> {
    if file == Path::new("-") {
        let message = "--html writes to a file: standard output has the results";
        return Err(CliError::usage(message).hint("name a file, such as report.html"));
    }
    let packages = submissions.iter().map(|submission| &*submission.path);
    output_file::check_beside("--html", file, packages)
}

/// A file without a name for the packages, on the disk that must hold the page anyway.
fn spool(file: &Path) -> io::Result<File> {
    let folder = match fs::metadata(file) {
        Ok(meta) if meta.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        Ok(meta) if meta.is_file() => parent(&fs::canonicalize(file)?),
        Ok(_) => std::env::temp_dir(),
        Err(_) => parent(file),
    };
    // The library's errors name the temporary file.
    tempfile::tempfile_in(folder).map_err(|error| match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => error.kind().into(),
    })
}

fn parent(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn unwritable(file: &Path, error: io::Error) -> CliError {
    let error = anyhow::Error::from(error);
    CliError::failure(error.context(format!("cannot write {}", file.display())))
        .hint("check the folder, its permissions and the room on its disk")
}

/// The package as it was reviewed: what was kept of it, else what lies where it was read from, if that is the same.
fn reviewed(
    context: &Context,
    submission: &Submission,
    record: &SubmissionRecord,
) -> Option<Package> {
    let id = record.id.as_deref()?;
    let hash = record.artifact_hash.as_deref()?;
    let kept = artifact_path(&context.settings.artifact_root, id);
    [kept.as_path(), submission.path.as_path()]
        .into_iter()
        .find_map(|path| {
            let opened = package::open(path, &context.package_limits()).ok()?;
            opened
                .package
                .ok()
                .filter(|package| package.artifact_hash == hash)
        })
}
