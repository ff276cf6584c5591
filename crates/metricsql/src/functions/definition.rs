//! What is known of a function.

/// What a function does with its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FunctionKind {
    /// Computes over the samples of a window, such as `rate`.
    Rollup,
    /// Computes over calculated values, such as `abs`.
    Transform,
    /// Folds series into fewer, such as `sum`; takes `by`, `without` and `limit`.
    Aggregate,
}

/// A function of MetricsQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Function {
    /// The name in lower case.
    pub name: &'static str,
    /// What it does.
    pub kind: FunctionKind,
    /// The least number of arguments.
    pub arguments_min: usize,
    /// The greatest number of arguments, if there is one.
    pub arguments_max: Option<usize>,
}
