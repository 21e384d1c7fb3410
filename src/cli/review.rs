//! `dfab review`

mod against;

use std::io::{self, Write};

use crate::report::review::{Reviewed, explain_rule, rules_table, table};
use crate::report::{ArrayDocument, Format, write_document, write_line};
use crate::review;

use super::args::ReviewArgs;
use super::context::Context;
use super::exit::{CliError, Exit};
use super::inputs::{self, Hotkeys};
use super::sources::{LeftOut, Sources};

use against::Against;

pub(super) fn run(context: &Context, args: &ReviewArgs) -> Result<Exit, CliError> {
    match (&args.explain, args.rules) {
        (Some(rule), _) => explain(context, rule),
        (None, true) => list_rules(context),
        (None, false) => review_all(context, args),
    }
}

fn review_all(context: &Context, args: &ReviewArgs) -> Result<Exit, CliError> {
    let submissions = inputs::expand(context, &args.paths, &Hotkeys::default())?;
    let against = Against::read(context, &args.against)?;
    let limits = context.package_limits();
    let out = &mut io::stdout().lock();
    let mut document = match context.format() {
        Format::Json => Some(ArrayDocument::begin(out, &[], "packages")?),
        Format::Table | Format::Jsonl => None,
    };
    let mut text = String::new();
    let (mut all_accepted, mut unreadable) = (true, false);
    unreadable |= against.as_ref().is_some_and(|against| against.unreadable);
    for submission in &submissions {
        let path = submission.package.as_str();
        let reviewed = match Sources::read(&submission.path, &limits) {
            Ok(sources) => {
                warn_of_gaps(context, path, &sources);
                let sources = sources.borrowed();
                let reviewed = review::review(&sources);
                let structure = against
                    .as_ref()
                    .map(|against| against.structure(&submission.path, &reviewed, &sources));
                Reviewed::accepted_or_not(path, reviewed.review).beside(structure)
            }
            Err(error) => {
                unreadable |= error.is_unreadable();
                Reviewed::refused(path, error.view())
            }
        };
        all_accepted &= reviewed.is_accepted();
        match (context.format(), &mut document) {
            (Format::Jsonl, _) => write_line(out, &reviewed)?,
            (_, Some(document)) => document.item(out, &reviewed)?,
            (_, None) => text.push_str(&table(&reviewed, context.display)),
        }
    }
    match document {
        Some(document) => document.end(out, &[])?,
        None => out.write_all(text.as_bytes())?,
    }
    match unreadable {
        true => Ok(Exit::Failure),
        false => Ok(Exit::when(all_accepted, args.leniency.exit_zero)),
    }
}

/// Code that was not looked at has no part in the verdict, and whoever reads the verdict has to know.
fn warn_of_gaps(context: &Context, path: &str, sources: &Sources) {
    for LeftOut { name, kind } in sources.left_out() {
        context.warn(&format!("{path}: {name} is {kind} and was not reviewed"));
    }
    if !sources.has_python() {
        context.warn(&format!(
            "{path}: no Python file was found, so nothing was reviewed"
        ));
    }
}

fn list_rules(context: &Context) -> Result<Exit, CliError> {
    let rules = review::rules();
    let out = &mut io::stdout().lock();
    match context.format() {
        Format::Json => {
            let mut document = ArrayDocument::begin(out, &[], "rules")?;
            for rule in rules {
                document.item(out, rule)?;
            }
            document.end(out, &[])?;
        }
        Format::Jsonl => rules.iter().try_for_each(|rule| write_line(out, rule))?,
        Format::Table => out.write_all(rules_table(rules, context.display).as_bytes())?,
    }
    Ok(Exit::Success)
}

fn explain(context: &Context, id: &str) -> Result<Exit, CliError> {
    // Reports name the service's patterns, which have underscores.
    let Some(rule) = review::rule(&id.replace('_', "-")) else {
        return Err(CliError::usage(format!("there is no rule {id:?}"))
            .hint("dfab review --rules lists them all"));
    };
    let out = &mut io::stdout().lock();
    match context.format() {
        Format::Json => write_document(out, rule)?,
        Format::Jsonl => write_line(out, rule)?,
        Format::Table => out.write_all(explain_rule(rule, context.display).as_bytes())?,
    }
    Ok(Exit::Success)
}
