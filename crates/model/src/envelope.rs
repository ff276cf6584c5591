//! The envelope: what a receiver gets around a report.
