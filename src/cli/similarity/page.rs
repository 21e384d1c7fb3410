//! `--html`: reads the highest pairs once more, and lines them up for the page.

use std::borrow::Cow;

use crate::pipeline::Submission;
use crate::report::similarity::{Page, Section, Side, Sides, pair_section, whole_page};
use crate::similarity::{
    Base, Comparison, DEFAULT_ALIGN_CELLS, LocatedPackage, SimilarityReport, align, contained_lines,
};

use super::Question;
use super::read::{self, LeftOut, Shown};

/// Pairs shown side by side.
const MAX_SIDE_BY_SIDE: usize = 40;
/// Bytes of what is shown side by side; the last section may go beyond.
const MAX_BYTES: usize = 8 << 20;

/// The page of a report. Packages are read pair by pair, so that no more than two are held at a time.
pub(super) fn page(
    question: &Question<'_>,
    report: &SimilarityReport<'_>,
    min_score: u32,
    cluster_threshold: u32,
) -> String {
    let mut sections: Vec<Section> = Vec::new();
    let mut bytes = 0;
    let telling = report.most_telling(MAX_SIDE_BY_SIDE);
    for (rank, (pair, comparison)) in telling.into_iter().enumerate() {
        if bytes > MAX_BYTES {
            break;
        }
        let both = [pair.left, pair.right].map(|unit| unit as usize);
        let shown = question.section(rank, &comparison, both);
        bytes += shown.as_ref().map_or(0, String::len);
        sections.push(Section {
            pair: (pair.left, pair.right),
            shown,
        });
    }
    let units = &question.compared.units;
    let page = Page {
        report,
        compared: units.len(),
        old: units.len() - question.comparing.new,
        min_score,
        cluster_threshold,
        ignored: question.ignored,
        left_out: &question.compared.left_out,
    };
    whole_page(&page, &sections)
}

impl Question<'_> {
    fn section(
        &self,
        rank: usize,
        comparison: &Comparison<'_>,
        [left, right]: [usize; 2],
    ) -> Option<String> {
        let limits = self.context.package_limits();
        let (left, right) = (self.source(left), self.source(right));
        let shown = |source: Option<Source<'_>>| match source {
            Some((submission, file)) => read::shown(submission, file, &limits),
            None => Err(LeftOut::refused("it is not there".to_owned())),
        };
        let (left, right) = rayon::join(|| shown(left), || shown(right));
        let (left, right) = match (left, right) {
            (Ok(left), Ok(right)) => (left, right),
            (Err(reason), _) | (_, Err(reason)) => {
                let why = format!(
                    "{} ~ {}: {}",
                    comparison.left, comparison.right, reason.message
                );
                self.context.warn(&format!("not shown side by side: {why}"));
                return pair_section(rank, comparison, Err(&reason.message));
            }
        };
        let base = self.base.as_ref();
        let [own_left, own_right] = [&left, &right].map(|shown| own_of(base, &shown.package));
        let alignment = align(&own_left.located, &own_right.located, DEFAULT_ALIGN_CELLS);
        let contained = comparison
            .structure
            .filter(|shared| shared.containment.is_notable())
            .map(|_| contained_lines(&own_left.located, &own_right.located).1);
        let sides = Sides {
            left: side(&left),
            right: side(&right),
            alignment,
            contained: contained.unwrap_or_default(),
        };
        pair_section(rank, comparison, Ok(&sides))
    }

    /// Where a source came from.
    fn source(&self, unit: usize) -> Option<Source<'_>> {
        let unit = self.compared.units.get(unit)?;
        let wanted = self.wanted.get(unit.owner)?;
        Some((&wanted.submission, unit.file.as_deref()))
    }
}

/// A package, and the file of it that is meant, if it is one.
type Source<'q> = (&'q Submission, Option<&'q str>);

/// What a package has of its own, where there is a base.
pub(super) fn own_of<'p>(
    base: Option<&Base>,
    package: &'p LocatedPackage,
) -> Cow<'p, LocatedPackage> {
    match base {
        None => Cow::Borrowed(package),
        Some(base) => Cow::Owned(LocatedPackage {
            files: package.files.clone(),
            located: base.without_located(&package.located),
        }),
    }
}

fn side(shown: &Shown) -> Side<'_> {
    let files = shown.package.files.iter().zip(&shown.texts);
    Side {
        files: files
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .collect(),
    }
}
