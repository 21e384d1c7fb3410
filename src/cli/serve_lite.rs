//! `dfab serve-lite`

use std::num::NonZero;
use std::time::Duration;

use crate::harness::Cancel;
use crate::pipeline::Evaluator;
use crate::serve::{self, ServeError, ServePlan};
use crate::store::Store;

use super::args::ServeLiteArgs;
use super::context::Context;
use super::executor::executor;
use super::exit::{CliError, Exit};
use super::interrupt;

pub(super) fn run(context: &Context, args: &ServeLiteArgs) -> Result<Exit, CliError> {
    let settings = &context.settings;
    let executor = executor(context)?;
    let (host, port) = match &args.listen {
        Some(listen) => (listen.host.as_str(), listen.port),
        None => (settings.host.as_str(), settings.port),
    };
    // Before the port: a database that cannot be used should not look like a server that is up.
    drop(Store::open(&settings.database)?);
    let listener = serve::listen(host, port)?;
    let address = listener.local_addr().map_err(CliError::failure)?;
    warn_of_openness(context, &address);
    let cancel = Cancel::default();
    interrupt::install(&cancel)?;
    let jobs = args.jobs.map_or_else(cores, usize::from);
    context.detail(&format!(
        "{jobs} evaluations at once, executor {}, database {}",
        executor.name(),
        settings.database.display()
    ));
    context.say(&format!("listening on http://{address}"));
    let evaluator = Evaluator {
        settings,
        executor: executor.as_ref(),
        cancel,
    };
    let plan = ServePlan {
        jobs,
        queue_limit: u64::from(args.queue),
        connections: usize::from(args.connections),
        client_timeout: Duration::from_secs(u64::from(args.client_timeout)),
        quiet: context.display.quiet,
    };
    serve::serve(listener, &evaluator, &plan)?;
    Ok(Exit::Success)
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// What an operator should know who lets others reach this server.
fn warn_of_openness(context: &Context, address: &std::net::SocketAddr) {
    match context.settings.read_shared_token() {
        Ok(Some(_)) => {}
        Ok(None) if serve::is_loopback(address) => {}
        Ok(None) => context.warn(&format!(
            "{address} can be reached from other machines and no token is configured: the internal routes answer \
             503, and whoever reaches the others may submit under any hotkey"
        )),
        Err(error) => context.warn(&format!(
            "the internal routes answer 503 until this is mended: {error}"
        )),
    }
}

impl From<ServeError> for CliError {
    fn from(error: ServeError) -> CliError {
        let hint = match &error {
            ServeError::Listen { .. } => Some(
                "name another address with --listen ADDRESS:PORT; port 0 takes a free one"
                    .to_owned(),
            ),
            ServeError::Lock(serve::LockError::Taken { .. }) => Some(
                "stop it, or name another file in the setting database_url (--database)".to_owned(),
            ),
            ServeError::Lock(_) => {
                Some("it is made beside the database: check that you may write there".to_owned())
            }
            ServeError::Store(error) => error.hint(),
            ServeError::System(_) => None,
        };
        CliError {
            exit: Exit::Failure,
            error: error.into(),
            hint,
        }
    }
}
