//! The icons. Their drawings are symbols in index.html.

use calls_model::CallType;
use leptos::prelude::*;

/// One of the drawings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Symbol {
    /// A type of call.
    Call(CallType),
    /// Taking something away.
    Close,
    /// Putting a text into the clipboard.
    Copy,
    /// It is there now.
    Done,
    /// Saving a file.
    Download,
    /// A list without rows.
    Empty,
    /// Calling a number.
    Phone,
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
    pub fn html(self) -> String {
        format!("<svg class=\"icon\" aria-hidden=\"true\"><use href=\"{}\"></use></svg>", self.href())
    }

    /// Where it is in index.html.
    pub fn href(self) -> &'static str {
        match self {
            Self::Call(CallType::CompletedInbound) => "#icon-completed-inbound",
            Self::Call(CallType::MissedInbound) => "#icon-missed-inbound",
            Self::Call(CallType::CompletedOutbound) => "#icon-completed-outbound",
            Self::Call(CallType::MissedOutbound) => "#icon-missed-outbound",
            Self::Close => "#icon-close",
            Self::Copy => "#icon-copy",
            Self::Done => "#icon-done",
            Self::Download => "#icon-download",
            Self::Empty => "#icon-empty",
            Self::Phone => "#icon-phone",
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
    /// Which drawing.
    symbol: Symbol,
) -> impl IntoView {
    view! {
        <svg class="icon" aria-hidden="true">
            <use href=symbol.href() />
        </svg>
    }
}
