//! Runs plans and gives [reports](crate::report). It knows no Kubernetes.
