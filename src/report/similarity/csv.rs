//! Pairs and neighbours as CSV, for spreadsheets.
//!
//! Names are a miner's choice, and a spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula. Such
//! a name gets an apostrophe before it, which a spreadsheet shows as text; control characters become visible escapes.

use crate::report::escape;
use crate::similarity::{Nearest, SimilarityReport};

/// A header, then a line for each pair in the report's order. `cluster` is the number of the group that both belong
/// to, as the table counts them.
///
/// # Errors
/// Never, as it is written to memory; the writer cannot know.
pub fn pairs_csv(report: &SimilarityReport<'_>) -> std::io::Result<Vec<u8>> {
    let members = report.cluster_members();
    let count = members.iter().flatten().max().map_or(0, |&last| last + 1);
    let mut cluster_of = vec![None; count];
    for (number, group) in members.iter().enumerate() {
        for &member in group {
            if let Some(place) = cluster_of.get_mut(member) {
                *place = Some(number + 1);
            }
        }
    }
    let cluster = |member: u32| cluster_of.get(member as usize).copied().flatten();
    let mut lines = Lines::new(report.has_base(), ["left", "right"], &["status", "cluster"])?;
    for (pair, named) in report.pairs().iter().zip(report.comparisons()) {
        let common = cluster(pair.left).filter(|_| cluster(pair.left) == cluster(pair.right));
        let common = common.map(|number| number.to_string()).unwrap_or_default();
        let status = named.status.as_str();
        let scores = (Some(named.score), named.own_score);
        lines.line([named.left, named.right], scores, &[status, &common])?;
    }
    lines.finish()
}

/// A header, then a line for each with its nearest; the cells of one that is alone are empty.
///
/// # Errors
/// Never, as it is written to memory; the writer cannot know.
pub fn nearest_csv(rows: &[Nearest]) -> std::io::Result<Vec<u8>> {
    let has_base = rows.iter().any(|row| row.own_score.is_some());
    let mut lines = Lines::new(has_base, ["path", "neighbor"], &["status"])?;
    for row in rows {
        let names = [
            row.path.as_str(),
            row.neighbor.as_deref().unwrap_or_default(),
        ];
        let status = row.status.map_or("", |status| status.as_str());
        lines.line(names, (row.score, row.own_score), &[status])?;
    }
    lines.finish()
}

struct Lines {
    writer: ::csv::Writer<Vec<u8>>,
    has_base: bool,
}

impl Lines {
    fn new(has_base: bool, names: [&str; 2], after: &[&str]) -> std::io::Result<Lines> {
        let mut writer = ::csv::Writer::from_writer(Vec::new());
        let scores: &[&str] = match has_base {
            true => &["score", "own_score"],
            false => &["score"],
        };
        writer.write_record([&names[..], scores, after].concat())?;
        Ok(Lines { writer, has_base })
    }

    fn line(
        &mut self,
        names: [&str; 2],
        (score, own): (Option<u32>, Option<u32>),
        after: &[&str],
    ) -> std::io::Result<()> {
        let shown = |score: Option<u32>| score.map(|score| score.to_string()).unwrap_or_default();
        let scores = [Some(shown(score)), self.has_base.then(|| shown(own))];
        let names = names.into_iter().map(cell);
        let after = after.iter().map(|&text| text.to_owned());
        let record = names.chain(scores.into_iter().flatten()).chain(after);
        Ok(self.writer.write_record(record)?)
    }

    fn finish(self) -> std::io::Result<Vec<u8>> {
        self.writer.into_inner().map_err(|error| error.into_error())
    }
}

/// A name that no spreadsheet computes.
fn cell(name: &str) -> String {
    let shown = escape::line(name);
    // The wide forms are read as the others in some languages.
    let is_formula = shown.trim_start().starts_with([
        '=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ]);
    match is_formula {
        true => format!("'{shown}"),
        false => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::similarity::Status;

    #[test]
    fn no_name_is_a_formula() {
        for name in ["=1+1", "+1", "-1", "@A1", " =1", "\u{ff1d}1", "\t=1"] {
            let shown = cell(name);
            assert!(shown.starts_with(['\'', '\\']), "{shown:?}");
        }
        assert_eq!(cell("a=b.zip"), "a=b.zip");
    }

    #[test]
    fn commas_quotes_and_line_ends_stay_in_their_cell() {
        let row = Nearest {
            path: "a,\"b\"\nc".to_owned(),
            neighbor: None,
            score: None,
            own_score: None,
            status: None,
        };
        let csv = nearest_csv(&[row]).unwrap();
        let expected = "path,neighbor,score,status\n\"a,\"\"b\"\"\\nc\",,,\n";
        assert_eq!(String::from_utf8(csv).unwrap(), expected);
    }

    #[test]
    fn a_base_adds_a_column() {
        let row = Nearest {
            path: "a".to_owned(),
            neighbor: Some("b".to_owned()),
            score: Some(98),
            own_score: Some(7),
            status: Some(Status::Clean),
        };
        let csv = nearest_csv(&[row]).unwrap();
        let expected = "path,neighbor,score,own_score,status\na,b,98,7,clean\n";
        assert_eq!(String::from_utf8(csv).unwrap(), expected);
    }
}
