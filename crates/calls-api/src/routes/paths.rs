//! Paths with a number and a second segment.

use actix_web::web;
use calls_model::Party;
use calls_phone::{self as phone, Region};
use calls_store::keys::CallId;

use super::parameters::party;
use crate::problem::ApiError;

/// The two variable segments of a path.
type Segments = web::Path<(String, String)>;

/// `{number}` and `{party}`.
pub(super) fn number_and_party(path: Segments, region: Option<Region>) -> Result<(Party, Party), ApiError> {
    let (number, person) = path.into_inner();
    Ok((phone::parse(&number, region)?, party(&person, region)?))
}

/// `{number}` and `{id}`. An id that no call can have is not malformed: the resource does not exist.
pub(super) fn number_and_call(path: Segments, region: Option<Region>) -> Result<(Party, CallId), ApiError> {
    let (number, id) = path.into_inner();
    let number = phone::parse(&number, region)?;
    let is_id = !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit());
    let id = id.parse().ok().filter(|_| is_id).map(CallId).ok_or(ApiError::NotFound)?;
    Ok((number, id))
}
