//! The store of a server. Several commands open it.

use ktel::directories::{Directories, process_environment};
use ktel_server::store::{self, Place};
use ktel_server::{Catalog, Store, receiver};

use crate::arguments::shared::StoreArguments;
use crate::failure::Failure;

/// Opens the store that was named, or the default one of this user.
pub(crate) fn open(arguments: &StoreArguments, catalog: &Catalog) -> Result<Store, Failure> {
    let place = place(arguments)?;
    Store::open(&place, &catalog.tables()).map_err(|error| {
        let hint = hint(&place, &error);
        Failure::usage(error, hint)
    })
}

/// Says what to do when the database does not do what it is asked.
fn hint(place: &Place, error: &store::Error) -> Option<String> {
    let store::Error::Postgres(_) = error else { return None };
    let hosts = place.hosts()?;
    Some(format!(
        "check that PostgreSQL runs at {hosts}, and its address in `--store` or KTEL_STORE"
    ))
}

/// Opens a store to read it. One that is not there is not created.
pub(crate) fn open_to_read(store: &StoreArguments, catalog: &Catalog) -> Result<Store, Failure> {
    let place = place(store)?;
    if let Place::Folder(folder) = &place
        && !place.exists()
    {
        let error = anyhow::anyhow!("there is no store in `{}`", folder.display());
        let hint = "`ktel serve` creates it; choose another with `--store` or KTEL_STORE";
        return Err(Failure::usage(error, Some(hint)));
    }
    open(store, catalog)
}

/// Finds the store that was named, or the default one of this user.
pub(crate) fn place(store: &StoreArguments) -> Result<Place, Failure> {
    match &store.store {
        Some(text) => text.parse::<Place>().map_err(usage),
        None => {
            Directories::of(&process_environment).received().map(Place::Folder).ok_or_else(|| {
                let error = anyhow::anyhow!("there is no home directory");
                Failure::usage(error, Some("choose a folder with `--store`"))
            })
        }
    }
}

/// Turns the error of a receiver into one with a hint.
pub(crate) fn failure(error: receiver::Error) -> Failure {
    let hint = error.hint();
    Failure::usage(error, hint)
}

/// Turns the error of a receiver that does not start into one with a hint, which names its database.
pub(crate) fn not_opened(error: receiver::Error, place: &Place) -> Failure {
    let of_store = match &error {
        receiver::Error::Store(error) => hint(place, error),
        _ => None,
    };
    let hint = of_store.or_else(|| error.hint().map(str::to_owned));
    Failure::usage(error, hint)
}

fn usage(error: impl Into<anyhow::Error>) -> Failure {
    Failure::usage(error, None::<String>)
}
