//! Authenticates requests and limits their rate.
//!
//! A sender with a token has a rate limit of its own, wherever it sends from. All other requests share
//! the limit of their client subnet: those without a valid token, those of readers, and those that
//! erase an installation. Anybody can have a product key, so its requests take from both limits: one
//! subnet cannot use up the limit that all users of the product share.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, Method};

use super::authentication::{AuthError, AuthResult, Scheme, token};
use super::responses::error_response;
use super::session;
use super::state::App;
use crate::rate_limit::{ClientSubnet, RateKey};
use crate::token::{Role, TokenRecord};

/// Routes that accept the same tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RouteGroup {
    /// An `ingest` token.
    Ingest,
    /// An `ingest` token, in the authentication schemes of Splunk's clients.
    Collector,
    /// A `reader` or an `admin` token, in the authentication schemes of programs and of browsers.
    Read,
    /// No token.
    Public,
}

impl RouteGroup {
    fn schemes(self) -> &'static [Scheme] {
        match self {
            Self::Ingest => &[Scheme::Bearer],
            Self::Collector => &[Scheme::Splunk, Scheme::Basic],
            Self::Read => &[Scheme::Bearer, Scheme::Basic],
            Self::Public => &[],
        }
    }

    /// Whether a request with this token has a rate limit of its own, rather than that of its subnet.
    fn has_own_limit(self, method: &Method, token: &TokenRecord) -> bool {
        let is_ingest = matches!(self, Self::Ingest | Self::Collector);
        is_ingest && method == Method::POST && token.role.may_send()
    }
}

/// The middleware: one request takes one permit from the rate limits that apply to it.
pub(super) async fn guard(
    State((app, group)): State<(Arc<App>, RouteGroup)>,
    mut request: Request,
    next: Next,
) -> Response {
    let reads = group == RouteGroup::Read && request.method().is_safe();
    let mut auth = app.authenticate(request.headers(), (group, reads)).await;
    let token = auth.as_ref().ok();
    let with_own_limit = token.filter(|token| group.has_own_limit(request.method(), token));
    if with_own_limit.is_none_or(|token| token.role == Role::Events) {
        // A request without a subnet did not come over the network.
        let subnet = request.extensions().get::<ClientSubnet>().copied();
        if !subnet.is_none_or(|subnet| app.try_acquire_subnet(subnet)) {
            app.counters().answered(429);
            return error_response(429, "rate", "too many requests from this network", None);
        }
    }
    // The route answers: protocols express a rate limit in different ways.
    if with_own_limit.is_some_and(|token| !app.try_acquire(RateKey::Token(*token.digest()))) {
        auth = Err(AuthError::RateLimited);
    }
    request.extensions_mut().insert(AuthResult(auth));
    let answer = next.run(request).await;
    app.counters().answered(answer.status().as_u16());
    answer
}

impl App {
    async fn authenticate(
        &self,
        headers: &HeaderMap,
        (group, reads): (RouteGroup, bool),
    ) -> Result<Arc<TokenRecord>, AuthError> {
        let token = match token(headers, group.schemes()) {
            // A session reads. What changes something needs a header, which no other site can make a browser send.
            Err(AuthError::Missing) if reads => {
                let session = session::token(headers, self.is_secure(headers));
                Cow::Owned(session.ok_or(AuthError::Missing)?)
            }
            found => found?,
        };
        self.find_token(&token).await.ok_or(AuthError::Unknown)
    }
}
