//! Tokens that an operator made: files of a folder, as a Secret is mounted into a pod.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context, anyhow};
use ktel_server::Store;
use ktel_server::token::{Role, Stamp};

use crate::failure::Failure;

/// One round of hashing is enough for 128 random bits, which are 32 digits.
const LENGTH_MIN: usize = 32;
/// Longer than any token; whoever names a wrong file should hear of it.
const LENGTH_MAX: u64 = 1024;

/// Accepts the token of every file that is called like a role, from now on.
pub(super) async fn accept(store: &Store, folder: &Path) -> Result<(), Failure> {
    let mut any = false;
    for role in Role::ALL {
        let Some(token) = read(&folder.join(role.word()))? else { continue };
        store.add_token(Stamp::of(&token, role, None)).await.map_err(super::usage)?;
        any = true;
    }
    if any {
        return Ok(());
    }
    let hint = "its files are called ingest, reader and admin; one of them is enough";
    Err(Failure::usage(anyhow!("`{}` has no token", folder.display()), Some(hint)))
}

fn read(path: &Path) -> Result<Option<String>, Failure> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(LENGTH_MAX).read_to_string(&mut text));
    match read {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read.with_context(|| format!("read the token `{}`", path.display())),
    }
    .map_err(|error| Failure::usage(error, None::<String>))?;
    let token = text.trim();
    if token.len() < LENGTH_MIN {
        let error = anyhow!("the token in `{}` can be guessed: it is too short", path.display());
        return Err(Failure::usage(error, Some("`openssl rand -hex 32` makes one")));
    }
    Ok(Some(token.to_owned()))
}
