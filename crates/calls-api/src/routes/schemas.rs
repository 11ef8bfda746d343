//! Parameters, bodies and responses in the OpenAPI document that no type describes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use calls_import::Format;
use calls_model::requests::{self, Kind};
use calls_model::{Call, CallDuration, CallType, DetailedCall, Disposition, Problem};
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn, ParameterStyle};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{AnyOfBuilder, ArrayBuilder, Schema, SchemaFormat, SchemaType, Type};
use utoipa::openapi::xml::XmlBuilder;
use utoipa::openapi::{ContentBuilder, KnownFormat, ObjectBuilder, Ref, RefOr, Required};
use utoipa::{IntoParams, IntoResponses, PartialSchema, ToSchema};

use super::parameters::ListParameters;
use crate::problem::ApiError;

/// The path parameter `number`. The patterns are spellings that are always valid: a schema cannot express the
/// number lengths of each country.
pub(super) struct NumberPath;

impl IntoParams for NumberPath {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let number = ParameterBuilder::new().name("number").parameter_in(ParameterIn::Path);
        let number = number.required(Required::True).schema(Some(spelling([]))).description(Some(
            "The number in any spelling, an extension or short code, or a SIP address. The patterns are of spellings that \
             each server understands; others need a possible number, or the server's region.",
        ));
        vec![number.build()]
    }
}

/// Id of the last event that the client received.
pub(super) struct LastEventId;

impl IntoParams for LastEventId {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let id = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .minimum(Some(0))
            .maximum(Some(i64::MAX));
        let parameter = ParameterBuilder::new().name("Last-Event-ID").parameter_in(ParameterIn::Header);
        let parameter = parameter.required(Required::False).schema(Some(id));
        vec![parameter.description(Some("The id of the last event that was received.")).build()]
    }
}

/// Canonical texts of parties, and similar texts.
pub(super) fn spelling<const N: usize>(others: [ObjectBuilder; N]) -> AnyOfBuilder {
    let number = text().pattern(Some(r"^\+1[2-9][0-9]{9}$")).examples(["+13333333333"]);
    let local = text().pattern(Some("^[0-9]{1,6}$")).examples(["1001"]);
    let sip = text().pattern(Some(r"^sips?:[a-z0-9]{1,20}@[a-z0-9]{1,20}\.example$"));
    let sip = sip.examples(["sip:alice@pbx.example"]);
    others.into_iter().fold(AnyOfBuilder::new().item(number).item(local).item(sip), AnyOfBuilder::item)
}

/// A record that is sent in. Each is checked on its own, so that an invalid one does not affect the others:
/// any element of the array is accepted, and refused in its result.
pub(super) struct SentRecord;

impl PartialSchema for SentRecord {
    fn schema() -> RefOr<Schema> {
        let call = ObjectBuilder::new()
            .title(Some("A call"))
            .property(
                "owner",
                text().description(Some("Owner of the call: a number in any spelling.")),
            )
            .property("created_at", text().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))))
            .property(
                "counterparty",
                text().description(Some(
                    "A number in any spelling, `withheld` or `unknown`, or another word for these.",
                )),
            )
            .property("type", Ref::from_schema_name(CallType::name()))
            .property("duration", Ref::from_schema_name(CallDuration::name()))
            .property("disposition", Ref::from_schema_name(Disposition::name()))
            .property("ring_time", Ref::from_schema_name(CallDuration::name()))
            .property(
                "name",
                text().description(Some("The counterparty's name, cut to 200 characters.")),
            )
            .property(
                "via",
                text().description(Some("The other line that took part: a number in any spelling.")),
            )
            .required("owner")
            .required("created_at")
            .required("counterparty")
            .required("type")
            .examples([serde_json::json!({
                "owner": "+13333333333", "created_at": "2024-01-31T10:00:00Z", "counterparty": "+14444444444",
                "type": "Completed Inbound", "duration": "37.4", "disposition": "answered", "ring_time": "12.5",
                "name": "Example One", "via": "1001"
            })]);
        let anything =
            ObjectBuilder::new().schema_type(SchemaType::AnyValue).title(Some("Anything else is refused"));
        AnyOfBuilder::new().item(call).item(anything).into()
    }
}

