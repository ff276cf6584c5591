//! The exporter wing: an `Exporter` resource ships selected metrics of a tenant from a store to any OTLP endpoint.
//!
//! It must not depend on the other wings, nor read a clock, a file or the environment by itself: its caller gives it
//! plans, credentials and the time. Only [`control`] knows Kubernetes.
//!
//! Two halves meet in a [`plan`]:
//!
//! ```text
//! control plane: watches Kubernetes            data plane: knows no Kubernetes
//!
//! Exporter --resource--> compile --> Plan ---> engine: for each source and sink a lane
//! Namespaces, objects ------^                     source --> slice --> mapping --> batch --> sink
//! Secrets ----------> credentials ------------>   |                                           |
//! status, cursors, Events <------ Report <--------+---- a cursor moves on acknowledgement <---+
//! ```
//!
//! The store is the queue: a lane keeps a cursor, not a backlog, and reads again what was not acknowledged.
//! This crate may not know how a report, an event or the receiver works.

pub mod batch;
pub mod compile;
pub mod control;
pub mod credentials;
pub mod cursor;
pub mod egress;
pub mod engine;
pub mod lane;
pub mod limits;
pub mod mapping;
pub mod offline;
pub mod partition;
pub mod plan;
pub mod preview;
pub mod probe;
pub mod profile;
pub mod report;
pub mod resource;
pub mod settings;
pub mod since;
pub mod sink;
pub mod slice;
pub mod source;
pub mod time;
pub mod widths;
