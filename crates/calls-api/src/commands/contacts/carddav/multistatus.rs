//! Parser for WebDAV responses: `multistatus` (RFC 4918).

use anyhow::{bail, ensure};
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::Event;

/// Properties of a resource.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Resource {
    /// Its address.
    pub href: String,
    /// Whether it is an address book.
    pub is_book: bool,
    /// Display name.
    pub name: Option<String>,
    /// Address of the user's principal.
    pub principal: Option<String>,
    /// Address of the user's address books.
    pub home: Option<String>,
    sync_token: Option<String>,
    ctag: Option<String>,
}

impl Resource {
    /// Sync token or ctag.
    pub fn state(&self) -> Option<String> {
        self.sync_token.clone().or_else(|| self.ctag.clone())
    }
}

/// Parses the properties of each response.
pub(super) fn read_resources(xml: &str) -> anyhow::Result<Vec<Resource>> {
    let mut resources = Vec::new();
    let mut resource = Resource::default();
    walk(xml, |path, found| match (path, found) {
        ([.., "response"], Found::Open) => resource = Resource::default(),
        ([.., "response"], Found::Close(_)) => resources.push(std::mem::take(&mut resource)),
        ([.., "response", "href"], Found::Close(text)) => resource.href = text.to_owned(),
        ([.., "resourcetype", "addressbook"], Found::Open) => resource.is_book = true,
        ([.., "prop", property], Found::Close(text)) if !text.is_empty() => match *property {
            "displayname" => resource.name = Some(text.to_owned()),
            "sync-token" => resource.sync_token = Some(text.to_owned()),
            "getctag" => resource.ctag = Some(text.to_owned()),
            _ => {}
        },
        ([.., "current-user-principal", "href"], Found::Close(text)) => {
            resource.principal = Some(text.to_owned())
        }
        ([.., "addressbook-home-set", "href"], Found::Close(text)) => resource.home = Some(text.to_owned()),
        _ => {}
    })?;
    Ok(resources)
}

/// Calls `each` with the text of every card.
pub(super) fn read_cards(xml: &str, mut each: impl FnMut(&str)) -> anyhow::Result<()> {
    walk(xml, |path, found| {
        if let ([.., "address-data"], Found::Close(text)) = (path, found) {
            each(text);
        }
    })
}

/// Start or end of an element.
enum Found<'a> {
    Open,
    /// End of an element, with its text.
    Close(&'a str),
}

/// Calls `each` with the elements of a document, each as its path of names.
fn walk(xml: &str, mut each: impl FnMut(&[&str], Found<'_>)) -> anyhow::Result<()> {
    let mut reader = Reader::from_str(xml);
    let (mut path, mut text): (Vec<String>, String) = (Vec::new(), String::new());
    let mut is_whole = false;
    loop {
        let names = |path: &[String]| path.to_vec();
        match reader.read_event() {
            Ok(Event::Start(tag)) => {
                path.push(tag.local_name().as_ref().to_ascii_lowercase());
                text.clear();
                call(&names(&path), Found::Open, &mut each);
            }
            Ok(Event::Empty(tag)) => {
                path.push(tag.local_name().as_ref().to_ascii_lowercase());
                call(&names(&path), Found::Open, &mut each);
                call(&names(&path), Found::Close(""), &mut each);
                path.pop();
            }
            Ok(Event::Text(part)) => text.push_str(&part),
            Ok(Event::CData(part)) => text.push_str(&part),
            Ok(Event::GeneralRef(name)) => {
                text.push_str(&unescape(&format!("&{};", &*name)).unwrap_or_default())
            }
            Ok(Event::End(_)) => {
                call(&names(&path), Found::Close(text.trim()), &mut each);
                is_whole |= path.len() == 1 && path.iter().any(|name| name == "multistatus");
                path.pop();
                text.clear();
            }
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(_) => {
                bail!("expected XML (multistatus), but found a part that is none: the answer broke off?")
            }
        }
    }
    ensure!(
        is_whole,
        "expected a whole multistatus, but found a part or another document: the answer broke off?"
    );
    Ok(())
}

fn call(path: &[String], found: Found<'_>, each: &mut impl FnMut(&[&str], Found<'_>)) {
    let names: Vec<&str> = path.iter().map(String::as_str).collect();
    each(&names, found);
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: &str = r#"<?xml version="1.0"?>
        <d:multistatus xmlns:d="DAV:" xmlns:card="urn:ietf:params:xml:ns:carddav"><d:response><d:href>/dav/books/</d:href>
        <d:propstat><d:prop><d:resourcetype><d:collection/></d:resourcetype><d:current-user-principal><d:href>/dav/me/</d:href>
        </d:current-user-principal></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>
        <d:response><d:href>/dav/books/a%20b/</d:href><d:propstat><d:prop><d:resourcetype><d:collection/><card:addressbook/>
        </d:resourcetype><d:displayname>A &amp; B</d:displayname><d:sync-token>http://sabre.io/ns/sync/7</d:sync-token>
        </d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat><d:propstat><d:prop><x1:getctag xmlns:x1="s"/></d:prop>
        <d:status>HTTP/1.1 404 Not Found</d:status></d:propstat></d:response></d:multistatus>"#;

    #[test]
    fn the_resources_of_an_answer_are_read() {
        let found = read_resources(HOME).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(
            (found[0].href.as_str(), found[0].principal.as_deref()),
            ("/dav/books/", Some("/dav/me/"))
        );
        assert!(!found[0].is_book && found[1].is_book);
        assert_eq!(found[1].name.as_deref(), Some("A & B"));
        assert_eq!(found[1].state().as_deref(), Some("http://sabre.io/ns/sync/7"));
    }

    #[test]
    fn cards_are_read_with_their_entities_and_line_ends() {
        let xml = "<multistatus><response><propstat><prop><address-data>BEGIN:VCARD&#13;\nFN:A &lt;B&gt;&#13;\n\
                   END:VCARD</address-data></prop></propstat></response></multistatus>";
        let mut cards = Vec::new();
        read_cards(xml, |card| cards.push(card.to_owned())).unwrap();
        assert_eq!(cards, ["BEGIN:VCARD\r\nFN:A <B>\r\nEND:VCARD"]);
    }

    #[test]
    fn an_answer_that_breaks_off_anywhere_is_an_error() {
        for end in (1..HOME.len()).filter(|end| HOME.is_char_boundary(*end)) {
            assert!(read_resources(&HOME[..end]).is_err(), "{}", &HOME[..end]);
        }
        assert!(read_resources("<html></html>").is_err());
        assert!(read_resources("").is_err());
    }
}
