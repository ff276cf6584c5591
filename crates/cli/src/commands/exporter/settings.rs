//! The operator's settings, and what of them the engine needs.

use std::path::Path;

use ktel_exporter::engine;
use ktel_exporter::settings::{Error, Settings};
use ktel_exporter::source::Reader;

use crate::failure::Failure;
use crate::files;

/// Reads a settings file.
pub(super) fn load(path: &Path) -> Result<Settings, Failure> {
    Settings::load(path).map_err(failure)
}

/// Makes the reader of the store; no request is made.
pub(super) fn reader(settings: &Settings) -> Result<Reader, Failure> {
    let store = settings.store.open().map_err(failure)?;
    Reader::new(&store).map_err(|error| {
        Failure::usage(error, Some("check `store.url` and `store.ca_file` of the settings"))
    })
}

/// How much the engine takes.
pub(in crate::commands) fn engine_settings(settings: &Settings) -> engine::Settings {
    engine::Settings {
        window: settings.reading.window,
        memory_bytes: settings.limits.memory_bytes_max,
        store_requests_max: settings.limits.store_requests_max,
        tenant: settings.limits.tenant,
    }
}

fn failure(error: Error) -> Failure {
    let hint = error.hint().or_else(|| files::hint(&error));
    Failure::usage(error, hint)
}
