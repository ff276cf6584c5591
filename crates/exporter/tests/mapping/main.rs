//! What a store has arrives as OTLP: the series are rebuilt from the bytes by code that shares nothing with the mapping.

#[cfg(test)]
mod collector;
#[cfg(test)]
mod delta;
#[cfg(test)]
mod families;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod native;
#[cfg(test)]
mod numbers;
#[cfg(test)]
mod random;
#[cfg(test)]
mod random_families;
#[cfg(test)]
mod split;
#[cfg(test)]
mod support;
