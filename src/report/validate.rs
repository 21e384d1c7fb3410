//! `dfab validate` for people.

use crate::package::{PackageError, PackageView};

use super::{Display, Paint, Table, escape};

/// A table of all packages, then what is wrong with the refused ones.
pub struct PackageTable {
    display: Display,
    table: Table,
    problems: String,
}

impl PackageTable {
    /// An empty one.
    pub fn new(display: Display) -> PackageTable {
        let columns = [
            "package",
            "verdict",
            "entrypoint",
            ">files",
            ">bytes",
            "artifact",
        ];
        PackageTable {
            display,
            table: Table::new(&columns, display),
            problems: String::new(),
        }
    }

    /// One more package; `error` is why it is refused.
    pub fn add(&mut self, package: &PackageView<'_>, error: Option<&PackageError>) {
        let verdict = if package.ok {
            (Paint::Good, "ok")
        } else {
            (Paint::Bad, "refused")
        };
        let bytes: u64 = package.files.iter().map(|file| file.size).sum();
        let (files, bytes) = match package.ok {
            true => (package.files.len().to_string(), bytes.to_string()),
            false => ("-".to_owned(), "-".to_owned()),
        };
        let artifact = package
            .artifact_hash
            .as_deref()
            .and_then(|hash| hash.get(..12));
        self.table.row([
            (Paint::Plain, package.path),
            verdict,
            (Paint::Plain, package.entrypoint.unwrap_or("-")),
            (Paint::Plain, &files),
            (Paint::Plain, &bytes),
            (Paint::Faint, artifact.unwrap_or("-")),
        ]);
        if self.display.verbose && package.ok {
            self.problems.push_str(&file_list(package, self.display));
        }
        let Some(problem) = &package.error else {
            return;
        };
        let message = format!("{}: {} [{}]", package.path, problem.message, problem.code);
        self.problem(Paint::Bad, "refused", &message);
        if let Some(hint) = error.and_then(PackageError::hint) {
            self.problem(Paint::Good, "   hint", &hint);
        }
    }

    fn problem(&mut self, paint: Paint, label: &str, text: &str) {
        let label = paint.text(label, self.display.color);
        let text = Paint::Plain.text(text, false);
        self.problems.push_str(&format!("{label} {text}\n"));
    }

    /// The whole text.
    pub fn text(&self) -> String {
        match self.problems.is_empty() {
            true => self.table.text(),
            false => format!("{}\n{}", self.table.text(), self.problems),
        }
    }
}

/// The files of a package, for `-v`.
fn file_list(package: &PackageView<'_>, display: Display) -> String {
    let mut table = Table::new(&["  file", ">bytes", "sha256"], display);
    for file in &package.files {
        table.row([
            (Paint::Plain, format!("  {}", file.path).as_str()),
            (Paint::Plain, file.size.to_string().as_str()),
            (Paint::Faint, file.sha256),
        ]);
    }
    format!("{}\n{}", escape::line(package.path), table.text())
}
