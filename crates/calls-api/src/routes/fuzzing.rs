//! Entry points for fuzz targets.

use actix_web::ResponseError as _;

use super::cursor::Cursor;
use super::parameters::{ListParameters, Query};
use super::sent_call::{parse_record, read_record};
use calls_phone::Region;

/// Parsed parameters of a list.
pub struct Read {
    /// The parameters, as parsed.
    pub meaning: String,
    /// The same query, as in a link to another page.
    pub next: String,
}

/// The call of a record, serialized as a record again, or the refusal.
pub fn record(text: &str, region: Option<Region>) -> Result<String, String> {
    let read = parse_record(text.as_bytes()).and_then(|record| read_record(&record, region));
    let refusal = |refusal| serde_json::to_string(&refusal).unwrap_or_default();
    read.map(|call| serde_json::to_string(&call).unwrap_or_default()).map_err(refusal)
}

/// A cursor, parsed and formatted again.
pub fn cursor(text: &str) -> Option<String> {
    text.parse::<Cursor>().ok().map(|cursor| cursor.to_string())
}

/// The parameters of a list from a query string, or the problem.
pub fn query(text: &str, region: Option<Region>) -> Result<Read, String> {
    let query = Query::new(form_urlencoded::parse(text.as_bytes()).into_owned().collect());
    let meaning = |parameters: &ListParameters| {
        let ListParameters { filter, limit, format, .. } = parameters;
        format!("{filter:?} {limit:?} {format:?}")
    };
    match ListParameters::read(&query, region) {
        Ok(parameters) => {
            Ok(Read { meaning: meaning(&parameters), next: query.with("after", &"0".repeat(32)) })
        }
        Err(error) => {
            assert!(error.status_code().is_client_error(), "{error}");
            Err(error.to_string())
        }
    }
}
