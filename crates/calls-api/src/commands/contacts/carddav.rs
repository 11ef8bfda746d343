//! Address books on CardDAV servers (RFC 6352).

mod http;
mod multistatus;

use anyhow::{Context, bail, ensure};
use calls_contacts::Item;
use url::Url;

use http::{Answer, Http};
use multistatus::Resource;

pub(super) use http::Access;

/// An address book on a server.
#[derive(Debug)]
pub(super) struct Collection {
    http: Http,
    /// URL of the address book.
    pub url: Url,
    /// State of the collection: a sync token (RFC 6578) or a ctag, which differs after
    /// each change.
    pub state: Option<String>,
}

/// Request for the properties of an address book and for the server's other collections.
const PROPERTIES: &str = "<d:propfind xmlns:d=\"DAV:\" xmlns:c=\"urn:ietf:params:xml:ns:carddav\" \
    xmlns:s=\"http://calendarserver.org/ns/\"><d:prop><d:resourcetype/><d:displayname/><d:current-user-principal/>\
    <c:addressbook-home-set/><d:sync-token/><s:getctag/></d:prop></d:propfind>";
/// Request for all cards. The filter matches every card, because a formatted name is required (RFC 2426, RFC
/// 6350).
const CARDS: &str = "<c:addressbook-query xmlns:d=\"DAV:\" xmlns:c=\"urn:ietf:params:xml:ns:carddav\">\
    <d:prop><d:getetag/><c:address-data/></d:prop><c:filter><c:prop-filter name=\"FN\"/></c:filter>\
    </c:addressbook-query>";

impl Collection {
    /// Finds the address book at the URL of a book, of an account, or of a server (RFC 6764).
    pub fn find(access: Access) -> anyhow::Result<Self> {
        let url = access.url.clone();
        let http = Http::new(access)?;
        // The root of a server may not speak CardDAV; this well-known path does.
        let known = match Self::at(&http, &url)? {
            Some(found) => Some(found),
            None => Self::at(&http, &url.join("/.well-known/carddav")?)?,
        };
        let (url, state) =
            known.with_context(|| format!("expected a CardDAV server at {url}, but found none"))?;
        Ok(Self { http, url, state })
    }

    /// Finds the address book that a URL leads to. `None` if no CardDAV server answers there.
    fn at(http: &Http, url: &Url) -> anyhow::Result<Option<(Url, Option<String>)>> {
        /// At most: from the server to the user, to the address books, to one of them.
        const STEPS: usize = 4;
        let mut url = url.clone();
        for _ in 0..STEPS {
            let Some((at, resources)) = propfind(http, &url, 0)? else { return Ok(None) };
            let Some(resource) = resources.into_iter().next() else { return Ok(None) };
            if resource.is_book {
                return Ok(Some((at, resource.state())));
            }
            if let Some(home) = &resource.home {
                return only_book(http, &at.join(home)?).map(Some);
            }
            let Some(principal) = &resource.principal else { return Ok(None) };
            let next = at.join(principal)?;
            ensure!(next != url, "expected {url} to name its address books, but found none");
            url = next;
        }
        bail!("expected an address book behind {url}, but found only references")
    }

    /// Reads all cards.
    pub fn read(&self, mut each: impl FnMut(Item)) -> anyhow::Result<()> {
        let answer = self.http.ask("REPORT", &self.url, 1, CARDS)?;
        let (_, body) = expect_multistatus(answer)?;
        let read = |card: &str| {
            // Resources that are not cards are skipped, like other files in a folder.
            _ = calls_contacts::read(card.as_bytes(), &mut each);
        };
        multistatus::read_cards(&body, read).context("cannot read the server's answer")
    }
}

/// The only address book of a home. An error lists the books if there are several.
fn only_book(http: &Http, home: &Url) -> anyhow::Result<(Url, Option<String>)> {
    let found = propfind(http, home, 1)?;
    let (at, resources) =
        found.with_context(|| format!("expected address books at {home}, but found none"))?;
    let mut books = Vec::new();
    for resource in resources.into_iter().filter(|resource| resource.is_book) {
        books.push((at.join(&resource.href)?, resource));
    }
    ensure!(!books.is_empty(), "expected an address book at {home}, but found none");
    if books.len() > 1 {
        let names = books.iter().map(|(url, book)| match &book.name {
            Some(name) => format!("\n  {url} ({name})"),
            None => format!("\n  {url}"),
        });
        bail!("expected the address of one address book, but found several:{}", names.collect::<String>());
    }
    let (url, book) = books.swap_remove(0);
    Ok((url, book.state()))
}

/// PROPFIND at a URL: the response, and the URL after redirects. `None` if the server does not speak CardDAV
/// there.
fn propfind(http: &Http, url: &Url, depth: u8) -> anyhow::Result<Option<(Url, Vec<Resource>)>> {
    let answer = http.ask("PROPFIND", url, depth, PROPERTIES)?;
    if matches!(answer.status, 200 | 400 | 404 | 405 | 501) {
        return Ok(None);
    }
    let (url, body) = expect_multistatus(answer)?;
    let resources = multistatus::read_resources(&body).context("cannot read the server's answer")?;
    Ok(Some((url, resources)))
}

fn expect_multistatus(answer: Answer) -> anyhow::Result<(Url, String)> {
    match answer.status {
        207 => Ok((answer.url, answer.body)),
        401 => bail!("expected a valid user and password, but the server refused them (401)"),
        403 => bail!("expected access to {}, but the server refused it (403)", answer.url),
        status => bail!("expected 207 from {}, but found {status}", answer.url),
    }
}
