//! What a store has arrives as OTLP: the series are rebuilt from the bytes by code that shares nothing with the mapping.

mod numbers;
mod random;
mod split;
mod support;
