//! Credentials of clients, and the certificate authority of the server.

use std::fs;
use std::path::PathBuf;

use anyhow::Context;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::json;

use super::{ADMIN_TOKEN, ApiServer, ISSUER, NOBODY_TOKEN};
use crate::key::{Form, Key};

/// The first of January 2020, in seconds since 1970.
const LONG_AGO: u64 = 1_577_836_800;

impl ApiServer {
    /// Writes a kubeconfig for the bearer of a token, and gives its path.
    ///
    /// # Panics
    ///
    /// The server's directory is gone.
    #[must_use]
    pub fn kubeconfig(&self, token: &str) -> PathBuf {
        self.kubeconfig_through(&self.url(), token)
    }

    /// Writes a kubeconfig for another way to the same server, such as a proxy on 127.0.0.1.
    ///
    /// # Panics
    ///
    /// The server's directory is gone.
    #[must_use]
    pub fn kubeconfig_through(&self, url: &str, token: &str) -> PathBuf {
        let content = kubeconfig(url, &self.directory.join("ca.pem").display().to_string(), token);
        self.file_with("kubeconfig", &content).expect("the server's directory is writable")
    }

    /// Gives the path of the admin's kubeconfig.
    #[must_use]
    pub fn admin_kubeconfig(&self) -> PathBuf {
        self.directory.join("admin.kubeconfig")
    }

    /// Gives the certificate of the CA that signed the server's own, as PEM.
    ///
    /// # Panics
    ///
    /// The server's directory is gone.
    #[must_use]
    pub fn ca_pem(&self) -> String {
        fs::read_to_string(self.directory.join("ca.pem")).expect("a started server has its CA")
    }

    /// Asks the server for a token of a service account that exists.
    ///
    /// # Errors
    ///
    /// There is no such account.
    pub fn token_for_service_account(&self, namespace: &str, name: &str) -> anyhow::Result<String> {
        let token = self.kubectl(["create", "token", name, "--namespace", namespace])?;
        Ok(token.trim_end().to_owned())
    }

    /// Signs a token of a service account as the server would have, valid for an hour of 2020.
    ///
    /// # Errors
    ///
    /// There is no such account.
    pub fn expired_token(&self, namespace: &str, name: &str) -> anyhow::Result<String> {
        let account = ["get", "serviceaccount", name, "--namespace", namespace];
        let uid = self.kubectl(account.into_iter().chain(["--output=jsonpath={.metadata.uid}"]))?;
        let key = fs::read(self.directory.join("service-account.key")).context("read the key")?;
        let claims = json!({
            "iss": ISSUER, "aud": [ISSUER], "sub": format!("system:serviceaccount:{namespace}:{name}"),
            "iat": LONG_AGO, "nbf": LONG_AGO, "exp": LONG_AGO + 3600,
            "kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": name, "uid": uid}},
        });
        sign(&claims.to_string(), &Key::from_pem(&key)?)
    }

    /// Writes what the server needs before it starts, and the admin's kubeconfig.
    pub(super) fn write_credentials(&self) -> anyhow::Result<()> {
        let write = |name: &str, content: &str| {
            let path = self.directory.join(name);
            fs::write(&path, content).with_context(|| format!("write `{}`", path.display()))
        };
        let tokens = format!(
            "{ADMIN_TOKEN},admin,admin,system:masters\n{NOBODY_TOKEN},nobody,nobody,everybody\n"
        );
        write("tokens.csv", &tokens)?;
        let key = Key::generate()?;
        write("service-account.pub", &key.public_pem()?)?;
        write("service-account.key", &key.private_pem())?;
        let ca = self.directory.join("ca.pem").display().to_string();
        write("admin.kubeconfig", &kubeconfig(&self.url(), &ca, ADMIN_TOKEN))
    }

    /// Takes the CA out of the chain that the server made; none before it did.
    pub(super) fn keep_ca(&self) -> anyhow::Result<()> {
        let chain = self.directory.join("certificates").join("apiserver.crt");
        let chain = fs::read(chain).context("read the server's certificates")?;
        let chain = pem::parse_many(chain).context("parse the server's certificates")?;
        let ca = chain.get(1).context("find the CA behind the server's certificate")?;
        fs::write(self.directory.join("ca.pem"), ca.to_string()).context("write `ca.pem`")
    }
}

fn kubeconfig(url: &str, ca: &str, token: &str) -> String {
    json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "test",
        "clusters": [{"name": "test", "cluster": {"server": url, "certificate-authority": ca}}],
        "users": [{"name": "test", "user": {"token": token}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
    })
    .to_string()
}

/// Makes a JSON Web Token (RFC 7519) of these claims.
fn sign(claims: &str, key: &Key) -> anyhow::Result<String> {
    let header = BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256","typ":"JWT"}"#);
    let signed = format!("{header}.{}", BASE64_URL_SAFE_NO_PAD.encode(claims));
    let signature = key.sign(Form::Fixed, signed.as_bytes())?;
    Ok(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
}
