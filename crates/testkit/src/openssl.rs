//! Certificates that OpenSSL makes, its own TLS server, and curl as a judge of both.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use crate::real;
use crate::running::{self, Running};

/// Enough for `openssl ca`, and no extension of the machine's configuration.
const CONFIGURATION: &str = "[req]\ndistinguished_name=name\n[name]\n[ca]\ndefault_ca=ours\n\
    [ours]\ndatabase=index\nnew_certs_dir=.\npolicy=any\ndefault_md=sha256\nrand_serial=yes\n\
    unique_subject=no\n[any]\ncommonName=supplied\n";
/// The server writes it to standard output.
const READY: &str = "ACCEPT 127.0.0.1:";

/// A directory with certificates.
#[derive(Debug)]
pub struct OpenSsl {
    program: PathBuf,
    curl: PathBuf,
    directory: tempfile::TempDir,
}

/// What a certificate says. Its subject is `localhost`.
#[derive(Debug, Clone, Copy)]
pub struct Certificate<'c> {
    /// The file name, without its ending.
    pub name: &'c str,
    /// Its extensions, as OpenSSL writes them; without any it is of version 1.
    pub extensions: &'c [&'c str],
    /// Its first and its last second, such as `20200101000000Z`.
    pub valid: (&'c str, &'c str),
    /// Who signs it; nobody but itself otherwise.
    pub issuer: Option<&'c str>,
}

/// A running `openssl s_server`; it ends when it is dropped.
#[derive(Debug)]
pub struct TlsServer {
    _process: Running,
    port: u16,
}

impl OpenSsl {
    /// Makes an empty directory.
    ///
    /// # Panics
    ///
    /// OpenSSL or curl is missing.
    #[must_use]
    pub fn new() -> Self {
        let [program, curl] = real::require(["openssl", "curl"]);
        let directory = tempfile::tempdir().expect("a directory for certificates");
        let write = |name, text| fs::write(directory.path().join(name), text);
        write("configuration", CONFIGURATION).expect("our directory can be written");
        write("index", "").expect("our directory can be written");
        Self { program, curl, directory }
    }

    /// Gives the file of a certificate.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(format!("{name}.pem"))
    }

    /// Makes a certificate and its key.
    ///
    /// # Panics
    ///
    /// OpenSSL does not make it.
    pub fn make(&self, certificate: &Certificate<'_>) {
        self.try_make(certificate).expect("OpenSSL makes certificates");
    }

    fn try_make(&self, certificate: &Certificate<'_>) -> anyhow::Result<()> {
        let Certificate { name, extensions, valid: (from, until), issuer } = certificate;
        let [key, request, more, made] =
            ["key", "csr", "extensions", "pem"].map(|ending| format!("{name}.{ending}"));
        self.run(&["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", &key])?;
        let subject = ["-config", "configuration", "-subj", "/CN=localhost"];
        self.run(&[&["req", "-new", "-key", &key, "-out", &request], &subject[..]].concat())?;
        fs::write(self.directory.path().join(&more), extensions.join("\n"))?;
        let mut sign = vec!["ca", "-batch", "-notext", "-config", "configuration"];
        sign.extend(["-in", &request, "-out", &made, "-startdate", from, "-enddate", until]);
        if !extensions.is_empty() {
            sign.extend(["-extfile", &more]);
        }
        let issuer = issuer.map(|issuer| (format!("{issuer}.key"), format!("{issuer}.pem")));
        match &issuer {
            None => sign.extend(["-selfsign", "-keyfile", &key]),
            Some((key, certificate)) => sign.extend(["-keyfile", key, "-cert", certificate]),
        }
        self.run(&sign)
    }

    /// Starts a server with a certificate, which it sends together with the certificates of `chain`.
    ///
    /// # Panics
    ///
    /// It does not start.
    #[must_use]
    pub fn serve(&self, name: &str, chain: &[&str]) -> TlsServer {
        self.try_serve(name, chain).expect("OpenSSL serves")
    }

    fn try_serve(&self, name: &str, chain: &[&str]) -> anyhow::Result<TlsServer> {
        let bundle = self.directory.path().join(format!("{name}.chain"));
        let chain: Result<Vec<_>, _> =
            chain.iter().map(|name| fs::read_to_string(self.file(name))).collect();
        let chain = chain?.concat();
        fs::write(&bundle, &chain)?;
        let key = self.directory.path().join(format!("{name}.key"));
        let mut arguments: Vec<_> =
            ["s_server", "-www", "-accept", "127.0.0.1:0"].map(str::to_owned).into();
        let mut add = |option: &str, path: &Path| {
            arguments.extend([option.to_owned(), path.display().to_string()]);
        };
        add("-cert", &self.file(name));
        add("-key", &key);
        if !chain.is_empty() {
            add("-cert_chain", &bundle);
        }
        let port_in = |directory: &Path| {
            let ready = |line: &str| line.strip_prefix(READY)?.trim().parse().ok();
            running::read(&running::log_in(directory), |line| Vec::from_iter(ready(line))).pop()
        };
        let process = Running::start(&self.program, |_| Ok(arguments), |it| port_in(it).is_some())?;
        let port = port_in(process.directory()).context("it said its port")?;
        Ok(TlsServer { _process: process, port })
    }

    /// Says whether curl trusts a server, if it trusts nothing but this certificate.
    ///
    /// # Panics
    ///
    /// curl fails for another reason than a certificate.
    #[must_use]
    pub fn curl_trusts(&self, authority: &str, url: &str) -> bool {
        let mut curl = Command::new(&self.curl);
        curl.args(["--disable", "--silent", "--show-error", "--noproxy", "*", "--max-time", "20"]);
        let done = curl.arg("--cacert").arg(self.file(authority)).arg(url).output();
        let done = done.expect("curl runs");
        match done.status.code() {
            Some(0) => true,
            // "The remote server's SSL certificate or SSH fingerprint was deemed not OK."
            Some(60) => false,
            _ => panic!("{url}: {}", String::from_utf8_lossy(&done.stderr)),
        }
    }

    fn run(&self, arguments: &[&str]) -> anyhow::Result<()> {
        let mut command = Command::new(&self.program);
        let done = command.current_dir(self.directory.path()).args(arguments).output();
        let done = done.context("run openssl")?;
        let said = String::from_utf8_lossy(&done.stderr);
        ensure!(done.status.success(), "openssl {arguments:?}: {said}");
        Ok(())
    }
}

impl Default for OpenSsl {
    fn default() -> Self {
        Self::new()
    }
}

impl TlsServer {
    /// Gives the port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}
