//! A batch as one page that stands alone.
//!
//! What is said of the whole stands first on the page and is known last, so packages go to a file of their own as they
//! are finished ([`RunPage::add`]) and are put behind the rest at the end ([`RunPage::finish`]). Memory holds no
//! package. The page is bounded too: logs share a budget, and once all details have used up theirs, packages are a line
//! each, then only counted. The page says what was left out.

mod details;
mod findings;
mod overview;
mod row;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::time::Duration;

use maud::{Markup, html};

use crate::pipeline::{Kept, SubmissionRecord};
use crate::report::count;
use crate::report::html::{Page, fold, section};
use crate::settings::Effective;

use super::tally::Tally;

/// Characters of logs on the whole page.
const LOG_CHARACTERS: usize = 6 << 20;

/// Of each stream of a package at most and at least, whatever its share.
const LOG_SHARE: (usize, usize) = (300, 8000);

/// Bytes of markup after which packages get a line and no details: some 4000 usual ones. Browsers take many times
/// that for what they make of it.
const DETAILS_BYTES: u64 = 16 << 20;

/// Bytes of markup after which packages are only counted.
const ROWS_BYTES: u64 = 24 << 20;

/// As many packages are printed with all their details.
const FEW: usize = 100;

/// What is known of a finished package.
pub struct PackageView<'a> {
    /// Its record.
    pub record: &'a SubmissionRecord,
    /// Where its result is.
    pub kept: Kept,
    /// Seconds of work on it.
    pub seconds: f64,
    /// What its harness printed, standard output and standard error, or why that is not known.
    pub logs: Result<(&'a str, &'a str), String>,
    /// The text of one of its files, if it can be had.
    pub source: &'a dyn Fn(&str) -> Option<String>,
}

/// A package without a result.
pub struct FailureView<'a> {
    /// As the caller named it.
    pub package: &'a str,
    /// Whose it is.
    pub hotkey: &'a str,
    /// What went wrong on this machine.
    pub message: &'a str,
    /// What to try next.
    pub hint: Option<&'a str>,
}

/// What is said of the whole besides the packages.
pub struct About<'a> {
    /// Id of the run; none if it did not get that far.
    pub run_id: &'a str,
    /// How it ended, in a word.
    pub outcome: &'a str,
    /// When it began.
    pub started_at: &'a str,
    /// How long it took.
    pub elapsed: Duration,
    /// Packages given.
    pub total: usize,
    /// Packages at once.
    pub jobs: usize,
    /// What ran the harnesses.
    pub executor: &'a str,
    /// Where the results are.
    pub database: &'a str,
    /// All settings, secrets masked.
    pub settings: &'a [Effective],
}

/// A page under way.
pub struct RunPage {
    packages: BufWriter<File>,
    written: u64,
    log_characters: usize,
    /// Where on the page submissions are, by id: a neighbour may be one of them.
    places: HashMap<String, usize>,
    left: Left,
}

/// What had no room on the page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Left {
    details: usize,
    rows: usize,
}

impl RunPage {
    /// A page of `total` packages. `packages` is an empty file of nobody else's.
    pub fn new(packages: File, total: usize) -> RunPage {
        let (least, most) = LOG_SHARE;
        RunPage {
            packages: BufWriter::new(packages),
            written: 0,
            log_characters: (LOG_CHARACTERS / 2 / total.max(1)).clamp(least, most),
            places: HashMap::new(),
            left: Left::default(),
        }
    }

    /// One more package, the one at this place in the batch.
    ///
    /// # Errors
    /// The disk refuses it.
    pub fn add(&mut self, index: usize, view: &PackageView<'_>) -> io::Result<()> {
        if let Some(id) = &view.record.id {
            self.places.entry(id.clone()).or_insert(index);
        }
        let details = self.has_room(DETAILS_BYTES).then(|| {
            let places = |id: &str| self.places.get(id).copied();
            details::details(view, self.log_characters, &places)
        });
        self.left.details += usize::from(details.is_none());
        self.put(row::row(index, view.record, details))
    }

    /// One more package, without a result.
    ///
    /// # Errors
    /// The disk refuses it.
    pub fn add_failure(&mut self, index: usize, view: &FailureView<'_>) -> io::Result<()> {
        self.put(row::failure(index, view))
    }

    /// The whole page.
    ///
    /// # Errors
    /// The disk refuses it.
    pub fn finish(self, about: &About<'_>, tally: &Tally, out: &mut dyn Write) -> io::Result<()> {
        let RunPage { packages, left, .. } = self;
        let title = format!("Run of {}", count(about.total, "package"));
        let page = Page {
            title: &title,
            lead: overview::lead(about),
            links: &overview::links(tally),
        };
        out.write_all(page.begin().as_bytes())?;
        let sections = html! {
            (overview::sections(about, tally))
            (heading_of_packages(tally, about.total, left))
        };
        // The section stays open for the packages.
        let sections = sections.into_string();
        out.write_all(
            sections
                .strip_suffix("</section>")
                .unwrap_or(&sections)
                .as_bytes(),
        )?;
        // On paper nothing opens: few packages are printed with their details, many as they stand.
        let class = if about.total <= FEW { "few" } else { "many" };
        writeln!(out, "<div class=\"{class}\">")?;
        let mut packages = packages
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        packages.seek(SeekFrom::Start(0))?;
        io::copy(&mut packages, out)?;
        out.write_all(b"</div></section>\n")?;
        out.write_all(overview::settings(about).into_string().as_bytes())?;
        out.write_all(Page::end().as_bytes())
    }

