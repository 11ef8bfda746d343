//! Requests for everything but calls. They have one type, because hooks of leptos-swr are compiled for each
//! type of data.

use calls_model::NumberInfo;
use leptos::prelude::*;
use leptos_swr::{Options, Swr, SwrPages, use_swr_with};

use super::pages::{CallsPage, Wanted};
use super::summary_data::{SummaryData, SummaryKey};
use crate::api::{self, ApiError};
use crate::path;
use crate::reactive::{effect, memo};

/// Key of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    /// The description of a number in any spelling.
    Number(String),
    /// A summary.
    Summary(SummaryKey),
}

/// A resource.
#[derive(Debug, Clone, PartialEq)]
pub enum Resource {
    /// The description of a number.
    Number(NumberInfo),
    /// A summary.
    Summary(SummaryData),
}

impl Key {
    async fn fetch(self) -> Result<Resource, ApiError> {
        match self {
            Self::Number(number) => api::get(&path::api_number(&number)).await.map(Resource::Number),
            Self::Summary(key) => key.fetch().await.map(Resource::Summary),
        }
    }
}

/// The resource of a reactive key, kept fresh.
pub fn use_resource(
    key: impl Fn() -> Option<Key> + 'static,
    options: fn(&mut Options<Resource, ApiError>),
) -> Swr<Resource, ApiError> {
    fn hook(
        key: Box<dyn Fn() -> Option<Key>>,
        options: fn(&mut Options<Resource, ApiError>),
    ) -> Swr<Resource, ApiError> {
        use_swr_with(key, Key::fetch, options)
    }
    hook(Box::new(key), options)
}

/// A number's description, and the hook behind it.
#[derive(Clone, Copy)]
pub struct Info {
    /// The description, once it has arrived.
    pub data: Signal<Option<NumberInfo>>,
    hook: Swr<Resource, ApiError>,
}

/// The description of a number, which is fetched once.
pub fn use_info(number: impl Fn() -> Option<String> + 'static) -> Info {
    let hook = use_resource(
        move || number().map(Key::Number),
        |options| {
            options.should_retry_by(ApiError::may_pass);
            options.revalidate_on_focus(false);
            options.revalidate_if_stale(false);
        },
    );
    let data = move || match hook.data.get() {
        Some(Resource::Number(info)) => Some(info),
        _ => None,
    };
    Info { data: Signal::derive(data), hook }
}

impl Info {
    /// Fetches it again.
    pub fn revalidate(self) {
        self.hook.revalidate();
    }
}

/// The summary of the requested calls. It is fetched after the first calls, and again after each new call.
/// While another one is fetched the previous one stays; its `key` shows which it is.
pub fn use_summary(
    wanted: Memo<Wanted>,
    calls: SwrPages<CallsPage, ApiError>,
) -> Signal<Option<SummaryData>> {
    // The newest call, and its list.
    let head = memo(move || {
        calls.data.with(|pages| {
            let page = pages.as_ref()?.first()?;
            Some((page.wanted.clone(), page.calls.get(0).map(|call| call.call.id)))
        })
    });
    let has_calls = memo(move || head.with(Option::is_some));
    let summary = use_resource(
        move || has_calls.get().then(|| Key::Summary(SummaryKey::new(wanted.get()))),
        |options| {
            options.keep_previous_data(true);
            options.refresh_interval(super::POLL);
            options.should_retry_by(ApiError::may_pass);
        },
    );
    let mut last = None::<(Wanted, Option<String>)>;
    effect(move || {
        let head = head.get();
        if let (Some((before, old)), Some((now, new))) = (&last, &head)
            && before == now
            && old != new
        {
            summary.revalidate();
        }
        last = head;
    });
    Signal::derive(move || match summary.data.get() {
        Some(Resource::Summary(data)) => Some(data),
        _ => None,
    })
}
