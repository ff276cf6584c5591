//! `ktel token`: who may send to a receiver, and who may read it.

use ktel_server::Catalog;
use ktel_server::token::{self, TokenRecord};

use crate::arguments::Token;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;

pub(super) fn run(command: Token, printer: &mut Printer) -> Result<Exit, Failure> {
    super::runtime()?.block_on(run_in(command, printer))
}

async fn run_in(command: Token, printer: &mut Printer) -> Result<Exit, Failure> {
    let usage = |error: ktel_server::store::Error| Failure::usage(error, None::<String>);
    match command {
        Token::Add { store, role, product } => {
            let store = super::serve::open(&store, &Catalog::built_in())?;
            let token = token::random();
            store.add_token(TokenRecord::of(&token, role, product)).await.map_err(usage)?;
            printer.out(format!("{token}\n"))?;
            printer.say("It is shown once; only its hash is kept.");
        }
        Token::List { store } => {
            let store = super::serve::open(&store, &Catalog::built_in())?;
            for token in store.tokens().await.map_err(usage)? {
                let product = token.product.as_deref().unwrap_or("(any product)");
                printer.out(format!("{}  {:<6}  {product}\n", token.id(), token.role.as_str()))?;
            }
        }
        Token::Revoke { store, id } => {
            let store = super::serve::open(&store, &Catalog::built_in())?;
            let tokens = store.tokens().await.map_err(usage)?;
            let mut meant = tokens.into_iter().filter(|token| token.hex().starts_with(&id));
            match (meant.next(), meant.next()) {
                (Some(token), None) => store.remove_token(token).await.map_err(usage)?,
                (meant, _) => {
                    let many = if meant.is_some() { "more than one token" } else { "no token" };
                    let error = anyhow::anyhow!("{many} is called `{id}`");
                    return Err(Failure::usage(error, Some("`ktel token list` shows them all")));
                }
            }
        }
    }
    Ok(Exit::Done)
}
