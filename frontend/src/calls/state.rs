//! State of the page.

use calls_model::Problem;

use crate::api::ApiError;
use crate::icon::Symbol;
use crate::message::Message;
use crate::script::{count, fill, t};

/// Content below the title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// No response yet.
    Loading,
    /// There are calls.
    Ready,
    /// There are no calls.
    Empty,
    /// No calls match the filter.
    NoMatch,
    /// The address has no valid number.
    Invalid(Box<Problem>),
    /// A failed request, without earlier data.
    Failed(ApiError),
}

impl State {
    /// The state for the known data. Data takes precedence over an error, which is shown as a notice above.
    /// `calls` is the number of calls.
    pub fn new(calls: Option<usize>, is_filtered: bool, error: Option<&ApiError>) -> Self {
        match (calls, error) {
            (_, Some(ApiError::NotANumber(problem))) => Self::Invalid(problem.clone()),
            (Some(0), _) if is_filtered => Self::NoMatch,
            (Some(0), _) => Self::Empty,
            (Some(_), _) => Self::Ready,
            (None, Some(error)) => Self::Failed(error.clone()),
            (None, None) => Self::Loading,
        }
    }

    /// Value of `data-state`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Loading => "loading",
            Self::Ready => "ready",
            Self::Empty => "empty",
            Self::NoMatch => "no-match",
            Self::Invalid(_) => "invalid",
            Self::Failed(_) => "error",
        }
    }

    /// Message in place of the calls, if there are none to show. `number` is the number in the address.
    pub fn message(&self, number: &str) -> Option<Message> {
        match self {
            Self::Loading | Self::Ready => None,
            Self::Empty => Some(Message {
                icon: Symbol::Empty,
                heading: t("No calls with this number yet"),
                text: t(
                    "They will appear here once there are some. Is it the right number? Records of a telephone system come in with the command “calls import”.",
                ),
                expected_and_found: None,
                field: Some(String::new()),
            }),
            Self::NoMatch => Some(Message {
                icon: Symbol::Search,
                heading: t("No calls match"),
                text: t(
                    "There may be other calls: of another type or length, with somebody else, or at other times.",
                ),
                expected_and_found: None,
                field: None,
            }),
            Self::Invalid(problem) => Some(not_a_number(problem, number)),
            Self::Failed(error) => Some(failure(error)),
        }
    }

    /// Whether there is data from the API, possibly outdated.
    pub fn has_data(&self) -> bool {
        matches!(self, Self::Ready | Self::Empty | Self::NoMatch)
    }
}

/// Time of the next attempt, as the end of a sentence about a failure.
pub fn next_attempt(is_paused: bool, is_validating: bool, seconds: Option<i64>) -> Option<String> {
    match (is_validating, is_paused, seconds) {
        (true, ..) => Some(t("Trying again now.")),
        (_, true, _) => Some(t("Waiting for the network.")),
        (.., Some(seconds)) => {
            Some(fill("Trying again in {seconds} s.", &[("seconds", &seconds.max(1).to_string())]))
        }
        (.., None) => None,
    }
}

/// Age of the calls in words, from minutes. Empty if unknown.
pub fn updated(is_validating: bool, minutes: Option<u32>) -> String {
    match (is_validating, minutes) {
        (true, _) => t("Updating…"),
        (_, None) => String::new(),
        (_, Some(0)) => t("Updated just now"),
        (_, Some(minutes)) => fill("Updated {time} ago", &[("time", &brief(minutes))]),
    }
}

/// Notice that calls may be outdated, with their age in minutes, if known.
pub fn last_known(minutes: Option<u32>) -> String {
    match minutes {
        None => t("These are the last known calls."),
        Some(0) => t("These are the last known calls, less than a minute old."),
        Some(minutes) => fill("These are the last known calls, {time} old.", &[("time", &brief(minutes))]),
    }
}

fn brief(minutes: u32) -> String {
    let minutes = u64::from(minutes);
    if minutes < 60 { count("{n} min", minutes) } else { count("{n} h", minutes / 60) }
}

fn not_a_number(problem: &Problem, number: &str) -> Message {
    // The server's message has more details, in English.
    let (english, short) = ("a phone number", t("a phone number"));
    let expected = problem.expected.clone().filter(|_| short == english).unwrap_or(short);
    let found = problem.found.as_deref().unwrap_or(number);
    Message {
        icon: Symbol::Warning,
        heading: t("This is not a phone number"),
        text: t("Correct it, or look up another one."),
        expected_and_found: Some((expected, found.to_owned())),
        field: Some(number.to_owned()),
    }
}

