//! The `Exporter` resource: its types, its CRD, and what `kubectl apply` refuses.
