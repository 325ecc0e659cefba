//! The log of the service, on standard error: ids and lengths, never the text of a notice.

use std::io::{self, IsTerminal};

use tracing_subscriber::{
    EnvFilter,
    filter::{Directive, LevelFilter},
};

use super::settings::{Log, LogLevel};

/// Starts it; `RUST_LOG` says more finely what is logged, and wins.
pub(super) fn start(form: Log, LogLevel(level): LogLevel) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| usual(level));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    match form {
        // Colours are for people who look on, not for what keeps the log.
        Log::Text => log.with_ansi(io::stderr().is_terminal()).init(),
        Log::Json => log.json().flatten_event(true).with_current_span(false).init(),
    }
}

/// What is logged where the environment does not say.
fn usual(level: LevelFilter) -> EnvFilter {
    let filter = EnvFilter::default().add_directive(Directive::from(level));
    // The client of a bucket tells of each attempt that fails; what comes of them is told once, by us.
    match "object_store=warn".parse() {
        Ok(quieter) if level > LevelFilter::WARN => filter.add_directive(quieter),
        _ => filter,
    }
}
