//! `dfab similarity`

mod page;
mod read;
mod wanted;

use std::io::{self, BufWriter, Write};
use std::path::Path;

use rayon::prelude::*;

use crate::report::similarity::{self as shown, AlignedPair, Document, Ignored};
use crate::report::{Format, write_line, write_pretty};
use crate::similarity::{
    BASE_RUN, Base, Comparing, Corpus, Outlines, PLAGIARIZED_FROM, REVIEW_FROM, Sequence,
    SimilarityReport, Status,
};

use super::args::SimilarityArgs;
use super::context::Context;
use super::exit::{CliError, Exit};
use super::output_file;

use read::{Compared, Structure};

pub(super) use read::about;
pub(super) use wanted::{Wanted, old, place};

const OUTPUT_BUFFER_BYTES: usize = 1 << 16;

pub(super) fn run(context: &Context, args: &SimilarityArgs) -> Result<Exit, CliError> {
    let files = [("--csv", &args.csv), ("--html", &args.html)];
    let files = files
        .into_iter()
        .filter_map(|(option, file)| Some((option, file.as_deref()?)));
    for (option, file) in files.clone() {
        output_file::check_beside(option, file, [])?;
    }
    if args.csv.is_some() && args.csv == args.html {
        let message = "--csv and --html name the same file";
        return Err(CliError::usage(message).hint("one of them would be lost; name another"));
    }
    let mut wanted = wanted::wanted(context, args)?;
    let of_base = args.base.iter().map(Path::new);
    let packages = wanted.iter().map(|wanted| &*wanted.submission.path);
    let packages: Vec<&Path> = packages.chain(of_base).collect();
    for (option, file) in files {
        output_file::check_beside(option, file, packages.iter().copied())?;
    }
    let mut compared = read::read(context, args, &mut wanted);
    let base = base(context, args, &mut compared)?;
    let own = base
        .as_ref()
        .map(|base| without_base(context, base, &mut compared));
    if compared.units.len() == 1 {
        context.warn(
            "there is one source only, and nothing to compare it with: name another, or --against",
        );
    }
    let structures = compared.units.iter().map(|unit| unit.structure.sequence());
    let structures: Vec<&Sequence> = structures.collect();
    let whole = Corpus::new(&structures);
    let of_whole = own.is_none().then(|| Outlines::new(&structures));
    if !args.regions {
        // The corpora have their own copies.
        compared.forget_structures();
    }
    let owners: Vec<usize> = compared.units.iter().map(|unit| unit.owner).collect();
    let question = Question {
        context,
        args,
        comparing: Comparing {
            corpus: own.as_ref().map_or(&whole, |own| &own.corpus),
            whole: own.as_ref().map(|_| &whole),
            new: compared.units.iter().filter(|unit| !unit.is_old).count(),
            owners: args.files.then_some(&owners),
            outlines: own.as_ref().map(|own| &own.outlines).or(of_whole.as_ref()),
        },
        names: compared
            .units
            .iter()
            .map(|unit| unit.name.clone())
            .collect(),
        base,
        ignored: own.as_ref().map(|own| own.ignored.as_slice()),
        wanted,
        compared,
    };
    let plagiarized = match args.nearest {
        true => question.nearest()?,
        false => question.pairs()?,
    };
    match question.compared.unreadable {
        true => Ok(Exit::Failure),
        false => Ok(Exit::when(
            !plagiarized && !question.compared.refused,
            args.leniency.exit_zero,
        )),
    }
}

/// The base code of `--base`, if any was given.
fn base(
    context: &Context,
    args: &SimilarityArgs,
    compared: &mut Compared,
) -> Result<Option<Base>, CliError> {
    if args.base.is_empty() {
        return Ok(None);
    }
    let sequences = read::base_sequences(context, wanted::named(context, &args.base)?, compared);
    let base = Base::new(&sequences);
    if base.is_empty() {
        context.warn(&format!(
            "the base has no {BASE_RUN} nodes in a row, so nothing of it is known again"
        ));
    }
    Ok(Some(base))
}

/// What is left without base code, of each in turn.
struct Own {
    corpus: Corpus,
    outlines: Outlines,
    ignored: Vec<Ignored>,
}

/// What each has of its own; what has nothing is said and left out.
fn without_base(context: &Context, base: &Base, compared: &mut Compared) -> Own {
    let mut all: Vec<Sequence> = compared
        .units
        .par_iter()
        .map(|unit| base.without(unit.structure.sequence()))
        .collect();
    let mut has_own = all.iter().map(|own| !own.is_empty());
    compared.units.retain(|unit| {
        let is_kept = has_own.next().unwrap_or(true);
        if !is_kept {
            // The Module is all that an empty one has.
            let why = match unit.structure.sequence().len() {
                0 | 1 => "there is no code in it",
                _ => "there is nothing but base code in it",
            };
            let message = format!("{}: {why}", unit.name);
            context.warn(&message);
            compared.left_out.push(message);
        }
        is_kept
    });
    all.retain(|own| !own.is_empty());
    let counted = compared.units.iter().zip(&all).map(|(unit, own)| {
        // The Module that all begin with is nobody's.
        let of = unit.structure.sequence().len().saturating_sub(1);
        Ignored {
            path: unit.name.clone(),
            items: of.saturating_sub(own.len()),
            of,
        }
    });
    let ignored = counted.collect();
    let all: Vec<&Sequence> = all.iter().collect();
    Own {
        corpus: Corpus::new(&all),
        outlines: Outlines::new(&all),
        ignored,
    }
}

