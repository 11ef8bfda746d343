//! JSON schemas of types that serialize as one string.

use std::borrow::Cow;

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::{CallDuration, E164, Party, ProblemKind, TalkTime};

/// Schema of a problem's type: the base path, then the URI of a kind.
pub(crate) fn problem_type() -> RefOr<Schema> {
    let uris: Vec<&str> = ProblemKind::ALL.iter().map(|kind| kind.uri()).collect();
    let text = ObjectBuilder::new().schema_type(Type::String);
    text.description(Some(
        "Type of problem: a relative URI that never changes, below the server's base path.",
    ))
    .pattern(Some(format!("({})$", uris.join("|"))))
    .examples([ProblemKind::NotANumber.uri()])
    .into()
}

/// Gives a type the schema of a text with this pattern and example.
macro_rules! text_schema {
    ($name:ident, $description:literal, $pattern:literal, $example:literal) => {
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let text = ObjectBuilder::new().schema_type(Type::String).description(Some($description));
                text.pattern(Some($pattern)).examples([$example]).into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
        }
    };
}

text_schema!(
    CallDuration,
    "How long the parties of a call spoke: seconds with one to three decimals, at most 2147483.647.",
    r"^[0-9]{1,7}\.[0-9]{1,3}$",
    "37.4"
);
text_schema!(
    TalkTime,
    "A sum of call durations: seconds with one to three decimals.",
    r"^[0-9]+\.[0-9]{1,3}$",
    "252.4"
);
text_schema!(
    E164,
    "A telephone number: + and its digits, country code first (ITU-T E.164).",
    r"^\+[1-9][0-9]{0,17}$",
    "+13333333333"
);
text_schema!(
    Party,
    "One end of a call: an E.164 number, an extension or short code, a SIP address, `withheld` or `unknown`.",
    r"^(\+[1-9][0-9]{0,17}|[0-9*#]{1,6}|sips?:.+|withheld|unknown)$",
    "+13333333333"
);
