//! `dfab similarity`: pairs, clusters, nearest neighbours, aligned lines; as CSV; as a page.

mod contained;
mod csv;
mod page;
mod sides;

use std::fmt::Write as _;

use serde::Serialize;

use crate::similarity::{
    Alignment, Comparison, Containment, ContainmentLines, DEFAULT_ALIGN_CELLS, FileLines,
    LineRange, LocatedPackage, Nearest, SimilarityReport, Status, align,
};

use super::{Display, Paint, SCHEMA_VERSION, Table, escape};

pub use contained::contained;
pub use csv::{nearest_csv, pairs_csv};
pub use page::{Page, Section, whole_page};
pub use sides::{Side, Sides, pair_section};

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

/// A pair with the lines that agree.
#[derive(Debug, Serialize)]
pub struct AlignedPair<'n> {
    #[serde(flatten)]
    comparison: Comparison<'n>,
    #[serde(flatten)]
    alignment: AlignedRegions,
    #[serde(skip_serializing_if = "Option::is_none")]
    structure: Option<SharedLines>,
}

/// What is found beside the service's rule, with its lines.
#[derive(Debug, Serialize)]
struct SharedLines {
    containment: ContainmentLines,
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
        let structure = comparison.structure.map(|shared| SharedLines {
            containment: match shared.containment.is_notable() {
                true => ContainmentLines::of(left, right),
                false => ContainmentLines::without(shared.containment),
            },
        });
        AlignedPair {
            // Written once, with the lines.
            comparison: Comparison {
                structure: None,
                ..comparison
            },
            alignment,
            structure,
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
    let contained: &[&str] = match report.has_containment() {
        true => &[">contained"],
        false => &[],
    };
    let columns = [scores, contained, &["verdict", "left", "right"]].concat();
    let mut table = Table::new(&columns, display);
    let left_out = report.pairs().len().saturating_sub(MAX_TABLE_PAIRS);
    let order = report.highest_first().into_iter().take(MAX_TABLE_PAIRS);
    for pair in order.filter_map(|at| report.comparison(at)) {
        pair_row(&mut table, &pair);
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
    let further = (report.contained_only().count() + report.contained_omitted())
        .saturating_sub(MAX_TABLE_PAIRS);
    let mut unlisted = report.contained_only().take(MAX_TABLE_PAIRS).peekable();
    if unlisted.peek().is_some() {
        text.push_str("\nscored too low, and one is found in the other all the same:\n");
        let mut table = Table::new(&columns, display);
        unlisted.for_each(|pair| pair_row(&mut table, &pair));
        text.push_str(&table.text());
        if further > 0 {
            let _ = writeln!(text, "{further} more; a lower --min lists all");
        }
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
        let notable = |shared: &&SharedLines| shared.containment.containment.is_notable();
        if let Some(shared) = pair.structure.as_ref().filter(notable) {
            text.push_str(&containment_text(&shared.containment, display));
        }
    }
    text
}

/// A pair as a row of the table.
fn pair_row(table: &mut Table, pair: &Comparison<'_>) {
    let own = pair.own_score.map(|score| score.to_string());
    let score = pair.score.to_string();
    let scores = own
        .iter()
        .chain([&score])
        .map(|score| (Paint::Plain, score.as_str()));
    let shared = pair.structure.map(|shared| shared.containment);
    let shown = shared.map(|found| (contained_paint(&found), greater(&found)));
    let contained = shown.iter().map(|(paint, text)| (*paint, text.as_str()));
    table.row(scores.chain(contained).chain([
        painted(pair.status),
        (Paint::Plain, pair.left),
        (Paint::Plain, pair.right),
    ]));
}

fn contained_paint(containment: &Containment) -> Paint {
    match containment.is_notable() {
        true => Paint::Warning,
        false => Paint::Faint,
    }
}

/// A share in whole percent, rounded down, so that 100 % means all.
pub(super) fn percent(share: f64) -> String {
    format!("{} %", (share * 100.0 + 1e-9).floor())
}

/// The greater share; `-` where both are too small or repetitive to say.
pub(super) fn greater(containment: &Containment) -> String {
    match (containment.left, containment.right) {
        (None, None) => "-".to_owned(),
        _ => percent(containment.greater()),
    }
}

/// How much of each is found in the other, and the lines in common.
pub(super) fn containment_text(found: &ContainmentLines, display: Display) -> String {
    let share = |share: Option<f64>| share.map_or("nothing to say".to_owned(), percent);
    let shares = &found.containment;
    let mut text = format!(
        "  found in the other, wherever it stands: {} of the left, {} of the right\n",
        share(shares.left),
        share(shares.right)
    );
    let regions = found.regions.as_deref().unwrap_or_default();
    if regions.is_empty() {
        return text;
    }
    let lines = |side: &FileLines| format!("{}:{}-{}", side.file, side.first_line, side.last_line);
    let mut table = Table::new(&["  left", "right", ">nodes"], display);
    for region in regions {
        let right = region.right.as_ref().map_or("-".to_owned(), lines);
        table.row([
            (Paint::Plain, format!("  {}", lines(&region.left)).as_str()),
            (Paint::Plain, right.as_str()),
            (Paint::Plain, region.matched_nodes.to_string().as_str()),
        ]);
    }
    text.push_str(&table.text());
    if found.regions_omitted > 0 {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  and {} more, smaller", found.regions_omitted);
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
    if rows.is_empty() {
        return "no neighbours to show\n".to_owned();
    }
    let has_base = rows.iter().any(|row| row.own_score.is_some());
    let scores: &[&str] = match has_base {
        true => &[">own", ">score"],
        false => &[">score"],
    };
    let has_containment = rows.iter().any(|row| row.structure.is_some());
    let contained: &[&str] = match has_containment {
        true => &[">contained", "in"],
        false => &[],
    };
    let mut table = Table::new(
        &[&["path"], scores, &["verdict", "nearest"], contained].concat(),
        display,
    );
    for row in rows {
        let shown = |score: Option<u32>| score.map_or("-".to_owned(), |score| score.to_string());
        let own = has_base.then(|| shown(row.own_score));
        let score = shown(row.score);
        let found = row.structure.as_ref();
        let found = found.and_then(|shared| shared.containment.as_ref());
        let share = found.map(|found| {
            let shares = &found.containment;
            (contained_paint(shares), greater(shares))
        });
        let share = share.as_ref();
        let share = share.map_or((Paint::Faint, "-"), |(paint, text)| (*paint, text));
        let most_in = found.map_or("-", |found| &found.neighbor);
        let contained = [share, (Paint::Plain, most_in)];
        let contained = contained.into_iter().filter(|_| has_containment);
        let path = [(Paint::Plain, row.path.as_str())];
        let scores = own
            .iter()
            .chain([&score])
            .map(|score| (Paint::Plain, score.as_str()));
        let nearest = [
            row.status.map_or((Paint::Faint, "-"), painted),
            (Paint::Plain, row.neighbor.as_deref().unwrap_or("-")),
        ];
        table.row(
            path.into_iter()
                .chain(scores)
                .chain(nearest)
                .chain(contained),
        );
    }
    table.text()
}
