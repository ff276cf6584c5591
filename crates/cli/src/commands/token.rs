//! `ktel token`: the tokens of a server.

use clap::Subcommand;
use ktel_server::Catalog;
use ktel_server::token::{self, Role, TokenRecord};
use serde_json::{Value, json};

use crate::arguments::complete;
use crate::arguments::shared::{Format, StoreArguments};
use crate::arguments::values::one_of;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::runtime::runtime;
use crate::{listing, products, stores};

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Create a token, and print it once
    Add {
        #[command(flatten)]
        store: StoreArguments,
        /// The role of the token: ingest, public (as ingest, for a token that is no secret), events (a public
        /// key in a product file; it sends only events of this product), reader or admin
        #[arg(long, value_name = "ROLE", default_value = "ingest", value_parser = role)]
        role: Role,
        /// Limit the token to one product
        #[arg(long, value_name = "NAME|FILE", add = complete::products())]
        product: Option<String>,
    },
    /// List tokens: the first digits of their hashes, roles and products
    List {
        #[command(flatten)]
        store: StoreArguments,
        #[command(flatten)]
        format: Format,
    },
    /// Revoke a token; a running server rejects it within two seconds
    Revoke {
        #[command(flatten)]
        store: StoreArguments,
        /// The first digits of its hash, as `ktel token list` shows them
        #[arg(value_name = "ID")]
        id: String,
    },
}

fn role(text: &str) -> Result<Role, String> {
    let known = Role::ALL.into_iter();
    one_of(text, known.map(|role| (role.as_str(), role)))
}

/// Accepts the name of a product, or the file of one.
fn name(product: &str) -> Result<String, Failure> {
    if product.contains('/') || product.ends_with(".yaml") {
        return Ok(products::find(product)?.name.to_string());
    }
    Ok(product.to_owned())
}

pub(super) fn run(command: TokenCommand, printer: &mut Printer) -> Result<Exit, Failure> {
    runtime()?.block_on(run_in(command, printer))
}

async fn run_in(command: TokenCommand, printer: &mut Printer) -> Result<Exit, Failure> {
    let usage = |error: ktel_server::store::Error| Failure::usage(error, None::<String>);
    match command {
        TokenCommand::Add { store, role, product } => {
            let product = product.as_deref().map(name).transpose()?;
            if role == Role::Events && product.is_none() {
                let error = anyhow::anyhow!("a product key is the key of one product");
                return Err(Failure::usage(error, Some("name it with `--product NAME`")));
            }
            let store = stores::open(&store, &Catalog::built_in())?;
            let token = token::random();
            store.add_token(TokenRecord::of(&token, role, product)).await.map_err(usage)?;
            printer.out(format!("{token}\n"))?;
            printer.say(if role == Role::Events {
                "Write it into the product file as `key`. It is shown once; only its hash is stored."
            } else {
                "It is shown once; only its hash is stored."
            });
        }
        TokenCommand::List { store, format } => {
            let store = stores::open_to_read(&store, &Catalog::built_in())?;
            let tokens = store.tokens().await.map_err(usage)?;
            let rows = tokens.iter().map(|token| {
                let product = token.product.as_deref().unwrap_or("(any product)");
                [token.id().to_string(), token.role.as_str().to_owned(), product.to_owned()]
            });
            let one = |token: &TokenRecord| json!({"id": token.id(), "role": token.role.as_str(), "product": token.product});
            let value: Value = tokens.iter().map(one).collect();
            printer.out(listing::list(format.output, ["ID", "ROLE", "PRODUCT"], rows, &value))?;
        }
        TokenCommand::Revoke { store, id } => {
            let store = stores::open_to_read(&store, &Catalog::built_in())?;
            let tokens = store.tokens().await.map_err(usage)?;
            let mut matching = tokens.into_iter().filter(|token| token.hex().starts_with(&id));
            match (matching.next(), matching.next()) {
                (Some(token), None) => store.remove_token(token).await.map_err(usage)?,
                (first, _) => {
                    let many = if first.is_some() { "more than one token" } else { "no token" };
                    let error = anyhow::anyhow!("{many} starts with `{id}`");
                    return Err(Failure::usage(error, Some("`ktel token list` shows all tokens")));
                }
            }
        }
    }
    Ok(Exit::Done)
}
