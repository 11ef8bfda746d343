//! `calls contacts sync`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, ensure};
use calls_phone::Region;
use calls_store::contacts::{self, Book};
use chrono::Utc;
use url::Url;

use super::book::{self, Read};
use super::carddav::{Access, Collection};
use crate::commands::storage::Storage;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The address of the address book, of an account or of the server, as https://cloud.example.com
    url: Url,
    /// User name at the server
    #[arg(long, value_name = "USER")]
    user: String,
    /// File with the password or an app password; it is read each time and not stored
    #[arg(long, value_name = "FILE")]
    password_file: PathBuf,
    /// Name of the address book [default: the host of the address]
    #[arg(long, value_name = "NAME", value_parser = book::name())]
    book: Option<String>,
    /// Country of numbers without a country code, as two letters (ISO 3166-1)
    #[arg(long, env = "CALLS_REGION", value_name = "COUNTRY")]
    region: Option<Region>,
    /// File with trusted certificates in PEM, instead of the system's
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Allow sending the password unencrypted
    #[arg(long)]
    allow_http: bool,
}

pub(super) fn run(storage: Storage, arguments: Arguments) -> anyhow::Result<()> {
    let host = arguments.url.host_str().context("expected an address with a host")?.to_owned();
    let region = arguments.region.map(|region| region.to_string());
    let name = arguments.book.clone().unwrap_or(host);
    let parsed = arguments.region;
    let collection =
        Collection::find(access(arguments)?).context("cannot sync: the names stay as they were")?;
    let (server, _) = storage.open()?;
    let mut connection = server.connect()?;
    let known = contacts::find(&mut connection, &name)?;
    let url = Some(collection.url.to_string());
    let is_known =
        |known: &Book| known.state == collection.state && known.url == url && known.region == region;
    if collection.state.is_some() && known.as_ref().is_some_and(is_known) {
        contacts::mark_read(&mut connection, &name, Utc::now())?;
        println!("the address book {name} has not changed");
    } else {
        let mut read = Read::default();
        let read_at = Utc::now();
        collection.read(|item| read.add(item, parsed)).context("cannot sync: the names stay as they were")?;
        let people = i32::try_from(read.people).unwrap_or(i32::MAX);
        let book = Book { book: name, people, read_at, url, state: collection.state.clone(), region };
        let replaced = contacts::replace(&mut connection, &book, read.entries.clone())
            .context("cannot store the names: nothing has changed")?;
        read.refusals().iter().for_each(|line| eprintln!("{line}"));
        println!("{}", read.line(Some(replaced)));
    }
    drop(connection);
    server.leave()
}

fn access(arguments: Arguments) -> anyhow::Result<Access> {
    let Arguments { url, user, password_file, ca_file, allow_http, .. } = arguments;
    let file = |path: &PathBuf| fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let password = String::from_utf8(file(&password_file)?);
    let password = password.with_context(|| format!("expected UTF-8 in {}", password_file.display()))?;
    let password = password.trim_end_matches(['\r', '\n']).to_owned();
    ensure!(!password.is_empty(), "expected a password in {}, but found none", password_file.display());
    let authorities = ca_file.as_ref().map(file).transpose()?;
    Ok(Access { url, user, password, authorities, allow_http })
}
