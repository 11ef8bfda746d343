//! `GET /api/openapi.json`: the API's description (OpenAPI 3.1), made from the handlers and the types.

use crate::base_path::BasePath;
use actix_web::HttpResponse;
use calls_model::{CallType, Party, Problem};
use chrono_tz::TZ_VARIANTS;
use utoipa::openapi::schema::Type;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ObjectBuilder, Server};
use utoipa::{Modify, OpenApi, PartialSchema, ToSchema};

/// Parts of the OpenAPI document.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Calls",
        description = "The history of calls of a telephone number: with whom, when, inbound or outbound, completed or \
                       missed, how long. Data comes from `/api`; `/calls/{number}` has the same list for clients that \
                       do not ask for HTML. What is read takes GET and HEAD, what is sent POST, notes and marks PUT and \
                       DELETE; every other method gets 405 with `Allow`."
    ),
    paths(
        super::calls::list_calls,
        super::calls::list_calls_or_page,
        super::summary::get_summary,
        super::events::follow_calls,
        super::lines::list_line_calls,
        super::line_counts::summarize_lines,
        super::line_counts::list_line_callbacks,
        super::line_counts::list_sets,
        super::followed_lines::follow_lines,
        super::people::list_calls_with,
        super::people::get_person,
        super::people::get_call,
        super::callbacks::list_callbacks,
        super::callbacks::put_callback,
        super::callbacks::delete_callback,
        super::notes::put_note,
        super::notes::delete_note,
        super::numbers::list_numbers,
        super::numbers::get_number,
        super::ingest::post_calls,
        super::import::post_import,
        super::cdr::post_freeswitch,
        super::cdr::post_twilio
    ),
    tags(
        (name = "calls", description = "Histories"),
        (name = "people", description = "Calls with one person, callbacks, and notes"),
        (name = "lines", description = "Several numbers as one. Not available if the server runs with `--no-directory`."),
        (name = "numbers", description = "Information about numbers"),
        (name = "senders", description = "Incoming calls. Each path exists only if its secret is configured.")
    ),
    modifiers(&Components, &Secrets)
)]
struct Description;

/// The document, indented for readers.
pub(super) async fn get_openapi() -> HttpResponse {
    let mut description = Description::openapi();
    let base = BasePath::current();
    if !base.is_root() {
        description.servers = Some(vec![Server::new(base.as_str())]);
    }
    match description.to_pretty_json() {
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
        schemas.insert("Line".to_owned(), super::people_schemas::line().into());
        schemas.insert(Problem::name().into_owned(), Problem::schema());
        schemas.insert(CallType::name().into_owned(), CallType::schema());
        schemas.insert(Party::name().into_owned(), Party::schema());
    }
}

/// Security schemes of senders.
struct Secrets;

impl Modify for Secrets {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
        let token = token.description(Some("What `--ingest-token` says.")).build();
        let password = HttpBuilder::new().scheme(HttpAuthScheme::Basic);
        let password =
            password.description(Some("The same as a password, with any name: FreeSWITCH's `cred`.")).build();
        let signature = "The signature of Twilio's requests (https://www.twilio.com/docs/usage/security), made with the \
                         account's auth token, which `--twilio-auth-token` says.";
        let signature = ApiKeyValue::with_description("X-Twilio-Signature", signature);
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("ingest_token", SecurityScheme::Http(token));
        components.add_security_scheme("ingest_password", SecurityScheme::Http(password));
        components.add_security_scheme("twilio_signature", SecurityScheme::ApiKey(ApiKey::Header(signature)));
    }
}
