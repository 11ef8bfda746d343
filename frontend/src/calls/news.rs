//! Calls that come in while one reads further down: they wait, so that nothing moves under the reader's eyes.

use leptos::prelude::*;
use leptos_swr::SwrPages;

use super::pages::{CallsPage, Wanted};
use super::timeline::place_of;
use crate::api::ApiError;
use crate::icon::{Icon, Symbol};
use crate::reactive::{effect, memo};
use crate::script::{count, t};

/// The calls that wait.
#[derive(Clone, Copy)]
pub struct News {
    /// Their number.
    pub waiting: Memo<usize>,
    /// Shows them.
    pub show: Callback<()>,
}

/// The first call that is shown, and of which list.
type Head = (Wanted, String);

impl News {
    /// Calls wait while `is_scrolled`. `show` is what brings the reader to the list's beginning.
    pub fn new(
        calls: SwrPages<CallsPage, ApiError>,
        is_scrolled: Memo<bool>,
        show: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let held = RwSignal::new(None::<Head>);
        let head = memo(move || {
            calls.data.with(|pages| {
                let page = pages.as_ref()?.first()?;
                Some((page.wanted.clone(), page.calls.get(0)?.call.id))
            })
        });
        effect(move || {
            let head = head.get();
            let is_of_list = |held: &Option<Head>| match (held, &head) {
                (Some((held, _)), Some((shown, _))) => held == shown,
                _ => false,
            };
            match is_scrolled.get() {
                false => held.set(None),
                true if held.with_untracked(is_of_list) => {}
                true => held.set(head),
            }
        });
        let waiting = memo(move || {
            let held = held.get();
            calls.data.with(|pages| {
                let (pages, (wanted, id)) = (pages.as_deref()?, held?);
                let is_of_list = pages.first().is_some_and(|page| page.wanted == wanted);
                place_of(pages, &id).filter(|_| is_of_list)
            })
        });
        let waiting = memo(move || waiting.get().unwrap_or_default());
        let show = Callback::new(move |()| {
            held.set(None);
            show();
        });
        Self { waiting, show }
    }

    /// Announcement of pending calls, once and not for each.
    pub fn announcement(&self) -> Option<String> {
        (self.waiting.get() > 0).then(|| t("New calls have come in. Press Home in the list to see them."))
    }
}

/// The button that shows them.
#[component]
pub fn NewCalls(news: News) -> impl IntoView {
    let has_some = memo(move || news.waiting.get() > 0);
    let label = move || count("{n} new calls", news.waiting.get() as u64);
    move || {
        has_some.get().then(|| {
            view! {
                <div class="new-calls">
                    <button class="button" type="button" data-new-calls="" on:click=move |_| news.show.run(())>
                        <Icon symbol=Symbol::Up />
                        {label}
                    </button>
                </div>
            }
        })
    }
}
