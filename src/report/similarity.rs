//! `dfab similarity`: pairs, clusters, nearest neighbours, aligned lines; as CSV; as a page.

mod csv;
mod page;

use std::fmt::Write as _;

use serde::Serialize;

use crate::similarity::{
    Alignment, Comparison, DEFAULT_ALIGN_CELLS, LineRange, Located, Nearest, SimilarityReport,
    Status, align,
};

use super::{Display, Paint, SCHEMA_VERSION, Table, escape};

pub use csv::{nearest_csv, pairs_csv};
pub use page::{Page, Side, Sides, pair_section, whole_page};

/// What was taken out of one source as base code.
#[derive(Debug, Clone, Serialize)]
pub struct Ignored {
    /// Its name.
    pub path: String,
    /// Items taken out.
    pub items: usize,
    /// Items in all.
    pub of: usize,
}

/// The JSON document.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    schema_version: u32,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    report: Option<&'a SimilarityReport<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nearest: Option<&'a [Nearest]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aligned: Option<&'a [AlignedPair<'a>]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ignored: Option<&'a [Ignored]>,
}

impl<'a> Document<'a> {
    /// All pairs; `aligned` may be empty.
    pub fn pairs(report: &'a SimilarityReport<'a>, aligned: &'a [AlignedPair<'a>]) -> Document<'a> {
        Document {
            schema_version: SCHEMA_VERSION,
            report: Some(report),
            nearest: None,
            aligned: Some(aligned).filter(|pairs| !pairs.is_empty()),
            ignored: None,
        }
    }

    /// Nearest neighbours only.
    pub fn nearest(rows: &'a [Nearest]) -> Document<'a> {
        Document {
            schema_version: SCHEMA_VERSION,
            report: None,
            nearest: Some(rows),
            aligned: None,
            ignored: None,
        }
    }

    /// With what was taken out as base code, where there was a base.
    pub fn ignoring(self, ignored: Option<&'a [Ignored]>) -> Document<'a> {
        Document { ignored, ..self }
    }
}

/// What is compared, with the names of its files in the order of its places.
#[derive(Debug, Clone)]
pub struct LocatedPackage {
    /// Python files in path order.
    pub files: Vec<String>,
    /// Their structure with places.
    pub located: Located,
}

/// A pair with the lines that agree.
#[derive(Debug, Serialize)]
pub struct AlignedPair<'n> {
    #[serde(flatten)]
    comparison: Comparison<'n>,
    #[serde(flatten)]
    alignment: AlignedRegions,
}

/// Regions with file names instead of positions.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum AlignedRegions {
    Regions { regions: Vec<NamedRegion> },
    TooLarge { too_large: bool },
}

/// Lines that agree.
#[derive(Debug, Serialize)]
struct NamedRegion {
    left: NamedRange,
    right: NamedRange,
    matched_items: usize,
}

/// Lines of one file, first and last included.
#[derive(Debug, Serialize)]
struct NamedRange {
    file: String,
    first_line: u32,
    last_line: u32,
}

impl<'n> AlignedPair<'n> {
    /// Lines up a pair, unless that would take unreasonably long.
    pub fn new(
        comparison: Comparison<'n>,
        left: &LocatedPackage,
        right: &LocatedPackage,
    ) -> AlignedPair<'n> {
        let alignment = match align(&left.located, &right.located, DEFAULT_ALIGN_CELLS) {
            Alignment::TooLarge { .. } => AlignedRegions::TooLarge { too_large: true },
            Alignment::Aligned { regions, .. } => {
                let named = regions.iter().map(|region| NamedRegion {
                    left: NamedRange::new(left, region.left),
                    right: NamedRange::new(right, region.right),
                    matched_items: region.matched_items,
                });
                AlignedRegions::Regions {
                    regions: named.collect(),
                }
            }
        };
        AlignedPair {
            comparison,
            alignment,
        }
    }
}

impl NamedRange {
    fn new(package: &LocatedPackage, range: LineRange) -> NamedRange {
        NamedRange {
            file: package.files.get(range.source).cloned().unwrap_or_default(),
            first_line: range.first_line,
            last_line: range.last_line,
        }
    }
}

impl std::fmt::Display for NamedRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}-{}", self.file, self.first_line, self.last_line)
    }
}