    fn has_room(&self, most: u64) -> bool {
        self.written < most
    }

    fn put(&mut self, markup: Markup) -> io::Result<()> {
        if !self.has_room(ROWS_BYTES) {
            self.left.rows += 1;
            return Ok(());
        }
        let text = markup.into_string();
        self.written += text.len() as u64;
        self.packages.write_all(text.as_bytes())?;
        self.packages.write_all(b"\n")
    }
}

fn heading_of_packages(tally: &Tally, total: usize, left: Left) -> Markup {
    let body = html! {
        @if left.details > 0 {
            p { "This page has room for the details of the first packages only: "
                (left.details) " have a line and no details"
                @if left.rows > 0 { ", " (left.rows) " of them not even that" }
                ". The database has all of them." }
        }
        (row::filter(tally, total))
        (row::head())
    };
    section("packages", "Packages", body)
}

/// A list of what has no place in the first view.
fn folded(summary: &str, body: Markup) -> Markup {
    fold(html! { (summary) }, body, false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::html::content_security_policy;

    fn about(total: usize) -> About<'static> {
        About {
            run_id: "0193",
            outcome: "finished",
            started_at: "2026-01-02 03:04:05",
            elapsed: Duration::from_secs(3),
            total,
            jobs: 2,
            executor: "sandbox",
            database: "x.sqlite3",
            settings: &[],
        }
    }

    fn page(total: usize) -> (RunPage, Tally) {
        (
            RunPage::new(tempfile::tempfile().unwrap(), total),
            Tally::default(),
        )
    }

    fn finished(page: RunPage, tally: &Tally, total: usize) -> String {
        let mut out = Vec::new();
        page.finish(&about(total), tally, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn add(page: &mut RunPage, tally: &mut Tally, index: usize, name: &str, log: &str) {
        let record = SubmissionRecord::refused(name, name, name, format!("empty: {name}"));
        tally.add(index, &record, Kept::Stored, 0.5);
        let view = PackageView {
            record: &record,
            kept: Kept::Stored,
            seconds: 0.5,
            logs: Ok((log, log)),
            source: &|_| None,
        };
        page.add(index, &view).unwrap();
    }

    #[test]
    fn an_empty_batch_is_a_whole_page() {
        let (page, tally) = page(0);
        let text = finished(page, &tally, 0);
        assert!(text.starts_with("<!DOCTYPE html>") && text.ends_with("</body></html>\n"));
        assert_eq!(
            text.matches("<section").count(),
            text.matches("</section>").count()
        );
    }

    #[test]
    fn hostile_names_and_logs_stay_text() {
        let (mut page, mut tally) = page(2);
        let hostile = "</details></script><img src=x onerror=alert(1)>\"'&\u{202e}\u{1b}[2J\0";
        add(&mut page, &mut tally, 0, hostile, hostile);
        add(&mut page, &mut tally, 1, "b.zip", "\u{feff}<!--");
        let failure = FailureView {
            package: hostile,
            hotkey: hostile,
            message: hostile,
            hint: Some(hostile),
        };
        page.add_failure(2, &failure).unwrap();
        let text = finished(page, &tally, 3);
        for raw in [
            "<img",
            "<script",
            "<!--",
            "\u{202e}",
            "\u{1b}",
            "\0",
            "\u{feff}",
            " style=\"",
        ] {
            assert!(!text.contains(raw), "{raw:?}");
        }
        assert!(text.contains("&lt;img src=x onerror=alert(1)&gt;"));
        assert_eq!(
            text.matches("<details").count(),
            text.matches("</details>").count()
        );
        assert!(text.contains(content_security_policy()));
    }

    #[test]
    fn a_name_of_a_megabyte_takes_a_line() {
        let (mut page, mut tally) = page(1);
        add(&mut page, &mut tally, 0, &"\u{202e}".repeat(1 << 20), "");
        assert!(finished(page, &tally, 1).len() < 100_000);
    }

    #[test]
    fn a_page_with_no_room_left_says_so() {
        let (mut page, mut tally) = page(3);
        add(&mut page, &mut tally, 0, "a.zip", "");
        page.written = DETAILS_BYTES;
        add(&mut page, &mut tally, 1, "b.zip", "");
        page.written = ROWS_BYTES;
        add(&mut page, &mut tally, 2, "c.zip", "");
        let text = finished(page, &tally, 3);
        assert!(
            text.contains("2 have a line and no details, 1 of them not even that"),
            "{text}"
        );
        assert!(
            text.contains("id=\"p0\"") && text.contains("id=\"p1\"") && !text.contains("id=\"p2\"")
        );
    }

    #[test]
    fn many_packages_share_the_room_for_logs() {
        assert_eq!(page(1).0.log_characters, LOG_SHARE.1);
        assert_eq!(page(1_000_000).0.log_characters, LOG_SHARE.0);
        let share = page(4000).0.log_characters;
        assert!(share * 2 * 4000 <= LOG_CHARACTERS, "{share}");
    }
}
