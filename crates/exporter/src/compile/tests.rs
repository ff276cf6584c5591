//! The compiler, against selectors, sinks and attackers.

mod attacks;
mod fixture;
#[path = "../../../metricsql/tests/it/generate.rs"]
mod generate;
mod objects;
mod selectors;
mod sinks;
