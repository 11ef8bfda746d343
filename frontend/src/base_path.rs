//! The base path as a part of each route.

use leptos_router::{PartialPathMatch, PathSegment, PossibleRouteMatch};

use crate::path;

/// Matches [`path::base`], or nothing at the root. Addresses include the base path everywhere, as in the
/// HTML.
#[derive(Debug, Clone, Copy)]
pub struct BasePath;

impl PossibleRouteMatch for BasePath {
    fn optional(&self) -> bool {
        false
    }

    fn test<'a>(&self, path: &'a str) -> Option<PartialPathMatch<'a>> {
        let rest = path.strip_prefix(path::base()).filter(|rest| rest.is_empty() || rest.starts_with('/'))?;
        Some(PartialPathMatch::new(rest, Vec::new(), &path[..path.len() - rest.len()]))
    }

    fn generate_path(&self, path: &mut Vec<PathSegment>) {
        path.push(PathSegment::Static(path::base().into()));
    }
}
