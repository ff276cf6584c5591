//! The program as its users meet it: words, streams, exit codes, and the bytes that leave.

#[cfg(test)]
#[cfg(unix)]
mod completion;
#[cfg(test)]
mod delivery;
#[cfg(test)]
mod exporter;
#[cfg(test)]
mod exporter_metrics;
#[cfg(test)]
mod formats;
mod help;
#[cfg(test)]
mod init;
#[cfg(test)]
mod machine;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod metricsql;
#[cfg(test)]
mod product_key;
#[cfg(test)]
mod run;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod serve;
#[cfg(test)]
mod support;
#[cfg(test)]
mod telemetry;
#[cfg(test)]
mod terminal;
#[cfg(test)]
mod verify;
#[cfg(test)]
mod wire;
