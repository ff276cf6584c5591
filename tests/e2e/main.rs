//! End to end, against real programs; where one is missing a test says `SKIPPED` and why.

#[cfg(test)]
mod cluster;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod leftovers;
