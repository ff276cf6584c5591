//! Makes the HTTP client of a sink.

use http::header::{HOST, HeaderMap, HeaderValue};
use ktel_delivery::Secret;
use ktel_delivery::http::{Client, Protocol, Settings, Url};
use ktel_delivery::tls::{Pem, Trust};

use super::judge::Redactor;
use super::setup_error::SetupError;
use super::{authentication, egress, oauth};
use crate::credentials::Credentials;
use crate::limits::{SINK_ANSWERS_WITHIN, SINK_REACHED_WITHIN};
use crate::plan::{Authentication, Compression, SinkPlan};

/// How a sink is reached.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) client: Client,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) compression: Compression,
    pub(super) oauth: Option<oauth::Tokens>,
    pub(super) redactor: Redactor,
}

pub(super) fn connect(
    plan: &SinkPlan,
    credentials: &Credentials,
) -> Result<Connection, SetupError> {
    let mut redactor = Redactor::default();
    let mut headers = authentication::headers(plan, credentials, &mut redactor)?;
    let trust = trust(plan, credentials)?;
    let mut url = plan.endpoint.clone();
    let mut alias = None;
    if let (Some(name), Some(host)) = (&plan.tls.server_name, plan.endpoint.host_str()) {
        // TLS checks the host of the URL: it becomes the name, and the name is resolved as the host.
        alias = Some((name.clone(), host.to_owned()));
        let authority = plan.endpoint.authority().rsplit('@').next().unwrap_or(host).to_owned();
        let bad = |_| SetupError::Incomplete { missing: "valid `tls.serverName`" };
        headers.insert(HOST, HeaderValue::try_from(authority).map_err(|_| SetupError::ServerName)?);
        url.set_host(Some(name)).map_err(bad)?;
    }
    let client = client(plan, &url, &trust, alias)?;
    let oauth = match &plan.authentication {
        Authentication::OAuth2ClientCredentials { token_url, scopes } => {
            let (id, secret) = authentication::user(credentials)?;
            redactor.add(secret.reveal());
            let client = self::client(plan, token_url, &trust, None)?;
            Some(oauth::Tokens::new(client, token_url.clone(), id, secret, scopes)?)
        }
        _ => None,
    };
    Ok(Connection { client, url, headers, compression: plan.compression, oauth, redactor })
}

fn client(
    plan: &SinkPlan,
    url: &Url,
    trust: &Trust,
    alias: Option<(String, String)>,
) -> Result<Client, SetupError> {
    if alias.is_some() && plan.egress.uses_proxy {
        return Err(SetupError::ServerName);
    }
    let settings = Settings {
        protocol: Protocol::Any,
        reach_within: SINK_REACHED_WITHIN,
        exchange_within: SINK_ANSWERS_WITHIN,
        idle_connections: plan.rate.in_flight_max.max(1),
        resolver: (!plan.egress.uses_proxy).then(|| egress::resolver(&plan.egress, alias)),
    };
    Ok(Client::with(url, trust, settings)?)
}

fn trust(plan: &SinkPlan, credentials: &Credentials) -> Result<Trust, SetupError> {
    let mut trust = Trust::default();
    if plan.tls.has_own_authorities {
        let pem = credentials.authorities.as_deref();
        let pem = pem.ok_or(SetupError::Incomplete { missing: "certificate authority" })?;
        trust.authorities = Some(text("ca.crt", pem)?);
    }
    if plan.authentication == Authentication::Mtls {
        let certificate = credentials.certificate.as_deref();
        let certificate = certificate.ok_or(SetupError::Incomplete { missing: "certificate" })?;
        let key = credentials.key.clone();
        let key = key.ok_or(SetupError::Incomplete { missing: "private key" })?;
        let key = Pem::Text { name: "tls.key".to_owned(), text: key };
        trust.identity = Some((text("tls.crt", certificate)?, key));
    }
    Ok(trust)
}

fn text(field: &'static str, pem: &[u8]) -> Result<Pem, SetupError> {
    let text = str::from_utf8(pem).map_err(|_not_text| SetupError::NotPem { field })?;
    Ok(Pem::Text { name: field.to_owned(), text: Secret::new(text) })
}
