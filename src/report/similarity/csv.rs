//! Pairs and neighbours as CSV, for spreadsheets.
//!
//! Names are a miner's choice, and a spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula. Such
//! a name gets an apostrophe before it, which a spreadsheet shows as text; control characters become visible escapes.

use crate::report::escape;
use crate::similarity::{Containment, Nearest, SimilarityReport};

/// A header, then a line for each pair in the report's order; then for those that are listed only because much of one is
/// found in the other. `cluster` is the number of the group that both belong
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
    let mut after = vec!["status", "cluster"];
    if report.has_containment() {
        after.extend(["left_share", "right_share"]);
    }
    let mut lines = Lines::new(report.has_base(), ["left", "right"], &after)?;
    let listed = report.pairs().iter().copied().zip(report.comparisons());
    for (pair, named) in listed.chain(report.contained_only_at()) {
        let common = cluster(pair.left).filter(|_| cluster(pair.left) == cluster(pair.right));
        let common = common.map(|number| number.to_string()).unwrap_or_default();
        let status = named.status.as_str();
        let scores = (Some(named.score), named.own_score);
        let shares = named.structure.map(|shared| shares(&shared.containment));
        let mut after = vec![status, &common];
        after.extend(shares.iter().flatten().map(String::as_str));
        lines.line([named.left, named.right], scores, &after)?;
    }
    lines.finish()
}

/// A header, then a line for each with its nearest; the cells of one that is alone are empty.
///
/// # Errors
/// Never, as it is written to memory; the writer cannot know.
pub fn nearest_csv(rows: &[Nearest]) -> std::io::Result<Vec<u8>> {
    let has_base = rows.iter().any(|row| row.own_score.is_some());
    let has_containment = rows.iter().any(|row| row.structure.is_some());
    let mut after = vec!["status"];
    if has_containment {
        after.extend(["contained_in", "left_share", "right_share"]);
    }
    let mut lines = Lines::new(has_base, ["path", "neighbor"], &after)?;
    for row in rows {
        let names = [
            row.path.as_str(),
            row.neighbor.as_deref().unwrap_or_default(),
        ];
        let status = row.status.map_or("", |status| status.as_str());
        let found = row.structure.as_ref();
        let found = found.and_then(|shared| shared.containment.as_ref());
        let contained_in = found.map(|found| cell(&found.neighbor)).unwrap_or_default();
        let [left, right] = found
            .map(|found| shares(&found.containment))
            .unwrap_or_default();
        let after = [status, &contained_in, &left, &right];
        let after = &after[..if has_containment { 4 } else { 1 }];
        lines.line(names, (row.score, row.own_score), after)?;
    }
    lines.finish()
}

/// Shares from 0 to 1, empty where unknown.
fn shares(containment: &Containment) -> [String; 2] {
    let share = |share: Option<f64>| share.map(|share| share.to_string()).unwrap_or_default();
    [share(containment.left), share(containment.right)]
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
            structure: None,
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
            structure: None,
            own_score: Some(7),
            status: Some(Status::Clean),
        };
        let csv = nearest_csv(&[row]).unwrap();
        let expected = "path,neighbor,score,own_score,status\na,b,98,7,clean\n";
        assert_eq!(String::from_utf8(csv).unwrap(), expected);
    }
}
