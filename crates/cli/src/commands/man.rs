//! `ktel man`: the manual pages, from the texts of `--help`.

use std::fs;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use clap_mangen::Man;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;

#[derive(Debug, Args)]
pub(crate) struct ManArguments {
    /// Write one page per command into this directory
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(super) fn run(
    arguments: ManArguments,
    program: clap::Command,
    printer: &mut Printer,
) -> Result<Exit, Failure> {
    match arguments.dir {
        None => {
            let mut page = Vec::new();
            Man::new(program).render(&mut page)?;
            printer.out(page)?;
        }
        Some(dir) => {
            fs::create_dir_all(&dir)
                .and_then(|()| clap_mangen::generate_to(program, &dir))
                .with_context(|| format!("write manual pages to `{}`", dir.display()))
                .map_err(|error| Failure::usage(error, None::<String>))?;
        }
    }
    Ok(Exit::Done)
}