fn painted(status: Status) -> (Paint, &'static str) {
    match status {
        Status::Plagiarized => (Paint::Bad, "plagiarized"),
        Status::NeedsLlmVerification => (Paint::Warning, "needs a look"),
        Status::Clean => (Paint::Good, "clean"),
    }
}

/// Pairs that a table shows: more than anybody reads, and what a table that fits its columns can hold.
const MAX_TABLE_PAIRS: usize = 10_000;

/// Pairs, highest score first, then clusters, then aligned lines.
pub fn pairs_table(
    report: &SimilarityReport<'_>,
    aligned: &[AlignedPair<'_>],
    display: Display,
) -> String {
    let scores: &[&str] = match report.has_base() {
        true => &[">own", ">score"],
        false => &[">score"],
    };
    let columns = [scores, &["verdict", "left", "right"]].concat();
    let mut table = Table::new(&columns, display);
    let left_out = report.pairs().len().saturating_sub(MAX_TABLE_PAIRS);
    let order = report.highest_first().into_iter().take(MAX_TABLE_PAIRS);
    for pair in order.filter_map(|at| report.comparison(at)) {
        let own = pair.own_score.map(|score| score.to_string());
        let score = pair.score.to_string();
        let scores = own
            .iter()
            .chain([&score])
            .map(|score| (Paint::Plain, score.as_str()));
        table.row(scores.chain([
            painted(pair.status),
            (Paint::Plain, pair.left),
            (Paint::Plain, pair.right),
        ]));
    }
    let mut text = match report.pairs().is_empty() {
        true => "no pairs to show\n".to_owned(),
        false => table.text(),
    };
    if left_out > 0 {
        let _ = writeln!(
            text,
            "{left_out} more, no higher; --min leaves out low ones, --format jsonl lists all"
        );
    }
    for (index, cluster) in report.clusters().enumerate() {
        if index == 0 {
            text.push('\n');
        }
        let names: Vec<String> = cluster.iter().map(|name| escape::line(name)).collect();
        // Writing to a String cannot fail.
        let _ = writeln!(text, "cluster {}: {}", index + 1, names.join(", "));
    }
    for pair in aligned {
        let comparison = &pair.comparison;
        let names = [
            escape::line(comparison.left),
            escape::line(comparison.right),
        ];
        let score = comparison.deciding_score();
        let _ = writeln!(text, "\n{} ~ {}: {score}", names[0], names[1]);
        text.push_str(&regions_text(&pair.alignment, display));
    }
    text
}

fn regions_text(alignment: &AlignedRegions, display: Display) -> String {
    match alignment {
        AlignedRegions::TooLarge { .. } => "  too large to line up\n".to_owned(),
        AlignedRegions::Regions { regions } if regions.is_empty() => {
            "  no region long enough to show\n".to_owned()
        }
        AlignedRegions::Regions { regions } => {
            let mut table = Table::new(&["left", "right", ">nodes"], display);
            for region in regions {
                table.row([
                    (Paint::Plain, region.left.to_string().as_str()),
                    (Paint::Plain, region.right.to_string().as_str()),
                    (Paint::Plain, region.matched_items.to_string().as_str()),
                ]);
            }
            table.text()
        }
    }
}

/// The nearest neighbour of each, in the order given.
pub fn nearest_table(rows: &[Nearest], display: Display) -> String {
    let has_base = rows.iter().any(|row| row.own_score.is_some());
    let scores: &[&str] = match has_base {
        true => &[">own", ">score"],
        false => &[">score"],
    };
    let mut table = Table::new(
        &[&["path"], scores, &["verdict", "nearest"]].concat(),
        display,
    );
    for row in rows {
        let shown = |score: Option<u32>| score.map_or("-".to_owned(), |score| score.to_string());
        let own = has_base.then(|| shown(row.own_score));
        let score = shown(row.score);
        let path = [(Paint::Plain, row.path.as_str())];
        let scores = own
            .iter()
            .chain([&score])
            .map(|score| (Paint::Plain, score.as_str()));
        table.row(path.into_iter().chain(scores).chain([
            row.status.map_or((Paint::Faint, "-"), painted),
            (Paint::Plain, row.neighbor.as_deref().unwrap_or("-")),
        ]));
    }
    table.text()
}
