//! Conditional requests (RFC 9110, section 13): what a client has, and what it is the version of.

use actix_web::HttpRequest;
use actix_web::http::header::IF_NONE_MATCH;
use calls_store::keys::Version;

/// Strong: every change of a history gives it a new version, and one URL has one representation of a version.
/// The program's own version is part of it, as another one may write the same calls differently.
pub(crate) fn etag(version: Version) -> String {
    format!("\"{}-{:x}\"", env!("CARGO_PKG_VERSION"), version.0)
}

/// The same for an answer that has names, which change without the history.
pub(crate) fn etag_with_names(version: Version, names: i64) -> String {
    format!("\"{}-{:x}.{names:x}\"", env!("CARGO_PKG_VERSION"), version.0)
}

/// Entity tags that the client sent. Empty without `If-None-Match`.
pub(crate) fn known(request: &HttpRequest) -> String {
    let known = request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    known.unwrap_or_default().to_owned()
}

/// The versions that a client's tags of answers without names are made of.
pub(crate) fn versions(known: &str) -> Vec<Version> {
    let version = |tag| version_of_tag(tag).filter(|version| is_known(tag, &etag(*version)));
    known.split(',').filter_map(version).collect()
}

/// The versions of a history in all tags of a client, perhaps of another program.
pub(crate) fn versions_seen(known: &str) -> impl Iterator<Item = Version> {
    known.split(',').filter_map(version_of_tag)
}

fn version_of_tag(tag: &str) -> Option<Version> {
    let (_, versions) = tag.trim().trim_end_matches('"').rsplit_once('-')?;
    let version = versions.split('.').next()?;
    i64::from_str_radix(version, 16).ok().map(Version)
}

/// `If-None-Match` (RFC 9110, section 13.1.2), which compares weakly.
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
