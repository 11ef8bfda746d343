//! The icons. Their drawings are symbols in index.html.

use leptos::prelude::*;

use crate::html::{Html, html};

/// One of the drawings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Symbol {
    /// Taking something away.
    Close,
    /// Saving a file.
    Download,
    /// A list without rows.
    Empty,
    /// Asking again.
    Retry,
    /// Looking up a number.
    Search,
    /// No way to the server.
    Unreachable,
    /// The way to the beginning.
    Up,
    /// Something is wrong.
    Warning,
}

impl Symbol {
    /// The drawing as [`Icon`] shows it, in a text of HTML.
    pub fn html(self) -> Html {
        html!("<svg class=\"icon\" aria-hidden=\"true\"><use href=\"", self.href(), "\"></use></svg>")
    }

    /// Its selector in index.html.
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

/// A drawing beside a text that says the same, and so hidden from screen readers.
#[component]
pub fn Icon(
    /// Name of the drawing.
    symbol: Symbol,
) -> impl IntoView {
    view! {
        <svg class="icon" aria-hidden="true">
            <use href=symbol.href() />
        </svg>
    }
}