/// Everything read, and what is to be said of it.
struct Question<'a> {
    context: &'a Context,
    args: &'a SimilarityArgs,
    comparing: Comparing<'a>,
    names: Vec<String>,
    base: Option<Base>,
    ignored: Option<&'a [Ignored]>,
    wanted: Vec<wanted::Wanted>,
    compared: Compared,
}

impl Question<'_> {
    fn min_score(&self) -> u32 {
        // Most files of two packages have nothing to do with one another.
        let least = if self.args.files { REVIEW_FROM } else { 0 };
        self.args.min.unwrap_or(least)
    }

    /// `--nearest`; returns whether anything is plagiarized.
    fn nearest(&self) -> Result<bool, CliError> {
        let mut rows = self.comparing.nearest(&self.names);
        let is_plagiarized = rows
            .iter()
            .any(|row| row.status == Some(Status::Plagiarized));
        if let Some(min) = self.args.min {
            rows.retain(|row| row.deciding_score() >= Some(min));
        }
        let csv = || Ok(shown::nearest_csv(&rows)?);
        self.write(csv, |out| {
            match self.context.format() {
                Format::Json => {
                    let document = Document::nearest(&rows).ignoring(self.ignored);
                    write_pretty(out, &document)?;
                }
                Format::Jsonl => rows.iter().try_for_each(|row| write_line(out, row))?,
                Format::Table => {
                    out.write_all(shown::nearest_table(&rows, self.context.display).as_bytes())?;
                }
            }
            Ok(())
        })?;
        Ok(is_plagiarized)
    }

    /// All pairs; returns whether any is plagiarized.
    fn pairs(&self) -> Result<bool, CliError> {
        let min_score = self.min_score();
        // Groups of copies, unless asked otherwise: the live service's own bar for plagiarism.
        let threshold = min_score.max(self.args.cluster_from.unwrap_or(PLAGIARIZED_FROM));
        let report = self.comparing.pairs(&self.names, min_score, threshold);
        let aligned = match self.args.regions {
            true => self.aligned(&report),
            false => Vec::new(),
        };
        let csv = || Ok(shown::pairs_csv(&report)?);
        self.write(csv, |out| {
            match (self.context.format(), self.args.regions) {
                (Format::Json, _) => {
                    let document = Document::pairs(&report, &aligned);
                    write_pretty(out, &document.ignoring(self.ignored))?;
                }
                (Format::Jsonl, true) => {
                    aligned.iter().try_for_each(|pair| write_line(out, pair))?;
                }
                (Format::Jsonl, false) => report
                    .comparisons()
                    .chain(report.contained_only())
                    .try_for_each(|pair| write_line(out, &pair))?,
                (Format::Table, _) => {
                    let table = shown::pairs_table(&report, &aligned, self.context.display);
                    out.write_all(table.as_bytes())?;
                }
            }
            Ok(())
        })?;
        if let Some(file) = &self.args.html {
            let page = page::page(self, &report, min_score, threshold);
            output_file::write_file(file, page.as_bytes())?;
        }
        Ok(report.with_status(Status::Plagiarized).next().is_some())
    }

    /// What was asked for in a file, then the rest on standard output, unless that is the file.
    fn write(
        &self,
        csv: impl FnOnce() -> Result<Vec<u8>, CliError>,
        usual: impl FnOnce(&mut dyn Write) -> Result<(), CliError>,
    ) -> Result<(), CliError> {
        if let Some(file) = &self.args.csv {
            output_file::write_file(file, &csv()?)?;
        }
        let is_stdout = |file: &std::path::PathBuf| file == std::path::Path::new("-");
        if [&self.args.csv, &self.args.html]
            .into_iter()
            .flatten()
            .any(is_stdout)
        {
            return Ok(());
        }
        // A line at a time would be a system call for each pair.
        let out = &mut BufWriter::with_capacity(OUTPUT_BUFFER_BYTES, io::stdout().lock());
        usual(out)?;
        Ok(out.flush()?)
    }

    /// The aligned lines of every pair of the report, in its order; then of those that are listed only because much of
    /// one is found in the other.
    fn aligned<'n>(&self, report: &SimilarityReport<'n>) -> Vec<AlignedPair<'n>> {
        let (base, units) = (self.base.as_ref(), &self.compared.units);
        let located = |unit: u32| match &units.get(unit as usize)?.structure {
            Structure::Located(package) => Some(page::own_of(base, package)),
            Structure::Sequence(_) => None,
        };
        let listed = report.pairs().iter().copied().zip(report.comparisons());
        let all: Vec<_> = listed.chain(report.contained_only_at()).collect();
        all.into_par_iter()
            .filter_map(|(pair, comparison)| {
                let (left, right) = (located(pair.left)?, located(pair.right)?);
                Some(AlignedPair::new(comparison, &left, &right))
            })
            .collect()
    }
}
