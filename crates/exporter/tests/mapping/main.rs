//! What a store has arrives as OTLP: the series are rebuilt from the bytes by code that shares nothing with the mapping.

mod delta;
mod families;
mod native;
mod numbers;
mod random;
mod random_families;
mod split;
mod support;
