//! The keys of objects, in the order of the API server.

/// Returns the key of an object: `namespace/name`, or the name alone.
///
/// Keys compare as etcd compares them, so that namespace `a-b` stands before namespace `a`.
pub(crate) fn key(namespace: Option<&str>, name: &str) -> String {
    match namespace {
        Some(namespace) => format!("{namespace}/{name}"),
        None => name.to_owned(),
    }
}

/// The keys from one, inclusive, to another, exclusive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct KeyRange {
    pub(crate) start: String,
    pub(crate) end: Option<String>,
}

impl KeyRange {
    /// Returns the keys of one namespace, or all.
    pub(crate) fn of(namespace: Option<&str>) -> Self {
        match namespace {
            Some(name) => Self { start: format!("{name}/"), end: Some(format!("{name}0")) }, // '0' follows '/'
            None => Self::default(),
        }
    }

    /// Returns the part of the range that begins at `start`.
    pub(crate) fn from(mut self, start: String) -> Self {
        if start > self.start {
            self.start = start;
        }
        self
    }

    pub(crate) fn contains(&self, key: &str) -> bool {
        key >= self.start.as_str() && self.end.as_deref().is_none_or(|end| key < end)
    }
}
