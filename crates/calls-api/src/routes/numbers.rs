//! `GET /api/numbers/{number}`.

use actix_web::web;
use calls_model::NumberInfo;

use super::App;
use super::openapi::NumberPath;
use crate::problem::ApiError;
use calls_phone as phone;

/// How to write a number, and what is known of it. Takes any spelling; asks no database.
#[utoipa::path(
    get,
    path = "/api/numbers/{number}",
    tag = "numbers",
    params(NumberPath),
    responses(
        (status = 200, description = "How to write the number, and what is known of it.", body = NumberInfo),
        ApiError
    )
)]
pub async fn get_number(
    app: web::Data<App>,
    number: web::Path<String>,
) -> Result<web::Json<NumberInfo>, ApiError> {
    Ok(web::Json(phone::describe(&phone::parse(&number, app.region)?)))
}
