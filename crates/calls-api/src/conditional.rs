//! Conditional requests (RFC 9110, section 13): entity tags, and the versions of histories in them.

use actix_web::HttpRequest;
use actix_web::http::header::IF_NONE_MATCH;
use calls_store::keys::Version;

/// Strong entity tag of a response without names. Every change of a history gives it a new version, and a URL
/// has one representation per version. The version of the program is part of the tag, because another one may
/// write the same calls differently.
pub(crate) fn etag(version: Version) -> String {
    format!("\"{}-{:x}\"", env!("CARGO_PKG_VERSION"), version.0)
}

/// Strong entity tag of a response with names, which change without the history.
pub(crate) fn etag_with_names(version: Version, names: i64) -> String {
    format!("\"{}-{:x}.{names:x}\"", env!("CARGO_PKG_VERSION"), version.0)
}

/// The value of `If-None-Match`; empty without one.
pub(crate) fn known(request: &HttpRequest) -> String {
    let known = request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    known.unwrap_or_default().to_owned()
}

/// The versions in a client's tags of responses without names, from this version of the program.
pub(crate) fn versions(known: &str) -> Vec<Version> {
    let version = |tag| version_of_tag(tag).filter(|version| is_known(tag, &etag(*version)));
    known.split(',').filter_map(version).collect()
}

/// The versions of a history in all tags of a client, from any version of the program.
pub(crate) fn versions_seen(known: &str) -> impl Iterator<Item = Version> {
    known.split(',').filter_map(version_of_tag)
}

fn version_of_tag(tag: &str) -> Option<Version> {
    let (_, versions) = tag.trim().trim_end_matches('"').rsplit_once('-')?;
    let version = versions.split('.').next()?;
    i64::from_str_radix(version, 16).ok().map(Version)
}

/// Whether the client has this representation (RFC 9110, section 13.1.2). Tags are compared weakly, as
/// `If-None-Match` requires.
pub(crate) fn is_known(known: &str, etag: &str) -> bool {
    known.split(',').map(str::trim).any(|known| known == "*" || known.trim_start_matches("W/") == etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tags_of_ours_name_versions() {
        let known = format!("{}, W/{}, \"0.0.0-3\", \"x\", *, -4", etag(Version(31)), etag(Version(2)));
        assert_eq!(versions(&known), [Version(31), Version(2)]);
        assert!(versions("").is_empty());
        let named = etag_with_names(Version(31), 7);
        assert!(versions(&named).is_empty(), "another answer");
        assert_eq!(
            versions_seen(&format!("{named}, {}", etag(Version(2)))).collect::<Vec<_>>(),
            [Version(31), Version(2)]
        );
        assert!(
            is_known(&known, &etag(Version(31)))
                && is_known("*", &etag(Version(7)))
                && !is_known("", &etag(Version(0)))
        );
    }
}
