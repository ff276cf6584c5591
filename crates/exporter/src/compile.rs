//! Compiles an Exporter, the operator's settings and what the cluster has into a [plan](crate::plan). Pure.
