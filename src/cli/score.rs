//! `dfab score`

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::dataset::{self, Dataset};
use crate::files::open_named;
use crate::report::explanation::explanation_text;
use crate::report::score::{DatasetTable, ScoredDataset, metrics_table};
use crate::report::{ArrayDocument, Format, escape, write_line};
use crate::score::{self, ConversationLimits, Explanation, Score};

use super::args::ScoreArgs;
use super::context::Context;
use super::exit::{CliError, Exit};

/// No dataset the live service would look at comes near this; it keeps a wrong file from filling memory.
const MAX_DATASET_BYTES: u64 = 1 << 30;

/// Names of standard input.
const STANDARD_INPUT: [&str; 4] = ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"];

pub(super) fn run(context: &Context, args: &ScoreArgs) -> Result<Exit, CliError> {
    let is_standard_input =
        |file: &&PathBuf| STANDARD_INPUT.iter().any(|name| *file == Path::new(name));
    if args.files.iter().filter(is_standard_input).count() > 1 {
        return Err(CliError::usage(
            "standard input is named twice, but can be read only once",
        ));
    }
    let out = &mut io::stdout().lock();
    let mut document = match context.format() {
        Format::Json => Some(ArrayDocument::begin(out, &[], "datasets")?),
        Format::Table | Format::Jsonl => None,
    };
    let mut table = DatasetTable::new(context.display);
    let mut details = String::new();
    let (mut all_passed, mut unreadable) = (true, false);
    for file in &args.files {
        let shown = escape::path(file);
        let bytes = match read(file) {
            Ok(bytes) => bytes,
            Err(error) => {
                context.complain(&format!("cannot read {shown}: {error}"), None);
                unreadable = true;
                continue;
            }
        };
        let scored = Scored::new(bytes, context, args.explain);
        all_passed &= scored.result.passed;
        let item = scored.item(&shown);
        match (context.format(), &mut document) {
            (Format::Jsonl, _) => write_line(out, &item)?,
            (_, Some(document)) => document.item(out, &item)?,
            (_, None) => {
                table.add(&item);
                if args.files.len() == 1 || args.explain || context.display.verbose {
                    details.push_str(&scored.details(&shown, context, args.files.len() > 1));
                }
            }
        }
    }
    match document {
        Some(document) => document.end(out, &[])?,
        None if context.format() == Format::Table => {
            write!(out, "{}{details}", table.text())?;
        }
        None => {}
    }
    match unreadable {
        true => Ok(Exit::Failure),
        false => Ok(Exit::when(all_passed, args.leniency.exit_zero)),
    }
}

/// One dataset's answer.
struct Scored {
    digest: String,
    result: Score,
    explanation: Option<Explanation>,
}

impl Scored {
    fn new(bytes: Vec<u8>, context: &Context, explain: bool) -> Scored {
        let limits = ConversationLimits::from(&context.settings);
        let text = dataset::decode(&bytes);
        match Dataset::parse_keeping(&text, limits.max_conversations) {
            Ok(dataset) => {
                // The conversations have what they need of it; scoring needs the room.
                drop(text);
                drop(bytes);
                let (result, explanation) = if explain {
                    let (result, explanation) = score::score_and_explain(&dataset, &limits);
                    (result, Some(explanation))
                } else {
                    (score::score(&dataset, &limits), None)
                };
                Scored {
                    digest: dataset.digest().to_owned(),
                    result,
                    explanation,
                }
            }
            Err(error) => Scored {
                digest: dataset::digest(&text),
                result: Score {
                    size_bytes: text.len() as u64,
                    error: Some(error.to_string()),
                    ..Score::default()
                },
                explanation: None,
            },
        }
    }

    fn item<'a>(&'a self, path: &'a str) -> ScoredDataset<'a> {
        ScoredDataset {
            path,
            digest: &self.digest,
            result: &self.result,
            explanation: self.explanation.as_ref(),
        }
    }

    /// What a person wants to see of one dataset below the table.
    fn details(&self, file: &str, context: &Context, named: bool) -> String {
        if self.result.error.is_some() {
            return String::new();
        }
        let title = if named {
            format!("\n{}\n", escape::line(file))
        } else {
            "\n".to_owned()
        };
        let metrics = metrics_table(&self.result.metrics, context.display);
        let explained = self
            .explanation
            .as_ref()
            .map(|explanation| format!("\n{}", explanation_text(explanation, context.display)));
        format!("{title}{metrics}{}", explained.unwrap_or_default())
    }
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = match file == Path::new("-") {
        true => io::stdin()
            .lock()
            .take(MAX_DATASET_BYTES + 1)
            .read_to_end(&mut bytes)?,
        false => open_named(file)?
            .take(MAX_DATASET_BYTES + 1)
            .read_to_end(&mut bytes)?,
    };
    if read as u64 > MAX_DATASET_BYTES {
        let limit = MAX_DATASET_BYTES >> 30;
        return Err(io::Error::other(format!("it is larger than {limit} GiB")));
    }
    Ok(bytes)
}
