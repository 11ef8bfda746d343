//! One call of the list, as one text of HTML: a list that is scrolled makes a dozen of them in each frame, and made
//! node by node each would take several times as long. first-rows.js writes the same.

use calls_model::{Call, CallDuration, CallType, DetailedCall};

use super::actions;
use crate::format::escape;
use crate::icon::Symbol;
use crate::{format, intl, path};

/// What is inside of a call's row. `home` is the country of the history's owner, once that is known.
pub fn html(call: &DetailedCall, home: Option<&str>) -> String {
    let Call { created_at, counterparty, call_type, duration, .. } = &call.call;
    let at = created_at.timestamp_millis() as f64;
    let direction = call_type.direction();
    let label = format::party(counterparty, call.details.counterparty.as_ref(), direction, None).text;
    format!(
        "{}<span class=\"call-type\"><span class=\"call-icon\">{}</span><span class=\"call-type-text\">{}</span></span>{}\
         <span class=\"row-actions\">{}</span>{}{}",
        time(" class=\"call-time\"", at, &intl::time(at)),
        Symbol::Call(*call_type).html(),
        format::call_type(*call_type),
        party(call, home),
        actions::html(counterparty, &label),
        duration.map(spoken).unwrap_or_default(),
        returned(call, at),
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
fn party(call: &DetailedCall, home: Option<&str>) -> String {
    let Call { counterparty, call_type, .. } = &call.call;
    let details = call.details.counterparty.as_ref();
    let label = format::party(counterparty, details, call_type.direction(), home);
    let text = escape(&label.text);
    if !counterparty.is_identified() {
        return format!("<span class=\"call-party hidden-party\">{text}</span>");
    }
    let href = escape(&path::calls_page(&counterparty.to_string()));
    let country = details.and_then(|details| details.country.as_deref());
    let country = country.map(|country| escape(&intl::country(country)));
    let title = country.as_ref().map(|country| format!(" title=\"{country}\"")).unwrap_or_default();
    let flag = label.flag.map(|flag| {
        format!(
            "<span class=\"call-note\"><span class=\"flag\" aria-hidden=\"true\">{flag}</span>\
             <span class=\"country\" lang=\"{}\">{}</span></span>",
            escape(&intl::locale()),
            country.unwrap_or_default()
        )
    });
    let note = label.note.map(|note| format!("<span class=\"call-note\">{note}</span>"));
    let (flag, note) = (flag.unwrap_or_default(), note.unwrap_or_default());
    format!("<span class=\"call-party\"><a href=\"{href}\"{title}><bdi>{text}</bdi></a>{flag}{note}</span>")
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
    format!(
        "<span class=\"call-returned\" data-returned=\"\">{}<span>Spoke {}</span></span>",
        Symbol::Done.html(),
        time("", at, &text)
    )
}
