//! Finds products by their files.

use ktel::destination::{Remote, ReportServer};
use ktel::directories::{Directories, process_environment};
use ktel::product_file::{ProductFile, ProductFileError, SYSTEM_DIRECTORIES};

use crate::failure::Failure;
use crate::files;

/// Finds a product by its name or its file.
pub(crate) fn find(name: &str) -> Result<ProductFile, Failure> {
    let directories = Directories::of(&process_environment);
    ProductFile::find(name, &directories, &SYSTEM_DIRECTORIES).map_err(failure)
}

/// Turns the error of a product file into one with a hint.
pub(crate) fn failure(error: ProductFileError) -> Failure {
    let hint = error.hint().or_else(|| files::hint(&error).map(str::to_owned));
    Failure::usage(error, hint)
}

/// Gives the server of a product's events.
pub(crate) fn server(product: &ProductFile) -> Result<Option<Remote>, Failure> {
    let Some(url) = &product.server else { return Ok(None) };
    match url.parse() {
        Ok(ReportServer::Remote(remote)) => Ok(Some(remote.for_events())),
        Ok(ReportServer::Stdout | ReportServer::File(_)) => {
            let error = anyhow::anyhow!(
                "the server of `{}` is `{url}`, which is on this machine",
                product.name
            );
            Err(Failure::usage(
                error,
                Some("set `server` to a URL of a server, such as `https://example.com`"),
            ))
        }
        Err(error) => {
            let hint = error.hint();
            Err(Failure::usage(error, hint))
        }
    }
}