impl ToSchema for SentRecord {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("SentRecord")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((CallDuration::name().into_owned(), CallDuration::schema()));
        schemas.push((Disposition::name().into_owned(), Disposition::schema()));
    }
}

/// Fields of a FreeSWITCH record that are read. The XML has the same names.
pub(super) struct FreeswitchCdr;

impl PartialSchema for FreeswitchCdr {
    fn schema() -> RefOr<Schema> {
        let digits = |pattern: &str, example: &str| text().pattern(Some(pattern)).examples([example]);
        let number = |minimum: i64, maximum: i64| {
            ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(minimum)).maximum(Some(maximum))
        };
        let time = AnyOfBuilder::new()
            .item(digits("^[1-9][0-9]{6,16}$", "1773129600534355"))
            .item(number(1_000_000, 253_402_300_799_999_999));
        let seconds = AnyOfBuilder::new().item(digits("^[0-9]{1,5}$", "115")).item(number(0, 99_999));
        let variables = ObjectBuilder::new()
            .property("start_uepoch", time.description(Some("Microseconds since 1970.")))
            .required("start_uepoch")
            .property("billsec", seconds.description(Some("Talk time in seconds.")))
            .required("billsec");
        let profile = ObjectBuilder::new()
            .property("caller_id_number", digits("^[0-9]{3,6}$", "1001"))
            .required("caller_id_number")
            .property("destination_number", digits(r"^\+1[2-9][0-9]{9}$", "+13333333333"))
            .required("destination_number");
        let flow = ObjectBuilder::new().property("caller_profile", profile).required("caller_profile");
        let other = ObjectBuilder::new().schema_type(SchemaType::AnyValue).title(Some(
            "Other numbers, those of later profiles, and other texts: refused if neither party is known",
        ));
        let flows = ArrayBuilder::new().items(AnyOfBuilder::new().item(flow).item(other)).min_items(Some(1));
        let cdr = ObjectBuilder::new().property("variables", variables).required("variables");
        let cdr = cdr.property("callflow", flows).required("callflow");
        cdr.xml(Some(XmlBuilder::new().name(Some("cdr")).build())).into()
    }
}

impl ToSchema for FreeswitchCdr {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("FreeswitchCdr")
    }
}

/// Form body of FreeSWITCH's modules.
pub(super) struct FreeswitchForm;

impl PartialSchema for FreeswitchForm {
    fn schema() -> RefOr<Schema> {
        let cdr = text()
            .description(Some("The record, as JSON or XML."))
            .examples([r#"{"variables":{"start_uepoch":"1773129600534355","billsec":"115"},"callflow":[{"caller_profile":{"caller_id_number":"1001","destination_number":"+13333333333"}}]}"#]);
        ObjectBuilder::new().property("cdr", cdr).required("cdr").into()
    }
}

impl ToSchema for FreeswitchForm {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("FreeswitchForm")
    }
}

/// A server-sent event.
pub(super) struct CallEvent;

impl PartialSchema for CallEvent {
    fn schema() -> RefOr<Schema> {
        let data = text().content_media_type("application/json");
        let data = data.description(Some("A `Call` or `DetailedCall`, a `NoteChange` or a `CallbackState`."));
        ObjectBuilder::new()
            .property("id", text().pattern(Some("^[0-9]{1,19}$")).examples(["4711"]))
            .required("id")
            .property("event", one_of(["call", "note", "callback"]))
            .required("event")
            .property("data", data)
            .required("data")
            .into()
    }
}

impl ToSchema for CallEvent {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("CallEvent")
    }
}

/// Fields of a Twilio callback that are read.
pub(super) struct TwilioCallback;

