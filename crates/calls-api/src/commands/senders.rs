//! Options for senders: who may send calls over HTTP.

use std::path::PathBuf;

use anyhow::{Context as _, bail};

use super::secret_file;
use crate::base_path::BasePath;
use crate::credentials::{Credentials, Secret, Twilio};
use crate::hosts::{self, Host};

/// Without these options no calls are accepted. An empty variable counts as absent.
///
/// Other users of the machine can see the options of a process, so each secret can also be read from a file.
#[derive(Debug, clap::Args)]
pub(crate) struct Senders {
    /// Token that senders must present (POST /api/calls, POST /api/import, POST /api/cdr/freeswitch), as
    /// `Authorization: Bearer TOKEN`, FreeSWITCH as its password; at least 16 characters
    #[arg(long, env = "CALLS_INGEST_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    ingest_token: Option<String>,
    /// File with the ingest token, instead of --ingest-token; surrounding white space is ignored
    #[arg(long, env = "CALLS_INGEST_TOKEN_FILE", value_name = "FILE")]
    ingest_token_file: Option<PathBuf>,
    /// Size limit of an uploaded call log (POST /api/import), in MiB; a packed one may unpack to forty times
    /// as much
    #[arg(long, env = "CALLS_IMPORT_LIMIT", default_value_t = 256, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..=65_536))]
    import_limit: u64,
    /// Auth token of your Twilio account, with which its calls (POST /api/cdr/twilio) are signed; needs
    /// --public-url
    #[arg(long, env = "CALLS_TWILIO_AUTH_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    twilio_auth_token: Option<String>,
    /// File with Twilio's auth token, instead of --twilio-auth-token; surrounding white space is ignored
    #[arg(long, env = "CALLS_TWILIO_AUTH_TOKEN_FILE", value_name = "FILE")]
    twilio_auth_token_file: Option<PathBuf>,
    /// Public URL of this server, such as https://calls.example.com: Twilio signs it too, and requests
    /// for its host are answered
    #[arg(long, env = "CALLS_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
}

impl Senders {
    /// Maximum size of an uploaded call log, in bytes.
    pub(crate) fn most_import_bytes(&self) -> u64 {
        self.import_limit << 20
    }

    /// The host of the public URL.
    pub(crate) fn public_host(&self) -> anyhow::Result<Option<Host>> {
        let Some(url) = self.public_url.as_ref().filter(|url| !url.is_empty()) else { return Ok(None) };
        let host = hosts::host_of(url);
        host.map(Some).with_context(|| {
            format!("--public-url: expected a URL such as https://calls.example.com, but found {url:?}")
        })
    }

    /// The public URL.
    pub(crate) fn public_url(&self) -> Option<String> {
        self.public_url.clone().filter(|url| !url.is_empty())
    }

    /// Credentials of senders.
    ///
    /// Twilio signs the requested URL, so the base path is added to the public URL.
    pub(crate) fn credentials(&mut self, base: &BasePath) -> anyhow::Result<Credentials> {
        let ingest_token = secret("--ingest-token", self.ingest_token.take(), self.ingest_token_file.take())?;
        let twilio_auth_token =
            secret("--twilio-auth-token", self.twilio_auth_token.take(), self.twilio_auth_token_file.take())?;
        let public_url = self.public_url();
        let twilio = match (twilio_auth_token, public_url) {
            (None, _) => None,
            (Some(_), None) => {
                bail!("--twilio-auth-token: expected --public-url beside it, but found none")
            }
            (Some(auth_token), Some(url)) => {
                let url = url.trim_end_matches('/');
                let base = if url.ends_with(base.as_str()) { "" } else { base.as_str() };
                Some(Twilio { auth_token, public_url: format!("{url}{base}") })
            }
        };
        Ok(Credentials { ingest_token, twilio })
    }
}

/// The value of a secret option or of its file (see [`secret_file`]).
fn secret(option: &str, text: Option<String>, file: Option<PathBuf>) -> anyhow::Result<Option<Secret>> {
    let file = file.filter(|file| !file.as_os_str().is_empty());
    let name = if file.is_some() { format!("{option}-file") } else { option.to_owned() };
    let text = secret_file::read(option, text, file)?;
    text.map(|text| text.parse::<Secret>().map_err(anyhow::Error::msg).context(name)).transpose()
}
