//! The options that say who may send calls over HTTP.

use anyhow::{Context as _, bail};

use crate::credentials::{Credentials, Secret, Twilio};

/// Nobody may, unless told otherwise. An empty variable means none.
#[derive(Debug, clap::Args)]
pub(crate) struct Senders {
    /// Let those send calls (POST /api/calls, POST /api/cdr/freeswitch) who know this token, as `Authorization:
    /// Bearer TOKEN`, FreeSWITCH as its password; at least 16 characters
    #[arg(long, env = "CALLS_INGEST_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    ingest_token: Option<String>,
    /// Let Twilio send calls (POST /api/cdr/twilio) that are signed with this, the auth token of your account;
    /// needs --public-url
    #[arg(long, env = "CALLS_TWILIO_AUTH_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    twilio_auth_token: Option<String>,
    /// Where others reach this server, such as https://calls.example.com: Twilio signs it too
    #[arg(long, env = "CALLS_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
}

impl Senders {
    /// What the senders have to know.
    pub(crate) fn credentials(self) -> anyhow::Result<Credentials> {
        let ingest_token = secret("--ingest-token", self.ingest_token)?;
        let twilio_auth_token = secret("--twilio-auth-token", self.twilio_auth_token)?;
        let public_url = self.public_url.filter(|url| !url.is_empty());
        let twilio = match (twilio_auth_token, public_url) {
            (None, _) => None,
            (Some(_), None) => {
                bail!("--twilio-auth-token: expected --public-url beside it, but found none")
            }
            (Some(auth_token), Some(url)) if url.starts_with("https://") || url.starts_with("http://") => {
                Some(Twilio { auth_token, public_url: url.trim_end_matches('/').to_owned() })
            }
            (Some(_), Some(url)) => {
                bail!("--public-url: expected a URL such as https://calls.example.com, but found {url:?}")
            }
        };
        Ok(Credentials { ingest_token, twilio })
    }
}

fn secret(option: &str, text: Option<String>) -> anyhow::Result<Option<Secret>> {
    let text = text.filter(|text| !text.is_empty());
    text.map(|text| text.parse::<Secret>().map_err(anyhow::Error::msg).with_context(|| option.to_owned()))
        .transpose()
}