impl PartialSchema for TwilioCallback {
    fn schema() -> RefOr<Schema> {
        let live = ["queued", "initiated", "ringing", "answered", "in-progress"];
        let live = ObjectBuilder::new()
            .title(Some("A call that has not ended: no other field is read"))
            .property("CallStatus", one_of(live))
            .required("CallStatus");
        let party = |example: &str| {
            let number = text().pattern(Some(r"^\+1[2-9][0-9]{9}$")).examples([example]);
            let other = text().title(Some("Other texts: refused if neither party is known"));
            AnyOfBuilder::new().item(number).item(other)
        };
        // The weekday is optional: a schema cannot express which one a date has.
        let time = text()
            .pattern(Some(
                "^(Wed, 31 Jan 2024|(0[1-9]|1[0-9]|2[0-8]) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) 20[0-9]{2}) \
                 ([01][0-9]|2[0-3])(:[0-5][0-9]){2} \\+0000$",
            ))
            .description(Some("RFC 2822. The pattern matches times that are always valid."))
            .examples(["Wed, 31 Jan 2024 10:01:01 +0000"]);
        let ended = ObjectBuilder::new()
            .title(Some("A call that has ended"))
            .property("From", party("+14444444444"))
            .property("To", party("+13333333333"))
            .property("Direction", one_of(["inbound", "outbound-api", "outbound-dial"]))
            .property("CallStatus", one_of(["completed", "busy", "failed", "no-answer", "canceled"]))
            .property("CallDuration", text().pattern(Some("^[0-9]{1,5}$")).examples(["61"]))
            .property("Timestamp", time)
            .required("Direction")
            .required("CallStatus")
            .required("Timestamp");
        AnyOfBuilder::new().item(ended).item(live).into()
    }
}

impl ToSchema for TwilioCallback {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("TwilioCallback")
    }
}

/// A call in a list, with its details if requested.
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

impl IntoParams for ListParameters {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        requests::FILTER.iter().chain(&requests::LIST).map(parameter).collect()
    }
}

/// Parameters of the event stream of a history.
pub(super) struct EventParameters;

impl IntoParams for EventParameters {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        requests::EVENTS.iter().map(parameter).collect()
    }
}

/// Parameters of the list of numbers.
pub(super) struct DirectoryParameters;

impl IntoParams for DirectoryParameters {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        // Cursors of the directory have another format.
        let cursor = || text().pattern(Some("^[0-9a-f]{32}000[0-4][0-9a-f]{12}$"));
        let row = |row: &requests::Parameter| match row.kind {
            Kind::Cursor => ParameterBuilder::from(parameter(row)).schema(Some(cursor())).build(),
            _ => parameter(row),
        };
        requests::DIRECTORY.iter().map(row).collect()
    }
}

/// Parameters of an uploaded log.
pub(super) struct ImportParameters;

impl IntoParams for ImportParameters {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let formats = || std::iter::once("auto").chain(Format::ALL.map(|(_, name)| name));
        let row = |row: &requests::Parameter| {
            let schema: RefOr<Schema> = match row.name {
                "format" => text().enum_values(Some(formats())).into(),
                "own" => spelling([]).into(),
                "region" => text().pattern(Some("^(US|DE|GB|FR)$")).examples([row.example]).into(),
                "map" => text().pattern(Some("^from=[A-Z][a-z]{1,9},to=[A-Z][a-z]{1,9}$")).into(),
                _ => return parameter(row),
            };
            ParameterBuilder::from(parameter(row)).schema(Some(schema)).build()
        };
        requests::IMPORT.iter().map(row).collect()
    }
}

