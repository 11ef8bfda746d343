//! One call of the list.

use std::sync::Arc;

use calls_model::{Call, CallType, DetailedCall, Direction};
use leptos::prelude::*;

use super::actions::RowActions;
use crate::format;
use crate::icon::{Icon, Symbol};
use crate::{intl, path};

/// One call. `home` is the country of the history's owner, once that is known.
#[component]
pub fn CallRow(
    /// The call.
    call: Arc<DetailedCall>,
    /// The country of the history's owner, once it is known.
    home: Memo<Option<String>>,
    /// Whether it has come in just now.
    is_fresh: bool,
) -> impl IntoView {
    let DetailedCall { call: Call { id, created_at, counterparty, call_type, duration }, .. } = &*call;
    let at = created_at.timestamp_millis() as f64;
    let (call_type, party) = (*call_type, counterparty.clone());
    let label =
        format::party(counterparty, call.details.counterparty.as_ref(), call_type.direction(), None).text;
    let duration = duration.map(|duration| {
        view! {
            <time class="call-duration" datetime=format::duration_iso(duration)>
                <span aria-hidden="true">{format::duration(duration)}</span>
                <span class="visually-hidden">{format::duration_in_words(duration)}</span>
            </time>
        }
    });
    let may_be_returned = call_type == CallType::MissedInbound && party.is_identified();
    let returned = may_be_returned.then(|| returned(&call, at));
    view! {
        <li class="call" class:fresh=is_fresh tabindex="-1" data-call=id.clone() data-type=call_type.as_str()>
            <time class="call-time" datetime=intl::iso(at) title=intl::time_in_full(at) lang=intl::locale()>
                {intl::time(at)}
            </time>
            <span class="call-type">
                <span class="call-icon">
                    <Icon symbol=Symbol::Call(call_type) />
                </span>
                <span class="call-type-text">{format::call_type(call_type)}</span>
            </span>
            {counterparty_view(call.clone(), home)}
            <RowActions party label />
            {duration}
            {returned}
        </li>
    }
}

/// The other party, as a link to its own history where it can have one.
fn counterparty_view(call: Arc<DetailedCall>, home: Memo<Option<String>>) -> impl IntoView {
    let is_identified = call.call.counterparty.is_identified();
    let href = is_identified.then(|| path::calls_page(&call.call.counterparty.to_string()));
    let country = country(&call).map(intl::country);
    let direction: Direction = call.call.call_type.direction();
    let label = Memo::new(move |_| {
        let details = call.details.counterparty.as_ref();
        home.with(|home| format::party(&call.call.counterparty, details, direction, home.as_deref()))
    });
    let text = move || label.with(|label| label.text.clone());
    let text = match href {
        Some(href) => view! {
            <a href=href title=country.clone()>
                <bdi>{text}</bdi>
            </a>
        }
        .into_any(),
        None => text.into_any(),
    };
    let note = move || {
        let label = label.get();
        let flag = label.flag.map(|flag| {
            view! {
                <span class="call-note">
                    <span class="flag" aria-hidden="true">
                        {flag}
                    </span>
                    <span class="country" lang=intl::locale()>
                        {country.clone()}
                    </span>
                </span>
            }
        });
        let note = label.note.map(|note| view! { <span class="call-note">{note}</span> });
        (flag, note)
    };
    view! {
        <span class="call-party" class:hidden-party=!is_identified>
            {text}
            {note}
        </span>
    }
}

fn country(call: &DetailedCall) -> Option<&str> {
    call.details.counterparty.as_ref()?.country.as_deref()
}

/// When owner and caller spoke after a missed call of that caller, or that they have not.
fn returned(call: &DetailedCall, missed_at: f64) -> AnyView {
    let Some(at) = call.details.returned_at.map(|at| at.timestamp_millis() as f64) else {
        return view! { <span class="call-returned">"Not returned"</span> }.into_any();
    };
    let text = match intl::day(at) == intl::day(missed_at) {
        true => intl::time(at),
        false => intl::short_date(at, missed_at),
    };
    view! {
        <span class="call-returned" data-returned="">
            <Icon symbol=Symbol::Done />
            <span>
                "Spoke "
                <time datetime=intl::iso(at) title=intl::time_in_full(at) lang=intl::locale()>
                    {text}
                </time>
            </span>
        </span>
    }
    .into_any()
}
