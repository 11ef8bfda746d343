//! Parameters and bodies of people and lines in the API's description.

use std::borrow::Cow;
use std::collections::BTreeMap;

use calls_model::requests::{self, Kind};
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::response::Response;
use utoipa::openapi::schema::{AdditionalProperties, AnyOfBuilder, ArrayBuilder, Schema, Type};
use utoipa::openapi::{ObjectBuilder, Ref, RefOr, Required};
use utoipa::{IntoParams, IntoResponses, PartialSchema, ToSchema};

use super::schemas::{integer, named, one_of, parameter, problem, spelling, text};

/// The path parameter `party`.
pub(super) struct PartyPath;

impl IntoParams for PartyPath {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let party = ParameterBuilder::new().name("party").parameter_in(ParameterIn::Path);
        let party = party.required(Required::True).schema(Some(spelling([one_of(["withheld", "unknown"])])));
        vec![party.description(Some("The counterparty, spelled like the number.")).build()]
    }
}

/// The path parameter `id`.
pub(super) struct CallPath;

impl IntoParams for CallPath {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let id = ParameterBuilder::new().name("id").parameter_in(ParameterIn::Path);
        let id = id.required(Required::True).schema(Some(text().pattern(Some("^[0-9]{1,18}$"))));
        vec![id.description(Some("The id of a call of this number.")).build()]
    }
}

/// Schema of a multi-line text.
fn lines_of_text() -> ObjectBuilder {
    text().max_length(Some(2000)).pattern(Some(r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*$"))
}

/// Request body with a note.
pub(super) struct NoteBody;

impl PartialSchema for NoteBody {
    fn schema() -> RefOr<Schema> {
        let tag = text().pattern(Some(r"^[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]{0,49}$"));
        ObjectBuilder::new()
            .property("text", lines_of_text())
            .property("tags", ArrayBuilder::new().items(tag).max_items(Some(20)))
            .additional_properties(Some(AdditionalProperties::FreeForm(false)))
            .examples([serde_json::json!({"text": "Wants an offer by Friday.", "tags": ["offer"]})])
            .into()
    }
}

impl ToSchema for NoteBody {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("NoteBody")
    }
}

/// Request body with a callback mark.
pub(super) struct CallbackBody;

impl PartialSchema for CallbackBody {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .property("done", ObjectBuilder::new().schema_type(Type::Boolean))
            .required("done")
            .property("note", lines_of_text())
            .additional_properties(Some(AdditionalProperties::FreeForm(false)))
            .examples([serde_json::json!({"done": true, "note": "Answered by e-mail."})])
            .into()
    }
}

impl ToSchema for CallbackBody {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("CallbackBody")
    }
}

/// Parameters of a summary.
pub(super) struct SummaryParameters;

impl IntoParams for SummaryParameters {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        requests::FILTER.iter().chain(&requests::SUMMARY).map(parameter).collect()
    }
}

/// Parameters of the calls with one person.
pub(super) struct PersonListParameters;

impl IntoParams for PersonListParameters {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let all = requests::FILTER.iter().chain(&requests::LIST);
        all.filter(|row| **row != requests::COUNTERPARTY).map(parameter).collect()
    }
}

/// Parameters of the summary of one person.
pub(super) struct PersonParameters;

impl IntoParams for PersonParameters {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        requests::FILTER.iter().filter(|row| **row != requests::COUNTERPARTY).map(parameter).collect()
    }
}

/// Parameters of the callback queue.
pub(super) struct CallbackParameters;

impl IntoParams for CallbackParameters {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let row = |row: &requests::Parameter| match row.kind {
            Kind::Integer(first, last) => {
                let number = integer(first.into(), last.into()).default(Some(last.into()));
                ParameterBuilder::from(parameter(row)).schema(Some(number)).build()
            }
            _ => parameter(row),
        };
        requests::CALLBACKS.iter().map(row).collect()
    }
}

/// A number, or a set of lines.
pub(super) fn line() -> AnyOfBuilder {
    spelling([text().pattern(Some("^@[A-Za-z]{1,50}$"))])
}

/// The parameter `number`, followed by others.
fn lines_and<'a>(others: impl IntoIterator<Item = &'a requests::Parameter>) -> Vec<Parameter> {
    let numbers =
        ArrayBuilder::new().items(Ref::from_schema_name("Line")).min_items(Some(1)).max_items(Some(50));
    let numbers = ParameterBuilder::from(parameter(&requests::NUMBER)).schema(Some(numbers));
    let numbers = numbers.required(Required::True).build();
    // Cursors of these lists contain the line as well.
    let cursor = || text().pattern(Some("^00[0-9a-f]{14}[0-9a-f]{16}[0-7][0-9a-f]{15}$"));
    let row = |row: &requests::Parameter| match row.kind {
        Kind::Cursor => ParameterBuilder::from(parameter(row)).schema(Some(cursor())).build(),
        _ => parameter(row),
    };
    [numbers].into_iter().chain(others.into_iter().map(row)).collect()
}

/// Parameters of a list of several lines.
pub(super) struct LineListParameters;

impl IntoParams for LineListParameters {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        lines_and(requests::FILTER.iter().chain(&requests::LIST))
    }
}

/// Parameters of the summary of several lines.
pub(super) struct LineSummaryParameters;

impl IntoParams for LineSummaryParameters {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        lines_and(requests::FILTER.iter().chain(&requests::SUMMARY))
    }
}

/// Parameters of the callback queue of several lines.
pub(super) struct LineCallbackParameters;

impl IntoParams for LineCallbackParameters {
    fn into_params(is: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        lines_and([]).into_iter().chain(CallbackParameters::into_params(is)).collect()
    }
}

/// Parameters of the event stream of several lines.
pub(super) struct LineEventParameters;

impl IntoParams for LineEventParameters {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let id = text().pattern(Some("^[0-9]{1,18}(-[0-9]{1,18}){0,49}$"));
        let id =
            ParameterBuilder::new().name("Last-Event-ID").parameter_in(ParameterIn::Header).schema(Some(id));
        let id = id.required(Required::False);
        let id = id.description(Some("The id of the last event that was received: a number for each line."));
        lines_and(&requests::EVENTS).into_iter().chain([id.build()]).collect()
    }
}

/// Refusal of a write from another origin, in addition to [`ApiError`].
pub(super) struct OtherOrigin;

impl IntoResponses for OtherOrigin {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        named([
            ("403", problem("The request is from a page of another origin, or the server is read-only.")),
            ("415", problem("The media type of the body is not supported.")),
        ])
    }
}
