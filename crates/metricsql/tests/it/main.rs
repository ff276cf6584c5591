//! What the crate promises, proven from outside.

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod enforcement;
#[cfg(test)]
mod evaluator;
#[cfg(test)]
mod generate;
#[cfg(test)]
mod language;
#[cfg(test)]
mod library;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod model;
#[cfg(test)]
mod store;
#[cfg(test)]
mod warnings;
