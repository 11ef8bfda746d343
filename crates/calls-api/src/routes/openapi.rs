//! `GET /api/openapi.json`: the API's description (OpenAPI 3.1), made from the handlers and the types.

use std::borrow::Cow;
use std::collections::BTreeMap;

use actix_web::HttpResponse;
use calls_model::{Call, CallType, DetailedCall, Party, Problem};
use chrono_tz::TZ_VARIANTS;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn, ParameterStyle};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{AnyOfBuilder, ArrayBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{ContentBuilder, KnownFormat, ObjectBuilder, Ref, RefOr, Required};
use utoipa::{IntoParams, IntoResponses, Modify, OpenApi, PartialSchema, ToSchema};

use super::parameters::{FilterParameters, ListParameters};
use crate::problem::ApiError;

/// What the document is made of.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Calls",
        description = "The history of calls of a telephone number: with whom, when, inbound or outbound, completed or \
                       missed, how long. Data comes from `/api`; `/calls/{number}` has the same list for clients that \
                       do not ask for HTML."
    ),
    paths(super::calls::list_calls, super::summary::get_summary, super::numbers::get_number),
    tags(
        (name = "calls", description = "Histories"),
        (name = "numbers", description = "What is known of a number")
    ),
    modifiers(&Components)
)]
struct Description;

/// The document, indented for people.
pub(super) async fn get_openapi() -> HttpResponse {
    match Description::openapi().to_pretty_json() {
        Ok(json) => HttpResponse::Ok().content_type("application/json").body(json + "\n"),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}

/// Schemas that only parameters and problems refer to.
struct Components;

impl Modify for Components {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let schemas = &mut openapi.components.get_or_insert_default().schemas;
        let zones = TZ_VARIANTS.iter().map(|zone| zone.name());
        let zones = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(zones));
        let zones = zones.description(Some("An IANA time zone.")).examples(["Europe/Berlin"]);
        schemas.insert("TimeZone".to_owned(), zones.into());
        schemas.insert(Problem::name().into_owned(), Problem::schema());
        schemas.insert(CallType::name().into_owned(), CallType::schema());
        schemas.insert(Party::name().into_owned(), Party::schema());
    }
}

/// A call in a list: with its details if they were asked for.
pub(super) struct ListedCall;

impl PartialSchema for ListedCall {
    fn schema() -> RefOr<Schema> {
        let call = |name| Ref::from_schema_name(name);
        AnyOfBuilder::new().item(call(DetailedCall::name())).item(call(Call::name())).into()
    }
}

impl ToSchema for ListedCall {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("ListedCall")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((Call::name().into_owned(), Call::schema()));
        schemas.push((DetailedCall::name().into_owned(), DetailedCall::schema()));
        Call::schemas(schemas);
        DetailedCall::schemas(schemas);
    }
}

impl IntoParams for FilterParameters {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let types = ArrayBuilder::new().items(Ref::from_schema_name(CallType::name()));
        let types = query("type", "Of these types only; may be repeated.", types);
        let seconds = || text().pattern(Some(r"^([0-9]{1,6}|1[0-9]{6})(\.[0-9]{1,3})?$")).examples(["37.4"]);
        vec![
            types.style(Some(ParameterStyle::Form)).explode(Some(true)).build(),
            query("direction", "Of this direction only.", one_of(["inbound", "outbound"])).build(),
            query("outcome", "Of this outcome only.", one_of(["completed", "missed"])).build(),
            query(
                "counterparty",
                "With this counterparty only: a number in any spelling, an extension or short code, a SIP address, \
                 `withheld` or `unknown`; or with all whose text begins like this: `+1202*`.",
                text().examples(["+13333333333", "+1202*"]),
            )
            .build(),
            query("from", "Not before this time or day.", instant()).build(),
            query("until", "Before this time or day.", instant()).build(),
            query(
                "tz",
                "The zone that days begin in, and whose clocks tell `weekday` and `hour`. UTC unless said otherwise.",
                Ref::from_schema_name("TimeZone"),
            )
            .build(),
            query("min_duration", "At least so many seconds long. Leaves out calls without a duration.", seconds())
                .build(),
            query("max_duration", "At most so many seconds long. Leaves out calls without a duration.", seconds())
                .build(),
            query(
                "returned",
                "Missed inbound calls of identified callers only: those that have (`true`) or have not (`false`) been \
                 returned. A call is returned when the two spoke later, whoever called.",
                one_of(["true", "false"]),
            )
            .build(),
            query("weekday", "On this day of the week, 1 for Monday to 7 for Sunday (ISO 8601).", integer(1, 7))
                .build(),
            query("hour", "Begun in this hour of the day.", integer(0, 23)).build(),
        ]
    }
}

impl IntoParams for ListParameters {
    fn into_params(provider: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let limit = integer(1, 1000).default(Some(Self::DEFAULT_LIMIT.into()));
        // 16 digits of microseconds and 16 of an id.
        let cursor = text().pattern(Some("^00[0-9a-f]{14}[0-7][0-9a-f]{15}$"));
        let mut parameters = FilterParameters::into_params(provider);
        parameters.extend([
            query("limit", "At most so many calls. NDJSON and CSV have all calls unless it is given.", limit)
                .build(),
            query("after", "Those after the cursor of a `Link` header.", cursor).build(),
            query(
                "format",
                "How the calls are written, instead of `Accept`.",
                one_of(["json", "ndjson", "csv"]),
            )
            .build(),
            query(
                "include",
                "`details`: how each counterparty is written, and when a missed call was returned. Not in CSV.",
                one_of(["details"]),
            )
            .build(),
        ]);
        parameters
    }
}

impl IntoResponses for ApiError {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let problem = |description: &str| {
            let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(Problem::name())));
            ResponseBuilder::new().description(description).content(Problem::MEDIA_TYPE, content.build())
        };
        let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0));
        let retry_after = HeaderBuilder::new()
            .schema(Some(seconds))
            .description(Some("When to try again, in seconds."))
            .build();
        let too_many = problem("This client has asked too often.").header("Retry-After", retry_after.clone());
        let unavailable = problem("The database does not answer.").header("Retry-After", retry_after);
        let responses = [
            ("400", problem("The number or a parameter is malformed; says what was expected and found.")),
            ("429", too_many),
            ("503", unavailable),
        ];
        responses.into_iter().map(|(status, response)| (status.to_owned(), response.build().into())).collect()
    }
}

fn query(name: &str, description: &str, schema: impl Into<RefOr<Schema>>) -> ParameterBuilder {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(schema))
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn integer(minimum: i32, maximum: i32) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(minimum)).maximum(Some(maximum))
}

fn one_of<const N: usize>(values: [&str; N]) -> ObjectBuilder {
    text().enum_values(Some(values))
}

/// A time with its offset, or a day of the zone.
fn instant() -> AnyOfBuilder {
    let of =
        |format, example: &str| text().format(Some(SchemaFormat::KnownFormat(format))).examples([example]);
    AnyOfBuilder::new()
        .item(of(KnownFormat::DateTime, "2024-01-31T10:00:00Z"))
        .item(of(KnownFormat::Date, "2024-01-31"))
}
