//! Whose history it is.

use calls_model::NumberInfo;
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
) -> impl IntoView {
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
            <h1 tabindex="-1">
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
    // A number of no one country has its country code before the first blank.
    let code = || info.international.split(' ').next().map(|code| format!("Country code {code}"));
    let region = country.or_else(|| info.e164.and_then(|_| code()));
    [("Country", region), ("Kind", Some(kind))]
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
            name: None,
            label: None,
        };
        assert_eq!(heading_text("+12025550123", None), "+12025550123");
        assert_eq!(heading_text("+12025550123", Some(&info)), "+1 202-555-0123");
        info.e164 = None;
        info.international = "sip:alice@example.com".to_owned();
        assert_eq!(heading_text("sip:alice@EXAMPLE.com", Some(&info)), "alice@example.com");
    }
}