/// Schema of a row in the table of query parameters.
pub(super) fn parameter(row: &requests::Parameter) -> Parameter {
    let schema: RefOr<Schema> = match (row.kind, row.name) {
        (Kind::OneOf(_), name) if name == requests::TYPE.name => {
            Ref::from_schema_name(CallType::name()).into()
        }
        (Kind::OneOf(texts), _) => text().enum_values(Some(texts.iter().copied())).into(),
        (Kind::Integer(first, last), name) => {
            let number = integer(first.into(), last.into());
            let default = (name == requests::LIMIT.name).then(|| ListParameters::DEFAULT_LIMIT.into());
            number.default(default).into()
        }
        (Kind::Seconds, _) => {
            text().pattern(Some(r"^([0-9]{1,6}|1[0-9]{6})(\.[0-9]{1,3})?$")).examples([row.example]).into()
        }
        (Kind::Instant, _) => instant().into(),
        (Kind::Zone, _) => Ref::from_schema_name("TimeZone").into(),
        (Kind::Party, _) => spelling([
            one_of(["withheld", "unknown"]),
            text().pattern(Some(r"^\+[1-9][0-9]{0,14}\*$")).examples([row.example]),
        ])
        .into(),
        (Kind::Line, _) => Ref::from_schema_name("Line").into(),
        // 16 digits of microseconds and 16 of an id.
        (Kind::Cursor, _) => text().pattern(Some("^00[0-9a-f]{14}[0-7][0-9a-f]{15}$")).into(),
        (Kind::Text, _) => {
            let printable = text().max_length(Some(64)).pattern(Some(r"^[^\x00-\x1f\x7f-\x9f]*$"));
            printable.examples([row.example]).into()
        }
    };
    let builder = ParameterBuilder::new()
        .name(row.name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(row.description));
    match row.repeats {
        false => builder.schema(Some(schema)),
        true => {
            let list = ArrayBuilder::new().items(schema);
            builder.schema(Some(list)).style(Some(ParameterStyle::Form)).explode(Some(true))
        }
    }
    .build()
}

impl IntoResponses for ApiError {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0));
        let retry_after = HeaderBuilder::new()
            .schema(Some(seconds))
            .description(Some("Seconds until the next attempt."))
            .build();
        let too_many =
            problem("The client exceeds its rate limit.").header("Retry-After", retry_after.clone());
        let unavailable =
            problem("The database does not respond, or there are too many concurrent requests.");
        let late = problem("The body did not arrive in time. Without a problem: the header did not.");
        let responses = [
            (
                "400",
                problem(
                    "The number, a parameter, a header or the body is malformed; with the expected and the found value.",
                ),
            ),
            ("404", problem("The path does not exist, or the server accepts no calls.")),
            ("408", late),
            ("413", problem("The body is too large, or has too many records.")),
            ("414", problem("The address is longer than 8 KiB.")),
            ("421", problem("The `Host` is not one of this server's.")),
            ("429", too_many),
            ("431", problem("The header is longer than 16 KiB.")),
            ("500", problem("A defect of the server.")),
            ("503", unavailable.header("Retry-After", retry_after)),
        ];
        named(responses)
    }
}

/// Refusal of a call that is sent in, in addition to [`ApiError`], [`Unauthorized`] and [`NotTaken`].
pub(super) struct Refused;

impl IntoResponses for Refused {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        named([("422", problem("The `Idempotency-Key` was used with another body."))])
    }
}

/// Refusal of a sender without the ingest token.
pub(super) struct Unauthorized;

impl IntoResponses for Unauthorized {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let challenge =
            HeaderBuilder::new().schema(Some(text())).description(Some("RFC 9110, section 11.6.1.")).build();
        let missing = problem("The ingest token is missing or wrong.");
        named([("401", missing.header("WWW-Authenticate", challenge))])
    }
}

/// Refusal of a body of another type.
pub(super) struct NotTaken;

impl IntoResponses for NotTaken {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        named([("415", problem("The media type of the body is not supported."))])
    }
}

pub(super) fn named<const N: usize>(
    responses: [(&str, ResponseBuilder); N],
) -> BTreeMap<String, RefOr<Response>> {
    responses.into_iter().map(|(status, response)| (status.to_owned(), response.build().into())).collect()
}

pub(super) fn problem(description: &str) -> ResponseBuilder {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(Problem::name())));
    ResponseBuilder::new().description(description).content(Problem::MEDIA_TYPE, content.build())
}

pub(super) fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

pub(super) fn integer(minimum: i32, maximum: i32) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(minimum)).maximum(Some(maximum))
}

pub(super) fn one_of<const N: usize>(values: [&str; N]) -> ObjectBuilder {
    text().enum_values(Some(values))
}

/// A time with an offset, or a date.
fn instant() -> AnyOfBuilder {
    let of =
        |format, example: &str| text().format(Some(SchemaFormat::KnownFormat(format))).examples([example]);
    AnyOfBuilder::new()
        .item(of(KnownFormat::DateTime, "2024-01-31T10:00:00Z"))
        .item(of(KnownFormat::Date, "2024-01-31"))
}
