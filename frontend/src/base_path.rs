//! The part of each route that is the path below which the server serves everything.

use leptos_router::{PartialPathMatch, PathSegment, PossibleRouteMatch};

use crate::path;

/// Matches [`path::base`], at the root nothing. Addresses are whole everywhere in the page, as in its HTML.
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
