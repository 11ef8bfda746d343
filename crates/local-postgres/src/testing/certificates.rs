//! Certificates for one test, made with the program `openssl`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::expect;
use crate::Error;

/// Makes a certificate for a server at `host` in a folder, `HOST.crt` and `HOST.key`, and that of the
/// authority that signed it, `authority.crt`, all as PEM.
///
/// # Panics
/// Also if the program `openssl` is missing.
pub fn make_certificate(folder: &Path, host: &str) {
    let workshop = expect(Workshop::new(folder, host));
    let authority = expect(workshop.authority("authority"));
    expect(workshop.signed(&authority, "server", host));
}

/// The extensions of each kind of certificate. `openssl` does not read the system's configuration beside it.
const CONFIGURATION: &str = "\
[req]
distinguished_name = subject
[subject]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[server]
subjectAltName = DNS:HOST
extendedKeyUsage = serverAuth
[client]
extendedKeyUsage = clientAuth
";

/// A certificate and its private key, as PEM files that only this process's user can read.
#[derive(Debug, Clone)]
pub(super) struct Certificate {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

/// Makes certificates in a folder.
#[derive(Debug)]
pub(super) struct Workshop<'a> {
    folder: &'a Path,
}

impl Workshop<'_> {
    /// Prepares the folder for certificates of servers at `host`.
    pub(super) fn new<'a>(folder: &'a Path, host: &str) -> Result<Workshop<'a>, Error> {
        let workshop = Workshop { folder };
        let path = workshop.configuration();
        fs::write(&path, CONFIGURATION.replace("HOST", host)).map_err(Error::io("write", &path))?;
        Ok(workshop)
    }

    /// Makes a certificate authority with the common name `name`.
    pub(super) fn authority(&self, name: &str) -> Result<Certificate, Error> {
        let made = self.files(name);
        self.openssl("req", |command| {
            command
                .args(["-x509", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
                .args(["-nodes", "-sha256", "-days", "30", "-extensions", "authority"])
                .args(["-subj", &format!("/CN={name}"), "-config"])
                .arg(self.configuration())
                .arg("-keyout")
                .arg(&made.key)
                .arg("-out")
                .arg(&made.certificate)
        })?;
        Ok(made)
    }

    /// Makes a certificate with the common name `name` that `authority` signs; `kind` is `server` or
    /// `client`.
    pub(super) fn signed(
        &self,
        authority: &Certificate,
        kind: &str,
        name: &str,
    ) -> Result<Certificate, Error> {
        let made = self.files(name);
        let request = self.folder.join(format!("{name}.csr"));
        self.openssl("req", |command| {
            command
                .args(["-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
                .args(["-subj", &format!("/CN={name}"), "-config"])
                .arg(self.configuration())
                .arg("-keyout")
                .arg(&made.key)
                .arg("-out")
                .arg(&request)
        })?;
        self.openssl("x509", |command| {
            command
                .args(["-req", "-sha256", "-days", "30", "-CAcreateserial", "-extensions", kind, "-extfile"])
                .arg(self.configuration())
                .arg("-CA")
                .arg(&authority.certificate)
                .arg("-CAkey")
                .arg(&authority.key)
                .arg("-in")
                .arg(&request)
                .arg("-out")
                .arg(&made.certificate)
        })?;
        Ok(made)
    }

    fn configuration(&self) -> PathBuf {
        self.folder.join("openssl.cnf")
    }

    fn files(&self, name: &str) -> Certificate {
        let file = |extension| self.folder.join(format!("{name}.{extension}"));
        Certificate { certificate: file("crt"), key: file("key") }
    }

    fn openssl(
        &self,
        subcommand: &str,
        arguments: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Result<(), Error> {
        let mut command = Command::new("openssl");
        command.arg(subcommand).stdin(Stdio::null());
        let run = |cause| Error::Io { doing: format!("run openssl {subcommand}"), cause };
        let output = arguments(&mut command).output().map_err(run)?;
        match output.status.success() {
            true => Ok(()),
            false => Err(run(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()))),
        }
    }
}
