//! Where in a resource something stands, such as `spec.sinks[0].batch.timeout`.

use std::borrow::Cow;
use std::fmt;

/// Where in a resource something stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct FieldPath(Vec<Step>);

/// One step of a [`FieldPath`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// A field of an object, or a key of a map.
    Field(Cow<'static, str>),
    /// An item of a list.
    Item(usize),
}

impl FieldPath {
    /// The path of the resource itself.
    #[must_use]
    pub const fn root() -> Self {
        Self(Vec::new())
    }

    /// The path of `spec`.
    #[must_use]
    pub fn spec() -> Self {
        Self::root().field("spec")
    }

    /// The path of a field here.
    #[must_use]
    pub fn field(&self, name: impl Into<Cow<'static, str>>) -> Self {
        self.with(Step::Field(name.into()))
    }

    /// The path of an item here.
    #[must_use]
    pub fn item(&self, index: usize) -> Self {
        self.with(Step::Item(index))
    }

    fn with(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// The steps from the root.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The path of what this is in; none for the root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let (_last, steps) = self.0.split_last()?;
        Some(Self(steps.to_vec()))
    }

    /// Whether this is another path, or of something within it.
    #[must_use]
    pub fn is_in(&self, around: &Self) -> bool {
        self.0.starts_with(&around.0)
    }

    /// The index of the source that this is in.
    #[must_use]
    pub fn source(&self) -> Option<usize> {
        self.item_of("sources")
    }

    /// The index of the sink that this is in.
    #[must_use]
    pub fn sink(&self) -> Option<usize> {
        self.item_of("sinks")
    }

    fn item_of(&self, list: &str) -> Option<usize> {
        match self.0.as_slice() {
            [Step::Field(spec), Step::Field(name), Step::Item(index), ..]
                if spec == "spec" && name == list =>
            {
                Some(*index)
            }
            _ => None,
        }
    }
}

impl fmt::Display for FieldPath {
    /// As the API server writes it: keys that are no identifiers stand in brackets.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            match step {
                Step::Item(item) => write!(out, "[{item}]")?,
                Step::Field(name) if !is_identifier(name) => write!(out, "[{name}]")?,
                Step::Field(name) if index == 0 => out.write_str(name)?,
                Step::Field(name) => write!(out, ".{name}")?,
            }
        }
        Ok(())
    }
}

fn is_identifier(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !name.is_empty()
}

#[cfg(test)]
mod tests {
    use super::FieldPath;

    #[test]
    fn a_path_is_written_as_the_api_server_writes_it() {
        let sink = FieldPath::spec().field("sinks").item(3);
        let header = sink.field("otlp_http").field("headers").field("x-scope");
        assert_eq!(header.to_string(), "spec.sinks[3].otlp_http.headers[x-scope]");
        assert_eq!((header.sink(), header.source()), (Some(3), None));
        assert_eq!(FieldPath::spec().sink(), None);
        assert_eq!(
            header.parent().map(|path| path.to_string()).unwrap_or_default(),
            "spec.sinks[3].otlp_http.headers"
        );
    }
}