fn failure(error: &ApiError) -> Message {
    let (icon, heading, text) = match error {
        ApiError::Unreachable => (
            Symbol::Unreachable,
            t("The server cannot be reached"),
            t("Is this device online, and is the server running?"),
        ),
        error => (Symbol::Warning, t("The server has a problem"), error.to_string()),
    };
    Message { icon, heading, text, expected_and_found: None, field: None }
}

#[cfg(test)]
mod tests {
    use calls_model::ProblemKind;

    use super::*;

    fn problem() -> Box<Problem> {
        Box::new(Problem {
            kind: ProblemKind::NotANumber.uri().to_owned(),
            title: "Not a number".to_owned(),
            status: 400,
            detail: None,
            parameter: None,
            expected: None,
            found: None,
            request_id: None,
        })
    }

    #[test]
    fn without_answer_the_page_loads() {
        assert_eq!(State::new(None, false, None), State::Loading);
    }

    #[test]
    fn an_error_does_not_take_the_calls_away() {
        assert_eq!(State::new(Some(1), false, None), State::Ready);
        assert_eq!(State::new(Some(1), true, Some(&ApiError::Unreachable)), State::Ready);
        assert_eq!(State::new(Some(0), false, Some(&ApiError::Unreachable)), State::Empty);
    }

    #[test]
    fn a_filter_that_lets_nothing_through_is_no_empty_history() {
        let state = State::new(Some(0), true, None);
        assert_eq!(state.name(), "no-match");
        assert!(state.has_data() && state.message("").is_some());
        assert_eq!(State::new(Some(0), false, None).name(), "empty");
    }

    #[test]
    fn an_error_without_calls_fills_the_page() {
        let state = State::new(None, false, Some(&ApiError::Unreachable));
        assert_eq!(state, State::Failed(ApiError::Unreachable));
        assert_eq!(state.name(), "error");
        assert!(!state.has_data());
    }

    #[test]
    fn what_is_no_number_has_no_history() {
        let error = ApiError::NotANumber(problem());
        let state = State::new(None, false, Some(&error));
        assert_eq!(state, State::Invalid(problem()));
        let message = state.message("abc").unwrap();
        assert_eq!(message.expected_and_found, Some(("a phone number".to_owned(), "abc".to_owned())));
        assert_eq!(message.field.as_deref(), Some("abc"));
    }

    #[test]
    fn only_a_page_without_calls_has_a_message() {
        assert_eq!(State::Loading.message(""), None);
        assert_eq!(State::Ready.message(""), None);
        assert!(State::Empty.message("").is_some_and(|message| message.field.is_some()));
        let failed =
            State::Failed(ApiError::Server { status: 500, message: Some("Out of order.".to_owned()) });
        assert_eq!(failed.message("").unwrap().text, "Out of order.");
    }

    #[test]
    fn the_age_of_what_is_shown_is_told_in_minutes() {
        assert_eq!(updated(true, Some(2)), "Updating\u{2026}");
        for (minutes, text) in [
            (0, "Updated just now"),
            (1, "Updated 1 min ago"),
            (59, "Updated 59 min ago"),
            (150, "Updated 2 h ago"),
        ] {
            assert_eq!(updated(false, Some(minutes)), text);
        }
        assert_eq!(updated(false, None), "");
        for (minutes, text) in [
            (None, "These are the last known calls."),
            (Some(0), "These are the last known calls, less than a minute old."),
            (Some(59), "These are the last known calls, 59 min old."),
            (Some(150), "These are the last known calls, 2 h old."),
        ] {
            assert_eq!(last_known(minutes), text);
        }
    }

    #[test]
    fn the_next_attempt_is_told_when_it_is_known() {
        assert_eq!(next_attempt(false, false, None), None);
        assert_eq!(next_attempt(false, false, Some(8)).as_deref(), Some("Trying again in 8 s."));
        assert_eq!(next_attempt(false, false, Some(-1)).as_deref(), Some("Trying again in 1 s."));
        assert_eq!(next_attempt(true, false, Some(8)).as_deref(), Some("Waiting for the network."));
        assert_eq!(next_attempt(true, true, None).as_deref(), Some("Trying again now."));
    }
}
