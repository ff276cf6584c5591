//! End to end, against real programs: a test whose program is missing fails and says what to install.

#[cfg(test)]
mod access;
#[cfg(test)]
#[cfg(unix)]
mod accessibility;
#[cfg(test)]
#[cfg(unix)]
mod agent;
#[cfg(test)]
#[cfg(unix)]
mod agent_in_code;
#[cfg(test)]
#[cfg(unix)]
mod agent_metrics;
#[cfg(test)]
mod agents;
#[cfg(test)]
mod chart;
#[cfg(test)]
#[cfg(unix)]
mod click;
#[cfg(test)]
mod cluster;
#[cfg(test)]
mod dashboard;
#[cfg(test)]
#[cfg(unix)]
mod exporter;
#[cfg(test)]
mod faults;
#[cfg(test)]
#[cfg(unix)]
mod foreign_clients;
#[cfg(test)]
mod grafana;
#[cfg(test)]
mod helm;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod hostile;
#[cfg(test)]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod image;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod installed;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod kubelet;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod lease;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod leftovers;
#[cfg(test)]
mod manifests;
#[cfg(test)]
mod metricsql;
#[cfg(test)]
#[cfg(unix)]
mod openapi;
#[cfg(test)]
mod program;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod questions;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod quiet;
#[cfg(test)]
#[cfg(unix)]
mod receiver;
#[cfg(test)]
mod receivers;
#[cfg(test)]
mod regexp;
#[cfg(test)]
mod report;
#[cfg(test)]
mod roles;
#[cfg(test)]
#[cfg(unix)]
mod scene;
#[cfg(test)]
mod traffic;
#[cfg(test)]
mod victoria_metrics;
