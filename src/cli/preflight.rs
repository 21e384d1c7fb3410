//! `dfab preflight`: whether this machine can evaluate packages, a line for each thing it takes.
//!
//! Checks look and try, and leave nothing behind. One that is only about parts a user may not want (the HTTP service, a
//! language model that merely advises) never fails for their absence.

mod check;
mod clock;
mod containers;
mod harness;
mod limits;
mod model;
mod show;
mod storage;
mod token;

use super::context::Context;
use super::exit::{CliError, Exit};

use check::{Check, Verdict};

pub(super) fn run(context: &Context) -> Result<Exit, CliError> {
    let mut checks = harness::checks(context);
    checks.extend(storage::checks(context));
    checks.extend(limits::checks(context));
    checks.push(token::check(context));
    checks.push(model::check(context));
    checks.push(clock::check(context));
    show::show(context, &checks)?;
    match checks.iter().any(Check::has_failed) {
        true => Ok(Exit::Failure),
        false => Ok(Exit::Success),
    }
}
