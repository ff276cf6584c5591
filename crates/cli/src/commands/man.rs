//! `ktel man`: the manual, from the same words as `--help`.

use std::fs;
use std::path::PathBuf;

use anyhow::Context;
use clap_mangen::Man;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;

pub(super) fn run(dir: Option<PathBuf>, printer: &mut Printer) -> Result<Exit, Failure> {
    match dir {
        None => {
            let mut page = Vec::new();
            Man::new(crate::command()).render(&mut page)?;
            printer.out(page)?;
        }
        Some(dir) => {
            fs::create_dir_all(&dir)
                .and_then(|()| clap_mangen::generate_to(crate::command(), &dir))
                .with_context(|| format!("write manual pages to `{}`", dir.display()))
                .map_err(|error| Failure::usage(error, None::<String>))?;
        }
    }
    Ok(Exit::Done)
}
