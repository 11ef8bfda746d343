//! One call of the list, as one text of HTML: a list that is scrolled makes a dozen of them in each frame, and made
//! node by node each would take several times as long. first-rows.js writes the same.

use calls_model::{Call, CallDuration, CallType, DetailedCall, Party};

use super::actions;
use crate::format::escape;
use crate::icon::Symbol;
use crate::{format, intl, path};

/// What is inside of a call's row, in the order in which it is read aloud: who, what became of the call, how long, when.
/// `home` is the country of the history's owner, once that is known.
pub fn html(call: &DetailedCall, home: Option<&str>) -> String {
    let Call { created_at, counterparty, call_type, duration, .. } = &call.call;
    let at = created_at.timestamp_millis() as f64;
    let details = call.details.counterparty.as_ref();
    let label = format::party(counterparty, details, call_type.direction(), home);
    let country = details.and_then(|details| details.country.as_deref());
    let abroad = country.filter(|country| home != Some(*country)).map(intl::country);
    let note = abroad.or(label.note.map(str::to_owned));
    let note = note.map(|note| format!("<span class=\"call-note\">{}</span>", escape(&note)));
    format!(
        "<span class=\"call-icon\">{}</span>{}<span class=\"call-meta\"><span class=\"call-type-text\">{}</span>{}</span>{}{}{}\
         <span class=\"row-actions\">{}</span>",
        Symbol::Call(*call_type).html(),
        party(counterparty, &label.text, country),
        format::call_type(*call_type),
        note.unwrap_or_default(),
        duration.map(spoken).unwrap_or_default(),
        returned(call, at),
        time(" class=\"call-time\"", at, &intl::time(at)),
        actions::html(counterparty, &label.text),
    )
}

/// An instant, in the words of `text`. An attribute comes after a blank.
fn time(attribute: &str, at: f64, text: &str) -> String {
    format!(
        "<time{attribute} datetime=\"{}\" title=\"{}\" lang=\"{}\">{}</time>",
        intl::iso(at),
        escape(&intl::time_in_full(at)),
        escape(&intl::locale()),
        escape(text)
    )
}

/// How long the two spoke.
fn spoken(duration: CallDuration) -> String {
    format!(
        "<time class=\"call-duration\" datetime=\"{}\"><span aria-hidden=\"true\">{}</span>\
         <span class=\"visually-hidden\">{}</span></time>",
        format::duration_iso(duration),
        format::duration(duration),
        format::duration_in_words(duration)
    )
}

/// The counterparty, as a link to its own history where it can have one.
fn party(counterparty: &Party, text: &str, country: Option<&str>) -> String {
    let text = escape(text);
    if !counterparty.is_identified() {
        return format!("<span class=\"call-party hidden-party\">{text}</span>");
    }
    let href = escape(&path::calls_page(&counterparty.to_string()));
    let title = country.map(|country| format!(" title=\"{}\"", escape(&intl::country(country))));
    let title = title.unwrap_or_default();
    // What is longer than a number may take two lines.
    let long = if matches!(counterparty, Party::Sip(_)) { " long" } else { "" };
    format!("<span class=\"call-party{long}\"><a href=\"{href}\"{title}><bdi>{text}</bdi></a></span>")
}

/// When owner and caller spoke after a missed call of that caller, or that they have not. Nothing for other calls.
fn returned(call: &DetailedCall, missed_at: f64) -> String {
    let Call { counterparty, call_type, .. } = &call.call;
    if *call_type != CallType::MissedInbound || !counterparty.is_identified() {
        return String::new();
    }
    let Some(at) = call.details.returned_at.map(|at| at.timestamp_millis() as f64) else {
        return "<span class=\"call-returned\">Not returned</span>".to_owned();
    };
    let text = match intl::day(at) == intl::day(missed_at) {
        true => intl::time(at),
        false => intl::short_date(at, missed_at),
    };
    format!("<span class=\"call-returned\" data-returned=\"\">Spoke {}</span>", time("", at, &text))
}
