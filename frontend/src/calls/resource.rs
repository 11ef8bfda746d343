//! The page's requests beside calls, as one type: hooks of leptos-swr are compiled anew for each
//! type of data.

use calls_model::NumberInfo;
use leptos::prelude::*;
use leptos_swr::{Options, Swr, use_swr_with};

use super::summary_data::{SummaryData, SummaryKey};
use crate::api::{self, ApiError};
use crate::path;

/// Key of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    /// The description of a number, by any spelling of it.
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

/// The resource of a key that may change, kept fresh.
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
    /// The description, once it is there.
    pub data: Signal<Option<NumberInfo>>,
    hook: Swr<Resource, ApiError>,
}

/// The description of a number, which does not change meanwhile.
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
    /// Asks for it again.
    pub fn revalidate(self) {
        self.hook.revalidate();
    }
}
