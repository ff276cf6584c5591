//! `ktel token`: who may send to a receiver, and who may read it.

use ktel_server::Catalog;
use ktel_server::token::{self, Stamp};

use crate::arguments::Token;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;

pub(super) fn run(command: Token, printer: &mut Printer) -> Result<Exit, Failure> {
    super::runtime()?.block_on(run_in(command, printer))
}

async fn run_in(command: Token, printer: &mut Printer) -> Result<Exit, Failure> {
    let usage = |error| Failure::usage(error, None::<String>);
    match command {
        Token::Add { store, role, product } => {
            let store = super::serve::open(&store, &Catalog::built_in())?;
            let token = token::random();
            store.add_token(Stamp::of(&token, role, product)).await.map_err(usage)?;
            printer.out(format!("{token}\n"))?;
            printer.say("It is shown once; only its hash is kept.");
        }
        Token::List { store } => {
            let store = super::serve::open(&store, &Catalog::built_in())?;
            for stamp in store.tokens().await.map_err(usage)? {
                let product = stamp.product.as_deref().unwrap_or("(any product)");
                printer.out(format!("{}  {:<6}  {product}\n", stamp.id(), stamp.role.word()))?;
            }
        }
    }
    Ok(Exit::Done)
}
