//! Independent clients that our own tests speak through: curl and OpenSSL.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::certificates::{Authority, Identity};
use crate::real;

/// Ends a hang; on loopback everything takes milliseconds.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// A directory with an authority, and with programs that are made to trust it.
pub(crate) struct Client {
    curl: PathBuf,
    openssl: PathBuf,
    directory: tempfile::TempDir,
    pub(crate) authority: Authority,
}

/// What curl made of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) exit: i32,
    pub(crate) printed: String,
}

impl Client {
    pub(crate) fn find() -> Self {
        let [curl, openssl] = real::require(["curl", "openssl"]);
        let directory = tempfile::tempdir().unwrap();
        let authority = Authority::new();
        fs::write(directory.path().join("ca.pem"), authority.certificate_pem()).unwrap();
        Self { curl, openssl, directory, authority }
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Runs curl with a body on its standard input, and with no settings of the machine's.
    pub(crate) fn curl(&self, arguments: &[&str], body: &[u8]) -> Heard {
        let mut child = Command::new(&self.curl)
            .args(["--disable", "--silent", "--noproxy", "*", "--max-time", "10", "--cacert"])
            .arg(self.directory().join("ca.pem"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // It may not want all of it.
        child.stdin.take().unwrap().write_all(body).ok();
        let output = child.wait_with_output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        Heard { exit: output.status.code().unwrap(), printed }
    }

    /// Starts OpenSSL as a client that sends what is written to its standard input.
    pub(crate) fn s_client(&self, address: &str, identity: Option<&Identity>) -> Child {
        let mut command = Command::new(&self.openssl);
        command.args(["s_client", "-quiet", "-no_ign_eof", "-verify_return_error", "-CAfile"]);
        command.arg(self.directory().join("ca.pem")).args(["-connect", address]);
        if let Some(identity) = identity {
            let files = identity.write(self.directory(), "client").unwrap();
            command.arg("-cert").arg(files.certificate).arg("-key").arg(files.key);
        }
        let quiet = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        quiet.spawn().unwrap()
    }
}
