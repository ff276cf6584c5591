//! The `Status` bodies of the API server's errors.

use serde_json::{Value, json};

use crate::resource::Resource;

/// An error: HTTP code, machine-readable reason, message and details.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Status {
    pub(crate) code: u16,
    reason: &'static str,
    message: String,
    details: Option<Box<Value>>,
    /// A token that goes on with the list at the present state.
    resume: Option<String>,
}

impl Status {
    fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: None, resume: None }
    }

    /// The error for a path that is not served.
    pub(crate) fn not_served() -> Self {
        let message = "the server could not find the requested resource";
        Self { details: Some(Box::new(json!({}))), ..Self::new(404, "NotFound", message) }
    }

    /// The error for an object that does not exist.
    pub(crate) fn not_found(resource: &Resource, name: &str) -> Self {
        let message = format!("{} \"{name}\" not found", resource.qualified());
        let mut details = json!({"name": name});
        if !resource.group.is_empty() {
            details["group"] = resource.group.as_str().into();
        }
        details["kind"] = resource.plural.as_str().into();
        Self { details: Some(Box::new(details)), ..Self::new(404, "NotFound", message) }
    }

    /// The error for `/version` of a snapshot without a version.
    pub(crate) fn no_version() -> Self {
        Self::new(404, "NotFound", "the snapshot has neither a version.json nor nodes to tell it")
    }

    /// The error for every method but GET.
    pub(crate) fn method() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self { details: Some(Box::new(json!({}))), ..Self::new(405, "MethodNotAllowed", message) }
    }

    /// The error for an `Accept` header without a supported format.
    pub(crate) fn not_acceptable() -> Self {
        let message = "only the following media types are accepted: application/json";
        Self::new(406, "NotAcceptable", message)
    }

    /// The error for an invalid request.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// The error for a continue token whose list has been compacted.
    pub(crate) fn token_expired(resume: String) -> Self {
        let message = "The provided continue parameter is too old to display a consistent list \
                       result. You can start a new list without the continue parameter, or use the \
                       continue token in this response to retrieve the remainder of the results.";
        Self { resume: Some(resume), ..Self::new(410, "Expired", message) }
    }

    /// Ends a watch that would have to begin before the kept changes.
    pub(crate) fn too_old(asked: u64, oldest: u64) -> Self {
        Self::new(410, "Expired", format!("too old resource version: {asked} ({oldest})"))
    }

    /// Returns the body.
    pub(crate) fn to_value(&self) -> Value {
        let Self { code, reason, message, details, resume } = self;
        let metadata = match resume {
            Some(token) => json!({"continue": token}),
            None => json!({}),
        };
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": metadata, "status": "Failure",
            "message": message, "reason": reason,
        });
        if let Some(details) = details {
            status["details"] = details.as_ref().clone();
        }
        status["code"] = (*code).into();
        status
    }
}
