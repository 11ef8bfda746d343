//! Icons. Their drawings are symbols in index.html.

use leptos::prelude::*;

use crate::html::{Html, html};

/// An icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Symbol {
    /// Remove.
    Close,
    /// Download.
    Download,
    /// Empty list.
    Empty,
    /// Retry.
    Retry,
    /// Search.
    Search,
    /// No connection.
    Unreachable,
    /// Scroll to the top.
    Up,
    /// Warning.
    Warning,
}

impl Symbol {
    /// The icon as HTML text.
    pub fn html(self) -> Html {
        html!("<svg class=\"icon\" aria-hidden=\"true\"><use href=\"", self.href(), "\"></use></svg>")
    }

    /// Id of its symbol in index.html.
    pub fn href(self) -> &'static str {
        match self {
            Self::Close => "#icon-close",
            Self::Download => "#icon-download",
            Self::Empty => "#icon-empty",
            Self::Retry => "#icon-retry",
            Self::Search => "#icon-search",
            Self::Unreachable => "#icon-unreachable",
            Self::Up => "#icon-up",
            Self::Warning => "#icon-warning",
        }
    }
}

/// An icon beside a text with the same meaning, hidden from screen readers.
#[component]
pub fn Icon(
    /// Which icon.
    symbol: Symbol,
) -> impl IntoView {
    view! {
        <svg class="icon" aria-hidden="true">
            <use href=symbol.href() />
        </svg>
    }
}
