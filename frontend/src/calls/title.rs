//! Whose history it is.

use calls_model::NumberInfo;
use leptos::html::H1;
use leptos::prelude::*;

use crate::{format, intl};

/// The number as heading, with what is known of it in small print. Until the API has answered, the number
/// stands as the address gives it.
#[component]
pub fn Title(
    /// The number of the address.
    number: Memo<String>,
    /// What the API knows of it.
    info: Signal<Option<NumberInfo>>,
    /// Where the focus goes when the number changes.
    heading: NodeRef<H1>,
) -> impl IntoView {
    let flag = move || info.with(|info| format::flag(info.as_ref()?.country.as_deref()?));
    let fact = |(name, fact)| {
        view! {
            <div>
                <dt class="visually-hidden">{name}</dt>
                <dd>
                    <bdi>{fact}</bdi>
                </dd>
            </div>
        }
    };
    let text = move || heading_text(&number.get(), info.get().as_ref());
    view! {
        <div class="title">
            <h1 tabindex="-1" node_ref=heading>
                {move || flag().map(|flag| view! { <span class="flag" aria-hidden="true">{flag}</span> })}
                <bdi>{text}</bdi>
            </h1>
            <dl class="facts">
                {move || info.get().map(|info| facts(info).into_iter().map(fact).collect_view())}
            </dl>
        </div>
    }
}

/// The text of the heading, which is the tab's title too.
pub fn heading_text(number: &str, info: Option<&NumberInfo>) -> String {
    match info {
        Some(info) if info.e164.is_some() => info.international.clone(),
        Some(info) => format::provisional_title(&info.international),
        None => format::provisional_title(number),
    }
}

/// What is known of a number: each fact's name, and the fact.
fn facts(info: NumberInfo) -> Vec<(&'static str, String)> {
    let kind = format::number_kind(info.kind, &info.international).to_owned();
    let country = info.country.as_deref().map(intl::country);
    let region = country.or_else(|| info.e164.map(format::country_code));
    let national = (info.national != info.international).then_some(info.national);
    [("Country", region), ("In the country", national), ("Kind", Some(kind))]
        .into_iter()
        .filter_map(|(name, fact)| Some((name, fact?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use calls_model::NumberKind;

    #[test]
    fn the_api_knows_better_how_a_number_is_written() {
        let mut info = NumberInfo {
            e164: "+12025550123".parse().ok(),
            international: "+1 202-555-0123".to_owned(),
            national: "(202) 555-0123".to_owned(),
            country: Some("US".to_owned()),
            kind: NumberKind::FixedLineOrMobile,
        };
        assert_eq!(heading_text("+12025550123", None), "+1 202 555 0123");
        assert_eq!(heading_text("+12025550123", Some(&info)), "+1 202-555-0123");
        info.e164 = None;
        info.international = "sip:alice@example.com".to_owned();
        assert_eq!(heading_text("sip:alice@EXAMPLE.com", Some(&info)), "alice@example.com");
    }
}
